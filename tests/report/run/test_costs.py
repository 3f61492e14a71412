"""`python -m report costs`: overhead and cost per element, where a backend passes another, when compiling pays back."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.__main__ import main
from report.run.costs import COST, COST_COLUMNS
from report.table.schema import Value
from tests import rows
from tests.mutations import mutated

SIZES = (1, 100, 10_000, 1_000_000)


def race(*seconds: float, **others: Value) -> list[rows.Row]:
    """Return a row for each batch size. NumPy takes 2 µs a step and 0.5 ns an element."""
    numpy = [100 * (2e-6 + 5e-10 * size) for size in SIZES]
    return [
        rows.row(second, second / reference, batch_size=size, **others)
        for second, reference, size in zip(seconds, numpy, SIZES, strict=False)
    ]


def linear(overhead: float, per_element: float, **others: Value) -> list[rows.Row]:
    """Return the rows of a descent of 100 steps with this overhead per step and this cost per element."""
    return race(*(100 * (overhead + per_element * size) for size in SIZES), **others)


def cost_rows(capsys: pytest.CaptureFixture[str], path: Path, *arguments: str) -> list[dict[str, str]]:
    """Return the rows of the CSV that the command prints."""
    assert main(["costs", str(path), "--format", "csv", *arguments]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run with NumPy, a backend with 10 times the overhead and a tenth of the cost per element, and a slower one."""
    slow = linear(2e-5, 5e-9, backend="slow", compile_seconds=0.0)
    return rows.write(
        tmp_path / "run.csv", [*linear(2e-6, 5e-10, backend="numpy"), *linear(2e-5, 5e-11, backend="compiled"), *slow]
    )


