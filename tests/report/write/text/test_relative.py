"""`--relative-to BACKEND`: each backend's time divided by that of another, in tables of their own."""

from __future__ import annotations

from pathlib import Path

import pytest

from report import table
from report.__main__ import main
from report.write.text import summary
from tests import rows

TITLE = "quadratic: descent of 100 steps, float32, cpu: time per step relative to jax-jit"


def cells(markdown: str) -> list[list[str]]:
    """Return the cells of the last table."""
    last = markdown.rpartition("relative to")[2]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in last.splitlines() if line.startswith("|")]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run without ratios, in which jax-jit has no time at a batch of 100."""
    times = {"jax-jit": (1e-3, None), "torch-compile-step": (2.5e-3, 3e-3), "slow": (4e-3, 6e-3)}
    return rows.write(
        tmp_path / "run.csv",
        [
            rows.row(second, None, backend=name, batch_size=size)
            for name, seconds in times.items()
            for size, second in zip((1, 100), seconds, strict=True)
        ],
    )


def test_each_time_is_divided_by_that_of_the_backend_at_the_same_batch_size(run: Path) -> None:
    header, _, *lines = cells(summary.markdown(table.read(run), "jax-jit"))
    assert header == ["backend", "1", "100"]
    assert sorted(lines) == [["jax-jit", "×1.00", "–"], ["slow", "×4.00", "–"], ["torch-compile-step", "×2.50", "–"]]


def test_the_table_says_that_its_quotients_are_not_paired_and_have_no_interval(run: Path) -> None:
    text = summary.text(table.read(run), 200, "jax-jit")
    assert f"{TITLE}: a quotient of two medians, not paired; no interval\n" in text
    assert "relative to" not in summary.text(table.read(run), 200)


def test_over_launches_it_is_the_quotient_of_their_geometric_means(tmp_path: Path) -> None:
    run = [*rows.launches([1e-3, 4e-3], backend="jax-jit"), *rows.launches([1e-3, 1e-3], backend="jax-loop")]
    text = summary.markdown(table.read(rows.write(tmp_path / "run.csv", run)), "jax-jit")
    assert "a quotient of two geometric means over launches, not paired" in text
    assert ["jax-loop", "×0.500"] in cells(text)


def test_each_group_is_divided_by_its_own_times(tmp_path: Path) -> None:
    run = [
        rows.row(seconds, problem=problem, backend=name)
        for problem, seconds_of in (("a", (1e-3, 2e-3)), ("b", (1e-3, 3e-3)))
        for name, seconds in zip(("jax-jit", "slow"), seconds_of, strict=True)
    ]
    first, second = summary.text(table.read(rows.write(tmp_path / "run.csv", run)), 80, "jax-jit").split(
        "b: descent", 1
    )
    assert "slow     ×2.00" in first
    assert "slow     ×3.00" in second


def test_the_command_fits_80_columns_and_markdown_has_the_table_too(
    run: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    assert main(["show", str(run), "--relative-to", "jax-jit"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines[1:])) <= 80
    assert any("not paired; no interval" in line for line in lines)
    assert main(["show", str(run), "--relative-to", "jax-jit", "--format", "markdown"]) == 0
    assert f"### {TITLE}: a quotient" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--relative-to", "jax"],
            "report: --relative-to 'jax': no row has this backend; there are jax-jit, slow, torch-compile-step\n",
        ),
        (
            ["--relative-to", "jax-jit", "--format", "github-action-benchmark"],
            "report: --relative-to: --format github-action-benchmark has times, and no quotients\n",
        ),
    ],
    ids=["unknown backend", "a format without quotients"],
)
def test_what_cannot_be_shown_is_an_error_of_one_line(
    run: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main(["show", str(run), *arguments]) == 2
    assert capsys.readouterr().err == said


def test_a_race_of_too_many_groups_names_the_command_that_has_the_table(tmp_path: Path) -> None:
    path = rows.write(tmp_path / "run.csv", [rows.row(problem=f"problem-{n}") for n in range(summary.MAX_SECTIONS + 1)])
    assert f"report show {path} --relative-to jax-loop shows" in summary.ending(table.read(path), path, 80, "jax-loop")
