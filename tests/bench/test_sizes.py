"""The sizes of a problem: what may be typed, what a case then has, and that the arrays have these sizes."""

from __future__ import annotations

import pytest

import problems
from bench import inventory
from bench.selection import SelectionError, choose_sizes, select

RACED = {name: inventory.objectives()[name] for name in ("logistic", "quadratic", "rosenbrock")}


def test_a_case_has_the_problems_own_sizes_unless_some_are_typed() -> None:
    assert choose_sizes(None, RACED) == {"logistic": "dimension=16", "quadratic": "", "rosenbrock": "dimension=4"}


def test_a_typed_size_changes_only_the_problem_that_it_names() -> None:
    assert choose_sizes("logistic.dimension=32", RACED)["logistic"] == "dimension=32"
    assert choose_sizes("logistic.dimension=32", RACED)["rosenbrock"] == "dimension=4"


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("dimension=3", "size 'dimension=3': write problem.name=value, such as logistic.dimension=32"),
        ("logistic.dimension", "size 'logistic.dimension': write problem.name=value"),
        ("gmm.dimension=3", "size 'gmm.dimension=3': gmm is not raced (raced: logistic, quadratic, rosenbrock)"),
        ("quadratic.dimension=3", "size 'quadratic.dimension=3': quadratic has no sizes other than the batch size"),
        ("logistic.dimensoin=3", "unknown size of logistic 'dimensoin' (did you mean 'dimension'?)"),
        ("logistic.dimension=0", "size logistic.dimension '0': must be a whole number, 1 or more"),
        ("logistic.dimension=2,logistic.dimension=3", "names the same size twice"),
        (" ", "size ' ': name at least one"),
    ],
)
def test_a_wrong_size_is_an_error_of_one_line(words: str, complaint: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 (the text is compared below, as it stands)
        choose_sizes(words, RACED)
    assert complaint in str(raised.value)


def test_the_arrays_have_the_sizes_of_the_case() -> None:
    w, (X, _) = problems.instance(problems.find("logistic", "dimension=5"), 3, "float32")
    assert (w.shape, X.shape) == ((5,), (3, 5))


def test_cases_of_different_sizes_are_different_cases() -> None:
    options = {"problem": "logistic", "backend": "numpy", "batch_size": "1", "device": "cpu"}
    (own,), (other,) = (select(options | {"size": size}).cases for size in (None, "logistic.dimension=8"))
    assert own.sizes == "dimension=16"
    assert own != other
    assert select(options | {"size": "logistic.dimension=16"}).cases == (own,)


def test_a_wrong_size_is_an_error_of_the_selection() -> None:
    with pytest.raises(SelectionError, match="has no sizes other than the batch size"):
        select({"problem": "quadratic", "size": "quadratic.n=1"})
