"""Compute and keep every right answer that the check of a case reads.

A problem that nobody derived by hand has its reference in one framework. The process of that framework does this; the
processes of all others then read the answers, and compute none.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from backends import Case
from bench.case.check.derivation import require_right
from bench.case.check.question import question
from bench.case.check.rate import with_rate
from bench.case.check.reference import answer_error, arguments, expected, own_error
from bench.case.check.steps import SHORT, slow_end, slowed
from bench.case.check.update import KEEP_MOMENTS, right_update
from bench.case.figures.target import first_step_at_target, goal
from problems import LBFGS, SGD, Problem


class Kept(NamedTuple):
    """What is known once the answers of a case are kept.

    `gradient_error` is how far the reference's gradient is from central differences of the loss. `rate` is the learning
    rate that was found; `None` if the problem has one, or if the operator is no descent.
    """

    gradient_error: float
    rate: float | None


def keep_answers(case: Case, problem: Problem) -> Kept:
    """Keep the answers of the case, whose problem has the reference's functions.

    Raise `WrongReferenceError` if its gradient contradicts its loss, and `NoRateError` if there is no learning rate.
    """
    bare = replace(case, backend="", device="")
    error, rate = require_right(problem, bare.operator, bare.batch_size), None
    if bare.operator == "descent":
        own = problem.rate
        problem = with_rate(problem, bare.batch_size, bare.optimizer)
        if own is None and problem.rate is not None:
            rate = problem.rate_at(*arguments(bare, problem))
        _keep_steps(bare, problem)
    _keep_answer(bare, problem)
    if bare.operator == "gradient":  # a round is paired with the backend's own value
        _keep_answer(replace(bare, operator="value"), problem)
    return Kept(error, rate)


def _keep_answer(case: Case, problem: Problem) -> None:
    expected(case, problem)
    own_error(case, problem)
    question(case, problem)


def _keep_steps(case: Case, problem: Problem) -> None:
    answer_error(case, problem, expected(case, problem))  # what rounding makes of the end
    if case.optimizer == SGD:
        expected(replace(case, steps=1), problem)
        slow_end(replace(case, steps=min(SHORT, case.steps)), problem)
    if case.optimizer in KEEP_MOMENTS:
        right_update(case, problem)
    goal(case, problem)
    if case.optimizer != LBFGS:
        if (slow := slowed(case, problem)) is not None:
            slow_end(case, slow)
        first_step_at_target(case, problem)
