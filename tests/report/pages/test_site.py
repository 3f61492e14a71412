"""The site of a history, opened in a browser: its pages, the links between them, and that none needs a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser

from report import __main__ as report
from report import table
from report.history import runs
from report.pages import site
from report.pages.navigation import Link
from tests import nights, rows
from tests.browser import opened
from tests.report.compare.test_noise_floor import samples

MAX_BYTES = 3_000_000
"""The most that a page of a history of 60 runs may have."""

PAGES = [site.HISTORY, site.RUN, site.NOISE]


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Sixty runs of 40 cases each, with three changes that last."""
    folder = tmp_path_factory.mktemp("runs") / "history"
    nights.write(folder, 60)
    return folder


@pytest.fixture(scope="module")
def made(history: Path) -> Path:
    """The site of the history, with what the gate can see."""
    duel = history.parent / "duel"
    duel.mkdir()
    samples(duel / "samples.csv", 0.002)
    folder = history.parent / "public" / "site"
    assert report.main(["site", str(history), "-o", str(folder), "--noise", str(duel)]) == 0
    return folder


@pytest.mark.parametrize("link", PAGES, ids=lambda link: link.file)
def test_a_page_is_small_loads_nothing_else_links_to_the_others_and_fits_a_phone(
    browser: Browser, made: Path, link: Link
) -> None:
    path = made / link.file
    assert path.stat().st_size < MAX_BYTES
    shown = opened(browser, path)
    assert shown.requests == [path.as_uri()]
    assert shown.texts("nav a") == [page.text for page in PAGES]
    assert shown.texts("nav a[aria-current=page]") == [link.text]
    shown.page.set_viewport_size({"width": 400, "height": 800})
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 400
    shown.page.emulate_media(color_scheme="dark")
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    assert shown.said == []
    shown.page.context.close()


def test_the_links_lead_through_the_site_without_a_network(browser: Browser, made: Path) -> None:
    shown = opened(browser, made / "index.html")
    assert shown.texts("#headline")[0].startswith("3 changes: 2 slower, 1 faster")
    shown.page.get_by_role("link", name=site.RUN.text).click()
    shown.page.wait_for_selector("html[data-ready=true] #download")
    assert shown.page.locator("#download").get_attribute("href") == "run.csv"
    shown.page.get_by_role("link", name=site.NOISE.text).click()
    shown.page.wait_for_selector("html[data-ready=true] #lines")
    assert shown.texts("#headline")[0].startswith("A gate at 3.0 % works here. It sees a slowdown of ")
    assert shown.requests == [(made / page.file).as_uri() for page in PAGES]
    shown.page.context.close()


def test_the_newest_run_is_the_one_that_began_last(history: Path, made: Path) -> None:
    """Not the one whose name or file comes last."""
    assert set(table.read(made / "run.csv")["run"]) == {"00059"}
    frame = table.read_all(sorted(history.glob("*.csv"))[:3])
    begins = ["2026-03-01T02:00:00+00:00", "2026-03-01T03:00:00+02:00", "2026-02-28T23:00:00+00:00"]
    frame["started_utc"] = frame["run"].astype("str").map(dict(zip(("00000", "00001", "00002"), begins, strict=True)))
    assert set(runs.newest(frame)["run"]) == {"00000"}


def test_the_page_of_the_noise_says_what_the_command_prints(made: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main(["noise", str(made.parent.parent / "duel" / "samples.csv")]) == 0
    page = (made / "noise.html").read_text(encoding="utf-8")
    *table, _, drawn, more, floor, visible = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert len(table) == 4
    for words in (f"{drawn} {more}", floor, visible):
        assert f"<li>{words}</li>" in page
    for line in table[2:]:
        cells = line.split("  ")
        assert all(f">{cell.strip()}</td>" in page for cell in cells if cell)


def test_a_gate_below_the_noise_floor_is_refused_on_the_page(tmp_path: Path) -> None:
    path = rows.write(tmp_path / "run.csv", rows.launches([1e-3 * (1 + 0.05 * number) for number in range(12)]))
    arguments = ["site", str(path), "-o", str(tmp_path / "site"), "--noise", str(path)]
    assert report.main([*arguments, "--gate", "0.1%"]) == 0
    page = (tmp_path / "site" / "noise.html").read_text(encoding="utf-8")
    assert 'class="sentence regressed" id="headline">A gate at 0.1 % is tighter than the noise floor' in page


def test_without_samples_there_is_no_page_of_the_noise_and_the_others_say_so(tmp_path: Path) -> None:
    nights.write_one(tmp_path / "a", 1, 1e-3)
    assert report.main(["site", str(tmp_path / "a"), "-o", str(tmp_path / "site")]) == 0
    assert sorted(path.name for path in (tmp_path / "site").iterdir()) == ["index.html", "run.csv", "run.html"]
    for name in ("index.html", "run.html"):
        page = (tmp_path / "site" / name).read_text(encoding="utf-8")
        assert site.NO_NOISE in page
        assert "noise.html" not in page


def test_a_site_is_written_again_over_itself_and_over_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    nights.write_one(tmp_path / "a", 1, 1e-3)
    folder = tmp_path / "site"
    for _ in range(2):
        assert report.main(["site", str(tmp_path / "a"), "-o", str(folder)]) == 0
    (folder / "index.html").write_text("<p>mine</p>", encoding="utf-8")
    assert report.main(["site", str(tmp_path / "a"), "-o", str(folder)]) == 2
    assert "descent-bench did not make it" in capsys.readouterr().err
    assert (folder / "index.html").read_text(encoding="utf-8") == "<p>mine</p>"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["a", "-o", "a"], "a: holds the history; name another folder for the site"),
        (["none", "-o", "site"], "no CSV. Keep the CSV of each night's run"),
        (["a", "-o", "a/001.csv"], "a/001.csv: File exists"),
        (["a", "-o", "site", "--noise", "a"], "a/samples.csv: No such file"),
    ],
)
def test_unusable_input_is_one_line_and_nothing_is_written(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    words: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    nights.write_one(Path("a"), 1, 1e-3)
    Path("none").mkdir()
    assert report.main(["site", *arguments]) == 2
    assert words in capsys.readouterr().err
    assert not Path("site").exists()
