"""A comparison's findings in words: its notes, and why a case has its verdict."""

from __future__ import annotations

from functools import singledispatch

from report.compare import changes, findings
from report.errors import quoted, short
from report.statistics.verdict import MIN_LAUNCHES
from report.table.keys import CONTROL
from report.write import units, words

MORE = "python -m bench run --launches 5"


@singledispatch
def text(finding: object) -> str:
    """Return a `findings.Note` or a `findings.Reason` in words. Text, which was read from a file, stays as it is."""
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
    return f"{count} on both sides (run '{short(finding.run)}'), and compared with themselves"


@text.register
def _(finding: findings.LeftOut) -> str:
    return f"{finding.rows:,} of {finding.total:,} rows belong to neither side, and are left out"


@text.register
def _(finding: findings.ByRatio) -> str:
    alone = "; the machines differ, so seconds are shown and not compared" if finding.across_machines else ""
    return f"{_cases(finding.cases)}: compared by the ratio to the paired NumPy rounds ({changes.RATIO}){alone}"


@text.register
def _(finding: findings.BySeconds) -> str:
    other, lacking = "the paired NumPy is not the same on both sides", "not every launch has a ratio to NumPy"
    return f"{_cases(finding.cases)}: compared by {changes.SECONDS}: {other if finding.other_reference else lacking}"


@text.register
def _(finding: findings.Inconclusive) -> str:
    if finding.pairs:
        return (
            f"{finding.cases:,} inconclusive: more pairs narrow their intervals (--pairs; for suspects --fresh-pairs)"
        )
    return (
        f"{_cases(finding.cases)}: inconclusive, the interval is neither within the threshold nor clear of 1 beyond "
        "it; measure more launches, or duel: python -m bench duel"
    )


@text.register
def _(finding: findings.NoControl) -> str:
    return f"no negative control: no rows of '{CONTROL}' with a time on both sides; race it with --backend {CONTROL}"


@text.register
def _(finding: findings.Control) -> str:
    took = f"hand-derived NumPy took {_range(finding.seconds)} of its seconds in base"
    if not finding.moved:
        return f"the machine held still: {took}"
    return (
        f"the machine moved: {took}. (Or NumPy or its code was changed.) The ratio to NumPy cancels most of that; "
        "seconds do not"
    )


@text.register
def _(finding: findings.ControlRatioMoved) -> str:
    return (
        f"the control's ratio to its own paired rounds moved too, {_range(finding.ratio)}: no framework did that, so "
        "changes of this size may come from the machine, or from the hand-derived code"
    )


@text.register
def _(finding: findings.DuelControlMoved) -> str:
    return (
        "the control moved: hand-derived NumPy is not the same on both sides. In a duel the machine's drift cannot do "
        "that: NumPy, the interpreter, or something that all backends share has changed"
    )


@text.register
def _(finding: findings.TooFewLaunches) -> str:
    counts = f"{finding.base} in base and {finding.head} in head"
    return f"too few launches, {counts}: it takes {MIN_LAUNCHES} a side. Measure more: {MORE}"


@text.register
def _(finding: findings.NoRatio) -> str:
    return "no ratio to NumPy in every launch"


@text.register
def _(finding: findings.NoTime) -> str:
    status = words.status(finding.status, finding.failed, finding.launches)
    return f"{'in base ' if finding.in_base else ''}{status}: {finding.reason}"


@text.register
def _(finding: findings.NoFramework) -> str:
    return f"{finding.framework} is unavailable: {finding.reason}"


@text.register
def _(finding: findings.Remeasured) -> str:
    return f"suspect at ×{finding.first_ratio:.3f}; this is what {finding.fresh_pairs} fresh pairs say"


@text.register
def _(finding: findings.SidesFailed) -> str:
    return "; ".join(f"{side}: {status}: {reason}" for side, status, reason in finding.failures)


def _cases(count: int) -> str:
    return units.count(count, "case")


def _range(ratios: findings.Range) -> str:
    """Return the geometric mean, and the ends: `×1.02 (×0.99 to ×1.05, 4 cases)`."""
    mean, low, high = (f"×{units.factor(value)}" for value in (ratios.mean, ratios.low, ratios.high))
    return f"{mean} ({low} to {high}, {_cases(ratios.cases)})" if ratios.cases > 1 else mean
