"""`python -m report compare`: what it says of two sides, and with which exit code."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report.__main__ import main
from report.table.schema import Value
from tests import rows
from tests.mutations import mutated

NOISE = np.exp([-0.02, -0.01, 0.0, 0.01, 0.02])
"""Five launches of a machine that is steady to 2 %."""


class Bench:
    """A folder of result CSVs, and `compare` run on them."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def write(self, side: str, *groups: Sequence[rows.Row]) -> Path:
        """Append groups of rows to the CSV of a side, whose name is its run's."""
        return rows.write(self.folder / f"{side}.csv", [row | {"run": side} for group in groups for row in group])

    def run(self, *arguments: str | Path) -> tuple[int, str]:
        """Return the exit code and all that is printed."""
        try:
            code = main(["compare", *map(str, arguments)])
        except SystemExit as left:
            code = int(str(left.code))
        printed = self._capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out + printed.err

    def compare(self, *arguments: str | Path) -> tuple[int, Any]:
        """Return the exit code and the JSON of comparing `base.csv` with `head.csv`."""
        code, printed = self.run(self.folder / "base.csv", self.folder / "head.csv", "--format", "json", *arguments)
        return code, json.loads(printed)

    def verdicts(self, *arguments: str) -> tuple[int, dict[str, str]]:
        """Return the exit code and the verdict of each backend, worst first."""
        code, whole = self.compare(*arguments)
        return code, {case["backend"]: case["verdict"] for case in whole["cases"]}


