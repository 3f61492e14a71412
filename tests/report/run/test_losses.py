"""The loss over time: the curves of a run, and those that are drawn first."""

from __future__ import annotations

from pathlib import Path

import pytest

from report import table
from report.run import cases, losses
from report.table.schema import Value
from tests import rows
from tests.rows import Row


def curved(optimizer: str, backend: str, after: float | None, **others: Value) -> Row:
    """Return a row with a loss over time, and with a time to the target if it is reached."""
    reached = {} if after is None else rows.target(after, steps=5)
    curve = "0:1 1e-05:0.5 2e-05:0.005"
    return rows.row(1e-3, 1.0, optimizer=optimizer, backend=backend, loss_curve=curve, **others) | reached


def read(folder: Path, run: list[Row]) -> list[losses.Curve]:
    return losses.curves(cases.from_rows(table.read(rows.write(folder / "run.csv", run))))


def test_optimizers_share_a_race_and_dtypes_do_not(tmp_path: Path) -> None:
    run = [curved("sgd", "numpy", 1e-3), curved("adam", "numpy", None), curved("sgd", "numpy", 1e-3, dtype="float64")]
    first, second, other = read(tmp_path, [*run, rows.row(backend="autograd")])
    assert first.race == second.race != other.race
    assert first.points == [(0.0, 1.0), (1e-5, 0.5), (2e-5, 0.005)]
    assert first.target == pytest.approx(1e-3)
    assert second.target is None


def test_of_each_optimizer_the_backend_that_reaches_the_target_first_is_drawn(tmp_path: Path) -> None:
    run = [curved("sgd", "numpy", 2e-3), curved("sgd", "jax-jit", 1e-3), curved("sgd", "autograd", None)]
    run += [curved("adam", "numpy", 5e-3), curved("adam", "numpy", 1e-3, batch_size=7)]
    chosen = losses.firsts(read(tmp_path, run))
    assert [(curve.batch_size, curve.optimizer, curve.backend) for curve in chosen] == [
        (7, "adam", "numpy"),
        (100, "sgd", "jax-jit"),
        (100, "adam", "numpy"),
    ]
