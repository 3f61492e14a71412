"""The result CSV. `table.read(path)` is the one way in, and `table.append(path, row)` the one way to write a row.

`with table.lock(path):` keeps other runs from writing to the file.

The reader is imported when it is first used, since it imports pandas. A process that measures must not import pandas:
with it, NumPy's small calls take 4 % longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from report.errors import TableError
from report.table.append import append
from report.table.lock import lock
from report.table.schema import Value

if TYPE_CHECKING:
    from report.table.reader import read, read_all, stack, timed

__all__ = ["TableError", "Value", "append", "lock", "read", "read_all", "stack", "timed"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from report.table import reader  # noqa: PLC0415 (see above)

    return getattr(reader, name)
