"""What is written overwrites nothing but files of the project: no input, and no file of somebody else."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from bench import __main__ as bench
from report import __main__ as report
from report import table
from report.errors import ReportError
from report.write import output
from report.write.text import summary
from tests import nights, rows

NOTES = "# My notes\n\nOf the benchmark.\n"


@pytest.fixture
def run(tmp_path: Path) -> Path:
    return rows.write(tmp_path / "run.csv", rows.launches([1e-3, 1e-3], run="run"))


def said(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    """Return the one line with which a command of `python -m report` refuses the arguments."""
    assert report.main([*map(str, arguments)]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    (line,) = err.splitlines()
    return line


@pytest.mark.parametrize("command", ["html", "trend", "plot"])
def test_no_command_overwrites_its_input(run: Path, capsys: pytest.CaptureFixture[str], command: str) -> None:
    before = run.read_bytes()
    picture = run.rename(run.with_suffix(".png"))  # plot writes pictures only
    for name in (picture, picture.parent / "." / picture.name):
        assert "is an input, and would be overwritten" in said(capsys, command, picture, "-o", name)
    os.link(picture, run.with_name("link.png"))
    assert "is an input" in said(capsys, command, picture, "-o", run.with_name("link.png"))
    assert picture.read_bytes() == before


def test_the_csv_of_another_run_is_not_turned_into_a_page(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    other = rows.write(run.with_name("other.csv"), rows.launches([1e-3], run="other"))
    before = other.read_bytes()
    line = said(capsys, "html", run, "-o", other)
    assert line == f"report: {other}: exists, and descent-bench did not make it; remove it, or name another file"
    assert other.read_bytes() == before


@pytest.mark.parametrize(
    ("command", "name"), [("html", "a.html"), ("trend", "a.txt"), ("plot", "a.svg"), ("plot", "a.png")]
)
def test_no_command_overwrites_a_foreign_file(
    run: Path, capsys: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    existing = run.with_name(name)
    existing.write_text(NOTES)
    assert "descent-bench did not make it" in said(capsys, command, run, "-o", existing)
    assert existing.read_text() == NOTES


def test_the_default_page_of_a_run_is_no_exception(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run.with_suffix(".html").write_text("<!doctype html>\n<title>My page</title>")
    assert "run.html: exists" in said(capsys, "html", run)


@pytest.mark.parametrize(
    ("command", "name"), [("html", "a.html"), ("trend", "a.html"), ("plot", "a.svg"), ("plot", "a.png")]
)
def test_what_a_command_wrote_it_writes_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, name: str
) -> None:
    nights.write(tmp_path / "history", 2)
    source = tmp_path / "history" if command == "trend" else next((tmp_path / "history").glob("*.csv"))
    for _ in range(2):
        assert report.main([command, str(source), "-o", str(tmp_path / name)]) == 0
    assert capsys.readouterr().out == 2 * f"{tmp_path / name}\n"


def test_a_summary_overwrites_a_summary_and_no_notes(run: Path) -> None:
    frame, path = table.read(run), run.with_suffix(".md")
    for _ in range(2):
        summary.write_markdown(frame, run)
    assert path.read_text(encoding="utf-8") == summary.markdown(frame)
    path.write_text(NOTES)
    with pytest.raises(ReportError, match=r"run.md: exists, and descent-bench did not make it"):
        summary.write_markdown(frame, run)
    assert path.read_text() == NOTES


def test_a_run_may_not_have_the_name_of_its_summary_or_page(tmp_path: Path) -> None:
    for ending in (".md", ".html"):
        with pytest.raises(ReportError, match="is an input"):
            output.refuse_foreign_beside(tmp_path / f"notes{ending}")
    output.refuse_foreign_beside(tmp_path / "notes.csv")
    output.refuse_foreign_beside(tmp_path / "notes.html", page=False)
    (tmp_path / "notes.html").write_text(NOTES)
    with pytest.raises(ReportError, match=r"notes.html: exists"):
        output.refuse_foreign_beside(tmp_path / "notes.csv")
    output.refuse_foreign_beside(tmp_path / "notes.csv", page=False)


def test_a_mark_counts_at_the_beginning_alone(tmp_path: Path) -> None:
    path = tmp_path / "a.md"
    path.write_text(f"{2000 * 'a'}\n{output.MARKDOWN_MARK}\n{output.HTML_MARK}\n")
    with pytest.raises(ReportError, match="did not make it"):
        output.write_text(path, "text")


def test_a_new_an_empty_and_a_special_file_are_written(tmp_path: Path) -> None:
    (tmp_path / "empty").touch()
    for path in (tmp_path / "new", tmp_path / "empty", Path("/dev/null")):
        assert output.write_text(path, "text \ud800") == path
    assert (tmp_path / "new").read_text() == (tmp_path / "empty").read_text() == "text ?"


@pytest.mark.parametrize(("name", "reason"), [("", "Is a directory"), ("none/a.html", "No such file or directory")])
def test_a_file_that_cannot_be_written_is_an_error_of_one_line(tmp_path: Path, name: str, reason: str) -> None:
    with pytest.raises(ReportError, match=f"^{re.escape(str(tmp_path / name))}: {reason}$"):
        output.write_text(tmp_path / name, "text")


def test_a_picture_that_cannot_be_written_is_an_error_of_one_line(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(capsys, "plot", run, "-o", "/none/a.png") == "report: /none/a.png: No such file or directory"


@pytest.mark.parametrize("name", ["samples.csv", "verdicts.csv", "verdicts.json", "verdicts.md"])
def test_a_duel_overwrites_the_files_of_a_duel_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    folder = tmp_path / "out"
    folder.mkdir()
    rows.write(folder / name, [rows.row()])  # a CSV of ours, and not what a duel writes
    before = (folder / name).read_bytes()
    assert bench.main(["duel", "--backend", "numpy", "-o", str(folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"{name}: exists, and descent-bench did not make it" in line
    assert [path.name for path in folder.iterdir()] == [name]
    assert (folder / name).read_bytes() == before
