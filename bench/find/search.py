"""The search for the candidate that made a case slower, by duels against the good end."""

from __future__ import annotations

from typing import Any

import numpy as np

from bench.find.bisection import LOOKS, Answer, confidence, judged, narrow
from bench.find.candidates import UnusableError
from bench.find.duels import Duels, case_key
from report.compare.comparison import Comparison
from report.compare.culprit import Culprit, Step
from report.statistics import verdict
from report.statistics.verdict import Verdict
from report.table.keys import CASE


def search(duels: Duels) -> Culprit:
    """Return which candidate made a case slower, or that none did.

    One case leads the search: of those that regressed between the two ends, the one whose change is surest. A candidate
    is judged by whether its ratio to the good end is below or above halfway, the root of the ratio of the two ends.
    Raise `UnusableError` if an end cannot be measured.
    """
    names = duels.candidates.names
    ends = duels.whole(names[0], names[-1])
    leader = _surest(ends)
    if leader is None:
        return Culprit(duels.candidates.what, ends)
    halfway = float(np.sqrt(leader["ratio"]))
    steps: list[Step] = []
    unusable: dict[str, str] = {}

    def judge(number: int) -> Answer:
        name = names[number]
        try:
            answer, step = _step(duels, name, case_key(leader), halfway, len(steps) + 1)
        except UnusableError as error:
            unusable[name] = str(error)
            return Answer.UNKNOWN
        steps.append(step)
        return answer

    good, bad = narrow(len(names), judge)
    duel = duels.whole(names[good], names[bad])
    between = {name: unusable.get(name, "") for name in names[good + 1 : bad]}
    unused = {name: reason for name, reason in unusable.items() if name not in between}
    words = {column: leader[column] for column in CASE}
    return Culprit(duels.candidates.what, ends, words, tuple(steps), names[good], names[bad], between, unused, duel)


def _surest(ends: Comparison) -> dict[str, Any] | None:
    """Return the row of the regressed case whose change is largest by the width of its interval."""
    rows = ends.rows[ends.rows["verdict"] == Verdict.REGRESSED]
    if rows.empty:
        return None
    width = np.log(rows["all_high"].astype(float)) - np.log(rows["all_low"].astype(float))
    surest = (np.log(rows["ratio"].astype(float)) / width).argmax()
    return {str(name): value for name, value in rows.iloc[int(surest)].items()}


def _step(duels: Duels, name: str, key: str, halfway: float, number: int) -> tuple[Answer, Step]:
    """Judge a candidate: after each look's process pairs, until its interval lies on one side of halfway."""
    for pairs in LOOKS:
        logs = duels.pairs(duels.candidates.names[0], name, {key}, pairs)[key]
        ratio = verdict.paired(logs, confidence(number))
        answer = judged(ratio, halfway)
        if answer is not Answer.UNKNOWN:
            break
    return answer, Step(name, duels.candidates.describe(name), ratio, len(logs), answer.value)