@pytest.fixture
def bench(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Bench:
    return Bench(tmp_path, capsys)


def steady(seconds: float = 1e-3, **others: Value) -> list[rows.Row]:
    """Return five launches of a case, with noise of 2 %."""
    return [row | others for row in rows.launches([float(noise * seconds) for noise in NOISE])]


def broken(status: str, reason: str = "it did not", launches: int = 5, **others: Value) -> list[rows.Row]:
    """Return launches of a case without a time."""
    row = rows.row(None, status=status, reason=reason) | others
    return [row | {"launch": launch} for launch in range(launches)]


def test_nothing_changed_is_unchanged_and_passes(bench: Bench) -> None:
    bench.write("base", steady())
    bench.write("head", steady())
    code, whole = bench.compare()
    (case,) = whole["cases"]
    assert (code, case["verdict"], case["ratio"]) == (0, "unchanged", pytest.approx(1.0))
    assert 0.9 < case["low"] < 1.0 < case["high"] < 1.1
    assert (case["base_replicates"], case["head_replicates"]) == (5, 5)


def test_a_slower_head_regressed_and_fails_and_a_faster_one_improved(bench: Bench) -> None:
    bench.write("base", steady(backend="a-slower"), steady(backend="b-faster"), steady(backend="c-same"))
    bench.write("head", steady(1.2e-3, backend="a-slower"), steady(8e-4, backend="b-faster"), steady(backend="c-same"))
    code, whole = bench.compare()
    assert code == whole["exit_code"] == 1
    found = {case["backend"]: (case["verdict"], round(case["ratio"], 6)) for case in whole["cases"]}
    assert found == {"a-slower": ("regressed", 1.2), "b-faster": ("improved", 0.8), "c-same": ("unchanged", 1.0)}
    assert whole["counts"] == {"regressed": 1, "improved": 1, "unchanged": 1}


def test_the_worst_is_told_first(bench: Bench) -> None:
    names = ["same", "faster", "slow", "slowest", "gone", "broke"]
    bench.write("base", *(steady(backend=name) for name in names))
    speed = {"same": 1.0, "faster": 0.5, "slow": 1.2, "slowest": 2.0}
    bench.write("head", *(steady(1e-3 * factor, backend=name) for name, factor in speed.items()), steady(backend="new"))
    bench.write("head", broken("error", backend="broke"))
    assert list(bench.verdicts()[1]) == ["slowest", "slow", "broke", "gone", "faster", "same", "new"]


def test_the_threshold_is_the_smallest_change_that_matters(bench: Bench) -> None:
    bench.write("base", steady())
    bench.write("head", steady(1.08e-3))
    assert bench.verdicts()[1] == {"jax-loop": "inconclusive"}  # 8 %, give or take 3: is it 10?
    assert bench.verdicts("--threshold", "5%") == (1, {"jax-loop": "regressed"})
    assert bench.verdicts("--threshold", "0.2") == (0, {"jax-loop": "unchanged"})


def test_more_confidence_needs_more_evidence(bench: Bench) -> None:
    bench.write("base", steady())
    bench.write("head", steady(1.12e-3))
    assert bench.verdicts() == (1, {"jax-loop": "regressed"})
    assert bench.verdicts("--confidence", "99.9999%") == (0, {"jax-loop": "inconclusive"})


def test_more_cells_widen_each_interval(bench: Bench) -> None:
    bench.write("base", steady(batch_size=1))
    bench.write("head", steady(batch_size=1))
    alone = bench.compare()[1]["cases"][0]
    more = [steady(batch_size=size) for size in range(2, 22)]
    bench.write("base", *more)
    bench.write("head", *more)
    among = bench.compare()[1]["cases"][0]
    assert among["high"] / among["low"] > 1.5 * np.log(alone["high"] / alone["low"]) + 1


def test_inconclusive_does_not_fail_and_is_counted(bench: Bench) -> None:
    bench.write("base", rows.launches([1e-3, 2e-3, 3e-3]))
    bench.write("head", rows.launches([1e-3, 2e-3, 5e-3]))
    code, whole = bench.compare()
    assert (code, whole["counts"]) == (0, {"inconclusive": 1})
    assert any("1 case: inconclusive" in note and "python -m bench duel" in note for note in whole["notes"])


def test_too_few_launches_conclude_nothing_and_say_what_to_do(bench: Bench) -> None:
    bench.write("base", steady())
    bench.write("head", rows.launches([9e-3, 9e-3]))
    code, whole = bench.compare()
    (case,) = whole["cases"]
    assert (code, case["verdict"], case["low"], case["high"]) == (0, "inconclusive", None, None)
    assert case["ratio"] == pytest.approx(9.0)
    assert case["reason"] == (
        "too few launches, 5 in base and 2 in head: it takes 3 a side. Measure more: python -m bench run --launches 5"
    )


def test_the_ratio_to_numpy_cancels_what_moved_the_machine(bench: Bench) -> None:
    bench.write("base", steady())
    bench.write("head", [row | {"seconds_median": 2e-3} for row in steady()])
    code, whole = bench.compare()
    (case,) = whole["cases"]
    assert (code, case["measure"], case["verdict"]) == (0, "ratio_to_numpy", "unchanged")
    assert case["head_seconds"] / case["base_seconds"] == pytest.approx(2.0)
    assert "1 case: compared by the ratio to the paired NumPy rounds (ratio_to_numpy)" in whole["notes"]


def test_seconds_are_compared_where_a_launch_has_no_ratio(bench: Bench) -> None:
    bench.write("base", steady())
    bench.write("head", [row | {"ratio_to_numpy": 9.0 if row["launch"] else None} for row in steady()])
    code, whole = bench.compare()
    assert (code, whole["cases"][0]["measure"], whole["cases"][0]["verdict"]) == (0, "seconds_median", "unchanged")
    assert "1 case: compared by seconds_median: not every launch has a ratio to NumPy" in whole["notes"]


def test_seconds_are_compared_where_numpy_is_another_on_either_side(bench: Bench) -> None:
    bench.write("base", steady())
    bench.write("head", steady(numpy_version="2.5.0"))
    _, whole = bench.compare()
    assert whole["cases"][0]["measure"] == "seconds_median"
    assert "numpy_version differs: '2.4.6' on base, '2.5.0' on head" in whole["notes"]


def test_a_case_without_a_row_in_head_is_missing_which_can_be_allowed(bench: Bench) -> None:
    bench.write("base", steady(), steady(backend="torch-sgd"))
    bench.write("head", steady())
    assert bench.verdicts() == (1, {"torch-sgd": "missing", "jax-loop": "unchanged"})
    assert bench.verdicts("--allow-missing") == (0, {"torch-sgd": "missing", "jax-loop": "unchanged"})


def test_missing_says_that_the_framework_is_not_there(bench: Bench) -> None:
    bench.write("base", steady(), steady(backend="torch-sgd"))
    bench.write("head", steady(), broken("unavailable", "No module named 'torch'", backend="torch"))
    _, whole = bench.compare()
    found = {case["backend"]: (case["verdict"], case["reason"]) for case in whole["cases"]}
    assert found["torch-sgd"] == ("missing", "torch is unavailable: No module named 'torch'")
    assert found["torch"] == ("untimed", "unavailable: No module named 'torch'")


def test_a_head_that_lost_its_time_failed_with_its_reason(bench: Bench) -> None:
    bench.write("base", steady(), steady(backend="torch-sgd"))
    bench.write("head", steady(), broken("oom", "killed at 12 GiB", backend="torch-sgd"))
    code, whole = bench.compare("--allow-missing")
    worst = whole["cases"][0]
    assert (code, worst["verdict"], worst["reason"]) == (1, "failed", "oom: killed at 12 GiB")
    assert (worst["head_seconds"], worst["ratio"], worst["head_replicates"]) == (None, None, 0)


@pytest.mark.parametrize("form", ["text", "markdown", "json", "csv"])
def test_a_head_that_lost_every_time_failed_in_every_format(bench: Bench, form: str) -> None:
    base, head = bench.write("base", steady()), bench.write("head", broken("crashed", "SIGSEGV"))
    code, printed = bench.run(base, head, "--format", form)
    assert code == 1
    assert "failed" in printed
    assert "crashed: SIGSEGV" in printed


def test_a_crash_in_one_launch_of_head_failed_though_the_others_have_times(bench: Bench) -> None:
    bench.write("base", steady())
    bench.write("head", steady()[:4], broken("crashed", "SIGSEGV")[4:])
    code, whole = bench.compare()
    (case,) = whole["cases"]
    assert (code, case["verdict"], case["reason"]) == (1, "failed", "crashed in 1 of 5 launches: SIGSEGV")
    assert case["ratio"] == pytest.approx(0.995, abs=1e-3)


def test_what_broke_in_base_too_is_no_failure_of_head(bench: Bench) -> None:
    for side in ("base", "head"):
        bench.write(side, steady(), broken("timeout", f"of {side}", backend="torch-sgd"))
        bench.write(side, steady(backend="half")[:4], broken("crashed", f"of {side}", backend="half")[4:])
    code, whole = bench.compare()
    assert code == 0
    found = {case["backend"]: (case["verdict"], case["reason"]) for case in whole["cases"]}
    assert found["torch-sgd"] == ("untimed", "timeout: of head")
    assert found["half"] == ("unchanged", "")


def test_head_breaking_otherwise_than_base_failed(bench: Bench) -> None:
    bench.write("base", steady(), broken("unsupported", backend="a"), broken("error", backend="b"))
    bench.write("head", steady(), broken("wrong", "off by 2", backend="a"), broken("unavailable", backend="b"))
    code, whole = bench.compare()
    found = {case["backend"]: (case["verdict"], case["reason"]) for case in whole["cases"]}
    assert (code, found["a"]) == (1, ("failed", "wrong: off by 2"))
    assert found["b"] == ("untimed", "unavailable: it did not")


def test_a_case_that_base_has_no_time_of_is_new_and_passes(bench: Bench) -> None:
    bench.write("base", steady(), broken("oom", "no room", backend="roomy"))
    bench.write("head", steady(), steady(backend="roomy"), steady(backend="novel"))
    code, whole = bench.compare()
    found = {case["backend"]: (case["verdict"], case["reason"]) for case in whole["cases"]}
    assert code == 0
    assert (found["roomy"], found["novel"]) == (("new", "in base oom: no room"), ("new", ""))


def test_geometric_means_are_of_the_cases_with_two_times(bench: Bench) -> None:
    bench.write("base", *(steady(backend=name, batch_size=size) for name in ("a", "b") for size in (1, 2)))
    bench.write("base", steady(backend="gone"))
    speed = {("a", 1): 2.0, ("a", 2): 0.5, ("b", 1): 4.0, ("b", 2): 1.0}
    bench.write("head", *(steady(f * 1e-3, backend=name, batch_size=size) for (name, size), f in speed.items()))
    means = {mean["group"]: (mean["cases"], round(mean["ratio"], 6)) for mean in bench.compare()[1]["geometric_means"]}
    assert means == {"a": (2, 1.0), "b": (2, 2.0), "all": (4, round(2**0.5, 6))}


def test_where_the_control_moved_the_machine_moved(bench: Bench) -> None:
    bench.write("base", steady(), steady(backend="numpy"))
    bench.write("head", steady(), [row | {"seconds_median": 1.3e-3} for row in steady(backend="numpy")])
    notes = " ".join(bench.compare()[1]["notes"])
    assert "the machine moved: hand-derived NumPy took ×1.300 of its seconds in base" in notes
    assert "ratio to its own" not in notes
    assert "the machine held still" in " ".join(bench.compare("--threshold", "40%")[1]["notes"])


def test_where_the_controls_own_ratio_moved_ratios_are_doubted(bench: Bench) -> None:
    bench.write("base", steady(), steady(backend="numpy"))
    bench.write("head", steady(), [row | {"ratio_to_numpy": 1.3} for row in steady(backend="numpy")])
    notes = " ".join(bench.compare()[1]["notes"])
    assert "the machine held still" in notes
    assert "the control's ratio to its own paired rounds moved too, ×1.300" in notes


def test_without_numpy_rows_there_is_no_control_and_it_says_so(bench: Bench) -> None:
    bench.write("base", steady())
    bench.write("head", steady(), steady(backend="numpy"))
    assert any(note.startswith("no negative control: ") for note in bench.compare()[1]["notes"])


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("machine", "feedc0ffee", "machine differs: 'a1b2c3d4e5' on base, 'feedc0ffee' on head"),
        ("threads", 2, "threads differs: '1' on base, '2' on head"),
        ("cpus", "1", "cpus differs: '0' on base, '1' on head"),
        ("allocator", "steady", "allocator differs: 'default' on base, 'steady' on head"),
    ],
)
def test_sides_measured_differently_are_refused_unless_by_ratios_alone(
    bench: Bench, column: str, value: Value, said: str
) -> None:
    base = bench.write("base", steady(), [row | {"ratio_to_numpy": None} for row in steady(backend="no-ratio")])
    head = bench.write("head", [row | {column: value} for row in [*steady(9e-3), *steady(backend="no-ratio")]])
    code, printed = bench.run(base, head)
    assert (code, printed.count("\n")) == (2, 1)
    assert printed.startswith(f"report: {said}. ")
    assert "--across-machines" in printed
    code, whole = bench.compare("--across-machines")
    found = {case["backend"]: (case["measure"], case["verdict"]) for case in whole["cases"]}
    assert (code, found) == (1, {"jax-loop": ("ratio_to_numpy", "regressed"), "no-ratio": ("", "inconclusive")})
    assert said in whole["notes"]
    assert any("seconds are shown and not compared" in note for note in whole["notes"])


