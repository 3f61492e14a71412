"""The outcome of a comparison: the verdict on each case, notes about all cases, and the exit code.

`compare` makes it from the launches of two sides. A duel makes it from its process pairs.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from report.compare import changes, control, outcomes, sides
from report.compare.changes import Measure
from report.compare.explanation import Explained
from report.compare.findings import ByRatio, BySeconds, Inconclusive, Note, OneRun, Weighted
from report.compare.sides import Sides
from report.statistics.verdict import Verdict
from report.table import TableError
from report.table.keys import CASE

COMPARE_THRESHOLD = 0.10
"""The smallest change that matters between two runs. The machine drifts between one run and the next. In a duel, whose
sides alternate, the smallest change is 3 %."""

COMPARE_CONFIDENCE = 0.98
"""The confidence of all intervals of two runs together. In 2 % of the suites an interval is wrong, half of the time on
the slower side. So one suite in a hundred fails by chance."""

COMPARISON_COLUMNS = {
    "measure": "what the ratio is of: `seconds_median`, `ratio_to_numpy` or, in a duel, `paired rounds`",
    "numpy_weight": "how much of the shift of NumPy's paired rounds was taken off: 0, none; 1, all; empty without them",
    "base_seconds": "median over the replicates of base, seconds per call; empty: base has no time",
    "head_seconds": "the same for head",
    "base_replicates": "how many launches of base have a time; runs, from three a side on; in a duel, process pairs",
    "head_replicates": "the same for head",
    "ratio": "head over base: of launches, by their trimmed means on logarithms; above 1, head is slower",
    "low": "lower end of the ratio's interval of this case alone, at 95 %; empty: too few replicates",
    "high": "upper end of that interval",
    "all_low": "lower end of the interval that holds for all cases together; empty: too few replicates",
    "all_high": "upper end of that interval",
    "verdict": ", ".join(Verdict),
    "reason": "why a side has no time, or why nothing can be concluded",
}
"""The columns of `Comparison.rows`, after those that identify the case. `reason` holds a `findings.Reason`."""

WORST_FIRST = (
    Verdict.REGRESSED,
    Verdict.FAILED,
    Verdict.MISSING,
    Verdict.INCONCLUSIVE,
    Verdict.IMPROVED,
    Verdict.UNCHANGED,
    Verdict.NEW,
    Verdict.UNTIMED,
)

FAILING = (Verdict.REGRESSED, Verdict.FAILED, Verdict.MISSING)
"""The verdicts that a reader wants to see first: they fail a gate, unless the user says otherwise."""


@dataclass(frozen=True)
class Gate:
    """Which verdicts fail, besides those that always do: a case may be missing, or must not be inconclusive."""

    allow_missing: bool = False
    fail_inconclusive: bool = False

    @property
    def failing(self) -> set[Verdict]:
        """The verdicts that fail."""
        failing = {Verdict.REGRESSED, Verdict.FAILED}
        if not self.allow_missing:
            failing.add(Verdict.MISSING)
        if self.fail_inconclusive:
            failing.add(Verdict.INCONCLUSIVE)
        return failing


@dataclass(frozen=True)
class Rules:
    """How two sides are compared: the smallest change that matters, and the confidence of all cases together.

    `across_machines`: the sides may be of two machines. `gate`: which verdicts fail.
    """

    threshold: float = COMPARE_THRESHOLD
    confidence: float = COMPARE_CONFIDENCE
    across_machines: bool = False
    gate: Gate = Gate()


@dataclass(frozen=True)
class Comparison:
    """The outcome of comparing head with base.

    `rows` has one row per case, worst first. Its columns are those of `key`, and then `COMPARISON_COLUMNS`. `base` and
    `head` say in words what was compared. `explanations` has the evidence about the cases that changed; `None` if
    nobody asked for it.
    """

    rows: pd.DataFrame
    base: str
    head: str
    threshold: float
    confidence: float
    notes: list[Note] = field(default_factory=list)
    key: tuple[str, ...] = CASE
    gate: Gate = Gate()
    explanations: tuple[Explained, ...] | None = None

    @property
    def counts(self) -> dict[str, int]:
        """How many cases have each verdict, worst first. Verdicts that no case has are left out."""
        counts = self.rows["verdict"].value_counts()
        return {str(verdict): int(counts[verdict]) for verdict in WORST_FIRST if verdict in counts}

    @property
    def exit_code(self) -> int:
        """1 if a case has a verdict that fails the gate, else 0."""
        return int(any(verdict in self.counts for verdict in self.gate.failing))

    @property
    def means(self) -> pd.DataFrame:
        """The geometric means of the ratios over the cases that have a time on both sides.

        There is a row for each backend, and a last row for `all`. The columns are `group`, `cases` and `ratio`.
        """
        compared = self.rows.loc[self.rows["ratio"].notna()]
        logs = pd.Series(np.log(compared["ratio"].to_numpy(float)), index=compared.index)
        groups = [compared["backend"].astype(str)] if "backend" in self.key else []
        groups.append(pd.Series("all", index=compared.index))
        tables = [logs.groupby(group.rename("group")).agg(["size", "mean"]) for group in groups]
        table = pd.concat(tables).reset_index().rename(columns={"size": "cases"})
        return table.assign(ratio=np.exp(table.pop("mean")))


def worst_first(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows with the worst verdict first, and within a verdict the largest slowdown first."""
    rank = rows["verdict"].map({verdict: rank for rank, verdict in enumerate(WORST_FIRST)})
    order = np.lexsort((-rows["ratio"].astype(float).fillna(0.0), rank))
    return rows.iloc[order].reset_index(drop=True)


