"""Make the documents' pictures of a run's page in a browser: `python -m tests.picture RUN.csv LIGHT.png DARK.png`."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from report.pages import run
from report.write import output
from tests.browser import NO_BROWSER, executable, launched, opened

WIDTH, HEIGHT = 1180, 1180


def main(csv: str, *pictures: str) -> None:
    """Write the top of the page twice: on a light and on a dark screen."""
    if executable() is None:
        sys.exit(NO_BROWSER)
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        page = output.write_text(Path(folder) / "page.html", run.page(Path(csv)))
        for picture, dark in zip(pictures, (False, True), strict=True):
            shown = opened(browser, page, width=WIDTH, dark=dark)
            shown.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
            shown.page.screenshot(path=picture)
            print(picture)


if __name__ == "__main__":
    main(*sys.argv[1:])
