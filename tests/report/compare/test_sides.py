"""`python -m report compare`: which rows are base and head, by what they are compared, and what is refused."""

from __future__ import annotations

import pytest

from report.table.schema import Value
from tests import rows
from tests.report.compare.folder import Folder
from tests.report.compare.launches import broken, later, steady

CUT_OFF = "the last line is cut off: it has no end; remove it, or measure again"


def test_where_the_machine_moved_numpys_shift_is_taken_off(folder: Folder) -> None:
    folder.write("base", steady())
    folder.write("head", [row | {"seconds_median": 2e-3} for row in steady()])
    code, whole = folder.compare()
    (case,) = whole["cases"]
    assert (code, case["measure"], case["verdict"]) == (0, "seconds_median", "unchanged")
    assert case["head_seconds"] / case["base_seconds"] == pytest.approx(2.0)
    assert case["numpy_weight"] == pytest.approx(1.0, abs=0.01)
    assert any(note.startswith("1 case: compared by seconds_median, less 1.00 of the shift") for note in whole["notes"])


def test_where_numpy_explains_nothing_it_is_not_looked_at(folder: Folder) -> None:
    """The backend's seconds are steady; NumPy's own scatter by 30 %, so a ratio would only add that."""
    scattered: list[rows.Row] = [{"ratio_to_numpy": ratio} for ratio in (0.7, 1.3, 1.0, 1.2, 0.8)]
    for side in ("base", "head"):
        folder.write(side, [row | ratio for row, ratio in zip(steady(), scattered, strict=True)])
    (case,) = folder.compare()[1]["cases"]
    assert case["numpy_weight"] < 0.1
    assert (case["low"], case["high"]) == pytest.approx((1.0, 1.0), abs=0.05)


def test_across_machines_a_case_that_lacks_a_ratio_has_no_verdict(folder: Folder) -> None:
    folder.write("base", steady())
    folder.write("head", [row | ({} if row["launch"] else rows.UNPAIRED) for row in steady(2e-3, machine="another")])
    code, whole = folder.compare("--across-machines")
    (case,) = whole["cases"]
    assert (code, case["measure"], case["ratio"], case["verdict"]) == (0, "", None, "inconclusive")


def test_two_backends_do_not_show_what_the_machine_did_between_them(folder: Folder) -> None:
    """Between them NumPy's rounds differ by a third of what they do: within either, NumPy explains nothing."""
    scattered = (0.7, 1.3, 1.0, 1.2, 0.8)
    fast = [row | {"backend": "a", "ratio_to_numpy": x} for row, x in zip(steady(), scattered, strict=True)]
    slow = [row | {"backend": "b", "ratio_to_numpy": 2 * x} for row, x in zip(steady(3e-3), scattered, strict=True)]
    path = folder.write("one", fast, slow)
    (case,) = folder.json(path, "--by", "backend=a,b")[1]["cases"]
    assert case["numpy_weight"] < 0.1
    assert case["ratio"] == pytest.approx(3.0, rel=0.05)


def test_on_a_gpu_seconds_are_compared(folder: Folder) -> None:
    """All ratios moved by two, since NumPy's rounds on the CPU did: nothing of that is taken off."""
    folder.write("base", steady(device="cuda"))
    folder.write("head", [row | {"ratio_to_numpy": 0.5} for row in steady(device="cuda")])
    (case,) = folder.compare()[1]["cases"]
    assert (case["numpy_weight"], case["verdict"]) == (None, "unchanged")


def test_seconds_are_compared_if_a_launch_has_no_ratio(folder: Folder) -> None:
    folder.write("base", steady())
    folder.write("head", [row | ({"ratio_to_numpy": 9.0} if row["launch"] else rows.UNPAIRED) for row in steady()])
    code, whole = folder.compare()
    assert (code, whole["cases"][0]["measure"], whole["cases"][0]["verdict"]) == (0, "seconds_median", "unchanged")
    assert "1 case: compared by seconds_median: not every launch has a ratio to NumPy of its device" in whole["notes"]


