"""The lock that keeps two runs from writing to the same result CSV."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from report.errors import TableError

try:
    import fcntl
except ImportError:  # a system without such locks
    fcntl = None  # type: ignore[assignment] # there, the module is `None`

FLAGS = os.O_WRONLY | os.O_CREAT | getattr(os, "O_NONBLOCK", 0)
"""How the file is opened. Without O_NONBLOCK, opening a pipe would wait for its reader."""


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Let this process alone write to the CSV at `path` for as long as the context lasts.

    The file is created if it is missing, and removed at the end if it is empty. A process that dies gives up its lock,
    and the processes that it starts do not inherit it. Raises `TableError` if another process holds the lock, or if the
    file cannot be written. Where the system or the file system has no locks, only the latter is checked.
    """
    handle = _locked(path)
    try:
        yield
    finally:
        if os.fstat(handle).st_size == 0 and _is_still(path, handle):
            path.unlink()
        if fcntl is not None:
            with suppress(OSError):  # a file system without locks
                fcntl.flock(handle, fcntl.LOCK_UN)  # a forked child may keep the file open
        os.close(handle)


def _locked(path: Path) -> int:
    """Return a handle of the file at `path` that holds its lock."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            handle = os.open(path, FLAGS, 0o644)
            try:
                _lock(path, handle)
            except BaseException:
                os.close(handle)
                raise
            if _is_still(path, handle):
                return handle
            os.close(handle)
    except OSError as error:
        raise TableError(f"{path}: cannot be written: {error.strerror or error}") from error


def _lock(path: Path, handle: int) -> None:
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        raise TableError(f"{path}: cannot be written: not a regular file")
    if fcntl is None:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise TableError(f"{path}: another run writes to this file; name another file, or wait") from error
    except OSError:
        pass  # likewise


def _is_still(path: Path, handle: int) -> bool:
    """Whether the file at `path` is the open one: the run that held the lock before may have removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(handle))
    except FileNotFoundError:
        return False
