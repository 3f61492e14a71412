"""Releases of a package as the candidates of a search."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress

from rich.progress import Progress

from bench import machine
from bench.find.candidates import UnusableError
from bench.find.environments import Environments
from bench.own.files import Files
from bench.process.client import Side

INSTALLATIONS = 2
"""How many environments are made at once. More share the network and the disk."""


class Releases:
    """Releases of a package, each in an environment of its own, and this checkout on both sides."""

    def __init__(self, names: tuple[str, ...], environments: Environments, files: Files) -> None:
        self.what = environments.package
        self.names = names
        self._environments = environments
        self._files = files

    def side(self, name: str) -> Side:
        """Return this checkout with the interpreter of the release's environment."""
        python = self._environments.python(name)
        return Side(machine.ROOT, str(python), self._files.arguments())

    def files(self, name: str) -> Files:
        """Return the user's files, which are the same on all sides."""
        return self._files

    def describe(self, name: str) -> str:
        """Return the release, with what else is not as the constraints say: `jax 0.9.0 (jaxlib 0.9.0)`."""
        others = [f"{package} {version}" for package, version in sorted(self._environments.differences(name).items())]
        return f"{self.what} {name}" + (f" ({', '.join(others)})" if others else "")

    def make(self, bar: Progress) -> None:
        """Make the environments of all releases, so that nothing is installed between the measurements.

        One that cannot be made fails again, with its reason, when its release is a side.
        """
        task = bar.add_task("environments", total=len(self.names))
        with ThreadPoolExecutor(min(INSTALLATIONS, len(machine.cpus()))) as pool:
            for future in as_completed([pool.submit(self._environments.python, name) for name in self.names]):
                with suppress(UnusableError):
                    future.result()
                bar.advance(task)
        bar.remove_task(task)
