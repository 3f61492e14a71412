"""`python -m report compare`: what each format prints."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.__main__ import main
from tests import rows
from tests.mutations import mutated
from tests.report.compare.folder import Folder
from tests.report.compare.launches import broken, steady


def test_the_text_fits_80_columns_and_says_which_direction_is_slower(
    mixed: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(mixed.path)
    code, printed = mixed.run("base.csv", "head.csv")
    assert code == 1
    assert max(map(len, printed.splitlines())) <= 80
    flat = " ".join(printed.split())
    assert "above 1, head is slower" in flat
    assert "torch-compile-s 1,000,000 1.00 ms 1.30 ms 1.300 [1.2" in flat  # the longest name takes two lines
    assert "gone[red] 1,000,000 1.00 ms – – missing" in flat
    assert "untimed: jax-grad at 100: oom: [bold]no room|" in flat
    assert (
        "1 regressed, 1 failed, 1 missing, 1 inconclusive, 1 improved, 1 unchanged, 1 untimed (threshold 10 %)" in flat
    )
    assert flat.rindex("geometric mean") > flat.rindex("machine held still")


def test_each_problem_has_a_table_and_other_columns_that_vary_are_shown(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(folder.path)
    for side in ("base", "head"):
        for dtype in ("float32", "float64"):
            folder.write(
                side, steady(backend="torch-compile-step", batch_size=1_000_000, dtype=dtype, problem="least-squares")
            )
        folder.write(side, steady(backend="torch-compile-step", batch_size=1_000_000))
    _, printed = folder.run("base.csv", "head.csv")
    lines = printed.splitlines()
    assert max(map(len, lines)) <= 80
    assert "…" not in printed
    headings = [line for line in lines if line in ("least-squares", "quadratic")]
    assert headings == ["least-squares", "quadratic"]
    assert sum(line.startswith("backend, dtype") for line in lines) == 2
    first, second = printed.split("\nquadratic\n")
    assert ("float64" in first, "float64" in second) == (True, False)


def test_markdown_begins_with_the_outcome_and_the_cases_that_moved_and_folds_the_rest(mixed: Folder) -> None:
    code, printed = mixed.run(mixed.path / "base.csv", mixed.path / "head.csv", "--format", "markdown")
    assert code == 1
    first, _, folded = printed.partition("\n<details><summary>")
    assert first.splitlines()[2].startswith("**1 case regressed, worst torch-compile-step at 1,000,000 ×1.300 [")
    assert [line.split("|")[1].strip() for line in first.splitlines() if line.startswith("|")][2:] == [
        *("torch-compile-step", "torch-optim", "gone[red]", "autograd")
    ]
    assert "</summary>\n\n" in folded, "GitHub reads Markdown in it only after an empty line"
    assert folded.endswith("\n</details>\n")


def test_markdown_has_all_cases_and_the_notes_between_its_tables(mixed: Folder) -> None:
    _, printed = mixed.run(mixed.path / "base.csv", mixed.path / "head.csv", "--format", "markdown")
    lines = [line for line in printed.partition("<details>")[2].splitlines() if line.startswith("|")]
    cases = [line for line in lines if line.count("|") == lines[0].count("|")]
    assert len(cases) == 2 + 6  # the case without a time is only in the notes
    assert len(lines) - len(cases) == 2 + 5  # the means of four backends, and of all
    assert "\n- failed: torch-optim at 1,000,000: crashed: SIGSEGV then\n" in printed
    assert "\n\n\n" not in printed


def test_csv_has_a_row_for_each_case_with_its_key(mixed: Folder) -> None:
    _, printed = mixed.run(mixed.path / "base.csv", mixed.path / "head.csv", "--format", "csv")
    cases = list(csv.DictReader(io.StringIO(printed)))
    assert len(cases) == 7
    first = cases[0]
    assert (first["backend"], first["batch_size"], first["verdict"]) == ("torch-compile-step", "1000000", "regressed")
    assert float(first["ratio"]) == pytest.approx(1.3)
    assert cases[-1]["ratio"] == ""


def test_annotations_are_errors_for_cases_that_fail_and_notices_for_others_that_moved(mixed: Folder) -> None:
    _, printed = mixed.run(mixed.path / "base.csv", mixed.path / "head.csv", "--format", "annotations")
    first, *lines = printed.splitlines()
    assert first.startswith("::notice title=descent-bench::1 regressed, 1 failed")
    assert [line.partition("::descent")[0] for line in lines] == [
        "::error title=regressed",
        "::error title=failed",
        "::error title=missing",
        "::notice title=inconclusive",
        "::notice title=improved",
    ]
    assert lines[1].endswith("torch-optim 1000000 float32 cpu 100: crashed: SIGSEGV then")
    assert "few 100 float32 cpu 100: x1.000 too few launches, 2 in base and 2 in head" in lines[3]


def test_geometric_means_are_over_the_cases_with_a_time_on_both_sides(folder: Folder) -> None:
    factors = {("a", 1): 2.0, ("a", 2): 0.5, ("b", 1): 4.0, ("b", 2): 1.0}
    folder.write("base", *(steady(backend=name, batch_size=size) for name, size in factors), steady(backend="gone"))
    folder.write("head", *(steady(f * 1e-3, backend=name, batch_size=size) for (name, size), f in factors.items()))
    means = {mean["group"]: (mean["cases"], round(mean["ratio"], 6)) for mean in folder.compare()[1]["geometric_means"]}
    assert means == {"a": (2, 1.0), "b": (2, 2.0), "all": (4, round(2**0.5, 6))}


@pytest.mark.parametrize("form", ["text", "markdown", "json", "csv"])
def test_a_head_without_any_time_has_a_report_in_every_format(folder: Folder, form: str) -> None:
    base, head = folder.write("base", steady()), folder.write("head", broken("crashed", "SIGSEGV"))
    code, printed = folder.run(base, head, "--format", form)
    assert code == 1
    assert "failed" in printed
    assert "crashed: SIGSEGV" in printed


def test_the_cases_that_are_not_shown_are_counted(folder: Folder) -> None:
    for side in ("base", "head"):
        folder.write(side, [rows.row(batch_size=size + 1) for size in range(250)])
    code, printed = folder.run(folder.path / "base.csv", folder.path / "head.csv")
    assert code == 0
    assert "50 more cases are not shown; --format csv and json have them all" in " ".join(printed.split())


def test_the_help_explains_the_exit_codes_and_the_verdicts(folder: Folder) -> None:
    code, printed = folder.run("--help")
    assert code == 0
    for word in ("Exit codes: 0", "inconclusive", "--allow-missing. 2", "failed:", "missing:", "new:", "untimed:"):
        assert word in printed


@given(data=st.data(), form=st.sampled_from(["text", "markdown", "json", "csv"]))
def test_a_damaged_file_gives_a_comparison_or_an_error_of_one_line(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, form: str
) -> None:
    folder = tmp_path_factory.mktemp("mutated")
    paths = [folder / "base.csv", folder / "head.csv"]
    for path in paths:
        rows.write(path, [*steady(run=path.stem)[:3], *broken("oom", launches=2, backend="torch-optim", run=path.stem)])
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
