"""A page opened in headless Chromium, as a reader would open it, with what its console said and what it requested."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
NO_BROWSER = "no Chrome or Chromium is installed; on Debian: apt-get install chromium"
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"


@dataclass
class Opened:
    """A page in the browser, the messages of its console, and every address that it requested."""

    page: Page
    said: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def texts(self, selector: str) -> list[str]:
        """Return the text of each element."""
        return self.page.locator(selector).all_text_contents()


def executable() -> str | None:
    """Return the path of an installed Chrome or Chromium, `None` where there is none. Install nothing."""
    paths = [path for name in NAMES if (path := shutil.which(name))]
    return next(iter(paths), MAC if Path(MAC).exists() else None)


@contextmanager
def launched() -> Iterator[Browser]:
    """Run the browser, or skip the test where there is none."""
    path = executable()
    if path is None:
        pytest.skip(NO_BROWSER)
    # Chromium's sandbox does not work for root, the user of CI's containers. The page is our own.
    arguments = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=arguments)
        try:
            yield browser
        finally:
            browser.close()


def opened(browser: Browser, path: Path, *, width: int = 1280, dark: bool = False) -> Opened:
    """Open the page at `path`, and wait until everything is drawn."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme="dark" if dark else "light", accept_downloads=True
    )
    shown = Opened(context.new_page())
    shown.page.on("console", lambda message: shown.said.append(f"{message.type}: {message.text}"))
    shown.page.on("pageerror", lambda error: shown.said.append(f"error: {error}"))
    shown.page.on("request", lambda request: shown.requests.append(request.url))
    shown.page.goto(path.as_uri())
    shown.page.wait_for_selector("html[data-ready=true]", timeout=60_000)
    return shown