def test_other_versions_are_named_and_compared(bench: Bench) -> None:
    bench.write("base", steady())
    bench.write("head", steady(framework_version="0.11.0", python="3.12.1"))
    code, whole = bench.compare()
    assert code == 0
    assert "version of jax differs: '0.10.2' on base, '0.11.0' on head" in whole["notes"]
    assert "python differs: '3.11.7' on base, '3.12.1' on head" in whole["notes"]


def test_what_is_mixed_within_the_sides_is_named(bench: Bench) -> None:
    for side in ("base", "head"):
        bench.write(side, steady(backend="a"), steady(backend="b", python="3.12.1"))
    assert "python is mixed within each side: '3.11.7', '3.12.1'" in bench.compare()[1]["notes"]


def test_sides_without_a_common_case_are_refused_with_what_differs(bench: Bench) -> None:
    base, head = bench.write("base", steady()), bench.write("head", steady(dtype="float64", steps=10))
    code, printed = bench.run(base, head)
    assert code == 2
    assert "no case is on both sides: " in printed
    assert "dtype 'float32' on base, 'float64' on head; steps '100' on base, '10' on head" in printed


def test_a_base_without_a_time_is_refused(bench: Bench) -> None:
    base, head = bench.write("base", broken("oom")), bench.write("head", steady())
    code, printed = bench.run(base, head)
    assert (code, printed) == (2, f"report: {base}: no case has a time; there is nothing to compare with\n")


