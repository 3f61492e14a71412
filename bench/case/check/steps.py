"""Does a descent make every step? A descent that has converged looks the same after half of its steps.

A program whose loop is the backend's own is built again, by the same builder and with the same number of steps, at a
rate so small that it hardly moves. Each step then moves it by the same amount, and the whole move counts the steps. It
is built for one start and called from another, so a program that computed its answer while compiling is found too.

Where the loop is `Stepwise`, the harness itself counts the steps. There a short descent shows whether each step moves.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

from backends import Backend, Case, Run, Stepwise, StepwiseInPlace, place
from bench.case.check.errors import alike, magnitude, move_error, require_close
from bench.case.check.kept import kept, named
from bench.case.check.question import nudged
from bench.case.check.reference import allowed_error, arguments, by_hand, double
from problems import (
    ADAM,
    DECAY,
    LBFGS,
    MOMENTUM,
    Array,
    Data,
    Parameters,
    Problem,
    tree_leaves,
    tree_map,
    tree_unflatten,
)

MIN_MOVE, MAX_MOVE = 1e-8, 0.1
"""How far the whole slow descent moves at least and at most, relative to the parameters: see `_move`."""

SHORT = 10
"""Steps of the short descent."""


def require_every_step(case: Case, backend: Backend, problem: Problem, placed: tuple[Any, ...], run: Run) -> None:
    """Raise `WrongResultError` if the descent `run` lacks a step, or does not start where it is told to.

    A slow descent's move may be off by half a step, or by what a right gradient may.
    """
    if case.optimizer == LBFGS:
        return  # it makes as many steps as it needs
    if isinstance(run, Stepwise) and type(run) in {Stepwise, StepwiseInPlace}:  # a subclass may loop otherwise
        require_close(case, abs(run.steps / case.steps - 1.0), 0.0, f"in {run.steps} steps of {case.steps}")
        short = replace(case, steps=min(SHORT, case.steps))
        _require(short, backend, problem, replace(run, steps=short.steps), allowed_error(backend, case))
    elif (slow := slowed(case, problem)) is not None:
        program = backend.compile(case, slow, placed[0], placed[-1])
        _require(case, backend, slow, program, max(0.5 / case.steps, allowed_error(backend, case)))


def slowed(case: Case, problem: Problem) -> Problem | None:
    """Return the problem with a rate so small that the case's descent hardly moves; `None` if the gradient is 0."""
    x, data = arguments(case, problem)
    key = ("fastest", named(problem), case.batch_size, case.dtype, case.optimizer)
    (fastest,) = map(float, kept(key, lambda: _fastest(case, problem, x, data)))
    if not fastest > 0.0:
        return None
    return replace(problem, rate=min(problem.rate_at(x, data), _move(case) / (case.steps * fastest)))


def _fastest(case: Case, problem: Problem, x: Parameters, data: Data) -> Array:
    """Return the largest share of an array of the parameters that a step at a rate of 1 moves it by.

    A step of `adam` moves each number by the rate, whatever the gradient; one of `momentum`, by the gradients so far.
    """
    pairs = zip(tree_leaves(problem.gradient(x, data)), tree_leaves(x), strict=True)
    moves = ((1.0 if case.optimizer == ADAM else magnitude(g), magnitude(array) or 1.0) for g, array in pairs)
    carried = 1.0 / (1.0 - DECAY) if case.optimizer == MOMENTUM else 1.0
    return np.array(carried * max(move / size for move, size in moves))


def _move(case: Case) -> float:
    """Return how far the slow descent moves: so little that the rounding of all its steps is a tenth of a step.

    In float64 that is so little that a descent in float32 does not move at all.
    """
    rounding = float(np.finfo(case.dtype).eps) / 2.0
    return min(MAX_MOVE, max(MIN_MOVE, 10.0 * case.steps**2 * rounding))


def _require(case: Case, backend: Backend, problem: Problem, program: Run, allowed: float) -> None:
    """Raise `WrongResultError` unless the program moves from a nudged start as the reference does."""
    result = program(*place(backend, case, nudged(case, problem), arguments(case, problem)[-1]))
    backend.wait(result, case)
    error = _move_error(case, problem, allowed, backend.fetch(result, case))
    require_close(case, error, allowed, f"from another start, in the move of {case.steps} steps,")


def slow_end(case: Case, problem: Problem) -> Parameters:
    """Return where the reference's descent from the nudged start ends, in float64."""
    given = double((nudged(case, problem), arguments(case, problem)[-1]))
    key = (named(problem), problem.rate_at(*given), vars(replace(case, backend="", device="")))
    return tree_unflatten(given[0], kept(("move", *key), lambda: by_hand(case, problem, given)))


def _move_error(case: Case, problem: Problem, allowed: float, end: Parameters) -> float:
    """Return the relative error of the move from the nudged start to `end`.

    An array that hardly moves is measured against what rounding alone may move it. Steps of `adam` go either way where
    the gradient is rounding alone, so of its move only the length along the right one counts.
    """
    given, right = double((nudged(case, problem), arguments(case, problem)[-1])), slow_end(case, problem)
    if case.optimizer == ADAM:
        return _length_error(given[0], end, right)
    rounding = case.steps * float(np.finfo(case.dtype).eps) / 2.0
    least = tree_map(lambda array: rounding * float(np.max(np.abs(array))) / allowed, given[0])
    return move_error(given[0], end, right, least, case.dtype)


def _length_error(start: Parameters, end: Parameters, right: Parameters) -> float:
    """Return how much longer or shorter the move from `start` to `end` is, along the right move."""
    if not alike(end, right):
        return math.inf
    moves = [tree_leaves(tree_map(np.subtract, reached, start)) for reached in (end, right)]
    along = sum(float(np.vdot(move, right_move)) for move, right_move in zip(*moves, strict=True))
    return abs(along / sum(float(np.vdot(move, move)) for move in moves[1]) - 1.0)
