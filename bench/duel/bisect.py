"""The exit codes of a duel that is the command of `git bisect run`."""

from __future__ import annotations

from report.compare.comparison import Comparison
from report.statistics.verdict import Verdict

GOOD, BAD, SKIP, ABORT = 0, 1, 125, 128
"""What git makes of them: the commit is good, bad or passed over, or the bisection ends."""


class UntestableError(Exception):
    """Head cannot be a side of the duel, so its commit is to be passed over. The text says why."""


def code(comparison: Comparison) -> int:
    """Return the exit code: bad if a case regressed; passed over if one fails the gate otherwise or is inconclusive."""
    found = set(comparison.counts)
    if Verdict.REGRESSED in found:
        return BAD
    return SKIP if found & {*comparison.gate.failing, Verdict.INCONCLUSIVE} else GOOD
