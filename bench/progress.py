"""The progress of the race, `bench run` and `bench duel`."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench import clock


def progress() -> Progress:
    """Return a bar with the remaining time, on standard error. It disappears at the end."""
    columns = (BarColumn(), MofNCompleteColumn(), TimeRemainingColumn(), TextColumn("{task.description}", markup=False))
    return Progress(*columns, console=Console(stderr=True), transient=True)


@contextmanager
def shown(total: int, *, quiet: bool = False) -> Iterator[Callable[[str], object]]:
    """In the block, show how many of `total` cases are done. Yield what is called with the name of each as it begins.

    A terminal gets the bar. A notebook gets one line, which changes and is empty at the end: there, a bar of rich needs
    a package of its own.
    """
    if quiet:
        yield str
    elif Console(stderr=True).is_jupyter:
        from IPython import display  # noqa: PLC0415 (a notebook has it)

        line: Any = display.display({"text/plain": ""}, raw=True, display_id=True)  # type: ignore[no-untyped-call]
        ticker = Ticker(lambda text: line.update({"text/plain": text.strip()}, raw=True), total, live=False)
        try:
            yield ticker.begin
        finally:
            line.update({"text/plain": ""}, raw=True)
    else:
        with progress() as bar:
            task, begun = bar.add_task("", total=total), itertools.count()
            yield lambda name: bar.update(task, description=name, completed=next(begun))


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
