"""The summary: what it says beside its tables."""

from __future__ import annotations

from pathlib import Path

from report import table
from report.write.text import summary
from tests import rows

UNSTABLE = "unstable: its rounds spread, quiet the machine"
FOLDED = "constants folded: hand it the data"


def test_a_warning_is_below_the_table_with_its_cases_and_its_remedy(tmp_path: Path) -> None:
    path = rows.write(
        tmp_path / "run.csv",
        [
            rows.row(backend="numpy", batch_size=1, warnings=UNSTABLE),
            rows.row(backend="numpy", batch_size=10_000),
            rows.row(backend="jax-jit", batch_size=1, warnings=f"{UNSTABLE}; {FOLDED}"),
            rows.row(backend="jax-jit", batch_size=10_000, warnings=UNSTABLE),
        ],
    )
    lines = summary.markdown(table.read(path)).splitlines()
    assert "- unstable: numpy at 1; jax-jit: its rounds spread, quiet the machine" in lines
    assert "- constants folded: jax-jit at 1: hand it the data" in lines


def test_a_long_race_ends_with_the_decision_table(tmp_path: Path) -> None:
    short, long = summary.MAX_SECTIONS, summary.MAX_SECTIONS + 1
    for count, headline in ((short, "time per call"), (long, "a call")):
        sizes = [f"dimension={number}" for number in range(count)]
        told = [rows.row(operator="gradient", sizes=size, steps=1, warnings=UNSTABLE) for size in sizes]
        told += [
            rows.row(
                None, operator="gradient", sizes=size, steps=1, device="cuda", status="unavailable", reason="no GPU"
            )
            for size in sizes
        ]  # nothing is shown of it
        path = rows.write(tmp_path / f"{count}.csv", told)
        ending = summary.ending(table.read(path), path, 80)
        assert headline in ending
        assert (f"{long} have warnings." in ending) == (count == long)
        assert (f"python -m report show {path} shows all of them" in ending) == (count == long)
        assert max(map(len, ending.splitlines()[:-1])) <= 80


def test_without_warnings_there_are_no_notes(tmp_path: Path) -> None:
    path = rows.write(tmp_path / "run.csv", rows.launches([1e-3, 1e-3]))
    assert not [line for line in summary.markdown(table.read(path)).splitlines() if line.startswith("- ")]
