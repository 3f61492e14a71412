"""The page of a history, opened in a browser."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser

from report import __main__ as report
from tests import nights
from tests.browser import opened


def test_the_page_shows_the_changes_and_each_case(browser: Browser, tmp_path: Path) -> None:
    nights.write(tmp_path / "history", 80)
    path = tmp_path / "trend.html"
    assert report.main(["trend", str(tmp_path / "history"), "-o", str(path)]) == 0
    shown = opened(browser, path)
    assert shown.texts("#headline")[0].startswith("3 changes: 2 slower, 1 faster")
    assert "jax-loop at 1" in shown.texts("#changes tbody tr")[0]
    assert len(shown.texts("#changes tbody tr")) == 3
    assert len(shown.texts("#table tbody tr")) == 40
    shown.page.locator("#changes button").nth(1).click()
    shown.page.wait_for_function("document.querySelector('#time .chart').textContent.includes('×1.2')")
    assert shown.page.get_by_label("batch_size").input_value() == "10000"
    shown.page.locator("#legend input[value='torch-optim']").uncheck()
    shown.page.wait_for_function("!document.querySelector('#time .chart').textContent.includes('×1.2')")
    assert shown.said == []
    assert shown.requests == [path.as_uri()]


def test_a_history_without_a_change_or_a_ratio_has_a_page_too(browser: Browser, tmp_path: Path) -> None:
    for night in range(3):
        nights.write_one(tmp_path, night, 1e-3, None)
    path = tmp_path / "trend.html"
    assert report.main(["trend", str(tmp_path), "-o", str(path)]) == 0
    shown = opened(browser, path)
    assert shown.texts("#headline")[0].startswith("No conclusion yet: a change takes 10 runs before it and 10 after it")
    assert "not every run has a ratio to NumPy" in shown.texts("#measure")[0]
    assert shown.said == []
