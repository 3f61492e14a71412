"""The precision in which a GPU multiplies float32 arrays: asked for once a process, and found out by a product.

Since Ampere, a GPU multiplies float32 arrays several times faster if it may round them to TF32 or bfloat16 first. What
a user gets by default depends on the framework: torch keeps float32, JAX rounds to TF32. The race therefore asks all
frameworks for the same precision. On a CPU, and in float64, nothing is rounded.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from problems import Array

FRACTION_BITS = {"float32": 23, "tf32": 10, "bfloat16": 7}
"""How many bits each precision keeps behind the leading one, the most precise first."""

SIDE = 256
"""Rows and columns of the matrices that are multiplied: enough for a library to use its tensor cores."""

_asked = ["float32"]


def use(precision: str) -> None:
    """Ask for this precision in the rest of this process: a name of `FRACTION_BITS`."""
    _asked[:] = [precision]


def asked(device: str, dtype: str = "float32") -> str:
    """Return the precision that a framework should use for products of arrays of `dtype` on `device`."""
    return _asked[0] if (device, dtype) == ("cuda", "float32") else "float32"


def measured(multiply: Callable[[Array, Array], Array]) -> str:
    """Return the precision of `multiply(a, b)`, the matrix product of two float32 arrays of NumPy, as NumPy's.

    It is the most precise one whose last bit survives a product with 1. Raise `ArithmeticError` if none does.
    """
    ones = np.ones((SIDE, SIDE), dtype="float32")
    for precision, bits in FRACTION_BITS.items():
        factor = np.float32(1.0 + 2.0**-bits)
        if (multiply(factor * np.eye(SIDE, dtype="float32"), ones) == factor).all():
            return precision
    raise ArithmeticError(f"products of float32 arrays keep fewer than {bits} bits of their fraction")
