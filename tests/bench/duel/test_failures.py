"""What a duel concludes of a case that one side, or both, cannot run."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from bench.case.failure import Failure
from bench.duel import verdicts
from bench.duel.pair import Effort, Failures, Measured
from bench.duel.sides import Sides
from bench.duel.stage import Stage, lanes_of
from bench.process.client import Side
from report.statistics.duel_rules import Rules, never
from report.write.text import findings

CASE = {"operator": "descent", "problem": "quadratic", "backend": "jax-jit", "batch_size": 1, "dtype": "float32"}
CASE |= {"device": "cpu", "steps": 5, "sizes": "", "optimizer": "sgd"}
CRASHED = Failure("crashed", "the process ended by SIGSEGV")
UNSUPPORTED = Failure("unsupported", "jax-jit has no hvp")


def stage(pairs: int = 6) -> Stage:
    """Return a stage over one case, of number 0."""
    return Stage(Sides(Side(), Side()), Effort(1.0, 0.01, 60.0, 1), {0: CASE}, pairs, never)


@pytest.mark.parametrize(
    ("cpus", "lanes", "each", "expected"),
    [
        ([0, 1, 2], 2, 1, [[0], [1]]),
        ([0, 1, 2], 1, 2, [[0, 1]]),
        ([4], 1, 2, [[4]]),
        ([4], 2, 1, [[4]]),
    ],
)
def test_a_lane_has_cpus_of_its_own(cpus: list[int], lanes: int, each: int, expected: list[list[int]]) -> None:
    """On a GPU a lane has two if there are: torch goes backward in a thread while the main thread waits in a loop."""
    assert lanes_of(cpus, Effort(1.0, 0.01, 60.0, lanes, each)) == expected


def test_what_comes_in_after_a_case_was_cleared_does_not_count() -> None:
    """Another lane may be measuring it: a fourth look would be one too many."""
    of_two = replace(stage(), cleared=lambda logs: np.size(logs) == 2)
    for pair in range(3):
        of_two._add(pair, 0, 0, Measured(1, [(1.0, 1.0)]))
    assert len(of_two.log_ratios(0)) == 2


def test_a_crash_counts_if_a_second_pair_crashes_too() -> None:
    first = stage()
    first._add(0, 0, 0, {"head": CRASHED})
    assert first.failures == {}
    first._add(1, 0, 0, {"head": CRASHED})
    assert first.failures == {0: {"head": CRASHED}}


def test_a_failure_that_chance_does_not_cause_counts_at_once() -> None:
    first = stage()
    first._add(0, 0, 0, {"head": UNSUPPORTED})
    assert first.failures == {0: {"head": UNSUPPORTED}}


@pytest.mark.parametrize(
    ("failures", "measured", "verdict"),
    [
        ({"head": CRASHED}, False, "failed"),
        ({"head": UNSUPPORTED}, False, "failed"),
        ({"base": UNSUPPORTED, "head": CRASHED}, False, "failed"),
        ({"base": CRASHED}, False, "new"),
        ({"base": CRASHED}, True, "inconclusive"),
        ({"base": CRASHED, "head": CRASHED}, False, "untimed"),
        ({"base": UNSUPPORTED, "head": UNSUPPORTED}, False, "untimed"),
    ],
)
def test_the_verdict_follows_from_the_statuses_of_the_sides(
    failures: Failures, verdict: str, *, measured: bool
) -> None:
    first = stage()
    if measured:
        first._add(0, 0, 0, Measured(10, [(0.1, 0.1)]))
    first.failures[0] = failures
    (row,) = verdicts.judged(first, stage(), Rules(0.03))
    assert row["verdict"] == verdict
    words = "; ".join(f"{side}: {why.status}: {why.reason}" for side, why in failures.items())
    assert findings.text(row["reason"]) == words
