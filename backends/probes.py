"""Probes: what a framework can report about itself. They are optional.

The race uses them to audit its own numbers, to compile each case as if for the first time, and to find the speed and
the memory use of a device.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass

from backends.case import Run
from problems import Array


@dataclass(frozen=True)
class Probes:
    """The questions that the race can ask a framework; `None` means that the framework cannot answer.

    `compilations()` returns how many times this process has compiled so far.
    `threads()` returns how many CPU threads the framework computes with.
    `counted_flops(run)` returns the compiler's count of operations in the program that `run` calls, which covers at
    least one step of a descent; `None` if nothing was compiled.
    `copied(array)` returns a copy of an array on the array's own device.
    `updated(array)` returns the array plus 1, in the same memory, on the array's own device.
    `held_bytes()`, `peak_bytes()` and `reset_peak()` read and reset the framework's memory counter of its CUDA device.
    `planned_bytes(run)` returns how many bytes the program that `run` calls holds at its peak beside its arguments, by
    the compiler's own plan; `None` if nothing was compiled. It is asked where the counter cannot be reset.
    `precision(device)` returns in which precision products of float32 arrays are computed: a name of
    `backends.precision`. `None`: in `float32`.
    `jaxlib_version()` returns the version of JAX's compiler.
    `cuda_version()` returns the version of CUDA that the framework was built for; empty if it was built without.
    `empty_caches()` is a context manager. Inside it the framework finds nothing that was compiled before, in memory or
    on disk.
    `from_disk(compile)` is a context manager, entered inside `empty_caches()` and after `compile()`. In it, what
    `compile()` compiles is in the framework's cache on disk, and nowhere in memory. It gives a function that says
    whether all that was compiled since came from there.
    """

    compilations: Callable[[], int] | None = None
    threads: Callable[[], int] | None = None
    counted_flops: Callable[[Run], float | None] | None = None
    copied: Callable[[Array], Array] | None = None
    updated: Callable[[Array], Array] | None = None
    held_bytes: Callable[[], int] | None = None
    peak_bytes: Callable[[], int] | None = None
    reset_peak: Callable[[], None] | None = None
    planned_bytes: Callable[[Run], int | None] | None = None
    precision: Callable[[str], str] | None = None
    jaxlib_version: Callable[[], str] | None = None
    cuda_version: Callable[[], str] | None = None
    from_disk: Callable[[Callable[[], object]], AbstractContextManager[Callable[[], bool]]] | None = None
    empty_caches: Callable[[], AbstractContextManager[None]] = nullcontext
