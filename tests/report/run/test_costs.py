"""`python -m report costs`: what a call and an element cost, who passes whom where, and when a compilation pays."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import ArrayLike
from scipy.optimize import least_squares

from report.__main__ import main
from report.run.costs import COST, COST_COLUMNS
from report.statistics import linear_cost
from report.statistics.crossover import Crossover, crossover
from report.statistics.intervals import Interval
from report.statistics.linear_cost import LinearCost
from report.table.schema import Value
from report.write.words import crossover_at
from tests import rows
from tests.mutations import mutated

SIZES = (1, 100, 10_000, 1_000_000)

SOME_COST = st.tuples(st.floats(-9, -2), st.floats(-12, -7)).map(lambda powers: tuple(10.0**power for power in powers))


def fitted(sizes: ArrayLike, seconds: np.ndarray, half: float = 0.01) -> LinearCost:
    found = linear_cost.fit(sizes, seconds, seconds / (1 + half), seconds * (1 + half))
    assert found is not None
    return found


def holds(interval: Interval, value: float) -> bool:
    return interval.low <= value * (1 + 1e-9) and value <= interval.high * (1 + 1e-9)


@given(SOME_COST)
@settings(max_examples=30, deadline=None)
def test_exact_times_give_back_their_costs(costs: tuple[float, float]) -> None:
    overhead, slope = costs
    found = fitted(SIZES, overhead + slope * np.array(SIZES))
    assert holds(found.overhead, overhead)
    assert holds(found.per_element, slope)
    assert abs(found.residual) < 0.01
    assert not found.poor


@given(SOME_COST, st.lists(st.floats(-1, 1), min_size=4, max_size=4))
@settings(max_examples=30, deadline=None)
def test_costs_are_never_negative_and_within_their_intervals(costs: tuple[float, float], noise: list[float]) -> None:
    found = fitted(SIZES, (costs[0] + costs[1] * np.array(SIZES)) * np.exp(noise))
    for cost in (found.overhead, found.per_element):
        assert 0.0 <= cost.low <= cost.center <= cost.high < np.inf


@pytest.mark.parametrize("told", [0.0, 0.1], ids=["intervals too narrow", "intervals as wide as the noise"])
@pytest.mark.parametrize("count", [3, 4, 7])
def test_intervals_hold_the_true_costs_as_often_as_they_say(count: int, told: float) -> None:
    """Whatever the measured intervals say: where they are too narrow, the residuals tell."""
    random, sizes = np.random.default_rng(0), np.logspace(0, 6, count).astype(int)
    overhead, slope, noise, trials = 2e-6, 5e-10, 0.1, 300
    found = [
        fitted(sizes, (overhead + slope * sizes) * np.exp(random.normal(0.0, noise, count)), 1.96 * told)
        for _ in range(trials)
    ]
    least = 0.95 * trials - 3 * np.sqrt(trials * 0.95 * 0.05)  # three standard deviations below what is stated
    assert sum(holds(one.overhead, overhead) for one in found) >= least
    assert sum(holds(one.per_element, slope) for one in found) >= least


@given(SOME_COST, st.lists(st.floats(-0.3, 0.3), min_size=4, max_size=4))
@settings(max_examples=30, deadline=None)
def test_the_fit_is_no_worse_than_what_scipy_finds(costs: tuple[float, float], noise: list[float]) -> None:
    sizes = np.array(SIZES)
    times = (costs[0] + costs[1] * sizes) * np.exp(noise)

    def residuals(logs: np.ndarray) -> np.ndarray:
        return np.log(np.exp(logs[0]) + np.exp(logs[1]) * sizes) - np.log(times)

    found = fitted(SIZES, times)
    ours = np.log(np.maximum([found.overhead.center, found.per_element.center], 1e-30))
    theirs = least_squares(residuals, np.log(costs)).x
    assert np.sum(residuals(ours) ** 2) <= np.sum(residuals(theirs) ** 2) + 1e-5  # a step of the search


def test_a_small_batch_counts_as_much_as_a_large_one() -> None:
    """Least squares of the seconds would fit the last two alone: 2 µs are nothing beside 5 s."""
    sizes = np.array([1, 100, 10_000, 10**10])
    found = fitted(sizes, 2e-6 + 5e-10 * sizes)
    assert found.overhead.center == pytest.approx(2e-6, rel=0.01)


def test_where_all_is_overhead_the_slope_may_be_nothing() -> None:
    found = fitted(SIZES, np.full(4, 1e-3))
    assert found.overhead.center == pytest.approx(1e-3, rel=0.01)
    assert found.per_element.low == 0.0
    assert found.per_element.high < 1e-3 / 1e6


def test_where_all_is_slope_the_overhead_may_be_nothing() -> None:
    found = fitted(SIZES, 1e-6 * np.array(SIZES))
    assert found.per_element.center == pytest.approx(1e-6, rel=0.01)
    assert found.overhead.low == 0.0


def test_times_that_are_not_linear_are_a_poor_fit_and_the_worst_point_is_named() -> None:
    """A cache that ends between 10,000 and 1,000,000."""
    times = 1e-6 + 1e-9 * np.array(SIZES) * np.array([1, 1, 8, 1])
    found = fitted(SIZES, times)
    assert (found.poor, found.residual_at) == (True, 10_000)
    assert found.residual > linear_cost.POOR


def test_a_point_that_is_off_within_its_own_interval_is_no_poor_fit() -> None:
    times = 1e-6 + 1e-9 * np.array(SIZES)
    off = times * np.array([1, 1, 2, 1])
    low, high = off / np.array([1.01, 1.01, 3, 1.01]), off * np.array([1.01, 1.01, 3, 1.01])
    found = linear_cost.fit(SIZES, off, low, high)
    assert found is not None
    assert not found.poor
    assert found.per_element.center == pytest.approx(1e-9, rel=0.05)


@pytest.mark.parametrize("sizes", [[], [100], [1, 100], [1, 100, 100]])
def test_two_batch_sizes_are_too_few(sizes: list[int]) -> None:
    nothing = np.full(len(sizes), np.nan)
    assert linear_cost.fit(sizes, np.ones(len(sizes)), nothing, nothing) is None


def ratios(*found: float | tuple[float, float, float]) -> Crossover:
    """Return the crossover of ratios at 1, 100, 10,000 …, of ± 1 % where no interval is given."""
    ends = [each if isinstance(each, tuple) else (each, 0.99 * each, 1.01 * each) for each in found]
    return crossover([(100**power, Interval(*each)) for power, each in enumerate(ends)])


OPEN = (1.0, 0.5, 2.0)


@pytest.mark.parametrize(
    ("found", "text"),
    [
        ((10.0, 10.0, 0.1, 0.1), "from ≈ 1,000 (100 … 10,000)"),
        ((10.0, 0.1, 0.1, 0.1), "from ≈ 10 (1 … 100)"),
        ((0.1, 0.1, 10.0), "up to ≈ 1,000 (100 … 10,000)"),
        ((10.0, OPEN, 0.1), "from ≈ 100 (1 … 10,000)"),
        ((10.0, 0.1, 10.0, 0.1), "from ≈ 100,000 (10,000 … 1,000,000), the last of 3 changes"),
        ((0.1, 0.2, 0.1), "from the start"),
        ((0.1, OPEN, 0.1), "from the start"),
        ((0.1, 0.2, OPEN), "from the start, then not separated"),
        ((OPEN, 0.5, 0.1), "by 100 at the latest"),
        ((2.0, 3.0, 4.0), "never within 1 … 10,000"),
        ((2.0, 3.0, OPEN), "never within 1 … 100, then not separated"),
        ((OPEN, 3.0, 4.0), "never within 100 … 10,000"),
        ((OPEN, OPEN), "not separated"),
        (((0.1, np.nan, np.nan),), "not separated"),
    ],
)
def test_a_crossover_is_told_from_the_measured_points(
    found: tuple[float | tuple[float, float, float], ...], text: str
) -> None:
    assert crossover_at(ratios(*found)) == text


@given(SOME_COST, SOME_COST)
@settings(max_examples=30, deadline=None)
def test_the_crossover_of_two_linear_costs_is_between_its_ends(
    mine: tuple[float, float], other: tuple[float, float]
) -> None:
    sizes = np.array(SIZES)
    quotient = (mine[0] + mine[1] * sizes) / (other[0] + other[1] * sizes)
    found = ratios(*(float(ratio) for ratio in quotient))
    if not np.isnan(found.at.center):
        true = (other[0] - mine[0]) / (mine[1] - other[1])
        assert found.at.low <= true <= found.at.high
        assert found.at.low <= found.at.center <= found.at.high


def race(*seconds: float, **others: Value) -> list[rows.Row]:
    """Return one row a batch size; the ratio is that to NumPy, which takes 2 µs a step and 0.5 ns an element."""
    numpy = [100 * (2e-6 + 5e-10 * size) for size in SIZES]
    return [
        rows.row(second, second / reference, batch_size=size, **others)
        for second, reference, size in zip(seconds, numpy, SIZES, strict=False)
    ]


def line(overhead: float, slope: float, **others: Value) -> list[rows.Row]:
    """Return the rows of a descent of 100 steps that costs so much a step, and an element."""
    return race(*(100 * (overhead + slope * size) for size in SIZES), **others)


def told(capsys: pytest.CaptureFixture[str], path: Path, *arguments: str) -> list[dict[str, str]]:
    """Return the rows of the CSV that the command prints."""
    assert main(["costs", str(path), "--format", "csv", *arguments]) == 0
    return list(csv.DictReader(io.StringIO(capsys.readouterr().out)))


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """NumPy, a backend of ten times its overhead and a tenth of its slope, and one that is worse in both."""
    slow = line(2e-5, 5e-9, backend="slow", compile_seconds=0.0)
    return rows.write(
        tmp_path / "run.csv", [*line(2e-6, 5e-10, backend="numpy"), *line(2e-5, 5e-11, backend="compiled"), *slow]
    )


def test_costs_are_of_a_step_and_of_an_element(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = {row["backend"]: row for row in told(capsys, run)}
    costs = {name: (float(row["overhead_seconds"]), float(row["element_seconds"])) for name, row in found.items()}
    assert costs["numpy"] == pytest.approx((2e-6, 5e-10), rel=0.01)
    assert costs["compiled"] == pytest.approx((2e-5, 5e-11), rel=0.01)
    assert {row["fit"] for row in found.values()} == {"good"}


def test_the_crossover_is_with_numpy_or_with_whom_is_asked(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = {row["backend"]: row["crossover"] for row in told(capsys, run)}
    assert words == {
        "numpy": "",
        "slow": "never within 1 … 1,000,000",
        "compiled": "from ≈ 51,000 (10,000 … 1,000,000)",  # truly 40,000
    }
    words = {row["backend"]: row["crossover"] for row in told(capsys, run, "--against", "compiled")}
    assert words == {
        "compiled": "",
        "numpy": "up to ≈ 51,000 (10,000 … 1,000,000)",
        "slow": "never within 10,000 … 1,000,000",
    }


def test_payback_is_what_was_paid_once_over_what_a_call_saves(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = {(row["backend"], int(row["batch_size"])): row for row in told(capsys, run)}
    seconds, reference = 100 * (2e-5 + 5e-11 * 1e6), 100 * (2e-6 + 5e-10 * 1e6)
    row = found["compiled", 1_000_000]
    calls = [float(row[f"payback_calls{end}"]) for end in ("", "_low", "_high")]
    assert calls[0] == pytest.approx((0.11 - seconds) / (reference - seconds))
    assert calls[1] < calls[0] < calls[2]
    assert row["payback"] == "3"  # 2.5, rounded up, and so are both ends
    assert found["compiled", 1]["payback"] == found["slow", 1_000_000]["payback"] == "never"
    assert found["numpy", 1]["payback"] == ""


def test_payback_is_open_where_the_ratio_is_and_at_once_where_nothing_was_compiled(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    same = line(2e-6, 5e-10, backend="same")
    eager = line(1e-6, 1e-10, backend="eager", compile_seconds=0.0, first_call_seconds=1e-5)
    found = told(capsys, rows.write(tmp_path / "run.csv", [*same, *eager]))
    assert {row["payback"] for row in found if row["backend"] == "same"} == {"not separated"}
    assert {row["payback"] for row in found if row["backend"] == "eager"} == {"at once"}


def test_every_figure_is_in_the_csv_and_in_the_json(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = told(capsys, run)
    assert len(found) == 3 * len(SIZES)
    names = [name for name in found[0] if not name.endswith(("_low", "_high"))]
    assert names == [*COST, *COST_COLUMNS]
    assert main(["costs", str(run), "--format", "json"]) == 0
    whole = json.loads(capsys.readouterr().out)
    assert [*whole["costs"][0]] == [*found[0]]
    assert "one launch" in whole["intervals"]


def test_the_text_fits_80_columns_and_names_what_is_poor_or_too_little(
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
    assert "At 1,000,000, compiled has the lowest time, bent the next." in text


def test_columns_of_the_run_are_shown_only_where_it_has_filled_them(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["costs", str(run), "--format", "markdown"]) == 0
    assert "peak memory" not in capsys.readouterr().out
    filled = {"peak_bytes": 3 * 2**20, "roofline_fraction": 0.83, "seconds_to_target": 0.002}
    rows.write(run, line(2e-5, 5e-11, backend="filled", **filled))
    assert main(["costs", str(run), "--format", "markdown", "--batch-size", "100"]) == 0
    text = capsys.readouterr().out
    (found,) = (each for each in text.splitlines() if each.startswith("|filled"))
    assert [cell.strip() for cell in found.split("|")[-4:-1]] == ["83 %", "3.00 MiB", "2.00 ms"]
    assert "peak memory at 100" in text
    assert "gradient / value" not in text


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--against", "tinygrad"], "--against tinygrad: no row has it; found compiled, numpy, slow"),
        (["--batch-size", "7"], "--batch-size 7: no row has it; found 1, 100, 10000, 1000000"),
    ],
)
def test_what_no_row_has_is_named_with_what_there_is(
    run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["costs", str(run), *arguments]) == 2
    assert said in capsys.readouterr().err


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_whatever_a_file_holds_there_is_a_table_or_a_reason(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("mutated") / "run.csv"
    rows.write(path, [*line(2e-6, 5e-10, backend="numpy"), *race(1e-3, 1e-3), rows.row(None, backend="broken")])
    path.write_bytes(data.draw(mutated(path.read_bytes())))
    for command in ("best", "costs", "show"):
        assert main([command, str(path)]) in (0, 2)
