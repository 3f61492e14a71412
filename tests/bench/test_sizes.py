"""The sizes of a problem: what may be typed, what a case then has, and that the arrays have these sizes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import problems
from bench import inventory
from bench.selection import SelectionError, choose_sizes, select
from problems import Preset

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


LARGE = {"problem": "attention,gmm", "backend": "numpy", "device": "cpu", "size": "large"}


def test_a_preset_chooses_the_sizes_and_batch_sizes_of_every_problem() -> None:
    for case in select(LARGE).cases:
        preset = problems.load()[case.problem].presets["large"]
        assert case.sizes == problems.sizes_text(preset.sizes)
        assert case.batch_size in preset.batch_sizes


def test_what_is_typed_beside_a_preset_wins() -> None:
    cases = select(LARGE | {"size": "attention.length=4, large", "batch_size": "3"}).cases
    assert [(case.problem, case.sizes, case.batch_size) for case in cases] == [
        ("attention", "length=4 width=256", 3),
        ("gmm", "components=100 dimension=64", 3),
    ]


@pytest.mark.parametrize(
    ("changed", "complaint"),
    [
        ({"problem": "logistic,gmm"}, "size 'large': no such preset in logistic; it is in attention, gmm, softmax_mlp"),
        ({"size": "lagre"}, "unknown preset of sizes 'lagre' (did you mean 'large'?); possible: large"),
        ({"size": "large,small"}, "size 'large,small': names two presets, large and small"),
        ({"size": "large,attention.depth=3"}, "unknown size of attention 'depth'"),
    ],
)
def test_a_wrong_preset_is_an_error_of_one_line(changed: dict[str, str], complaint: str) -> None:
    with pytest.raises(SelectionError) as raised:
        select(LARGE | changed)
    assert complaint in str(raised.value)


def test_a_preset_without_batch_sizes_keeps_those_of_the_problem() -> None:
    logistic = replace(problems.load()["logistic"], presets={"wide": Preset({"dimension": 99})})
    wide = inventory.objective_of(logistic).with_preset("wide")
    assert (wide.sizes, wide.batch_sizes) == ({"dimension": 99}, logistic.batch_sizes)


@pytest.mark.parametrize(
    ("presets", "fault"),
    [
        ({"wide": {"dimension": 9}}, "preset 'wide' is a dict: write Preset"),
        ({"wide": Preset({"width": 9})}, r"preset 'wide' has 'width', which is no size of the problem \(dimension\)"),
        ({"x=1": Preset({"dimension": 9})}, "preset 'x=1': its name may have letters, digits and '_' only"),
    ],
)
def test_a_preset_that_nobody_could_select_is_refused(presets: Any, fault: str) -> None:
    with pytest.raises(ValueError, match=fault):
        replace(problems.load()["logistic"], presets=presets)
