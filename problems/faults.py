"""What is wrong with a file of a user: one line that names the file, the line in it, and the exception."""

from __future__ import annotations

import traceback
from pathlib import Path

MAX_TEXT = 500
"""How many characters of an exception are kept."""


class ProblemError(ValueError):
    """A problem whose file cannot be imported. The text is that of `fault`; the cause is what the file raised."""


def fault(error: BaseException, path: Path) -> str:
    """Return what the file at `path` raised, and where: `problems/mine.py:12: SyntaxError: invalid syntax`.

    If the exception comes from deeper down, the line is the one of the file that led there.
    """
    at = f"{path.parent.name}/{path.name}"
    if isinstance(error, SyntaxError) and error.filename == str(path) and error.lineno is not None:
        return f"{at}:{error.lineno}: {type(error).__name__}: {error.msg}"
    frames = traceback.walk_tb(error.__traceback__)
    lines = [f":{line}" for frame, line in frames if frame.f_code.co_filename == str(path)]
    return f"{at}{''.join(lines[-1:])}: {described(error)}"


def described(error: BaseException) -> str:
    """Return an exception as one line that can be encoded: `RuntimeError: the tape is torn`."""
    try:
        text = str(error)
    except Exception:  # noqa: BLE001 (an exception of a user may not even have a text)
        text = ""
    text = " ".join(text.encode(errors="backslashreplace").decode().split())
    return f"{type(error).__name__}: {text}"[:MAX_TEXT] if text else type(error).__name__
