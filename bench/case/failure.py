"""Why a case has no time: a status and a reason."""

from __future__ import annotations

from typing import NamedTuple

from bench.case.check.reference import WrongResultError

MAX_REASON = 500
"""How many characters of an exception a reason keeps."""

OUT_OF_MEMORY = ("out of memory", "resource_exhausted", "can't allocate memory", "cannot allocate memory")
"""What an exception says, in lower case, when memory ran out: torch and JAX share no class for it.

XLA says RESOURCE_EXHAUSTED.
"""


class Failure(NamedTuple):
    """Why a case has no time. `status` is one of `report.table.schema.STATUSES`, `reason` says more in words."""

    status: str
    reason: str


def no_device(device: str, known_devices: tuple[str, ...], missing: str | None) -> Failure | None:
    """Return why a backend that knows these devices cannot use `device` on this machine; `None` if it can.

    `missing` is why the machine lacks the device, or `None` if it has it.
    """
    if device not in known_devices:
        return Failure("unsupported", f"computes on {', '.join(known_devices)} only")
    return Failure("unavailable", missing) if missing else None


def failure_of(error: BaseException) -> Failure:
    """Return the failure of a case that raised `error`."""
    if isinstance(error, WrongResultError):
        return Failure("wrong", str(error))
    status = "oom" if _out_of_memory(error) else "error"
    return Failure(status, f"{type(error).__name__}: {error}"[:MAX_REASON])


def _out_of_memory(error: BaseException) -> bool:
    return isinstance(error, MemoryError) or any(words in str(error).lower() for words in OUT_OF_MEMORY)
