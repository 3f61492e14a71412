"""The exit code of a command of the project, whatever happens in it.

Python itself ends with 1 after an exception. But 1 is a result here: a case regressed, or a backend is wrong. So a
command that fails ends with 2, and a CI job can tell the two apart.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable

FAILED, STOPPED = 2, 130


def exit_code(main: Callable[[], int], stopped: str = "stopped") -> int:
    """Call `main` and return its exit code.

    If `main` raises an exception, print its traceback and return 2. If Ctrl-C stops it, print `stopped` and return 130.
    """
    try:
        return main()
    except KeyboardInterrupt:
        print(stopped, file=sys.stderr)
        return STOPPED
    except Exception:  # noqa: BLE001 (whatever the command did not expect)
        traceback.print_exc()
        return FAILED
