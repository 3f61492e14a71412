"""The old name of `backends.base`, `backends.builders` and `backends.case`, for backend files of version 0.1."""

from backends.base import *  # noqa: F403 (whatever a file of 0.1 imports)
from backends.builders import *  # noqa: F403 (likewise)
from backends.case import *  # noqa: F403 (likewise)