def test_a_run_compared_with_itself_is_told_so(bench: Bench) -> None:
    base = bench.write("base", steady())
    code, printed = bench.run(base, base, "--format", "json")
    assert code == 0
    told = "5 launches are on both sides (run 'base'), and compared with themselves"
    assert told in json.loads(printed)["notes"]


def test_several_files_a_side_are_one_side(bench: Bench) -> None:
    files = {}
    for side, factor in (("base", 1.0), ("head", 1.3)):
        files[side] = [bench.write(f"{side}{n}", [row]) for n, row in enumerate(steady(factor * 1e-3))]
    code, printed = bench.run("--base", *files["base"], "--head", *files["head"], "--format", "json")
    whole = json.loads(printed)
    assert (code, whole["counts"], whole["cases"][0]["head_replicates"]) == (1, {"regressed": 1}, 5)
    assert whole["base"] == f"5 files, {files['base'][0]} the first, 5 launches"


def test_by_a_version_compares_the_older_with_the_newer_and_keeps_the_control(bench: Bench) -> None:
    old = [*steady(1.3e-3, framework_version="2.9.0"), *steady(backend="numpy", framework_version="2.4.6")]
    new = [*steady(framework_version="2.10.0"), *steady(backend="numpy", framework_version="2.4.6")]
    later = [row | {"launch": int(str(row["launch"])) + 5} for row in old]
    path = bench.write("one", [*new, *later])
    code, printed = bench.run(path, "--by", "framework_version", "--format", "json")
    whole = json.loads(printed)
    found = {case["backend"]: case["verdict"] for case in whole["cases"]}
    assert (code, found) == (0, {"jax-loop": "improved", "numpy": "unchanged"})
    assert whole["base"] == "framework_version 2.9.0, 5 launches"
    assert any("the machine held still" in note for note in whole["notes"])
    swapped = bench.run(path, "--by", "framework_version=2.10.0,2.9.0", "--format", "json")
    assert (swapped[0], json.loads(swapped[1])["counts"]) == (1, {"regressed": 1, "unchanged": 1})


