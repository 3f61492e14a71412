"""Where a page is written, and which page shows a file: that of a run, or that of a comparison."""

from __future__ import annotations

from pathlib import Path

from report.errors import ReportError
from report.pages import comparison, run
from report.write import comparison_files, output


def beside(source: Path) -> str:
    """Write the page of a run's CSV, or of a duel's folder, next to it.

    Return the path of the page, or one line that says why there is none.
    """
    try:
        return str(output.write_text(path_beside(source), page_of(source), (source,)))
    except ReportError as error:
        return f"no page: {error}"


def path_beside(source: Path) -> Path:
    """Return where the page of a run's CSV, or of a duel's folder, is written by default."""
    return source / "verdicts.html" if source.is_dir() else source.with_suffix(".html")


def page_of(path: Path, threshold: float | None = None) -> str:
    """Return the page of a run's CSV, or of a comparison: its CSV or JSON, or the folder of a duel."""
    if _is_run(path):
        return run.page(path)
    return comparison.page(comparison_files.read(path, threshold), "verdicts.csv")


def _is_run(path: Path) -> bool:
    """Return whether the file is read as a run's CSV: a file is, unless its header is that of a comparison."""
    if path.is_dir() or path.suffix == ".json":
        return False
    if not path.is_file():
        return True
    with path.open("rb") as file:
        header = file.readline().decode(errors="replace").strip().split(",")
    return "verdict" not in header
