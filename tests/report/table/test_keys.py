"""The columns that identify a row, and the groups of statuses: they fit the schema."""

from __future__ import annotations

import problems
from report.table.keys import BROKEN, CONDITIONS, GROUP, LBFGS, REFUSED, ROW, SGD, framework, in_order
from report.table.schema import COLUMNS, STATUSES


def test_every_row_has_the_columns_that_identify_it() -> None:
    always = {column.name for column in COLUMNS if column.always}
    assert {*ROW, *CONDITIONS, *GROUP} <= always


def test_every_status_is_ok_or_refused_or_broken() -> None:
    assert sorted(["ok", *REFUSED, *BROKEN]) == sorted(STATUSES)


def test_the_optimizers_that_reports_know_are_those_that_are_measured() -> None:
    assert (SGD, LBFGS) == (problems.SGD, problems.LBFGS)


def test_a_framework_is_the_first_word_of_its_backends() -> None:
    assert [framework(name) for name in ("numpy", "jax-loop", "torch-func")] == ["numpy", "jax", "torch"]


def test_backends_are_in_order_with_numpy_first() -> None:
    assert in_order(["torch-optim", "autograd", "numpy-inplace", "numpy", "autograd"]) == [
        "numpy",
        "numpy-inplace",
        "autograd",
        "torch-optim",
    ]
