"""The table of duels: what real ones found, and what is drawn from their pairs.

**Real** rows count duels that were run, each as a user runs it. **Drawn** rows are simulated: whole duels by the duel's
own rules, with pairs drawn with replacement from those of the real duels of equal copies. Only the pairs before the
first look are drawn from, since every case has them, whatever they said.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

import numpy as np
import pandas as pd

from experiments.evidence import Figures
from experiments.rates import of_drawn, rate
from report.statistics import duel_rules, verdict
from report.statistics.duel_rules import PAIRS, Rules, looks
from report.statistics.verdict import Verdict

Pools = dict[tuple[str, int], np.ndarray]

DUEL = ("commit", "kind", "duel")
"""The columns that name a duel."""

CLOSE = (0.03, 0.06)
"""Between these shares, what a case does more is about 4 %."""


@dataclass(frozen=True)
class Evidence:
    """The medians of the pairs and the verdicts of the cases, as `collect.gathered` returns them."""

    medians: pd.DataFrame
    verdicts: pd.DataFrame


def rows(evidence: Evidence, draws: int) -> Iterator[Figures]:
    """Yield the rows: what was asked, what was found, and from what."""
    for kind, of_kind in (("same", _same), ("slow", _slow)):
        found = evidence.verdicts[evidence.verdicts["kind"] == kind]
        if len(found):
            yield from of_kind(found)
    yield from _drawn(pools(evidence.medians), draws)


def _same(verdicts: pd.DataFrame) -> Iterator[Figures]:
    duels = verdicts.groupby([*DUEL])
    failed = (verdicts["verdict"] == Verdict.REGRESSED).groupby([verdicts[name] for name in DUEL]).any()
    what = f"real duels of equal copies, {int(duels.size().max())} cases, at 3 %"
    sizes = np.abs(np.log(verdicts["ratio"]))
    shares = verdicts["verdict"].value_counts(normalize=True)
    yield f"{what}: duels that fail", rate(int(failed.sum()), len(failed)), "real"
    yield (
        f"{what}: cases unchanged, inconclusive",
        ", ".join(_percent(shares.get(name, 0.0)) for name in (Verdict.UNCHANGED, Verdict.INCONCLUSIVE)),
        f"real, {len(verdicts)} cases",
    )
    yield (
        f"{what}: median change, 95th percentile",
        ", ".join(_percent(np.quantile(sizes, share)) for share in (0.5, 0.95)),
        "the same",
    )
    seconds = duels["duel_seconds"].first()
    yield f"{what}: how long one takes, longest", f"{seconds.median():.0f} s, {seconds.max():.0f} s", "real"


def _slow(verdicts: pd.DataFrame) -> Iterator[Figures]:
    duels = (verdicts["verdict"] == Verdict.REGRESSED).groupby([verdicts[name] for name in DUEL]).any()
    close = verdicts[verdicts["more"].between(*CLOSE)]
    low, high = close["more"].min(), close["more"].max()
    what = f"real duels, {close.groupby('duel').size().max()} cases do {_percent(low)} to {_percent(high)} more"
    hits = close["verdict"] == Verdict.REGRESSED
    yield f"{what}, at 3 %: cases found", rate(int(hits.sum()), len(hits)), "real"
    yield f"{what}: duels that fail", rate(int(duels.sum()), len(duels)), "real"
    equal = verdicts[verdicts["more"] == 0.0]
    wrong = equal["verdict"].isin([Verdict.REGRESSED, Verdict.IMPROVED])
    yield f"{what}: other cases with a false verdict", rate(int(wrong.sum()), len(wrong)), "real"


def pools(medians: pd.DataFrame) -> Pools:
    """Return the log ratios of the pairs of equal copies before the first look, by case."""
    first = medians[(medians["kind"] == "same") & (medians["stage"] == 1)]
    early = first[first.groupby([*DUEL, "backend", "batch_size"])["pair"].rank() <= looks(PAIRS)[0]]
    by_case = early.groupby(["backend", "batch_size"])["log_ratio"]
    return {cast("tuple[str, int]", case): logs.to_numpy() for case, logs in by_case}


def _drawn(of: Pools, draws: int) -> Iterator[Figures]:
    random = np.random.default_rng(0)
    source = f"drawn from {min(map(len, of.values()))} pairs of each case"
    for threshold, change in ((0.03, 0.04), (0.015, 0.02)):
        rules = Rules(threshold)
        at = f"at {100 * threshold:g} %"
        duels = [duel_rules.draw(of, rules, random) for _ in range(draws)]
        failed = sum(any(found == Verdict.REGRESSED for _, found in duel.values()) for duel in duels)
        yield f"duels of equal copies, {at}: duels that fail", of_drawn(failed, draws), source
        found: list[bool] = []
        missed: list[bool] = []
        for case, logs in of.items():
            for shift, wanted, kept in ((change, Verdict.REGRESSED, found), (threshold, Verdict.UNCHANGED, missed)):
                changed = {case: logs - np.log(verdict.paired(logs, 0.95).center) + np.log1p(shift)}
                several = (duel_rules.draw(of | changed, rules, random, changed) for _ in range(max(1, draws // 20)))
                kept += [duel[case][1] == wanted for duel in several]
        yield f"one case {100 * change:g} % slower, {at}: found", of_drawn(sum(found), len(found)), source
        yield f"one case slower by the threshold, {at}: called unchanged", of_drawn(sum(missed), len(missed)), source


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
