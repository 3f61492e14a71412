"""GradBench's `kmeans`: the centres of clusters, by descent on the distances to the nearest.

Formula     loss(C) = Σᵢ minⱼ ‖cⱼ − pᵢ‖²
Shapes      C: (k, d), k = `clusters`, d = `dimension`; data P: (B, d), the batch axis first, normal with deviation 0.1
            about k centres uniform in [0, 1)ᵈ; start C: those centres, moved by normal noise of deviation 0.1
Gradient    with nⱼ the number of points that cⱼ is nearest to, and sⱼ their sum: ∂/∂cⱼ = 2 (nⱼ cⱼ − sⱼ)
Hessian     2 nⱼ on the diagonal, wherever every point has a single nearest centre
Operations  per point: 2kd for the product with C, 2k for the distances and their minimum; for the value 2d + 1 for
            the norm and the sum, for the gradient d + 1 for its centre's sum and count
Stresses    a product, a minimum and its adjoint, which is a scatter or a mask
Source      GradBench, evals/kmeans (its points are uniform; here they lie in clusters, so that rounding does not move a
            point from one centre to another); L. Bottou and Y. Bengio, "Convergence properties of the k-means
            algorithms", 1994

The loss expands the norm, as GradBench's tools do: ‖pᵢ‖² + minⱼ (‖cⱼ‖² − 2 cⱼ·pᵢ).
The loss is a sum over the points, and so is its curvature, which is at most 2B: the rate is proportional to 1/B.
NumPy is slow to reduce a short last axis, so the distances are laid out as (k, B).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from problems.parameters import Array, Data
from problems.problem import GradientInto, Problem

RATE = 0.25
SPREAD = 0.1


def loss(xp: Any, C: Array, data: Data) -> Array:
    (P,) = data
    nearest = xp.amin(xp.sum(C * C, 1)[:, None] - 2.0 * (C @ P.T), 0)
    return xp.sum(nearest) + xp.sum(P * P)


def gradient(C: Array, data: Data) -> Array:
    (P,) = data
    mine = _mine(C, P)
    return 2.0 * (mine.sum(1)[:, None] * C - mine @ P)


def value_and_gradient(C: Array, data: Data) -> tuple[Array, Array]:
    (P,) = data
    near = C @ P.T
    near -= 0.5 * (C * C).sum(1)[:, None]
    nearest = near.max(0)
    mine = np.equal(near, nearest, out=near, casting="unsafe")
    return np.vdot(P, P) - 2.0 * nearest.sum(), 2.0 * (mine.sum(1)[:, None] * C - mine @ P)


def hvp(C: Array, V: Array, data: Data) -> Array:
    (P,) = data
    return 2.0 * _mine(C, P).sum(1)[:, None] * V


def _mine(C: Array, P: Array) -> Array:
    """Return (k, B): 1 if the centre is the point's nearest, else 0."""
    near = C @ P.T
    near -= 0.5 * (C * C).sum(1)[:, None]
    return np.equal(near, near.max(0), out=near, casting="unsafe")


def gradient_into(C: Array, data: Data) -> GradientInto:
    size = len(data[0])
    near = np.empty((len(C), size), dtype=C.dtype)
    nearest = np.empty(size, dtype=C.dtype)
    half, sums = np.empty((len(C), 1), dtype=C.dtype), np.empty_like(C)

    def into(C: Array, data: Data, out: Array) -> None:
        (P,) = data
        np.matmul(C, P.T, out=near)
        np.multiply(C, C, out=sums)
        np.sum(sums, axis=1, keepdims=True, out=half)
        np.multiply(half, 0.5, out=half)
        np.subtract(near, half, out=near)
        np.max(near, axis=0, out=nearest)
        np.equal(near, nearest, out=near, casting="unsafe")
        np.sum(near, axis=1, keepdims=True, out=half)
        np.matmul(near, P, out=sums)
        np.multiply(half, C, out=out)
        np.subtract(out, sums, out=out)
        np.multiply(out, 2.0, out=out)

    return into


def rate(C: Array, data: Data) -> float:
    return RATE / len(data[0])


def flops(C: Array, data: Data) -> tuple[float, float]:
    (P,) = data
    k, d = C.shape
    near = 2 * k * d + 2 * k
    return len(P) * (near + 2 * d + 1), len(P) * (near + d + 1)


def draw(rng: np.random.Generator, batch_size: int, clusters: int, dimension: int) -> tuple[Array, Data]:
    centres = rng.random((clusters, dimension))
    P = centres[rng.integers(clusters, size=batch_size)] + SPREAD * rng.standard_normal((batch_size, dimension))
    return centres + SPREAD * rng.standard_normal(centres.shape), (P,)


PROBLEM = Problem(
    "kmeans",
    loss,
    gradient,
    draw,
    rate,
    gradient_into=gradient_into,
    hvp=hvp,
    value_and_gradient=value_and_gradient,
    flops=flops,
    sizes={"clusters": 8, "dimension": 8},
    batch_sizes=(1, 100, 1_000, 10_000),
)
