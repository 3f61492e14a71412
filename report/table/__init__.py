"""The result CSV. `table.read(path)` is the one way in, `table.append(path, row)` the one way to write it."""

from report.table.append import append
from report.table.reader import TableError, read, read_all, stack, timed
from report.table.schema import Value

__all__ = ["TableError", "Value", "append", "read", "read_all", "stack", "timed"]
