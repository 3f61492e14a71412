"""The parts of every page."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest
import vl_convert

from report.pages import document, saving
from tests import rows


def test_data_cannot_end_their_element() -> None:
    text = document.as_json({"name": "</script><script>alert(1)</script><!--\u2028&"})
    assert not set("<>&\u2028") & set(text)


@pytest.mark.parametrize(
    ("ratio", "words"), [(0.157, "6.37 × as fast"), (2.42, "2.42 × as long"), (1.0, "1.00 × as long"), (math.nan, "")]
)
def test_a_ratio_of_times_is_a_few_words(ratio: float, words: str) -> None:
    assert document._versus(ratio) == words


def test_without_altair_a_run_has_no_page_and_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    said = saving.beside(rows.write(tmp_path / "run.csv", [rows.row()]))
    assert said == "no page: pictures and pages need Altair: pip install -c constraints.txt '.[report]'"
    assert not (tmp_path / "run.html").exists()


def test_a_user_without_a_home_has_no_cache_and_still_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_home() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", no_home)
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda _: "the script")
    assert document.vega() == "the script"


def test_a_cache_that_cannot_be_written_is_done_without(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null")
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda _: "the script")
    assert document.vega() == "the script"


def test_the_script_is_made_once_and_then_read_from_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    made = iter(["the script"])
    monkeypatch.setattr(vl_convert, "javascript_bundle", lambda _: next(made))
    assert [document.vega(), document.vega()] == ["the script", "the script"]