def compare(both: Sides, rules: Rules) -> Comparison:
    """Return what changed from base to head. Raise `TableError` if the sides cannot be compared."""
    across = rules.across_machines or both.by == "machine"
    differences = list(sides.differences(both, across_machines=across))
    measure = _measure(both, across=across)
    cases = outcomes.judged(both, changes.measured(both, measure, rules.confidence), rules.threshold)
    _require_common(both, cases)
    of_control = [] if across else control.notes(both, rules.threshold)
    notes = [*_compared_by(cases, measure), *_one_run(both), *of_control, *_inconclusive(cases), *both.notes]
    notes += differences
    rows = worst_first(cases[[*both.key, *COMPARISON_COLUMNS]])
    base, head = map(_launches, (both.base_name, both.head_name), both.launches())
    return Comparison(rows, base, head, rules.threshold, rules.confidence, notes, both.key, rules.gate)


def _require_common(both: Sides, cases: pd.DataFrame) -> None:
    """Raise `TableError` if there is nothing to compare: base has no time, or no case is on both sides."""
    if not (cases["base_replicates"] > 0).any():
        raise TableError(f"{both.base_name}: no case has a time; there is nothing to compare with")
    verdicts = set(cases["verdict"])
    if Verdict.NEW in verdicts and verdicts <= {Verdict.NEW, Verdict.MISSING, Verdict.UNTIMED}:
        raise TableError(f"no case is on both sides: {sides.disjoint(both)}")


def _measure(both: Sides, *, across: bool) -> Measure:
    """Return what is compared. If the sides have different references, NumPy's paired rounds say nothing of a shift."""
    if across:
        return Measure.RATIO
    return Measure.WEIGHTED if sides.same_reference(both) else Measure.SECONDS


def _compared_by(cases: pd.DataFrame, measure: Measure) -> Iterator[Note]:
    """Yield what the cases are compared by."""
    weights = cases.loc[cases["ratio"].notna(), "numpy_weight"]
    weighted = weights.dropna()
    if len(weighted) and measure is Measure.RATIO:
        yield ByRatio(len(weighted))
    elif len(weighted):
        yield Weighted(len(weighted), float(weighted.min()), float(weighted.max()))
    if len(weighted) < len(weights):
        yield BySeconds(len(weights) - len(weighted), measure is Measure.SECONDS)


def _one_run(both: Sides) -> Iterator[Note]:
    """Yield that launches are the units, if the sides are of different runs."""
    runs = [set(both.rows.loc[side, "run"].astype(str)) for side in (~both.head, both.head)]
    if not changes.units(both).are_runs and not runs[0] & runs[1]:
        yield OneRun(*map(len, runs))


def _inconclusive(cases: pd.DataFrame) -> Iterator[Note]:
    """Yield how many cases are inconclusive although they have an interval."""
    count = int(((cases["verdict"] == Verdict.INCONCLUSIVE) & cases["low"].notna()).sum())
    if count:
        yield Inconclusive(count)


def _launches(name: str, count: int) -> str:
    return f"{name}, {count:,} launch{'' if count == 1 else 'es'}"
