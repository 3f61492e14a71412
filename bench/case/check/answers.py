"""Is the program that was timed right whenever it is called? The checks that take calls of their own."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from backends import Backend, Case, Run, place
from bench.case.check.errors import largest, require_close
from bench.case.check.question import question
from bench.case.check.reference import allowed_error, answer_error, other_error
from bench.clock import now
from problems import Parameters, Problem, tree_leaves, tree_map


class Answered(NamedTuple):
    """What the calls after the rounds gave.

    `result` is the answer on the host, and `fetch_seconds` how long it took to get there. `other_seconds` is how long
    the call with another question took; `None` if there is no other question.
    """

    result: Parameters
    fetch_seconds: float
    other_seconds: float | None


def require_same_arrays(case: Case, backend: Backend, host: tuple[Any, ...], placed: tuple[Any, ...]) -> None:
    """Raise `WrongResultError` unless the arrays on the device hold the numbers of those on the host, to the last bit.

    A backend that rounds them, or that puts something computed from them, does less than the others.
    """
    for ours, theirs in zip(filter(tree_leaves, host), filter(tree_leaves, placed), strict=True):
        fetched = tree_leaves(backend.fetch(theirs, case))
        same = len(fetched) == len(tree_leaves(ours)) and all(map(np.array_equal, fetched, tree_leaves(ours)))
        require_close(case, 0.0 if same else 1.0, 0.0, "in its arrays on the device, before the first call,")


def require_answers(case: Case, backend: Backend, problem: Problem, placed: tuple[Any, ...], run: Run) -> Answered:
    """Return what `run` answers now. Raise `WrongResultError` unless it is right, and right for another question."""
    called = run(*placed)
    backend.wait(called, case)
    start = now()
    result = backend.fetch(called, case)
    fetch_seconds = now() - start
    require_close(case, answer_error(case, problem, result), allowed_error(backend, case), "after the rounds")
    other_seconds = require_another_answer(case, backend, problem, run)
    _require_finished(case, backend, problem, placed, run)
    return Answered(result, fetch_seconds, other_seconds)


def require_another_answer(case: Case, backend: Backend, problem: Problem, run: Run) -> float | None:
    """Raise `WrongResultError` if `run` is wrong for other arguments, to which the answer is another.

    Return the seconds of the call. Nothing is asked, and `None` is returned, if no such arguments were found.
    """
    asked = question(case, problem)
    if asked is None:
        return None
    others, answer = asked
    placed = place(backend, case, *others)
    start = now()
    result = run(*placed)
    backend.wait(result, case)
    seconds = now() - start
    errors = other_error(case, problem, others, backend.fetch(result, case), answer)
    require_close(case, largest(*errors), allowed_error(backend, case), "of another start, direction and data")
    return seconds


def _require_finished(case: Case, backend: Backend, problem: Problem, placed: tuple[Any, ...], run: Run) -> None:
    """Raise `WrongResultError` if the result changes when its start is overwritten after the call.

    That of a lazy backend does, since it is computed when it is fetched. Only NumPy's arrays can be overwritten.
    """
    if not all(isinstance(array, np.ndarray) for array in tree_leaves(placed[0])):
        return
    start = tree_map(np.array, placed[0])
    result = run(start, *placed[1:])
    backend.wait(result, case)
    for array in tree_leaves(start):
        array.fill(np.nan)
    error = answer_error(case, problem, backend.fetch(result, case))
    require_close(case, error, allowed_error(backend, case), "once its start was overwritten")
