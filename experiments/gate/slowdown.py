"""A known slowdown: each call of a backend goes on working for a share of the time that it took.

`collect` copies this file into the checkout that it slows down, so it imports nothing of the project.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable
from time import perf_counter
from typing import Any

SAMPLES = 500
"""How often the cost of lengthening a call is measured; the median counts."""


def slow_down(backend: Any, share: float) -> None:
    """Make every case that the backend compiles take `share` longer, such as 0.05."""
    compiled = backend.compile

    def compile_slower(*arguments: Any) -> Callable[..., Any]:
        cost = statistics.median(_cost_of_lengthening() for _ in range(SAMPLES))
        return lengthened(compiled(*arguments), lambda result: backend.wait(result, arguments[0]), share, cost)

    object.__setattr__(backend, "compile", compile_slower)  # a backend may be a frozen dataclass


def lengthened(run: Callable[..., Any], wait: Callable[[Any], None], share: float, cost: float) -> Callable[..., Any]:
    """Return a call that takes `share` longer than `run` and its wait; `cost` is what the lengthening itself takes."""

    def call(*arguments: Any) -> Any:
        start = perf_counter()
        result = run(*arguments)
        wait(result)
        now = perf_counter()
        end = now + share * (now - start) - cost
        while perf_counter() < end:
            pass
        return result

    return call


def _cost_of_lengthening() -> float:
    """Return how many seconds a lengthened call of nothing takes more than the call itself."""
    call = lengthened(_nothing, _nothing, 0.0, 0.0)
    start = perf_counter()
    call(None)
    between = perf_counter()
    _nothing(None)
    return (between - start) - (perf_counter() - between)


def _nothing(_: Any) -> None:
    pass
