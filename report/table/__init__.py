"""The result CSV. `table.read(path)` is the one way in.

The reader is imported when it is first used, since it imports pandas. A process that measures must not: it uses the
keys and the schema alone, and an import of pandas makes NumPy's small calls 4 % slower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from report.table.reader import TableError, read, read_all, stack, timed

__all__ = ["TableError", "read", "read_all", "stack", "timed"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from report.table import reader  # noqa: PLC0415 (see above)

    return getattr(reader, name)
