"""The learning rate of a descent.

That of `sgd` is the problem's own, or if it has none, the largest found at which the loss falls at each step. A good
rate of `momentum` and `adam` is another one: of a few, the one whose descent ends at the lowest loss.
"""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np

from bench.case.check.kept import kept, named
from problems import (
    ADAM,
    LBFGS,
    MOMENTUM,
    SGD,
    Data,
    Parameters,
    Problem,
    hand_derived,
    instance,
    tree_leaves,
    tree_map,
)

POWER_STEPS = 8
"""Steps of the power iteration that estimates the largest curvature at the start."""

STEP = 1e-6
"""The step of the gradient's differences, relative to the size of the start."""

MAX_HALVINGS = 40
"""How often the rate is halved at most, until the loss falls at each step."""

DIGITS = 2
"""Decimal digits of the rate: it is no more than a scale."""


RATES = {
    MOMENTUM: (0.03, 0.1, 0.3, 1.0),
    ADAM: (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0),
}
"""The rates that are tried. Those of `momentum` are shares of that of `sgd`: its steps add up to ten times as much."""

MAX_BATCH_SIZE = 1000
"""For larger batches the rate is found at this batch size. It hardly depends on it: `adam` moves by the rate alone."""


class NoRateError(Exception):
    """No learning rate was found at which the loss falls."""


def with_rate(problem: Problem, batch_size: int, optimizer: str = SGD) -> Problem:
    """Return the problem with the learning rate of the optimizer for this batch size.

    What is found is found in float64, with the reference's gradient, for a descent of the problem's own steps. Raise
    `NoRateError` if the loss falls at none. `lbfgs` has no rate: its problem is returned as it is.
    """
    if optimizer == LBFGS:
        return problem
    if problem.rate is None:
        key = ("rate", named(problem), batch_size)
        (rate,) = kept(key, lambda: np.array(_found(problem, batch_size)))
        problem = replace(problem, rate=float(rate))
    return problem if optimizer == SGD else _with_best_rate(problem, batch_size, optimizer)


def _with_best_rate(problem: Problem, batch_size: int, optimizer: str) -> Problem:
    """Return the problem with the best rate of `momentum` or `adam`, relative to that of `sgd` or by itself."""
    size = min(batch_size, MAX_BATCH_SIZE)
    (best,) = kept(("best rate", named(problem), size, optimizer), lambda: np.array(_best(problem, size, optimizer)))
    own = problem.rate
    if optimizer == ADAM:
        return replace(problem, rate=float(best))
    return replace(problem, rate=lambda x, data: float(best) * (own(x, data) if callable(own) else float(own or 0.0)))


def _best(problem: Problem, batch_size: int, optimizer: str) -> float:
    """Return the best of `RATES`. Raise `NoRateError` if none leads to a lower loss."""
    x, data = instance(problem, batch_size, "float64")
    unit = 1.0 if optimizer == ADAM else problem.rate_at(x, data)
    with np.errstate(all="ignore"):  # at too large a rate it overflows
        ends = {rate: _loss_at_the_end(problem, optimizer, rate * unit, x, data) for rate in RATES[optimizer]}
        first = float(problem.numpy_loss(x, data))
    falls = {rate: loss for rate, loss in ends.items() if loss < first}
    if not falls:
        tried = ", ".join(f"{rate * unit:.1g}" for rate in ends)
        raise NoRateError(f"no rate of {optimizer} was found for {problem.name}: the loss falls at none of {tried}")
    return min(falls, key=falls.__getitem__)


def _loss_at_the_end(problem: Problem, optimizer: str, rate: float, x: Parameters, data: Data) -> float:
    run = hand_derived("descent", replace(problem, rate=rate), problem.steps, x, data, optimizer)
    return float(problem.numpy_loss(run(x, data), data))


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