def test_by_a_number_takes_the_lower_for_base(bench: Bench) -> None:
    path = bench.write("one", *([row | {"ratio_to_numpy": None} for row in steady(batch_size=n)] for n in (100, 20)))
    _, printed = bench.run(path, "--by", "batch_size", "--format", "json")
    assert json.loads(printed)["base"] == "batch_size 20, 5 launches"


def test_by_a_word_compares_what_was_measured_first_with_what_was_later(bench: Bench) -> None:
    early = steady(commit="fff", started_utc="2026-01-01T00:00:00+00:00")
    late = [row | {"launch": 5 + int(str(row["launch"]))} for row in steady(2e-3, commit="aaa")]
    code, printed = bench.run(bench.write("one", [*late, *early]), "--by", "commit", "--format", "json")
    assert (code, json.loads(printed)["base"]) == (1, "commit fff, 5 launches")


def test_by_a_column_of_the_case_compares_cases_in_seconds(bench: Bench) -> None:
    path = bench.write("one", steady(), [row | {"ratio_to_numpy": 1.0} for row in steady(2e-3, dtype="float64")])
    code, printed = bench.run(path, "--by", "dtype=float32,float64", "--format", "json")
    (case,) = json.loads(printed)["cases"]
    assert (code, case["measure"], case["ratio"]) == (1, "seconds_median", pytest.approx(2.0))
    assert "dtype" not in case


def test_by_backend_compares_two_backends_of_many(bench: Bench) -> None:
    path = bench.write("one", steady(backend="a"), steady(2e-3, backend="b"), steady(backend="c"))
    code, printed = bench.run(path, "--by", "backend=a,b")
    assert code == 1
    assert "5 of 15 rows belong to neither side, and are left out" in printed
    assert "base: backend a, 5 launches" in printed


def test_by_threads_compares_seconds_and_by_machine_ratios(bench: Bench) -> None:
    changed: list[tuple[str, Value, str]] = [("threads", 2, "seconds_median"), ("machine", "b", "ratio_to_numpy")]
    for column, value, measure in changed:
        later = [row | {"launch": 5 + int(str(row["launch"])), column: value, "cpus": "0"} for row in steady()]
        path = bench.write(f"by-{column}", steady(), later)
        _, printed = bench.run(path, "--by", column, "--format", "json")
        assert json.loads(printed)["cases"][0]["measure"] == measure


