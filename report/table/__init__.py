"""The result CSV. `table.read(path)` is the one way in."""

from report.table.reader import TableError, read, read_all, stack, timed

__all__ = ["TableError", "read", "read_all", "stack", "timed"]
