"""The old name of `backends.base`, for backend files that were written for version 0.1."""

from backends.base import *  # noqa: F403 (whatever such a file imports)
