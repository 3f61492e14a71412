"""Every release against one base: what each costs, and in which of them a case really changed."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
import pandas as pd

from bench.find.candidates import UnusableError
from bench.find.duels import Duels, case_of
from bench.find.memory import Logs
from report.compare.course import COLUMNS, Course, Step
from report.statistics.duel_rules import SUSPICION, Rules
from report.statistics.intervals import UNKNOWN

Suspects = dict[tuple[str, str], set[str]]
"""The cases that may have changed between two candidates, by their keys."""


def every(duels: Duels) -> Course:
    """Return what each candidate costs against the good end, which is measured against itself too.

    Where two neighbours seem to differ, fresh process pairs of the two decide. Raise `UnusableError` if the good end
    cannot be measured.
    """
    names, rules = duels.candidates.names, duels.plan.rules
    good = names[0]
    measured = {good: duels.pairs(good, good, None, duels.plan.pairs)}
    unusable: dict[str, str] = {}
    for name in names[1:]:
        try:
            measured[name] = duels.pairs(good, name, None, duels.plan.pairs)
        except UnusableError as error:
            unusable[name] = str(error)
    doubted = suspects(measured, rules)
    fresh = {pair: duels.fresh(*pair, keys) for pair, keys in doubted.items()}
    rows = pd.DataFrame(list(_rows(measured, fresh, rules)), columns=["candidate", *COLUMNS])
    what = {name: duels.candidates.describe(name) for name in names}
    return Course(duels.candidates.what, what, rows, unusable, rules.threshold, rules.confidence)


def suspects(measured: dict[str, Logs], rules: Rules) -> Suspects:
    """Return the cases that seem to differ between two neighbours, by their ratios to the good end."""
    edge = SUSPICION * float(np.log1p(rules.threshold))
    found: Suspects = {}
    for before, after in pairwise(measured):
        for key in measured[before].keys() & measured[after].keys():
            if abs(_center(measured, after, key, rules) - _center(measured, before, key, rules)) > edge:
                found.setdefault((before, after), set()).add(key)
    return found


def _center(measured: dict[str, Logs], name: str, key: str, rules: Rules) -> float:
    """Return the log ratio of a candidate to the good end: 0 for the good end itself."""
    is_good = name == next(iter(measured))
    return 0.0 if is_good else float(np.log(rules.alone(measured[name][key]).center))


def _rows(measured: dict[str, Logs], fresh: dict[tuple[str, str], Logs], rules: Rules) -> Iterator[dict[str, Any]]:
    """Yield the row of each candidate and case. All verdicts against the good end hold together; so do all steps."""
    tested = sum(map(len, measured.values()))
    stepped = sum(map(len, fresh.values()))
    before = ""
    for name, cases in measured.items():
        steps = fresh.get((before, name), {})
        for key, logs in cases.items():
            ratio = rules.alone(logs)
            step = rules.change(steps[key], stepped) if key in steps else UNKNOWN
            yield {
                "candidate": name,
                **case_of(key),
                "pairs": len(logs),
                "ratio": ratio.center,
                "low": ratio.low,
                "high": ratio.high,
                "verdict": rules.judge(logs, tested),
                "before": before if key in steps else "",
                "step_ratio": step.center,
                "step_low": step.low,
                "step_high": step.high,
                "step": Step.of(step, rules.threshold) if key in steps else "",
            }
        before = name
