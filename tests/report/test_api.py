"""`report.show` and `report.html`: reports in Python, on a frame that `report.table.read` returned."""

from __future__ import annotations

import base64
import html
import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from playwright.sync_api import Browser

import report
from report import table
from report.__main__ import main
from report.errors import ReportError
from tests import rows
from tests.browser import launched
from tests.checkout import ROOT


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    times = {"jax-jit": 1e-3, "torch-optim": 3e-3}
    return rows.write(tmp_path / "run.csv", [rows.row(second, None, backend=name) for name, second in times.items()])


@pytest.fixture
def frame(csv: Path) -> pd.DataFrame:
    return table.read(csv)


def test_show_prints_what_the_command_prints_under_the_name_of_the_run(
    csv: Path, frame: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["show", str(csv), "--relative-to", "jax-jit"]) == 0
    _, _, expected = capsys.readouterr().out.partition("\n")
    report.show(frame, relative_to="jax-jit")
    assert capsys.readouterr().out == f"20260102T030405Z-none\n{expected}"
    report.show(frame)
    assert "relative to" not in capsys.readouterr().out


def test_a_backend_that_no_row_has_is_refused(frame: pd.DataFrame) -> None:
    with pytest.raises(ReportError, match="'jax': no row has this backend; there are jax-jit, torch-optim"):
        report.show(frame, relative_to="jax")


def test_a_frame_without_rows_is_refused(frame: pd.DataFrame) -> None:
    for function in (report.show, report.html):
        with pytest.raises(ReportError, match="no rows"):
            function(frame[frame["backend"] == "none"])


def test_a_page_is_saved_over_an_older_page_and_over_nothing_else(frame: pd.DataFrame, tmp_path: Path) -> None:
    page = report.html(frame)
    path = tmp_path / "page.html"
    assert page.save(path) == path
    assert "<!doctype html>" in path.read_text(encoding="utf-8")
    page.save(str(path))
    mine = tmp_path / "mine.html"
    mine.write_text("<p>mine")
    with pytest.raises(ReportError, match="descent-bench did not make it"):
        page.save(mine)
    assert mine.read_text() == "<p>mine"


def test_the_page_offers_the_rows_as_a_csv_that_can_be_read_again(tmp_path: Path) -> None:
    older = table.read(ROOT / "results" / "baseline.csv")
    (content,) = re.findall(r"data:text/csv;base64,([A-Za-z0-9+/=]+)", html.unescape(report.html(older).text))
    copy = tmp_path / "copy.csv"
    copy.write_bytes(base64.b64decode(content))
    again = table.read(copy)
    pd.testing.assert_frame_equal(again.drop(columns="schema"), older.drop(columns="schema"))


def test_a_notebook_shows_the_page_in_a_frame_of_full_width(frame: pd.DataFrame, tmp_path: Path) -> None:
    page = report.html(frame)
    shown = page._repr_html_()
    assert len(repr(page)) < 100
    (tmp_path / "notebook.html").write_text(f"<!doctype html><body>{shown}</body>", encoding="utf-8")
    with launched() as browser:
        _require_drawn(browser, tmp_path / "notebook.html")


def _require_drawn(browser: Browser, path: Path) -> None:
    page = browser.new_page(viewport={"width": 1000, "height": 900})
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.goto(path.as_uri())
    inner = page.frame_locator("iframe")
    inner.locator("html[data-ready=true]").wait_for(timeout=60_000)
    box = page.locator("iframe").bounding_box()
    assert box is not None
    assert box["width"] > 950
    assert box["height"] == 800
    assert inner.locator("#time .chart svg .mark-text.role-mark text").all_text_contents() == ["jax-jit", "torch-optim"]
    assert said == []


def test_importing_report_imports_nothing_heavy() -> None:
    code = "import sys, report; print(*{'pandas', 'numpy', 'altair', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""
