"""The progress bar of `bench run` and `bench duel`."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench import clock


def progress() -> Progress:
    """Return a bar with the remaining time, on standard error. It disappears at the end."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    return Progress(*columns, console=Console(stderr=True), transient=True)


class Ticker:
    """Shows which case of a race is measured: its number, its name and the time left.

    A `live` terminal gets one line that is overwritten; a log gets a line a case. `write` writes to it.
    """

    def __init__(self, write: Callable[[str], object], total: int, *, live: bool) -> None:
        self._write, self._total, self._live = write, total, live
        self._begun = 0
        self._started = clock.now()

    def begin(self, name: str) -> None:
        """Show that the next case begins."""
        left = ""
        if self._begun:
            seconds = (clock.now() - self._started) / self._begun * (self._total - self._begun)
            left = f", about {seconds:.0f} s left"
        self._begun += 1
        line = f"{self._begun} of {self._total}: {name.strip('[]')}{left}"
        self._write(f"\r\x1b[K{line}" if self._live else f"\n{line}")
