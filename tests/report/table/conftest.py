"""The CSV that the tests of this folder read, damage and read again."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import rows


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A CSV of four rows: two launches of a case with a time, and two launches of a case without."""
    untimed = [rows.row(None, launch=launch, backend="torch-optim") for launch in (0, 1)]
    return rows.write(tmp_path / "run.csv", [*rows.launches([1e-3, 2e-3]), *untimed])
