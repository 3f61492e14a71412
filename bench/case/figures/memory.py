"""Peak memory: the most bytes that one call holds, its arguments included. Measured after the rounds.

On the CPU memray sees every allocation of the process, whether NumPy, torch or XLA makes it. On CUDA the frameworks
have their own counters; where a counter cannot be reset, the compiler's plan counts. Only what the call allocates is
seen: not a framework's libraries and compiled code, and not memory that a pool took before.
"""

from __future__ import annotations

import importlib.util
import tempfile
from functools import partial
from pathlib import Path

from bench.case.prepare import Prepared
from bench.case.rounds import Call, awaited
from problems import tree_leaves


def peak_bytes(prepared: Prepared) -> int | None:
    """Return the most bytes that one call holds, its arguments included; `None` if nothing here can measure it."""
    peak = _host_peak(_with_scratch(prepared)) if prepared.case.device == "cpu" else _device_peak(prepared)
    return None if peak is None else peak + sum(array.nbytes for part in prepared.host for array in tree_leaves(part))


def _with_scratch(prepared: Prepared) -> Call:
    """Return the call. If the framework compiles nothing, the call builds its run first: that allocates its scratch."""
    if prepared.backend.probes.compilations is not None:
        return prepared.call
    case, backend, problem, placed = prepared.case, prepared.backend, prepared.problem, prepared.placed

    def build_and_call() -> object:
        run = backend.compile(case, problem, placed[0], placed[-1])
        return awaited(partial(run, *placed), backend.wait, case)()

    return build_and_call


def _host_peak(call: Call) -> int | None:
    if importlib.util.find_spec("memray") is None:
        return None
    import memray  # noqa: PLC0415 (an extra, and not available on every system)

    with tempfile.TemporaryDirectory(prefix="descent-bench-") as folder:
        path = Path(folder) / "allocations"
        with memray.Tracker(path, file_format=memray.FileFormat.AGGREGATED_ALLOCATIONS):
            call()
        peak: int = memray.FileReader(path).metadata.peak_memory
    return peak


def _device_peak(prepared: Prepared) -> int | None:
    """Return by how much the framework's counter rises.

    If the counter cannot be reset, earlier calls have raised it already. Then the compiler's plan counts. Where nothing
    was compiled, the counter only shows a new maximum.
    """
    probes = prepared.backend.probes
    if probes.reset_peak is None and probes.planned_bytes is not None:
        planned = probes.planned_bytes(prepared.run)
        if planned is not None:
            return planned
    if probes.peak_bytes is None or probes.held_bytes is None:
        return None
    if probes.reset_peak is not None:
        probes.reset_peak()
    before, held = probes.peak_bytes(), probes.held_bytes()
    prepared.call()
    peak = probes.peak_bytes()
    return peak - held if probes.reset_peak is not None or peak > before else None
