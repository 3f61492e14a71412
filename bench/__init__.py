"""Measuring: the race, launches in fresh processes, and duels of two checkouts.

`from bench import race` races in Python. It is imported when it is first used, since it imports NumPy and pandas: what
measures pins its threads before that.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.api import race

__all__ = ["race"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
    from bench import api  # noqa: PLC0415 (see above)

    return api.race


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
