"""What JAX can report about a program and about itself, and its caches."""

from __future__ import annotations

import inspect
import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

import jax
from jax.experimental.compilation_cache import compilation_cache

from backends import Run, Stepwise, WithState
from backends.parts.jax.builders import PROGRAMS
from problems import Minimized


def counted_flops(run: Run) -> float | None:
    """Return the compiler's count of operations, including exponentials and other transcendental functions."""
    program = program_of(run)
    if program is None:
        return None
    counts = program.cost_analysis()
    return counts.get("flops", 0.0) + counts.get("transcendentals", 0.0)


def planned_bytes(run: Run) -> int | None:
    """Return the bytes that XLA plans for a call: results, scratch, and the copy of the start that a step takes over.

    A result that lies in the memory of an argument counts once. A sum is an upper bound where XLA frees the scratch
    before it makes the result.
    """
    program = program_of(run)
    if program is None:
        return None
    run = _inner(run)
    before = run.copied if isinstance(run, Stepwise) else run.start if isinstance(run, WithState) else None
    return sum(map(_beside_arguments, [program, *([] if before is None else [PROGRAMS[before]])]))


def _beside_arguments(program: Any) -> int:
    memory = program.memory_analysis()
    return int(memory.temp_size_in_bytes + memory.output_size_in_bytes - memory.alias_size_in_bytes)


def program_of(run: Run) -> Any:
    """Return the compiled program that the run calls, or that each of its steps calls; `None` if there is none."""
    return PROGRAMS.get(function_of(run))


def function_of(run: Run) -> Any:
    """Return the function that the run calls, or that each of its steps calls, jitted if the mode jits it."""
    run = _inner(run)
    if isinstance(run, Minimized):
        return _inner(run.both)
    return run.step if isinstance(run, Stepwise | WithState) else run


def arguments_of(run: Run, arguments: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return the arguments of `function_of(run)` in a call of the run with these."""
    run, (x, *others, data) = _inner(run), arguments
    return (*run.start(x), *data) if isinstance(run, WithState) else (x, *others, *data)


def _inner(run: Run) -> Any:
    return inspect.unwrap(run, stop=PROGRAMS.__contains__)


_events: Counter[str] = Counter()
"""How often JAX has reported each event about itself in this process."""


def _count(event: str, *_seconds: float, **_others: Any) -> None:
    _events[event] += 1


jax.monitoring.register_event_listener(_count)
jax.monitoring.register_event_duration_secs_listener(_count)


def compilations() -> int:
    """Return how often JAX has compiled in this process."""
    return _events["/jax/core/compile/backend_compile_duration"]


@contextmanager
def empty_caches() -> Iterator[None]:
    """Clear what JAX has compiled. It compiles and keeps each operation, also outside of `jit`."""
    jax.clear_caches()
    yield


EVERY_PROGRAM = {"jax_persistent_cache_min_compile_time_secs": 0.0, "jax_persistent_cache_min_entry_size_bytes": -1}
"""What makes JAX keep every program on disk. By default it keeps those that took a second to compile."""


@contextmanager
def from_disk(compile_again: Callable[[], object]) -> Iterator[Callable[[], bool]]:
    """Keep what `compile_again()` compiles in a new folder, as JAX's persistent cache, and nothing in memory."""
    with TemporaryDirectory() as folder, _configured(jax_compilation_cache_dir=folder, **EVERY_PROGRAM):
        jax.clear_caches()  # what is in memory would not be written
        compile_again()
        jax.clear_caches()
        asked, found = _asked_and_found()

        def all_found() -> bool:
            now_asked, now_found = _asked_and_found()
            return now_asked - asked == now_found - found > 0

        yield all_found


def _asked_and_found() -> tuple[int, int]:
    """Return how often a program was looked for on disk, and how often it was there."""
    return _events["/jax/compilation_cache/compile_requests_use_cache"], _events["/jax/compilation_cache/cache_hits"]


@contextmanager
def _configured(**values: Any) -> Iterator[None]:
    """Set these options of JAX in the block. JAX reads those of its cache once, until the cache is reset."""
    before = {name: getattr(jax.config, name) for name in values}
    try:
        _configure(values)
        yield
    finally:
        _configure(before)


def _configure(values: Mapping[str, Any]) -> None:
    for name, setting in values.items():
        jax.config.update(name, setting)
    compilation_cache.reset_cache()


def threads() -> int:
    """Return how many CPUs this process may run on. XLA goes by this number alone, and by no variable."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
