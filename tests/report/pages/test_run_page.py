"""The page of a run, opened in a browser: what it shows, what its switches do, and that it loads nothing else."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from report import __main__ as report
from report.write import palette
from tests import rows
from tests.browser import Opened, opened
from tests.rows import Row

MAX_BYTES = 3_000_000
"""The page of a small run is smaller than this."""


def page(folder: Path, of_run: Iterable[Row]) -> Path:
    """Return the page that the command makes of a run with these rows."""
    csv = rows.write(folder / "run.csv", of_run)
    assert report.main(["html", str(csv)]) == 0
    return csv.with_suffix(".html")


def race() -> Iterator[Row]:
    """A small race: NumPy, a backend that passes it, a backend that does not, and a backend that is not installed."""
    for size in (1, 100, 10_000):
        for backend, ratio in (
            ("numpy", 1.0),
            ("jax-loop", {1: 4.0, 100: 2.0, 10_000: 0.25}[size]),
            ("torch-optim", 9.0),
        ):
            for dtype in ("float32", "float64"):
                yield rows.row(ratio * size * 1e-5, ratio, backend=backend, batch_size=size, dtype=dtype)
        yield rows.row(None, backend="torch", batch_size=size, status="unavailable", reason="torch is not installed")


@pytest.fixture(scope="module")
def raced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return page(tmp_path_factory.mktemp("race"), race())


@pytest.fixture(scope="module")
def still(browser: Browser, raced: Path) -> Opened:
    """The page as it opens, for tests that do not change it."""
    return opened(browser, raced)


@pytest.fixture
def shown(browser: Browser, raced: Path) -> Iterator[Opened]:
    page = opened(browser, raced)
    yield page
    page.page.context.close()


def drawn(shown: Opened, panel: str = "time") -> set[str]:
    """Return the backends that a panel names at the ends of its lines."""
    return set(shown.texts(f"#{panel} .chart svg .mark-text.role-mark text"))


def test_a_page_is_one_small_file_that_loads_nothing_else_and_reports_no_error(still: Opened, raced: Path) -> None:
    assert raced.stat().st_size < MAX_BYTES
    assert still.requests == [raced.as_uri()]
    assert still.said == []


def test_the_page_answers_in_a_sentence(still: Opened) -> None:
    (sentence,) = still.texts(".answer:not([hidden]) .sentence")
    assert "numpy is fastest at batch 1 and 100;" in sentence
    assert "jax-loop is fastest at batch 10,000, 4.00 times as fast as hand-derived NumPy." in sentence
    assert "jax-loop passes NumPy at a batch of about 460: slower at 100, faster at 10,000" in still.texts(
        ".answer:not([hidden]) .standings li"
    )
    assert "jax-loop ≈ 460" in drawn(still, "ratio")


def test_a_backend_switched_off_disappears(shown: Opened) -> None:
    assert {"numpy", "jax-loop", "torch-optim"} <= drawn(shown)
    shown.page.locator("#legend input[value='torch-optim']").uncheck()
    shown.page.wait_for_function("!document.querySelector('#time .chart').textContent.includes('torch-optim')")
    assert drawn(shown) == {"numpy", "jax-loop"}
    assert "torch-optim" not in " ".join(shown.texts("#table tbody tr"))
    shown.page.get_by_role("button", name="none").click()
    shown.page.wait_for_selector("#time .empty:not([hidden])")
    assert shown.texts("#time .empty") == ["Nothing to draw: all of its backends are switched off."]


def test_of_many_backends_the_fastest_of_each_framework_are_drawn_first(browser: Browser, tmp_path: Path) -> None:
    seconds = {"autograd": 5e-3, "numpy": 1e-3} | {f"jax-{mode}": (2 + mode) * 1e-3 for mode in range(12)}
    many = [rows.row(taken, backend=name, batch_size=size) for name, taken in seconds.items() for size in (1, 10)]
    many.append(rows.row(1e-6, backend="jax-11", batch_size=100))
    shown = opened(browser, page(tmp_path, many))
    assert drawn(shown) == {"numpy", "autograd", "jax-0", "jax-11"}
    assert shown.page.locator("#table tbody tr").count() == len(many)
    shown.page.get_by_role("button", name="jax", exact=True).click()
    shown.page.wait_for_function("document.querySelector('#time .chart').textContent.includes('jax-5')")
    assert drawn(shown) == {*seconds}
    shown.page.get_by_role("button", name="jax", exact=True).click()
    shown.page.wait_for_function("!document.querySelector('#time .chart').textContent.includes('jax-5')")
    assert drawn(shown) == {"numpy", "autograd"}
    shown.page.get_by_role("button", name="fastest of each framework").click()
    shown.page.wait_for_function("document.querySelector('#time .chart').textContent.includes('jax-11')")
    assert shown.said == []


def test_filters_and_headings_choose_and_order_the_rows(shown: Opened) -> None:
    assert len(shown.texts("#table tbody tr")) == 12  # of float32
    shown.page.locator("#follow").uncheck()
    assert len(shown.texts("#table tbody tr")) == 21
    shown.page.get_by_role("searchbox").fill("unavailable 10,000")
    (only,) = shown.texts("#table tbody tr")
    assert "torch is not installed" in only
    shown.page.get_by_role("searchbox").fill("jax-loop float32")
    for _ in range(2):
        shown.page.get_by_role("button", name="a step").click()
    assert shown.texts("#table td:nth-child(5)") == ["250 µs", "20.0 µs", "400 ns"]


def test_a_choice_changes_the_words_and_the_charts(shown: Opened) -> None:
    shown.page.get_by_label("dtype").select_option("float64")
    assert "float64" in shown.texts(".answer:not([hidden]) h2")[0]
    shown.page.get_by_label("axes").select_option("linear")
    shown.page.wait_for_function("document.querySelector('#time .chart').textContent.includes('5 ms')")
    assert shown.said == []


def test_the_keyboard_opens_every_column_of_a_row(still: Opened) -> None:
    still.page.get_by_role("button", name="All columns of jax-loop at batch 10,000").focus()
    still.page.keyboard.press("Enter")
    assert {"relative_error", "framework_version", "started_utc"} <= set(still.texts("#row dt"))
    still.page.keyboard.press("Escape")
    assert still.page.locator("#row").is_hidden()


def test_a_point_shows_its_whole_row(still: Opened) -> None:
    still.page.locator("#time .chart svg .mark-symbol path").first.hover()
    tip = still.page.locator("#tip")
    assert "ratio to NumPy" in tip.inner_text()
    assert "numpy_version" in tip.inner_text()


def test_the_download_is_the_csv_byte_by_byte(still: Opened, raced: Path) -> None:
    with still.page.expect_download() as download:
        still.page.locator("#download").click()
    assert download.value.suggested_filename == "run.csv"
    assert Path(download.value.path()).read_bytes() == raced.with_suffix(".csv").read_bytes()


def test_every_case_without_a_time_has_its_reason(still: Opened) -> None:
    (line,) = still.texts("#without tbody tr")
    assert "unavailable" in line
    assert "torch is not installed" in line
    assert "torch at 1, 100, 10,000" in line


def test_an_empty_panel_says_why(still: Opened) -> None:
    for panel, why in (("gradient", "--operator gradient"), ("limit", "roofline_fraction"), ("memory", "peak_bytes")):
        assert why in still.texts(f"#{panel} .empty")[0]


def test_the_page_fits_a_phone_and_a_dark_screen(browser: Browser, raced: Path) -> None:
    shown = opened(browser, raced, width=390, dark=True)
    assert shown.page.evaluate("document.documentElement.scrollWidth") <= 390
    assert shown.page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(20, 23, 26)"
    assert shown.said == []


def test_the_loss_over_time_is_drawn_if_it_was_measured(browser: Browser, still: Opened, tmp_path: Path) -> None:
    assert still.page.locator("#loss").count() == 0
    curve = "0:1 1e-05:0.5 2e-05:0.005 3e-05:0"
    run = [
        rows.row(backend=backend, optimizer=optimizer, batch_size=size, loss_curve=curve) | rows.target(after, steps=5)
        for optimizer, backend, after in (("adam", "numpy", 3e-3), ("sgd", "jax-jit", 1e-3), ("sgd", "numpy", 2e-3))
        for size in (1, 100)
    ]
    shown = opened(browser, page(tmp_path, run))
    assert shown.texts(".answer:not([hidden]) h2") == ["quadratic: descent of 100 steps, float32, cpu"]  # not by adam
    assert drawn(shown, "loss") == {"adam, numpy", "sgd, jax-jit"}
    shown.page.locator("#loss-of").select_option("all")
    shown.page.wait_for_function("document.querySelector('#loss .chart').textContent.includes('sgd, numpy')")
    shown.page.locator("#legend input[value='jax-jit']").uncheck()
    shown.page.wait_for_function("!document.querySelector('#loss .chart').textContent.includes('jax-jit')")
    assert drawn(shown, "loss") == {"adam, numpy", "sgd, numpy"}
    shown.page.locator("#loss-batch").select_option("1")
    shown.page.get_by_role("button", name="none").click()
    shown.page.wait_for_selector("#loss .empty:not([hidden])")
    assert shown.said == []


EVIL = "</script><script>alert(1)</script>"

ODD = {
    "one row": [rows.row(backend="numpy")],
    "one backend": [rows.row(backend="jax-jit", batch_size=size) for size in (1, 10)],
    "all cases failed": [rows.row(None, backend=name) for name in ("numpy", "torch-optim")],
    "a name with a script": [
        rows.row(backend=EVIL, problem=EVIL, run=EVIL, cpu=EVIL),
        rows.row(None, backend="numpy", problem=EVIL, reason=f"no: {EVIL} <!-- & \u2028 \"'"),
    ],
    "launches": [*rows.launches([1e-3, 2e-3, 3e-3]), rows.row(None, launch=3)],
    "every shape": [rows.row(backend=f"torch-{number}") for number in range(len(palette.SHAPES))],
    "no ratio": [rows.row(1e-3, None, batch_size=size) for size in (1, 10)],
}


@pytest.mark.parametrize("name", ODD)
def test_odd_runs_have_a_page_too(browser: Browser, tmp_path: Path, name: str) -> None:
    path = page(tmp_path, ODD[name])
    shown = opened(browser, path)
    assert shown.said == []
    assert shown.requests == [path.as_uri()]
    assert shown.page.locator("#table tbody tr").count() == len(ODD[name]) - 3 * (name == "launches")


def test_a_backend_without_a_rival_is_alone(browser: Browser, tmp_path: Path) -> None:
    shown = opened(browser, page(tmp_path, ODD["one backend"]))
    assert shown.texts(".answer td:nth-child(2)") == ["jax-jit alone", "jax-jit alone"]


def test_a_page_of_ten_thousand_rows_is_still_usable(browser: Browser, tmp_path: Path) -> None:
    backends = [f"jax-{number}" for number in range(25)]
    many = [rows.row(backend=name, batch_size=size) for name in backends for size in range(1, 401)]
    shown = opened(browser, page(tmp_path, many))
    assert shown.said == []
    shown.page.get_by_role("searchbox").fill("jax-7 399")
    assert len(shown.texts("#table tbody tr")) == 1


def test_machines_are_side_by_side_and_can_be_chosen(browser: Browser, tmp_path: Path) -> None:
    several = [
        rows.row(time, 1.0, run=host, machine=f"{host}@1", dtype=dtype)
        for host, time in (("node1", 1e-3), ("node2", 2e-3))
        for dtype in ("float32", "float64")
    ]
    shown = opened(browser, page(tmp_path, several))
    title, cells = ".machines:not([hidden]) h3", ".machines:not([hidden]) tbody tr"
    assert shown.texts(title) == ["quadratic: descent of 100 steps, float32, cpu: time per step of jax-loop"]
    assert shown.texts(cells) == ["node1*10.0 µs", "node220.0 µs"]
    shown.page.get_by_label("dtype").select_option("float64")
    assert shown.texts(title) == ["quadratic: descent of 100 steps, float64, cpu: time per step of jax-loop"]
    shown.page.locator("#choose-machine").select_option("node2@1")
    assert "machine node2@1" in shown.texts(".answer:not([hidden]) h2")[0]
    assert shown.said == []


def test_a_missing_file_has_no_page(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert report.main(["html", str(tmp_path / "none.csv")]) == 2
    assert "no such file" in capsys.readouterr().err


def test_a_page_without_ratios_has_no_empty_place_for_them_and_says_why(browser: Browser, tmp_path: Path) -> None:
    run = [row | rows.UNPAIRED for row in race() if row["backend"] != "numpy"]
    shown = opened(browser, page(tmp_path, run))
    assert shown.said == []
    assert drawn(shown) == {"jax-loop", "torch-optim"}
    assert shown.page.locator("#ratio").count() == 0
    assert "to NumPy" not in shown.texts("#table th button")
    (sentence,) = shown.texts(".answer:not([hidden]) .sentence")
    assert sentence == "jax-loop is fastest at every batch size."
    headings = shown.texts(".answer:not([hidden]) th[class], .answer:not([hidden]) thead th")
    assert "against NumPy" not in headings
    assert any("No case has a ratio to NumPy" in note for note in shown.texts(".note"))
    assert not any("The ratio to NumPy" in line for line in shown.texts("#reading li"))
    shown.page.context.close()


def test_of_two_problems_the_one_without_ratios_says_so_in_the_place_of_the_chart(
    browser: Browser, tmp_path: Path
) -> None:
    unpaired = [row | rows.UNPAIRED | {"problem": "mine"} for row in race() if row["backend"] != "numpy"]
    shown = opened(browser, page(tmp_path, [*unpaired, *race()]))
    assert shown.texts("#ratio .empty") == ["Nothing to draw: no case of this choice has ratio_to_numpy."]
    shown.page.select_option("#choose-problem", "quadratic")
    shown.page.wait_for_selector("#ratio .empty", state="hidden")
    assert drawn(shown, "ratio") > {"numpy", "jax-loop", "torch-optim"}
    assert shown.said == []
    shown.page.context.close()
