"""`python -m report trend`, as text and as Markdown."""

from __future__ import annotations

from pathlib import Path

import pytest

from report import __main__ as report
from tests import nights


def cells(markdown: str) -> list[list[str]]:
    """Return the cells of each line of the tables."""
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in markdown.splitlines() if "|" in line]


def test_the_text_fits_80_columns_and_markdown_has_tables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    nights.write(tmp_path, 80)
    monkeypatch.setenv("COLUMNS", "80")
    assert report.main(["trend", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "3 changes: 2 slower, 1 faster, in 40 series over 80 runs (beyond 5 %)."
    assert "quadratic: descent of 100 steps, float32, cpu" in lines
    assert max(map(len, lines)) <= 80
    assert report.main(["trend", str(tmp_path), "--format", "markdown"]) == 0
    assert ["since", "case", "after / before", "what else changed"] in cells(capsys.readouterr().out)


def test_a_change_is_reported_with_what_else_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for night in range(20):
        late = night >= 10
        nights.write_one(tmp_path, night, 1e-3, 2.0 if late else 1.0, framework_version="2.0" if late else "1.9")
    assert report.main(["trend", str(tmp_path), "--format", "markdown"]) == 0
    found = cells(capsys.readouterr().out)
    assert ["2026-01-11", "jax-loop at 100", "×2.000 [2.000, 2.000]", "jax 1.9 → 2.0"] in found
    assert ["jax-loop at 100", "20", "×2.00", "1"] in found


def test_a_series_of_seconds_has_its_last_value_in_seconds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nights.write_one(tmp_path, 0, 2e-3, None)
    assert report.main(["trend", str(tmp_path), "--format", "markdown"]) == 0
    out = capsys.readouterr().out
    assert "No conclusion yet: a change takes 10 runs before it and 10 after it, in 1 series over 1 run" in out
    assert ["jax-loop at 100", "1", "20.0 µs", "0"] in cells(out)


@pytest.mark.parametrize(("name", "words"), [("empty", "no CSV"), ("none.csv", "none.csv: no such file")])
def test_unusable_input_is_one_line(tmp_path: Path, name: str, words: str, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "empty").mkdir()
    assert report.main(["trend", str(tmp_path / name)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
