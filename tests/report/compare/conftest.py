"""The folders of result CSVs that the tests compare."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import rows
from tests.report.compare.folder import Folder
from tests.report.compare.launches import broken, steady


@pytest.fixture
def folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Folder:
    return Folder(tmp_path, capsys)


@pytest.fixture
def mixed(folder: Folder) -> Folder:
    """`base.csv` and `head.csv` with every verdict but `new`. Names and reasons look like markup."""
    names = ["torch-compile-step", "numpy", "gone[red]", "autograd", "torch-optim"]
    folder.write("base", *(steady(backend=name, batch_size=1_000_000) for name in names))
    factors = {"torch-compile-step": 1.3, "numpy": 1.0, "autograd": 0.5}
    folder.write("head", *(steady(f * 1e-3, backend=name, batch_size=1_000_000) for name, f in factors.items()))
    folder.write("head", broken("crashed", "SIGSEGV\nthen", backend="torch-optim", batch_size=1_000_000))
    for side in ("base", "head"):
        folder.write(side, broken("oom", "[bold]no room|", backend="jax-grad"))
        folder.write(side, rows.launches([1e-3] * 2, backend="few"))
    return folder
