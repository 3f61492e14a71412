"""The findings of a comparison in words: its notes, and the reasons for its verdicts."""

from __future__ import annotations

from functools import singledispatch

from report.compare import changes, findings
from report.errors import quoted, short
from report.statistics.verdict import MIN_LAUNCHES
from report.table.keys import CONTROL
from report.write import units, words

MORE = "python -m bench run --launches 5"
"""The command that measures more launches."""


@singledispatch
def text(finding: object) -> str:
    """Return a `findings.Note` or a `findings.Reason` in words. Text that was read from a file stays as it is."""
    raise TypeError(f"no words for {finding!r}")


@text.register
def _(finding: str) -> str:
    return finding


@text.register
def _(finding: findings.Differs) -> str:
    return f"{finding.what} differs: {quoted(finding.base)} on base, {quoted(finding.head)} on head"


@text.register
def _(finding: findings.Mixed) -> str:
    return f"{finding.what} is mixed within each side: {quoted(finding.values)}"


@text.register
def _(finding: findings.SharedLaunches) -> str:
    count = f"{finding.launches:,} {'launch is' if finding.launches == 1 else 'launches are'}"
    return f"{count} on both sides (run '{short(finding.run)}') and compared with themselves"


@text.register
def _(finding: findings.LeftOut) -> str:
    return f"{finding.rows:,} of {finding.total:,} rows belong to neither side and are left out"


@text.register
def _(finding: findings.ByRatio) -> str:
    return (
        f"{_cases(finding.cases)}: compared by the ratio to the paired NumPy rounds ({changes.RATIO}); the machines "
        "differ, so seconds are shown and not compared"
    )


@text.register
def _(finding: findings.BySeconds) -> str:
    other, missing = (
        "the paired NumPy is not the same on both sides",
        "not every launch has a ratio to NumPy of its device",
    )
    return f"{_cases(finding.cases)}: compared by {changes.SECONDS}: {other if finding.other_reference else missing}"


@text.register
def _(finding: findings.Weighted) -> str:
    weights = f"{finding.low:.2f}" + (f" to {finding.high:.2f}" if finding.high > finding.low else "")
    return (
        f"{_cases(finding.cases)}: compared by {changes.SECONDS}, less {weights} of the shift of their paired NumPy "
        "rounds, as far as these explain the scatter"
    )


@text.register
def _(finding: findings.OneRun) -> str:
    sides = f"{units.count(finding.base, 'run')} against {finding.head:,}"
    return (
        f"{sides}: the intervals hold for launches of these runs. The machine may differ between two runs, which no "
        f"number of launches shows; from {MIN_LAUNCHES} runs a side on, runs are compared"
    )


@text.register
def _(finding: findings.Inconclusive) -> str:
    inconclusive = f"{units.count(finding.cases, 'case is', 'cases are')} inconclusive"
    if finding.pairs:
        return f"{inconclusive}: more pairs narrow the intervals (--pairs; for suspects --fresh-pairs)"
    return (
        f"{inconclusive}: neither is the whole interval within the threshold, nor is a change beyond it proven. "
        "Measure more launches, or duel: python -m bench duel"
    )


@text.register
def _(finding: findings.NoControl) -> str:
    if not finding.paired:
        return (
            "no negative control: no row has a ratio to NumPy, so a drift of the machine between base and head looks "
            "like a change of every case"
        )
    return f"no negative control: '{CONTROL}' has no case with a time on both sides. Race it too (--backend {CONTROL})"


@text.register
def _(finding: findings.Control) -> str:
    took = f"hand-derived NumPy took {_range(finding.seconds)} as long in head as in base"
    if not finding.moved:
        return f"the machine held still: {took}"
    return (
        f"the machine moved, unless NumPy or its code was changed: {took}. The ratio to NumPy cancels most of this; "
        "seconds do not"
    )


@text.register
def _(finding: findings.ControlRatioMoved) -> str:
    return (
        f"the control's ratio to its own paired rounds moved, {_range(finding.ratio)}: no framework can cause that, "
        "so changes of this size may come from the machine or from the hand-derived code"
    )


@text.register
def _(finding: findings.DuelControlMoved) -> str:
    return (
        "the control moved: hand-derived NumPy is not equally fast on both sides. In a duel the machine's drift cannot "
        "cause that: NumPy, the interpreter, or something else that all backends share has changed"
    )


@text.register
def _(finding: findings.TooFewLaunches) -> str:
    counts = f"{finding.base} in base and {finding.head} in head"
    return f"too few launches, {counts}: each side needs {MIN_LAUNCHES}. Measure more: {MORE}"


@text.register
def _(finding: findings.NoRatio) -> str:
    return "not every launch has a ratio to NumPy"


@text.register
def _(finding: findings.NoTime) -> str:
    status = words.status(finding.status, finding.failed, finding.launches)
    return f"{'in base ' if finding.in_base else ''}{status}: {finding.reason}"


@text.register
def _(finding: findings.NoFramework) -> str:
    return f"{finding.framework} is unavailable: {finding.reason}"


@text.register
def _(finding: findings.Remeasured) -> str:
    first = f"suspect at ×{finding.first_ratio:.3f} in the first stage"
    return f"{first}; this is what {finding.fresh_pairs} fresh pairs say"


@text.register
def _(finding: findings.SidesFailed) -> str:
    return "; ".join(f"{side}: {status}: {reason}" for side, status, reason in finding.failures)


def _cases(count: int) -> str:
    return units.count(count, "case")


def _range(ratios: findings.Range) -> str:
    """Return the geometric mean; of several cases, with the ends: `×1.02 (×0.99 to ×1.05, 4 cases)`."""
    mean, low, high = (f"×{units.factor(value)}" for value in (ratios.mean, ratios.low, ratios.high))
    return f"{mean} ({low} to {high}, {_cases(ratios.cases)})" if ratios.cases > 1 else mean
