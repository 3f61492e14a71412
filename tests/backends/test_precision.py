"""The precision of products: what a product shows of it, what is asked of whom, and what the check then allows."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

from backends import precision
from bench import options
from bench.case.check.errors import tolerance
from problems import Array
from tests.backends.test_contract import FOUND
from tests.checkout import Checkout


@pytest.fixture(autouse=True)
def float32_again() -> Iterator[None]:
    yield
    precision.use("float32")


def rounded(array: Array, bits: int) -> Array:
    """Return a float32 array rounded to so many bits behind the leading one, halves away from zero."""
    dropped = 23 - bits
    whole = array.view("uint32") + np.uint32((1 << dropped) >> 1)
    return (whole >> np.uint32(dropped) << np.uint32(dropped)).view("float32")


@pytest.mark.parametrize(("bits", "expected"), [(23, "float32"), (16, "tf32"), (10, "tf32"), (8, "bfloat16")])
def test_a_product_shows_the_digits_that_its_inputs_keep(bits: int, expected: str) -> None:
    """A GPU rounds the inputs of a product. So does this one, which computes the rest exactly."""
    assert precision.measured(lambda a, b: rounded(a, bits) @ rounded(b, bits)) == expected


def test_fewer_digits_than_those_of_bfloat16_are_an_error() -> None:
    with pytest.raises(ArithmeticError, match="fewer than 7 bits"):
        precision.measured(lambda a, b: rounded(a, 5) @ b)


@pytest.mark.parametrize("asked", options.PRECISIONS)
def test_only_float32_on_a_gpu_is_computed_as_asked(asked: str) -> None:
    precision.use(asked)
    assert precision.asked("cuda") == asked
    assert precision.asked("cuda", "float64") == precision.asked("cpu") == "float32"


def test_every_precision_has_a_name_in_every_framework() -> None:
    assert tuple(precision.FRACTION_BITS) == options.PRECISIONS
    for name in ("torch_modes", "jax_modes"):
        modes = pytest.importorskip(f"backends.{name}")
        assert set(modes.PRECISIONS) == set(options.PRECISIONS)


@pytest.mark.parametrize("name", ["jax-jit", "torch-grad", "numpy"])
def test_a_cpu_multiplies_in_float32_whatever_is_asked(name: str) -> None:
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing[name.partition("-")[0]])
    precision.use("bfloat16")
    probe = FOUND.backends[name].probes.precision
    assert probe is None or probe("cpu") == "float32"


def test_half_of_the_digits_are_allowed_to_be_wrong() -> None:
    assert tolerance("float32") == tolerance("float32", "float32") == 2.0**-11.5
    assert [tolerance("float32", name) for name in ("tf32", "bfloat16")] == [2.0**-5, 2.0**-3.5]
    assert tolerance("float64") == tolerance("float64", "float64") == 2.0**-26


PRINTING = """
from backends import precision
from backends.numpy_modes import NumpyMode, hand_derived


class Told(NumpyMode):
    def version(self):
        return precision.asked("cuda")


BACKENDS = (Told("told", {"descent": hand_derived}),)
"""


@pytest.mark.parametrize("isolation", ["process", "none"])
def test_the_option_reaches_the_process_that_measures(checkout: Checkout, isolation: str) -> None:
    checkout.write("backends/told_modes.py", PRINTING)
    only = ("--backend", "told", "--batch-size", "1", "--device", "cpu", "--memory", "off")
    done = checkout.race(*only, "--precision", "tf32", "--isolation", isolation)
    assert done.returncode == 0, done.stdout
    (row,) = checkout.rows().to_dict("records")
    assert (row["framework_version"], row["precision"]) == ("tf32", "float32")


def test_the_option_reaches_the_processes_of_a_launch(checkout: Checkout) -> None:
    checkout.write("backends/told_modes.py", PRINTING)
    quick = ("--launches", "1", "--max-time", "0.01", "--batch-size", "1", "--device", "cpu", "--memory", "off")
    done = checkout.run("bench", "run", "--backend", "told", *quick, "--precision", "bfloat16")
    assert done.returncode == 0, done.stderr
    assert checkout.rows()["framework_version"].tolist() == ["bfloat16"]
