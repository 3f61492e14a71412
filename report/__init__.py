"""Reads results: tables, statistics, comparisons. It knows only the CSV: no framework, no backends, no bench.

In Python, `show` and `html` report on a frame that `report.table.read` returned:

    import report
    from report import table

    frame = table.read("results/baseline.csv")
    report.show(frame, relative_to="jax-jit")
    report.html(frame)  # in a notebook, the page

Both import what they need when they are called, so that `import report` stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from report.pages.notebook import Page


def show(frame: pd.DataFrame, relative_to: str | None = None) -> None:
    """Print the summary of a run as `python -m report show` does, under the name of the run.

    `relative_to` adds each backend's time divided by that of the backend it names. Raises `ReportError` if there
    are no rows, or if none has that backend.
    """
    from report.commands import show as command  # noqa: PLC0415 (imports pandas)
    from report.run import relative  # noqa: PLC0415 (likewise)

    _require_rows(frame)
    if relative_to is not None:
        relative.require(relative_to, frame["backend"])
    command.show(frame, ", ".join(frame["run"].unique()), relative_to)


def html(frame: pd.DataFrame) -> Page:
    """Return the page of a run. A notebook shows it, and `.save(path)` writes it to a file.

    Raises `ReportError` if there are no rows, or without the extra `[report]`.
    """
    from report.pages import notebook, run  # noqa: PLC0415 (imports pandas)

    _require_rows(frame)
    return notebook.Page(run.page_of(frame))


def _require_rows(frame: pd.DataFrame) -> None:
    from report.errors import ReportError  # noqa: PLC0415 (only where a report is made)

    if frame.empty:
        raise ReportError("the frame has no rows: there is nothing to report")
