"""The Wishart prior on the precisions of `gmm`: its formula stands in the docstring of that problem."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

from problems.parameters import Array, Data, Parameters

GAMMA = 1.0
"""γ, the prior's precision: the default of ADBench and GradBench."""

FREEDOM = 0
"""m, the prior's additional degrees of freedom: the default of ADBench and GradBench."""


def log_prior(xp: Any, x: Parameters, data: Data) -> Array:
    _, _, icf = x
    d = data[0].shape[1]
    q, below = icf[:, :d], icf[:, d:]
    frobenius = xp.sum(xp.exp(2.0 * q), 1) + xp.sum(below * below, 1)
    return xp.sum(FREEDOM * xp.sum(q, 1) - 0.5 * GAMMA**2 * frobenius + constant(d))


def log_prior_by_hand(icf: Array, scale: Array) -> Array:
    """Return the log prior in NumPy, with the `scale` exp(q), (k, d), that is known already."""
    d = scale.shape[1]
    below = icf[:, d:]
    frobenius = (scale * scale).sum() + (below * below).sum()
    return FREEDOM * icf[:, :d].sum() - 0.5 * GAMMA**2 * frobenius + len(icf) * _known_constant(d)


def constant(d: int) -> float:
    """Return what each component adds to the log prior, whatever the parameters are."""
    n = d + FREEDOM + 1
    return n * d * math.log(GAMMA / math.sqrt(2.0)) - log_gamma(0.5 * n, d)


_known_constant = cache(constant)  # torch's compiler, which compiles the loss, warns of a cache


def log_gamma(a: float, d: int) -> float:
    """Return log Γ_d(a), the logarithm of the multivariate gamma function."""
    return 0.25 * d * (d - 1) * math.log(math.pi) + sum(math.lgamma(a - 0.5 * j) for j in range(d))
