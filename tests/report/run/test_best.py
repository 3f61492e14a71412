"""`python -m report best`: which backend is the fastest, and when none is."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from report import table
from report.__main__ import main
from report.run import cases
from report.run.decisions import DECISION, DECISION_COLUMNS, decide
from report.table.schema import Value
from report.write.text import summary
from tests import rows


def race(seconds: Mapping[str, float | None], **others: Value) -> list[rows.Row]:
    """Return a row for each backend. NumPy takes a millisecond, and all intervals are ± 2 %."""
    return [rows.row(second, second and second / 1e-3, backend=name, **others) for name, second in seconds.items()]


def decisions(folder: Path, run: Sequence[rows.Row]) -> Any:
    """Return the decisions on these rows, which are written to `run.csv` in the folder."""
    return decide(table.read(rows.write(folder / "run.csv", run))).rows


def printed(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """Return what `best` prints."""
    assert main(["best", *map(str, arguments)]) == 0
    return capsys.readouterr().out


@pytest.mark.usefixtures("alike_launches")
def test_the_fastest_is_named_with_its_margin_to_the_runner_up(tmp_path: Path) -> None:
    (row,) = decisions(tmp_path, race({"slow": 4e-3, "quick": 1e-3, "middle": 2e-3})).to_dict("records")
    assert (row["verdict"], row["fastest"], row["runner_up"]) == ("fastest", "quick", "middle")
    assert row["not_separated"] == ()
    assert row["margin"] == pytest.approx(2.0)
    assert (row["margin_low"], row["margin_high"]) == pytest.approx(
        (
            2.0 * np.exp(-np.hypot(np.log(1 / 0.98), np.log(1.02))),
            2.0 * np.exp(np.hypot(np.log(1.02), np.log(1 / 0.98))),
        )
    )
    assert (row["seconds"], row["seconds_per_step"]) == pytest.approx((1e-3, 1e-5))


def test_all_backends_that_overlap_the_fastest_are_named_in_the_order_of_their_times(tmp_path: Path) -> None:
    (row,) = decisions(tmp_path, race({"c": 1.02e-3, "a": 1e-3, "d": 2e-3, "b": 1.03e-3})).to_dict("records")
    assert (row["verdict"], row["fastest"], row["not_separated"]) == ("not separated", "a", ("c", "b"))


@pytest.mark.usefixtures("alike_launches")
def test_a_backend_that_overlaps_is_named_even_if_a_faster_backend_does_not_overlap(tmp_path: Path) -> None:
    noisy = rows.row(1.2e-3, 1.2, backend="noisy") | {"seconds_ci_low": 0.9e-3}
    (row,) = decisions(tmp_path, [*race({"a": 1e-3, "b": 1.1e-3}), noisy]).to_dict("records")
    assert (row["runner_up"], row["not_separated"], row["verdict"]) == ("b", ("noisy",), "not separated")
    assert row["margin_low"] > 1.0


@pytest.mark.parametrize("measure", ["seconds_ci_low", "ratio_ci_low"])
def test_both_time_and_ratio_must_be_apart(tmp_path: Path, measure: str) -> None:
    first, second = race({"a": 1e-3, "b": 2e-3})
    second |= {measure: 0.9 * float(str(first[measure]))}
    (row,) = decisions(tmp_path, [first, second]).to_dict("records")
    assert (row["verdict"], row["not_separated"]) == ("not separated", ("b",))
    assert row["margin_low"] < 1.0


def test_on_a_gpu_the_ratio_to_numpy_on_the_cpu_does_not_count(tmp_path: Path) -> None:
    first, second = (row | {"device": "cuda"} for row in race({"a": 1e-3, "b": 2e-3}))
    second |= {"ratio_ci_low": 0.9 * float(str(first["ratio_ci_low"]))}
    (row,) = decisions(tmp_path, [first, second]).to_dict("records")
    assert row["verdict"] == "fastest"


def test_without_an_interval_nothing_is_separated(tmp_path: Path) -> None:
    first, second = race({"a": 1e-3, "b": 2e-3})
    (row,) = decisions(tmp_path, [first, second | {"seconds_ci_low": None, "seconds_ci_high": None}]).to_dict("records")
    assert row["verdict"] == "not separated"


def test_a_backend_that_was_timed_alone_is_not_called_the_fastest(tmp_path: Path) -> None:
    (row,) = decisions(tmp_path, race({"a": 1e-3, "b": None})).to_dict("records")
    assert (row["verdict"], row["fastest"], row["runner_up"]) == ("alone", "a", "")
    assert np.isnan(row["margin"])


def test_if_no_backend_has_a_time_the_reasons_are_given(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    broken = [rows.row(None, status=status, reason="no", backend=status) for status in ("oom", "crashed", "wrong")]
    (row,) = decisions(tmp_path, broken).to_dict("records")
    assert (row["verdict"], row["fastest"]) == ("no time", "")
    (written,) = csv.DictReader(io.StringIO(printed(capsys, tmp_path / "run.csv", "--format", "csv")))
    assert written["reason"] == "crashed: crashed: no; oom: oom: no; wrong: wrong: no"


def test_a_backend_that_was_wrong_in_one_launch_is_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    flaky = rows.launches([1e-6] * 4, backend="flaky")
    flaky.append(rows.row(None, launch=4, backend="flaky", status="wrong", reason="off by 1"))
    run = [*flaky, *rows.launches([1e-3] * 5, backend="a"), *rows.launches([2e-3] * 5, backend="b")]
    assert decisions(tmp_path, run)["fastest"].tolist() == ["a"]
    assert "wrong in 1 of 5 launches: flaky: off by 1" in printed(capsys, tmp_path / "run.csv")


def test_each_operator_dtype_problem_size_and_machine_has_a_decision_of_its_own(tmp_path: Path) -> None:
    others: list[dict[str, Value]] = [
        {"run": "other", "machine": "b"},
        {"dtype": "float64"},
        {"operator": "value", "steps": 1},
        {"sizes": "n=2"},
    ]
    run = [row for other in [{}, *others] for row in race({"a": 1e-3, "b": 2e-3}, **other)]
    assert decisions(tmp_path, run)["margin"].tolist() == pytest.approx([2.0] * 5)


def test_several_launches_are_the_unit_of_replication(tmp_path: Path) -> None:
    """The interval of a single launch is narrow, and says nothing about the next launch."""
    steady, jumpy = ([1.00e-3, 1.01e-3, 0.99e-3], [1.1e-3, 3.3e-3, 1.1e-3])
    run = [*rows.launches(steady, backend="steady"), *rows.launches(jumpy, backend="jumpy")]
    (row,) = decisions(tmp_path, run).to_dict("records")
    assert (row["verdict"], row["launches"]) == ("not separated", 3)
    case = cases.from_rows(table.read(tmp_path / "run.csv")).set_index("backend").loc["steady"]
    half = 4.302653 * np.std(np.log(steady), ddof=1) / np.sqrt(3)  # Student's t with two degrees of freedom
    middle = np.exp(np.mean(np.log(steady)))
    expected = [middle, middle * np.exp(-half), middle * np.exp(half)]
    assert [case["seconds"], case["seconds_low"], case["seconds_high"]] == pytest.approx(expected)


@pytest.mark.usefixtures("alike_launches")
def test_the_interval_of_two_launches_covers_the_intervals_of_both(tmp_path: Path) -> None:
    path = rows.write(tmp_path / "run.csv", rows.launches([1e-3, 4e-3]))
    (case,) = cases.from_rows(table.read(path)).to_dict("records")
    expected = [2e-3, 0.98e-3, 4.08e-3]
    assert [case["seconds"], case["seconds_low"], case["seconds_high"]] == pytest.approx(expected)


def test_a_case_with_launches_of_two_commits_is_noted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = [rows.row(run=commit, commit=commit) for commit in ("old", "new")]
    text = printed(capsys, rows.write(tmp_path / "run.csv", run))
    assert "commit differs between the launches of 1 case" in " ".join(text.split())
    assert "--by commit" in text


@given(st.data())
def test_the_order_of_the_rows_does_not_matter_and_the_winner_has_a_time(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    seconds = st.one_of(st.none(), st.sampled_from([1e-6, 1.01e-6, 2e-6, 1e-3]))
    kinds = st.sampled_from(["error", "wrong", "oom", "unsupported"])
    run = [
        rows.row(second, second and 1e3 * second, backend=f"b{number}", batch_size=size)
        | ({} if second else {"status": data.draw(kinds)})
        for size in (1, 100)
        for number, second in enumerate(data.draw(st.lists(seconds, min_size=1, max_size=4)))
    ]
    before = decisions(tmp_path_factory.mktemp("before"), run)
    after = decisions(tmp_path_factory.mktemp("after"), data.draw(st.permutations(run)))
    assert before.equals(after)
    timed = {(row["batch_size"], row["backend"]) for row in run if row["status"] == "ok"}
    for _, row in before.iterrows():
        names = [row["fastest"], row["runner_up"], *row["not_separated"]]
        assert {(row["batch_size"], name) for name in names if name} <= timed


@given(st.data())
def test_the_summary_stars_the_backend_that_best_names(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    times = data.draw(st.lists(st.sampled_from([1e-6, 1.02e-6, 1.1e-6, 3e-6, None]), min_size=1, max_size=4))
    path = rows.write(
        tmp_path_factory.mktemp("race") / "run.csv", race({f"b{i}": time for i, time in enumerate(times)})
    )
    (row,) = decide(table.read(path)).rows.to_dict("records")
    lines = [line.split("|")[1:] for line in summary.markdown(table.read(path)).splitlines() if line.startswith("| b")]
    starred = [line[0].strip() for line in lines if "*" in line[1] and line[0].strip() != "backend"]
    assert starred == ([row["fastest"]] if row["verdict"] == "fastest" else [])


def test_csv_and_json_hold_every_column(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rows.write(tmp_path / "run.csv", [*race({"a": 1e-3, "b": 2e-3}), *race({"a": None}, batch_size=1)])
    read = list(csv.DictReader(io.StringIO(printed(capsys, path, "--format", "csv"))))
    assert [*read[0]] == [*DECISION, *DECISION_COLUMNS]
    whole = json.loads(printed(capsys, path, "--format", "json"))
    assert [*whole["decisions"][0]] == [*DECISION, *DECISION_COLUMNS]
    assert whole["counts"] == {"a": 1, "no time": 1}
    assert [row["seconds"] for row in whole["decisions"]] == [None, pytest.approx(1e-3)]


def test_backends_that_are_not_separated_are_one_field_of_the_csv(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = rows.write(tmp_path / "run.csv", race({"a": 1e-3, "b": 1.01e-3, "c": 1.02e-3}))
    (line,) = csv.DictReader(io.StringIO(printed(capsys, path, "--format", "csv")))
    assert line["not_separated"] == "b; c"


def test_the_text_fits_a_terminal_of_80_columns(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    close = {f"torch-compile-{number}": (1 + number / 1000) * 1e-3 for number in range(8)}
    run = [row for size in (1, 10**9) for row in race(close, batch_size=size, sizes="dimension=16")]
    wide = race({"jax-revrev": 1.23e-4, "numpy-inplace": 4.56e-1}, batch_size=10_000, sizes="dimension=16")
    text = printed(capsys, rows.write(tmp_path / "run.csv", [*run, *wide]))
    assert max(map(len, text.splitlines())) <= 80
    assert all(name in text for name in [*close, "numpy-inplace", "jax-revrev"])
    assert "…" not in text


@pytest.mark.usefixtures("alike_launches")
def test_markdown_has_one_table_in_each_section(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(capsys, rows.write(tmp_path / "run.csv", race({"a": 1e-3, "b": 2e-3})), "--format", "markdown")
    assert "### quadratic: descent of 100 steps, float32, cpu" in text
    line = [line for line in text.splitlines() if line.startswith("|")][2]
    assert [field.strip() for field in line.split("|")[1:-1]] == [
        "100",
        "a",
        "10.0 µs",
        "×1.00",
        "×2.00 [1.94, 2.06] b",
    ]


def test_a_file_that_cannot_be_read_is_named_with_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["best", str(tmp_path / "none.csv")]) == 2
    assert "no such file" in capsys.readouterr().err
