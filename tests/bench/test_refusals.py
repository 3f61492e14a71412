"""A case whose framework or device is missing has its row at once: no worker is asked, and none is killed for it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import problems
from backends import Case
from bench import machine
from bench.case.rounds import Budget
from bench.case.row import Launch
from bench.inventory import Description, Inventory, objective_of
from bench.process.pool import Peer
from bench.racing.race import Race, loop
from bench.racing.referee import Referee

HERE = Inventory(
    {
        "torch-optim": Description("torch-optim", ("descent",), (), ("cpu", "cuda"), {"cuda": "no CUDA device"}),
        "numpy": Description("numpy", ("descent",), (), ("cpu",)),
    },
    {"jax": "jax is not installed"},
)


class Unasked:
    """Peers that must not be asked for."""

    @property
    def environment(self) -> dict[str, Any]:
        return machine.environment()

    def peer(self, case: Case) -> Peer:
        raise AssertionError(f"a worker was asked about {case.backend}")


@pytest.mark.parametrize(
    ("backend", "device", "status", "reason"),
    [
        ("torch-optim", "cuda", "unavailable", "no CUDA device"),
        ("numpy", "cuda", "unsupported", "computes on cpu only"),
        ("jax-jit", "cpu", "unavailable", "jax is not installed"),
    ],
)
def test_no_worker_is_asked(tmp_path: Path, backend: str, device: str, status: str, reason: str) -> None:
    referee = Referee(Unasked(), HERE, {"quadratic": objective_of(problems.find("quadratic"))}, 60.0)
    race = Race(referee, Budget(0.001, 0.01, 6), 60.0, tmp_path / "rows.csv", Launch())
    row = race.run(Case("descent", "quadratic", backend, 1, "float32", device, steps=1), loop)
    assert (row["status"], row["reason"]) == (status, reason)