def test_seconds_are_compared_if_the_sides_have_different_versions_of_numpy(folder: Folder) -> None:
    folder.write("base", steady())
    folder.write("head", steady(numpy_version="2.5.0"))
    _, whole = folder.compare()
    assert whole["cases"][0]["measure"] == "seconds_median"
    assert "numpy_version differs: '2.4.6' on base, '2.5.0' on head" in whole["notes"]


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("machine", "feedc0ffee", "machine differs: 'a1b2c3d4e5' on base, 'feedc0ffee' on head"),
        ("threads", 2, "threads differs: '1' on base, '2' on head"),
        ("cpus", "1", "cpus differs: '0' on base, '1' on head"),
        ("allocator", "steady", "allocator differs: 'default' on base, 'steady' on head"),
    ],
)
def test_sides_with_different_conditions_are_compared_only_by_ratios_and_on_request(
    folder: Folder, column: str, value: Value, message: str
) -> None:
    base = folder.write("base", steady(), [row | rows.UNPAIRED for row in steady(backend="no-ratio")])
    head = folder.write("head", [row | {column: value} for row in [*steady(9e-3), *steady(backend="no-ratio")]])
    code, printed = folder.run(base, head)
    assert (code, printed.count("\n")) == (2, 1)
    assert printed.startswith(f"report: {message}. ")
    assert "--across-machines" in printed
    code, whole = folder.compare("--across-machines")
    found = {case["backend"]: (case["measure"], case["verdict"]) for case in whole["cases"]}
    assert (code, found) == (1, {"jax-loop": ("ratio_to_numpy", "regressed"), "no-ratio": ("", "inconclusive")})
    assert message in whole["notes"]
    assert any("seconds are shown and not compared" in note for note in whole["notes"])


def test_sides_without_a_common_case_are_refused_with_the_columns_that_differ(folder: Folder) -> None:
    base, head = folder.write("base", steady()), folder.write("head", steady(dtype="float64", steps=10))
    code, printed = folder.run(base, head)
    assert code == 2
    assert "no case is on both sides: " in printed
    assert "dtype 'float32' on base, 'float64' on head; steps '100' on base, '10' on head" in printed


def test_a_base_without_a_time_is_refused(folder: Folder) -> None:
    base, head = folder.write("base", broken("oom")), folder.write("head", steady())
    code, printed = folder.run(base, head)
    assert (code, printed) == (2, f"report: {base}: no case has a time; there is nothing to compare with\n")


def test_several_files_can_be_one_side(folder: Folder) -> None:
    files = {}
    for side, factor in (("base", 1.0), ("head", 1.3)):
        files[side] = [folder.write(f"{side}{n}", [row]) for n, row in enumerate(steady(factor * 1e-3))]
    code, whole = folder.json("--base", *files["base"], "--head", *files["head"])
    assert (code, whole["counts"], whole["cases"][0]["head_replicates"]) == (1, {"regressed": 1}, 5)
    assert whole["base"] == f"5 files, {files['base'][0]} the first, 5 launches"


def test_by_a_version_compares_the_older_with_the_newer_and_keeps_the_control(folder: Folder) -> None:
    old = [*steady(1.3e-3, framework_version="2.9.0"), *steady(backend="numpy", framework_version="2.4.6")]
    new = [*steady(framework_version="2.10.0"), *steady(backend="numpy", framework_version="2.4.6")]
    path = folder.write("one", new, [row | {"launch": int(str(row["launch"])) + 5} for row in old])
    code, whole = folder.json(path, "--by", "framework_version")
    found = {case["backend"]: case["verdict"] for case in whole["cases"]}
    assert (code, found) == (0, {"jax-loop": "improved", "numpy": "unchanged"})
    assert whole["base"] == "framework_version 2.9.0, 5 launches"
    assert any("the machine held still" in note for note in whole["notes"])
    code, whole = folder.json(path, "--by", "framework_version=2.10.0,2.9.0")
    assert (code, whole["counts"]) == (1, {"regressed": 1, "unchanged": 1})


def test_by_a_number_takes_the_lower_number_as_base(folder: Folder) -> None:
    path = folder.write("one", *([row | rows.UNPAIRED for row in steady(batch_size=n)] for n in (100, 20)))
    _, whole = folder.json(path, "--by", "batch_size")
    assert whole["base"] == "batch_size 20, 5 launches"


