"""The summary: what it says beside its tables."""

from __future__ import annotations

from pathlib import Path

from report import table
from report.commands import show
from tests import rows

UNSTABLE = "unstable: its rounds spread, quiet the machine"
FOLDED = "constants folded: hand it the data"


def test_what_the_harness_doubts_is_below_the_table_with_its_cells_and_its_remedy(tmp_path: Path) -> None:
    path = rows.write(
        tmp_path / "run.csv",
        [
            rows.row(backend="numpy", batch_size=1, warnings=UNSTABLE),
            rows.row(backend="numpy", batch_size=10_000),
            rows.row(backend="jax-jit", batch_size=1, warnings=f"{UNSTABLE}; {FOLDED}"),
            rows.row(backend="jax-jit", batch_size=10_000, warnings=UNSTABLE),
        ],
    )
    lines = show.markdown(table.read(path)).splitlines()
    assert "- unstable: numpy at 1; jax-jit: its rounds spread, quiet the machine" in lines
    assert "- constants folded: jax-jit at 1: hand it the data" in lines


def test_a_long_race_ends_with_who_is_the_fastest_where(tmp_path: Path) -> None:
    short, long = show.LONG, show.LONG + 1
    for count, headline in ((short, "time per call, ratio to numpy"), (long, "a call")):
        sizes = [f"dimension={number}" for number in range(count)]
        told = [rows.row(operator="gradient", sizes=size, steps=1, warnings=UNSTABLE) for size in sizes]
        told += [
            rows.row(
                None, operator="gradient", sizes=size, steps=1, device="cuda", status="unavailable", reason="no GPU"
            )
            for size in sizes
        ]  # nothing is shown of it
        path = rows.write(tmp_path / f"{count}.csv", told)
        ending = show.ending(table.read(path), path, 80)
        assert headline in ending
        assert (f"{long} doubted by the harness itself." in ending) == (count == long)
        assert (f"python -m report show {path} has them all" in ending) == (count == long)
        assert max(map(len, ending.splitlines()[:-1])) <= 80


def test_where_nothing_is_doubted_nothing_is_said(tmp_path: Path) -> None:
    path = rows.write(tmp_path / "run.csv", rows.launches([1e-3, 1e-3]))
    assert not [line for line in show.markdown(table.read(path)).splitlines() if line.startswith("- ")]
