"""The summary of a run: its tables, and what it says below them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from report import table
from report.write.text import summary
from tests import rows
from tests.checkout import ROOT

UNSTABLE = "unstable: its rounds spread, quiet the machine"
FOLDED = "constants folded: hand it the data"

LONG_NAMES = [f"torch-compile-max-autotune-{number}" for number in range(5)]
SIX_SIZES = (1, 10, 1_000, 100_000, 1_000_000, 10_000_000)


def written(tmp_path: Path, run: list[rows.Row]) -> pd.DataFrame:
    """Return the run as it is read from its CSV."""
    return table.read(rows.write(tmp_path / "run.csv", run))


def backends(markdown: str) -> list[str]:
    """Return the first column of the table."""
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [line.split("|")[1].strip() for line in lines[2:]]


def test_the_table_has_a_row_for_each_backend_and_a_column_for_each_batch_size(tmp_path: Path) -> None:
    run = [rows.row(1e-3, batch_size=size, backend=name) for name in ("a", "b") for size in (1, 100, 10_000)]
    lines = [line for line in summary.markdown(written(tmp_path, run)).splitlines() if line.startswith("|")]
    assert [name.strip() for name in lines[0].split("|")[1:-1]] == ["backend", "1", "100", "10,000"]
    assert [line.split("|")[1].strip() for line in lines[2:]] == ["a", "b"]


def test_the_fastest_backend_comes_first(tmp_path: Path) -> None:
    seconds = {"slow": (3e-3, 3e-3), "fast at 100": (2e-3, 1e-3), "fastest": (1e-3, 1.1e-3)}
    run = [
        rows.row(second, batch_size=size, backend=name)
        for name, times in seconds.items()
        for size, second in zip((1, 100), times, strict=True)
    ]
    assert backends(summary.markdown(written(tmp_path, run))) == ["fastest", "fast at 100", "slow"]


def test_the_fastest_is_starred_and_a_noisy_case_is_marked(tmp_path: Path) -> None:
    noisy = rows.row(2e-3, 2.0, backend="noisy") | {"seconds_ci_high": 3e-3}
    text = summary.text(written(tmp_path, [rows.row(1e-3, backend="quick"), noisy]), 80)
    lines = {line.split()[0]: line for line in text.splitlines() if "µs" in line}
    assert lines["quick"].split()[1] == "*10.0"
    assert lines["noisy"].split()[1] == "~20.0"
    assert "(1 of 2 cases)" in text


def test_the_ratio_is_shown_only_if_the_terminal_is_wide_enough(tmp_path: Path) -> None:
    frame = written(tmp_path, [rows.row(1e-3, 0.5, backend="jax-loop")])
    assert "10.0 µs ×0.500" in summary.text(frame, 80)
    assert "×" not in summary.text(frame, 20)


def test_a_backend_without_a_time_at_a_batch_size_has_a_dash_and_a_reason(tmp_path: Path) -> None:
    run = [
        rows.row(backend="a", batch_size=1),
        rows.row(backend="a", batch_size=100),
        rows.row(backend="b", batch_size=1),
        rows.row(None, backend="b", batch_size=100, status="oom", reason="killed"),
    ]
    lines = summary.text(written(tmp_path, run), 80).splitlines()
    assert any(line.startswith("b ") and line.endswith("–") for line in lines)
    assert "- oom: b at 100: killed" in lines


@pytest.mark.parametrize("width", [80, 120])
def test_no_line_of_the_committed_run_is_wider_than_the_terminal(width: int) -> None:
    text = summary.text(table.read(ROOT / "results" / "baseline.csv"), width)
    assert max(map(len, text.splitlines())) <= width
    assert sum(line.startswith("backend ") for line in text.splitlines()) == 1, "the run is one table"


def test_no_line_of_a_run_with_long_names_and_many_batch_sizes_is_wider_than_80_columns(tmp_path: Path) -> None:
    run = [
        rows.row(1e-3 * number, 1.234, batch_size=size, backend=name, warnings=UNSTABLE)
        for number, name in enumerate(LONG_NAMES, 1)
        for size in SIX_SIZES
    ]
    run += [rows.row(None, backend="jax-loop", batch_size=size, reason=20 * "a long reason, ") for size in SIX_SIZES]
    lines = summary.text(written(tmp_path, run), 80).splitlines()
    assert max(map(len, lines)) <= 80
    for name in LONG_NAMES:
        assert sum(line.startswith(name) for line in lines) == 2, "each piece of the table names every backend"
    headings = [line.split()[1:] for line in lines if line.startswith("backend ")]
    assert [size for heading in headings for size in heading] == [f"{size:,}" for size in SIX_SIZES]


def test_a_warning_is_below_the_table_with_its_cases_and_its_remedy(tmp_path: Path) -> None:
    run = [
        rows.row(backend="numpy", batch_size=1, warnings=UNSTABLE),
        rows.row(backend="numpy", batch_size=10_000),
        rows.row(backend="jax-jit", batch_size=1, warnings=f"{UNSTABLE}; {FOLDED}"),
        rows.row(backend="jax-jit", batch_size=10_000, warnings=UNSTABLE),
    ]
    lines = summary.markdown(written(tmp_path, run)).splitlines()
    assert "- unstable: numpy at 1; jax-jit: its rounds spread, quiet the machine" in lines
    assert "- constants folded: jax-jit at 1: hand it the data" in lines


def test_without_warnings_there_are_no_notes(tmp_path: Path) -> None:
    lines = summary.markdown(written(tmp_path, rows.launches([1e-3, 1e-3]))).splitlines()
    assert not [line for line in lines if line.startswith("- ")]


@pytest.mark.parametrize("groups", [summary.MAX_SECTIONS, summary.MAX_SECTIONS + 1])
def test_a_race_of_many_groups_ends_with_the_decision_table(tmp_path: Path, groups: int) -> None:
    gradient: rows.Row = {"operator": "gradient", "steps": 1}
    no_gpu = gradient | {"device": "cuda", "status": "unavailable", "reason": "no GPU"}
    sizes = [f"dimension={number}" for number in range(groups)]
    run = [rows.row(warnings=UNSTABLE) | gradient | {"sizes": size} for size in sizes]
    run += [rows.row(None) | no_gpu | {"sizes": size} for size in sizes]  # groups without a time do not count
    path = rows.write(tmp_path / "run.csv", run)
    ending = summary.ending(table.read(path), path, 80)
    many = groups > summary.MAX_SECTIONS
    assert ("time per call" in ending) == (not many)
    assert (f"Of {groups} cases, 0 are noisy and {groups} have warnings." in ending) == many
    assert (f"python -m report show {path} shows all of them" in ending) == many
    assert max(map(len, ending.splitlines()[:-1])) <= 80