def test_the_overhead_is_per_step_and_the_other_cost_per_element(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = {row["backend"]: row for row in cost_rows(capsys, run)}
    costs = {name: (float(row["overhead_seconds"]), float(row["element_seconds"])) for name, row in lines.items()}
    assert costs["numpy"] == pytest.approx((2e-6, 5e-10), rel=0.01)
    assert costs["compiled"] == pytest.approx((2e-5, 5e-11), rel=0.01)
    assert {row["fit"] for row in lines.values()} == {"good"}


def test_the_crossover_is_with_numpy_or_with_the_backend_that_is_named(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = {row["backend"]: row["crossover"] for row in cost_rows(capsys, run)}
    assert words == {
        "numpy": "",
        "slow": "never within 1 … 1,000,000",
        "compiled": "from ≈ 51,000 (10,000 … 1,000,000)",  # the true crossover is 40,000
    }
    words = {row["backend"]: row["crossover"] for row in cost_rows(capsys, run, "--against", "compiled")}
    assert words == {
        "compiled": "",
        "numpy": "up to ≈ 51,000 (10,000 … 1,000,000)",
        "slow": "never within 10,000 … 1,000,000",
    }


@pytest.mark.usefixtures("alike_launches")
def test_payback_is_the_cost_of_compiling_over_what_a_call_saves(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = {(row["backend"], int(row["batch_size"])): row for row in cost_rows(capsys, run)}
    seconds, reference = 100 * (2e-5 + 5e-11 * 1e6), 100 * (2e-6 + 5e-10 * 1e6)
    row = lines["compiled", 1_000_000]
    calls = [float(row[f"payback_calls{end}"]) for end in ("", "_low", "_high")]
    assert calls[0] == pytest.approx((0.11 - seconds) / (reference - seconds))
    assert calls[1] < calls[0] < calls[2]
    assert row["payback"] == "3"  # the estimate is 2.5; it and both ends round up to 3
    assert lines["compiled", 1]["payback"] == lines["slow", 1_000_000]["payback"] == "never"
    assert lines["numpy", 1]["payback"] == ""


def test_the_start_of_the_framework_pays_back_too_and_is_not_known_of_older_rows(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    started = linear(2e-5, 5e-11, backend="started", startup_seconds=2.0)
    older = linear(2e-5, 5e-11, backend="older")
    lines = {row["backend"]: row for row in cost_rows(capsys, rows.write(tmp_path / "run.csv", [*started, *older]))}
    seconds, reference = 100 * (2e-5 + 5e-11 * 1e6), 100 * (2e-6 + 5e-10 * 1e6)
    calls = {name: float(line["payback_calls"]) for name, line in lines.items()}
    assert calls["started"] == pytest.approx((2.11 - seconds) / (reference - seconds))
    assert calls["older"] == pytest.approx((0.11 - seconds) / (reference - seconds))
    assert (lines["started"]["startup_seconds"], lines["older"]["startup_seconds"]) == ("2", "")
    assert main(["costs", str(tmp_path / "run.csv"), "--format", "markdown"]) == 0
    (line,) = (line for line in capsys.readouterr().out.splitlines() if line.startswith("| started"))
    assert [field.strip() for field in line.split("|")[-4:-1]] == ["2.00 s", "100 ms", "20.0 ms"]


def test_payback_is_not_separated_like_the_ratio_and_at_once_if_nothing_was_compiled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = linear(2e-6, 5e-10, backend="same")
    eager = linear(1e-6, 1e-10, backend="eager", compile_seconds=0.0, first_call_seconds=1e-5)
    lines = cost_rows(capsys, rows.write(tmp_path / "run.csv", [*same, *eager]))
    assert {row["payback"] for row in lines if row["backend"] == "same"} == {"not separated"}
    assert {row["payback"] for row in lines if row["backend"] == "eager"} == {"at once"}


def test_every_figure_is_in_the_csv_and_in_the_json(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    lines = cost_rows(capsys, run)
    assert len(lines) == 3 * len(SIZES)
    names = [name for name in lines[0] if not name.endswith(("_low", "_high"))]
    assert names == [*COST, *COST_COLUMNS]
    assert main(["costs", str(run), "--format", "json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert [*whole["costs"][0]] == [*lines[0]]
    assert "one launch" in whole["intervals"]


@pytest.mark.usefixtures("alike_launches")
def test_the_text_fits_80_columns_and_says_why_a_backend_has_no_fit(
    run: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    bent = race(2e-4, 2e-4, 8e-3, 5e-2, backend="bent")
    rows.write(run, [*bent, *race(1e-3, 1e-3, backend="short"), rows.row(None, backend="broken", reason="oh no")])
    assert main(["costs", str(run)]) == 0
    text = capsys.readouterr().out
    assert max(map(len, text.splitlines())) <= 80
    assert "poor fit at 10,000" in text
    assert "2 of 3 batch sizes" in text
    assert "error: broken at 100: oh no" in text
    assert "At 1,000,000, compiled has the lowest time and bent the second lowest." in text


def test_columns_of_the_run_are_shown_only_where_it_has_filled_them(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["costs", str(run), "--format", "markdown"]) == 0
    assert "peak memory" not in capsys.readouterr().out
    filled = {"peak_bytes": 3 * 2**20, "roofline_fraction": 0.83, "seconds_to_target": 0.002}
    rows.write(run, linear(2e-5, 5e-11, backend="filled", **filled))
    assert main(["costs", str(run), "--format", "markdown", "--batch-size", "100"]) == 0
    text = capsys.readouterr().out
    (line,) = (line for line in text.splitlines() if line.startswith("| filled"))
    assert [field.strip() for field in line.split("|")[-4:-1]] == ["83 %", "3.00 MiB", "2.00 ms"]
    assert "peak memory at 100" in text
    assert "gradient / value" not in text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--against", "tinygrad"], "--against tinygrad: no row has it; found compiled, numpy, slow"),
        (["--batch-size", "7"], "--batch-size 7: no row has it; found 1, 100, 10000, 1000000"),
    ],
)
def test_an_option_that_no_row_has_is_refused_with_the_values_that_exist(
    run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str
) -> None:
    assert main(["costs", str(run), *arguments]) == 2
    assert message in capsys.readouterr().err


@given(st.data())
def test_a_damaged_file_gives_a_table_or_an_error_and_no_traceback(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("mutated") / "run.csv"
    rows.write(path, [*linear(2e-6, 5e-10, backend="numpy"), *race(1e-3, 1e-3), rows.row(None, backend="broken")])
    path.write_bytes(data.draw(mutated(path.read_bytes())))
    for command in ("best", "costs", "show"):
        assert main([command, str(path)]) in (0, 2)
