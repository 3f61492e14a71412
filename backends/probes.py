"""What a framework can tell of itself, for those who ask: a backend that has no `probes` is raced all the same.

The race uses them to doubt its own numbers, to compile each case as if for the first time, and to know the limits and
the memory of a device. Each is a function that a framework's file may give; `None` where it cannot tell.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from backends.base import Backend, Run
from problems import Array


@dataclass(frozen=True)
class Probes:
    """What can be asked of a framework.

    `compilations()` counts what this process has compiled so far. `threads()` is how many CPU threads it computes with.
    `counted_flops(run)` is what the compiler counts in the program that `run` calls, one step of a descent at least;
    `None` where nothing is compiled. `copied(array)` is a copy on the array's own device. `held_bytes()`,
    `peak_bytes()` and `reset_peak()` are of the framework's own counter of the memory of its CUDA device. Within
    `empty_caches()` nothing is found that was compiled before, neither in memory nor on disk.
    """

    compilations: Callable[[], int] | None = None
    threads: Callable[[], int] | None = None
    counted_flops: Callable[[Run], float | None] | None = None
    copied: Callable[[Array], Array] | None = None
    held_bytes: Callable[[], int] | None = None
    peak_bytes: Callable[[], int] | None = None
    reset_peak: Callable[[], None] | None = None
    empty_caches: Callable[[], AbstractContextManager[None]] = nullcontext


@runtime_checkable
class Probed(Protocol):
    """A backend that has probes."""

    @property
    def probes(self) -> Probes:
        """What its framework can tell."""


def probes_of(backend: Backend) -> Probes:
    """Return the backend's probes; those that can tell nothing, where it has none."""
    return backend.probes if isinstance(backend, Probed) else Probes()
