"""What is wrong with a file of a user: one line that names the file, the line in it, and the exception."""

from __future__ import annotations

import re
import traceback
from collections.abc import Iterator
from pathlib import Path

MAX_TEXT = 500
"""How many characters of an exception are kept."""


class ProblemError(ValueError):
    """A problem whose file cannot be imported. The text is that of `fault`; the cause is what the file raised."""


def fault(error: BaseException, path: Path) -> str:
    """Return what the file at `path` raised, and where: `problems/mine.py:12: SyntaxError: invalid syntax`.

    If the exception comes from deeper down, the line is the one of the file that led there.
    """
    at = f"{path.parent.name}/{path.name}".removeprefix("/")  # code that was pickled has no folder
    if isinstance(error, SyntaxError) and error.filename == str(path) and error.lineno is not None:
        return f"{at}:{error.lineno}: {type(error).__name__}: {error.msg}"
    line = next((f":{line}" for file, line in lines(error) if file == str(path)), "")
    return f"{at}{line}: {described(error)}"


def lines(error: BaseException) -> Iterator[tuple[str, int]]:
    """Yield the file and the line of all frames that led to the exception, innermost first.

    Those of the exceptions that it wraps follow. torch.compile calls no Python when it raises: its text has the frames.
    """
    seen: list[BaseException] = []
    wrapped: BaseException | None = error
    while wrapped is not None and wrapped not in seen:
        seen.append(wrapped)
        quoted = re.findall(r'File "(.*)", line (\d+)', _text(wrapped).partition("\nfrom user code:")[2])
        yield from ((file, int(line)) for file, line in reversed(quoted))
        frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(wrapped.__traceback__)]
        yield from reversed(frames)
        wrapped = wrapped.__cause__ or wrapped.__context__


def described(error: BaseException) -> str:
    """Return the first paragraph of an exception as one line that can be encoded: `RuntimeError: the tape is torn`."""
    text = _text(error).strip().partition("\n\n")[0]
    text = " ".join(text.encode(errors="backslashreplace").decode().split())
    return f"{type(error).__name__}: {text}"[:MAX_TEXT] if text else type(error).__name__


def _text(error: BaseException) -> str:
    try:
        return str(error)
    except Exception:  # noqa: BLE001 (an exception of a user may not even have a text)
        return ""