@pytest.mark.parametrize(
    ("by", "said"),
    [
        ("colour", "--by 'colour': no such column; there are schema, run, launch"),
        ("python", "--by python: no case has two values; found '3.11.7'. Name base and head: --by python=BASE,HEAD"),
        ("backend", "--by backend: cases have 'a', 'b', 'c'. Name base and head: --by backend=BASE,HEAD"),
        ("backend=a", "--by backend=a: two values are compared, as --by backend=BASE,HEAD"),
        ("backend=a,a", "--by backend=a,a: two values are compared"),
        ("backend=a,d", "--by backend: no row has 'd'; found 'a', 'b', 'c'"),
    ],
)
def test_by_what_does_not_split_in_two_is_refused_with_what_there_is(bench: Bench, by: str, said: str) -> None:
    path = bench.write("one", *(steady(backend=name) for name in "abc"))
    code, printed = bench.run(path, "--by", by)
    assert (code, printed.count("\n")) == (2, 1)
    assert printed.startswith(f"report: {said}")


@pytest.mark.parametrize("files", [[], ["a.csv"], ["a.csv"] * 2000, ["a.csv", "b.csv", "--base", "c.csv"]])
def test_another_number_of_files_than_two_is_refused_with_the_ways_to_name_them(bench: Bench, files: list[str]) -> None:
    code, printed = bench.run(*files)
    assert (code, printed.count("\n")) == (2, 1)
    assert "name two, BASE.csv HEAD.csv, or several of each: --base A.csv B.csv --head C.csv D.csv" in printed


@pytest.mark.parametrize("option", ["--threshold", "--confidence"])
def test_a_nonsensical_share_is_refused_by_name(bench: Bench, option: str) -> None:
    code, printed = bench.run("a.csv", "b.csv", option, "3")
    assert code == 2
    assert f"argument {option}: '3': between 0 and 100 % exclusive, such as 3% or 0.03" in printed


def test_a_bad_file_is_named_and_there_is_no_verdict(bench: Bench) -> None:
    base, head = bench.write("base", steady()), bench.write("head", steady())
    head.write_bytes(head.read_bytes()[:-1])
    code, printed = bench.run(base, head)
    assert (code, printed) == (2, f"report: {head}:6: {CUT}\n")


CUT = "the last line is cut off: it has no end; remove it, or measure again"


@pytest.fixture
def mixed(bench: Bench) -> Bench:
    """Two CSVs whose comparison has every verdict but `new`, and reasons with what could be taken for markup."""
    names = ["torch-compile", "numpy", "gone[red]", "autograd", "torch-sgd"]
    bench.write("base", *(steady(backend=name, batch_size=1_000_000) for name in names))
    bench.write("base", broken("oom", "[bold]no room|", backend="jax-grad"), rows.launches([1e-3] * 2, backend="few"))
    speed = {"torch-compile": 1.3, "numpy": 1.0, "autograd": 0.5}
    bench.write("head", *(steady(f * 1e-3, backend=name, batch_size=1_000_000) for name, f in speed.items()))
    bench.write("head", broken("crashed", "SIGSEGV\nthen", backend="torch-sgd", batch_size=1_000_000))
    bench.write("head", broken("oom", "[bold]no room|", backend="jax-grad"), rows.launches([1e-3] * 2, backend="few"))
    return bench


