"""A site: the history of many runs, the page of the newest run, and what the gate can see. Links lead between them."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd

from report.compare.noise_floor import Noise
from report.history import runs, series
from report.pages import noise as noise_page
from report.pages import run as run_page
from report.pages import trend as trend_page
from report.pages.navigation import Link, Navigation

HISTORY = Link("What changed over time", "index.html")
RUN = Link("The newest run", "run.html")
NOISE = Link("What the gate can see", "noise.html")

CSV = "run.csv"
"""The file of the newest run's rows. Its page has a link to it: with many cases, the rows are most of a page."""

NO_NOISE = "What the gate can see here was not measured."
"""What every page says where there are no samples."""


class Gate(NamedTuple):
    """A gate on the machine of the runs: its noise, its threshold, and the name of the file that the noise is of."""

    noise: Noise
    threshold: float
    file: str


def files(frame: pd.DataFrame, gate: Gate | None = None, threshold: float = series.THRESHOLD) -> dict[str, str]:
    """Return the files of the site of the runs with these rows, by their names: the pages, and the newest run's CSV.

    `threshold` is the smallest change of the history that is reported. Without a gate, there is no page of the noise,
    and every page says so. Raises `TableError` where no case has a time, and `ChartError` without the extra `[report]`.
    """
    links = (HISTORY, RUN, *([NOISE] if gate else []))
    at = {link: Navigation(links, link.file, "" if gate else NO_NOISE) for link in links}
    newest = runs.newest(frame)
    site = {
        HISTORY.file: trend_page.page(series.of_rows(frame, threshold), at[HISTORY]),
        RUN.file: run_page.page_of(newest, navigation=at[RUN], address=CSV),
        CSV: run_page.as_csv(newest).decode(),
    }
    if gate:
        site[NOISE.file] = noise_page.page(gate.noise, gate.threshold, gate.file, at[NOISE])
    return site
