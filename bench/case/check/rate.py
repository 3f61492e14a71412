"""A learning rate for a problem that has none: the largest found at which the loss falls at each step."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from bench.case.check.kept import kept
from bench.case.check.reference import named
from problems import Data, Parameters, Problem, hand_derived, instance, tree_leaves, tree_map

POWER_STEPS = 8
"""Steps of the power iteration that estimates the largest curvature at the start."""

STEP = 1e-6
"""The step of the gradient's differences, relative to the size of the start."""

MAX_HALVINGS = 40
"""How often the rate is halved at most, until the loss falls at each step."""

DIGITS = 2
"""Decimal digits of the rate: it is no more than a scale."""


class NoRateError(Exception):
    """No learning rate was found at which the loss falls."""


def with_rate(problem: Problem, batch_size: int) -> Problem:
    """Return the problem with a learning rate: its own, or the one that is found for this batch size.

    The rate is found in float64, with the reference's gradient, for a descent of the problem's own steps. Raise
    `NoRateError` if the loss falls at none.
    """
    if problem.rate is not None:
        return problem
    key = ("rate", named(problem), batch_size)
    (rate,) = kept(key, lambda: np.array(_found(problem, batch_size)))
    return replace(problem, rate=float(rate))


def _found(problem: Problem, batch_size: int) -> float:
    x, data = instance(problem, batch_size, "float64")
    rate = 1.0 / _curvature(problem, x, data)
    for _ in range(MAX_HALVINGS):
        rate = _rounded_down(rate)
        if _falls(problem, rate, x, data):
            return rate
        rate /= 2.0
    raise NoRateError(
        f"no learning rate was found for {problem.name}: at none down to {rate:.1g} does the loss fall at each of its "
        f"{problem.steps} steps; give the problem a rate"
    )


def _curvature(problem: Problem, x: Parameters, data: Data) -> float:
    """Return the largest curvature at `x`, by power iteration on differences of the gradient.

    Where the loss is not curved, return the scale at which a step moves the parameters by their own size.
    """
    here, size = problem.gradient(x, data), max(_length(x), 1.0)
    rng = np.random.default_rng(0)
    v, curvature = tree_map(lambda array: rng.standard_normal(array.shape), x), 0.0
    for _ in range(POWER_STEPS):
        step = STEP * size / _length(v)
        ahead = problem.gradient(tree_map(lambda array, move, step=step: array + step * move, x, v), data)
        v = tree_map(lambda after, before, step=step: (after - before) / step, ahead, here)
        curvature = _length(v) * step / (STEP * size)
        if not (math.isfinite(curvature) and curvature > 0.0):
            break
    return curvature if math.isfinite(curvature) and curvature > 0.0 else max(_length(here) / size, 1e-30)


def _length(x: Parameters) -> float:
    return math.sqrt(sum(float(np.sum(array * array)) for array in tree_leaves(x)))


def _falls(problem: Problem, rate: float, x: Parameters, data: Data) -> bool:
    """Return whether the loss falls, or stays, at each step of the descent, and is lower at its end."""
    step = hand_derived("descent", replace(problem, rate=rate), 1, x, data)
    first = last = float(problem.numpy_loss(x, data))
    with np.errstate(all="ignore"):  # at too large a rate it overflows
        for _ in range(problem.steps):
            x = step(x, data)
            loss = float(problem.numpy_loss(x, data))
            if not loss <= last + 1e-12 * abs(first):
                return False
            last = loss
    return last < first


def _rounded_down(rate: float) -> float:
    unit = 10.0 ** (math.floor(math.log10(rate)) - DIGITS + 1)
    return float(f"{math.floor(rate / unit + 1e-9) * unit:.{DIGITS}g}")