def test_the_text_fits_into_80_columns_and_states_the_direction(mixed: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(mixed.folder)
    code, printed = mixed.run("base.csv", "head.csv")
    assert code == 1
    assert max(map(len, printed.splitlines())) <= 80
    flat = " ".join(printed.split())
    assert "above 1, head is slower" in flat
    assert "torch-compile 1,000,000 1.00 ms 1.30 ms 1.300 [1.2" in flat
    assert "gone[red] 1,000,000 1.00 ms – – missing" in flat
    assert "untimed: jax-grad 100: oom: [bold]no room|" in flat
    assert (
        "1 regressed, 1 failed, 1 missing, 1 inconclusive, 1 improved, 1 unchanged, 1 untimed (threshold 10 %)" in flat
    )
    assert flat.rindex("geometric mean") > flat.rindex("machine held still")


def test_keys_that_differ_are_columns_and_fit_too(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(bench.folder)
    for side in ("base", "head"):
        for dtype in ("float32", "float64"):
            bench.write(
                side, steady(backend="torch-compile", batch_size=1_000_000, dtype=dtype, problem="least-squares")
            )
        bench.write(side, steady(backend="torch-compile", batch_size=1_000_000))
    _, printed = bench.run("base.csv", "head.csv")
    assert max(map(len, printed.splitlines())) <= 80
    assert "…" not in printed
    assert "float64" in printed


def test_markdown_says_the_outcome_then_what_moved_and_folds_the_rest(mixed: Bench) -> None:
    code, printed = mixed.run(mixed.folder / "base.csv", mixed.folder / "head.csv", "--format", "markdown")
    assert code == 1
    first, _, folded = printed.partition("\n<details><summary>")
    assert first.splitlines()[2].startswith("**1 case regressed, worst torch-compile at 1,000,000 ×1.300 [")
    assert [line.split("|")[1].strip() for line in first.splitlines() if line.startswith("|")][2:] == [
        *("torch-compile", "torch-sgd", "gone[red]", "autograd")
    ]
    assert "</summary>\n\n" in folded, "GitHub reads Markdown inside only after an empty line"
    assert folded.endswith("\n</details>\n")


def test_markdown_has_all_cases_with_the_notes_between_its_tables(mixed: Bench) -> None:
    _, printed = mixed.run(mixed.folder / "base.csv", mixed.folder / "head.csv", "--format", "markdown")
    tables = [line for line in printed.partition("<details>")[2].splitlines() if line.startswith("|")]
    first = [line for line in tables if line.count("|") == tables[0].count("|")]
    assert len(first) == 2 + 6  # what has no time is in the notes alone
    assert len(tables) - len(first) == 2 + 5  # four backends, and all
    assert "\n- failed: torch-sgd 1,000,000: crashed: SIGSEGV then\n" in printed
    assert "\n\n\n" not in printed


def test_csv_has_a_row_a_case_with_its_key(mixed: Bench) -> None:
    _, printed = mixed.run(mixed.folder / "base.csv", mixed.folder / "head.csv", "--format", "csv")
    cases = list(csv.DictReader(io.StringIO(printed)))
    assert len(cases) == 7
    assert (cases[0]["backend"], cases[0]["batch_size"], cases[0]["verdict"]) == (
        "torch-compile",
        "1000000",
        "regressed",
    )
    assert float(cases[0]["ratio"]) == pytest.approx(1.3)
    assert cases[-1]["ratio"] == ""


def test_more_cases_than_can_be_read_are_counted(bench: Bench) -> None:
    for side in ("base", "head"):
        bench.write(side, [rows.row(batch_size=size + 1) for size in range(250)])
    code, printed = bench.run(bench.folder / "base.csv", bench.folder / "head.csv")
    assert code == 0
    assert "50 more cases are not shown; --format csv and json have them all" in " ".join(printed.split())


def test_the_help_states_the_exit_codes_and_the_verdicts(bench: Bench) -> None:
    code, printed = bench.run("--help")
    assert code == 0
    for word in ("Exit codes: 0", "inconclusive", "--allow-missing. 2", "failed:", "missing:", "new:", "untimed:"):
        assert word in printed


@given(data=st.data(), form=st.sampled_from(["text", "markdown", "json", "csv"]))
@settings(max_examples=80, deadline=None)
def test_whatever_is_done_to_a_file_there_is_a_comparison_or_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, form: str
) -> None:
    folder = tmp_path_factory.mktemp("mutated")
    paths = [folder / "base.csv", folder / "head.csv"]
    for path in paths:
        rows.write(path, [*steady(run=path.stem)[:3], *broken("oom", launches=2, backend="torch-sgd", run=path.stem)])
    paths[1].write_bytes(data.draw(mutated(paths[1].read_bytes())))
    with pytest.MonkeyPatch.context() as patch:
        out, err = io.StringIO(), io.StringIO()
        patch.setattr("sys.stdout", out)
        patch.setattr("sys.stderr", err)
        code = main(["compare", *map(str, paths), "--format", form])
    assert code in (0, 1, 2)
    if code == 2:
        assert out.getvalue() == ""
        assert err.getvalue().startswith("report: ")
        assert err.getvalue().count("\n") == 1
    else:
        assert err.getvalue() == ""
        assert "verdict" in out.getvalue()