def test_by_a_word_takes_the_word_that_was_measured_first_as_base(folder: Folder) -> None:
    early = steady(commit="fff", started_utc="2026-01-01T00:00:00+00:00")
    code, whole = folder.json(folder.write("one", later(steady(2e-3, commit="aaa")), early), "--by", "commit")
    assert (code, whole["base"]) == (1, "commit fff, 5 launches")


def test_by_a_column_of_the_case_compares_seconds(folder: Folder) -> None:
    path = folder.write("one", steady(), [row | {"ratio_to_numpy": 1.0} for row in steady(2e-3, dtype="float64")])
    code, whole = folder.json(path, "--by", "dtype=float32,float64")
    (case,) = whole["cases"]
    assert (code, case["measure"], case["ratio"]) == (1, "seconds_median", pytest.approx(2.0))
    assert "dtype" not in case


def test_by_backend_compares_two_of_several_backends(folder: Folder) -> None:
    path = folder.write("one", steady(backend="a"), steady(2e-3, backend="b"), steady(backend="c"))
    code, printed = folder.run(path, "--by", "backend=a,b")
    assert code == 1
    assert "5 of 15 rows belong to neither side and are left out" in printed
    assert "base: backend a, 5 launches" in printed


@pytest.mark.parametrize(
    ("column", "value", "measure"), [("threads", 2, "seconds_median"), ("machine", "b", "ratio_to_numpy")]
)
def test_by_threads_compares_seconds_and_by_machine_compares_ratios(
    folder: Folder, column: str, value: Value, measure: str
) -> None:
    path = folder.write("one", steady(), [row | {column: value} for row in later(steady())])
    _, whole = folder.json(path, "--by", column)
    assert whole["cases"][0]["measure"] == measure


@pytest.mark.parametrize(
    ("by", "message"),
    [
        ("colour", "--by 'colour': no such column; there are schema, run, launch"),
        ("python", "--by python: no case has two values; found '3.11.7'. Name base and head: --by python=BASE,HEAD"),
        ("backend", "--by backend: cases have 'a', 'b', 'c'. Name base and head: --by backend=BASE,HEAD"),
        ("backend=a", "--by backend=a: two values are compared, as --by backend=BASE,HEAD"),
        ("backend=a,a", "--by backend=a,a: two values are compared"),
        ("backend=a,d", "--by backend: no row has 'd'; found 'a', 'b', 'c'"),
    ],
)
def test_by_a_column_that_does_not_give_two_sides_is_refused(folder: Folder, by: str, message: str) -> None:
    path = folder.write("one", *(steady(backend=name) for name in "abc"))
    code, printed = folder.run(path, "--by", by)
    assert (code, printed.count("\n")) == (2, 1)
    assert printed.startswith(f"report: {message}")


@pytest.mark.parametrize("files", [[], ["a.csv"], ["a.csv"] * 2000, ["a.csv", "b.csv", "--base", "c.csv"]])
def test_any_other_number_of_files_is_refused_and_the_error_says_how_to_name_them(
    folder: Folder, files: list[str]
) -> None:
    code, printed = folder.run(*files)
    assert (code, printed.count("\n")) == (2, 1)
    assert "name two, BASE.csv HEAD.csv, or several for each side: --base A.csv B.csv --head C.csv D.csv" in printed


def test_by_with_base_or_head_files_is_refused(folder: Folder) -> None:
    code, printed = folder.run("--by", "python", "--base", "a.csv")
    assert (code, printed.count("\n")) == (2, 1)
    assert "--by python: name the CSVs after the options, without --base and --head" in printed


@pytest.mark.parametrize("option", ["--threshold", "--confidence"])
def test_an_impossible_percentage_is_refused(folder: Folder, option: str) -> None:
    code, printed = folder.run("a.csv", "b.csv", option, "3")
    assert code == 2
    assert f"argument {option}: '3': between 0 and 100 % exclusive, such as 3% or 0.03" in printed


def test_a_faulty_file_is_refused_by_file_and_line(folder: Folder) -> None:
    base, head = folder.write("base", steady()), folder.write("head", steady())
    head.write_bytes(head.read_bytes()[:-1])
    code, printed = folder.run(base, head)
    assert (code, printed) == (2, f"report: {head}:6: {CUT_OFF}\n")
