"""A problem with nested parameters, a leaf without axes, and data of several dtypes, in two nestings.

Formula     loss = 1/(2B) Σ_b k_b (a tanh(X_b·w) + c_{g_b} − y_b)²
Shapes      w: (4,), c: (3,), a: (); data X: (B, 4) in float32, g: (B,) groups, integers, k: (B,) which count, booleans,
            y: (B,) in float64
Gradient    T = tanh(X w), r = k (a T + c_g − y)/B: ∇w = Xᵀ(r a (1 − T²)), ∇c_j = Σ_{g_b = j} r_b, ∇a = r·T
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from problems import Array, Data, Parameters, Problem


class Head(NamedTuple):
    shift: Array
    scale: Array


def in_lists(w: Array, c: Array, a: Array) -> Parameters:
    """Nest the arrays in a dict in a list in a tuple. The keys of the dict are not in their alphabetical order."""
    return [{"weights": w, "shift": c}], a


def of_lists(x: Parameters) -> tuple[Array, Array, Array]:
    [layer], a = x
    return layer["weights"], layer["shift"], a


def in_named(w: Array, c: Array, a: Array) -> Parameters:
    return {"layers": [w], "head": Head(c, a)}


def of_named(x: Parameters) -> tuple[Array, Array, Array]:
    return x["layers"][0], x["head"].shift, x["head"].scale


def nested(
    name: str, nest: Callable[..., Parameters], arrays: Callable[[Parameters], tuple[Array, Array, Array]]
) -> Problem:
    """Return the problem with its parameters as `nest` nests them; `arrays` takes them out."""

    def loss(xp: Any, x: Parameters, data: Data) -> Array:
        w, c, a = arrays(x)
        X, group, kept, y = data
        r = (a * xp.tanh(X @ w) + c[group] - y) * kept
        return xp.sum(0.5 * r * r) / y.shape[0]

    def gradient(x: Parameters, data: Data) -> Parameters:
        w, c, a = arrays(x)
        X, group, kept, y = data
        T = np.tanh(X @ w)
        r = (a * T + c[group] - y) * kept / len(y)
        return nest(X.T @ (a * r * (1.0 - T * T)), groups(group, r), np.vdot(r, T))

    def hvp(x: Parameters, v: Parameters, data: Data) -> Parameters:
        (w, c, a), (dw, dc, da) = arrays(x), arrays(v)
        X, group, kept, y = data
        T = np.tanh(X @ w)
        slope = 1.0 - T * T
        dT = slope * (X @ dw)
        r = (a * T + c[group] - y) * kept / len(y)
        dr = (a * dT + da * T + dc[group]) * kept / len(y)
        by_w = X.T @ (slope * (a * dr + da * r) - 2.0 * a * r * T * dT)
        return nest(by_w, groups(group, dr), np.vdot(dr, T) + np.vdot(r, dT))

    def draw(rng: np.random.Generator, batch_size: int) -> tuple[Parameters, Data]:
        X = rng.standard_normal((batch_size, 4)).astype("float32")
        kept = rng.random(batch_size) < 0.9
        kept[0] = True
        data = X, rng.integers(0, 3, batch_size), kept, rng.standard_normal(batch_size)
        return nest(rng.standard_normal(4), rng.standard_normal(3), 1.5), data

    return Problem(name, loss, gradient, draw, rate=0.5, hvp=hvp)


def groups(group: Array, r: Array) -> Array:
    """Return the sum of r in each of the three groups."""
    return np.bincount(group, r, 3).astype(r.dtype)


NESTS = (in_lists, in_named)
NESTED = {
    nest.__name__: nested(nest.__name__, nest, arrays) for nest, arrays in zip(NESTS, (of_lists, of_named), strict=True)
}
