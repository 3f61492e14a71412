"""The files that a user brings: problems and backends from anywhere, by their paths in `--problem` and `--backend`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import backends
import problems
from problems import ProblemFile


@dataclass(frozen=True)
class Files:
    """The problems and the backends in files of the user. Every process that measures is told of them."""

    problems: tuple[ProblemFile, ...] = ()
    backends: tuple[Path, ...] = ()

    def arguments(self) -> tuple[str, ...]:
        """Return the arguments of a worker that is to know the files."""
        told = [("--problem-file", file.as_text()) for file in self.problems]
        told += [("--backend-file", str(path)) for path in self.backends]
        return tuple(word for pair in told for word in pair)

    def with_others(self, others: Files) -> Files:
        """Return these files and the others."""
        return Files(self.problems + others.problems, self.backends + others.backends)

    def add(self) -> None:
        """Make the files known to this process."""
        for file in self.problems:
            problems.add(file)
        for path in self.backends:
            backends.add_file(path)


NONE = Files()
"""No files: only the project's own problems and backends."""


def from_arguments(problem_files: Iterable[str], backend_files: Iterable[Path]) -> Files:
    """Return the files of a worker's arguments. The inverse of `Files.arguments`."""
    return Files(tuple(map(problems.from_text, problem_files)), tuple(backend_files))


def named(options: Mapping[str, str | None]) -> tuple[dict[str, str | None], Files]:
    """Return the options with the names of problems in place of their files, and the files.

    A file of backends stays in `--backend` as its absolute path. Raise `ValueError` if there is no such file.
    """
    found: list[ProblemFile] = []
    paths: list[Path] = []

    def problem(word: str) -> str:
        if not problems.is_file(word):
            return word
        found.append(problems.find_file(word))
        return found[-1].name

    def backend(word: str) -> str:
        if not word.endswith(".py"):
            return word
        paths.append(backends.find_file(word))
        backends.add_file(paths[-1])  # so that this process knows its framework; only workers import it
        return str(paths[-1])

    replaced = {"problem": _each(options.get("problem"), problem), "backend": _each(options.get("backend"), backend)}
    return dict(options) | replaced, Files(tuple(dict.fromkeys(found)), tuple(dict.fromkeys(paths)))


def _each(words: str | None, replace: Callable[[str], str]) -> str | None:
    return None if words is None else ",".join(replace(word.strip()) for word in words.split(","))
