"""Problems in a user's own files: `path/to/mine.py`, or `path/to/mine.py:NAME` if the file has several.

A problem of a file is named by the file and a hash of its content, `mine@1a2b3c4d`, so that two losses never have the
same name. Whoever measures is told which name stands for which file (`add`); after that, such a problem is found
(`problems.find`) as one of the project's own.
"""

from __future__ import annotations

import hashlib
import importlib.util
import pickle
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from types import ModuleType

from problems.absent import importing
from problems.faults import ProblemError, fault
from problems.problem import Problem

HASH_DIGITS = 8


@dataclass(frozen=True)
class ProblemFile:
    """A problem in a file: its name in the rows, the file, and the variable in it; empty for the only one.

    The file is one of Python, or a pickle of a `Problem`.
    """

    name: str
    path: Path
    variable: str = ""

    def as_text(self) -> str:
        """Return the file as one word of a command line. The inverse of `from_text`."""
        return f"{self.name}={self.path}{self.variable and f':{self.variable}'}"


def from_text(text: str) -> ProblemFile:
    """Return the file that `ProblemFile.as_text` wrote."""
    name, _, word = text.partition("=")
    path, variable = _split(word)
    return ProblemFile(name, Path(path), variable)


def is_file(word: str) -> bool:
    """Return whether the word names a file rather than a problem: `mine.py`, or `mine.py:NAME`."""
    return _split(word)[0].endswith(".py")


def find_file(word: str) -> ProblemFile:
    """Return the problem in the file that the word names. Raise `ValueError` if there is no such file."""
    path, variable = _split(word)
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise ValueError(f"problem '{word}': {error.strerror}") from error
    stem = f"{Path(path).stem}{variable and f':{variable}'}"
    return ProblemFile(f"{stem}@{hashed(content)}", Path(path).resolve(), variable)


def hashed(content: bytes) -> str:
    """Return the short hash of a file's content that names of problems have."""
    return hashlib.sha256(content).hexdigest()[:HASH_DIGITS]


def _split(word: str) -> tuple[str, str]:
    path, colon, variable = word.rpartition(":")
    return (path, variable) if colon and variable.isidentifier() else (word, "")


_files: dict[str, ProblemFile] = {}


def add(file: ProblemFile) -> None:
    """From now on, the file's name stands for its problem in this process."""
    _files[file.name] = file


def added() -> tuple[str, ...]:
    """Return the names of the files that were added."""
    return tuple(_files)


def load_added(name: str) -> Problem:
    """Return the problem of that name. Raise `ProblemError` if its file has none, or raises."""
    return _load(_files[name])


@cache
def _load(file: ProblemFile) -> Problem:
    try:
        problem = _unpickled(file.path) if file.path.suffix == ".pickle" else _in(_module(file.path), file)
    except (KeyboardInterrupt, ProblemError):
        raise
    except BaseException as error:  # SystemExit too: a file of a user may raise anything
        raise ProblemError(fault(error, file.path)) from error
    return replace(problem, name=file.name)


def _unpickled(path: Path) -> Problem:
    problem: Problem = pickle.loads(path.read_bytes())  # noqa: S301 (the process that started this one wrote it)
    return problem


def _module(path: Path) -> ModuleType:
    """Import the file.

    While it is imported, its folder is searched first: what stands beside it comes before what is installed, such as
    another version of the same package. After that it is searched last, so that nothing there hides a module of the
    project or of a framework.
    """
    name = f"_problem_{path.stem}_{hashed(path.read_bytes())}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is no file of Python")
    folder = str(path.parent)
    sys.path.insert(0, folder)
    try:
        return importing(spec, path)
    finally:
        sys.path.remove(folder)
        if folder not in sys.path:
            sys.path.append(folder)


def _in(module: ModuleType, file: ProblemFile) -> Problem:
    """Return the problem in the module: the named one, `PROBLEM`, or the only one."""
    found = {name: value for name, value in vars(module).items() if isinstance(value, Problem)}
    at = f"{file.path.parent.name}/{file.path.name}"
    wanted = file.variable or ("PROBLEM" if "PROBLEM" in found else "")
    if wanted in found:
        return found[wanted]
    if not wanted and len(set(found.values())) == 1:
        return next(iter(found.values()))
    if not found:
        raise ProblemError(f"{at}: has no problem: it defines PROBLEM = Problem(name, loss, draw=draw)")
    names = ", ".join(found)
    if wanted:
        raise ProblemError(f"{at}: has no problem {wanted}; it has {names}")
    raise ProblemError(f"{at}: has several problems, {names}; name one, such as {file.path.name}:{next(iter(found))}")
