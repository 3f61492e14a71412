"""The page of a comparison, opened in a browser: it shows the verdicts, the worst first."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from report import __main__ as report
from report.compare.explanation import Evidence, Explained
from report.write import comparison_files
from tests import rows
from tests.browser import opened

EVIL = "</script><script>alert(1)</script>"


@pytest.fixture(scope="module")
def sides(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """Two runs: a case got slower, one got faster, one is the same, and one broke, whose name is a script."""
    folder = tmp_path_factory.mktemp("sides")
    for side, speed in (("base", {}), ("head", {"jax-jit": 1.5, "jax-loop": 0.5})):
        for backend in ("numpy", "jax-jit", "jax-loop"):
            seconds = [speed.get(backend, 1.0) * noise * 1e-3 for noise in (0.99, 1.0, 1.0, 1.0, 1.01)]
            rows.write(folder / f"{side}.csv", rows.launches(seconds, backend=backend, run=side))
    rows.write(folder / "base.csv", rows.launches([1e-3] * 5, backend=EVIL, run="base"))
    rows.write(folder / "head.csv", [rows.row(None, backend=EVIL, launch=launch, run="head") for launch in range(5)])
    return str(folder / "base.csv"), str(folder / "head.csv")


@pytest.fixture
def verdicts(sides: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """What a duel writes: the comparison as CSV and as JSON."""
    for form in ("csv", "json"):
        assert report.main(["compare", *sides, "--format", form]) == 1
        (tmp_path / f"verdicts.{form}").write_text(capsys.readouterr().out, encoding="utf-8")
    return tmp_path / "verdicts.csv"


def test_the_page_says_what_got_slower_and_shows_it_first(browser: Browser, sides: tuple[str, str]) -> None:
    assert report.main(["html", *sides]) == 0
    path = Path(sides[1]).with_suffix(".html")
    shown = opened(browser, path)
    assert shown.texts("#headline")[0].startswith("1 case regressed, worst jax-jit ×1.500 [")
    assert shown.texts("#forest .role-axis-label text")[-3:] == ["jax-jit", "jax-loop", "numpy"]
    assert shown.texts("#table td.verdict") == ["regressed", "failed", "improved", "unchanged"]
    shown.page.locator("#legend input[value=unchanged]").uncheck()
    shown.page.wait_for_function("!document.querySelector('#forest').textContent.includes('numpy')")
    assert shown.texts("#table td.verdict") == ["regressed", "failed", "improved"]
    assert shown.said == []
    assert shown.requests == [path.as_uri()]


def test_a_duels_folder_its_csv_and_its_json_have_the_same_page(verdicts: Path, tmp_path: Path) -> None:
    texts = []
    for source in (verdicts, verdicts.with_suffix(".json"), tmp_path):
        assert report.main(["html", str(source), "-o", str(tmp_path / "page.html")]) == 0
        texts.append((tmp_path / "page.html").read_text(encoding="utf-8"))
    assert len(set(texts)) == 1
    assert "(threshold 10 %)" in texts[0]


def evidence(**parts: Any) -> Evidence:
    whole: dict[str, Any] = {"calls": {"mine.py:loss": 5}, "shares": {}, "operations": {}, "unread": ""}
    whole |= {"compile_seconds": 0.1, "peak_bytes": 100, "versions": {"jax": "0.8.0"}}
    return Evidence(**(whole | parts))


def test_the_page_of_a_duel_shows_what_differs(browser: Browser, verdicts: Path, tmp_path: Path) -> None:
    whole = comparison_files.read(verdicts)
    case = {name: whole.rows.iloc[0][name] for name in ("operator", "problem", "backend")}
    head = evidence(calls={"mine.py:loss": 5, "<lambda>": 7}, versions={"jax": "0.10.2"})
    explained = replace(whole, explanations=(Explained(case, evidence(), head),))
    text = comparison_files.explanation_as_json(explained)
    (tmp_path / comparison_files.EXPLANATION).write_text(text, encoding="utf-8")
    assert report.main(["html", str(tmp_path)]) == 0
    shown = opened(browser, tmp_path / "verdicts.html")
    assert "Versions that differ: jax 0.8.0 → 0.10.2." in shown.texts("#explained p")
    assert shown.texts("#explained h3") == ["jax-jit, regressed: what differs"]
    assert shown.texts("#explained td") == ["<lambda>", "0", "7", "new"]
    assert shown.texts("#explained li") == ["no difference in: share of the profile, peak memory, compile time"]
    assert shown.said == []


def test_the_verdicts_read_back_as_they_were_written(verdicts: Path) -> None:
    whole = comparison_files.read(verdicts)
    assert whole.counts == {"regressed": 1, "failed": 1, "improved": 1, "unchanged": 1}
    assert whole.threshold == pytest.approx(0.10)
    verdicts.with_suffix(".json").unlink()
    alone = comparison_files.read(verdicts)
    assert comparison_files.as_csv(alone) == comparison_files.as_csv(whole) == verdicts.read_text(encoding="utf-8")
    assert math.isnan(alone.threshold)
    assert comparison_files.read(verdicts, 0.03).threshold == pytest.approx(0.03)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a", "b", "c"], "3 files: a page shows one run, or BASE.csv and HEAD.csv"),
        (["."], "verdicts.csv: No such file"),
        (["no.json"], "no.json: No such file"),
        (["verdicts.json"], "neither a run nor a comparison"),
    ],
)
def test_unusable_input_is_one_line(
    arguments: list[str],
    words: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if arguments == ["verdicts.json"]:
        Path("verdicts.json").write_text('{"cases": [1]}', encoding="utf-8")
    assert report.main(["html", *arguments]) == 2
    assert words in capsys.readouterr().err
