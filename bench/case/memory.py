"""Peak memory of a case, in a pass of its own: what one call holds at its worst, with what it is called with.

On the CPU memray sees every allocation of the process, NumPy's, torch's and XLA's alike; on CUDA the frameworks have
their own counters. Only what the call allocates is seen: a framework's own libraries and compiled code are not in it,
and memory that a pool had taken before counts nothing.
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
    """Return the bytes that one call holds at its peak, its arguments included; `None` where nobody can tell."""
    peak = _host_peak(_whole(prepared)) if prepared.case.device == "cpu" else _device_peak(prepared)
    return None if peak is None else peak + sum(array.nbytes for part in prepared.host for array in tree_leaves(part))


def _whole(prepared: Prepared) -> Call:
    """Return the call; where a framework compiles nothing it is built first, since it allocates its scratch there."""
    if prepared.backend.probes.compilations is not None:
        return prepared.call
    case, backend, problem, placed = prepared.case, prepared.backend, prepared.problem, prepared.placed

    def built_and_called() -> object:
        run = backend.compile(case, problem, placed[0], placed[-1])
        return awaited(partial(run, *placed), backend.wait)()

    return built_and_called


def _host_peak(call: Call) -> int | None:
    if importlib.util.find_spec("memray") is None:
        return None
    import memray  # noqa: PLC0415 (an extra, and not for every system)

    with tempfile.TemporaryDirectory(prefix="descent-bench-") as folder:
        path = Path(folder) / "allocations"
        with memray.Tracker(path, file_format=memray.FileFormat.AGGREGATED_ALLOCATIONS):
            call()
        peak: int = memray.FileReader(path).metadata.peak_memory
    return peak


def _device_peak(prepared: Prepared) -> int | None:
    """Return what the framework's counter rises by. One that cannot be set back tells only of a new highest peak."""
    probes = prepared.backend.probes
    if probes.peak_bytes is None or probes.held_bytes is None:
        return None
    if probes.reset_peak is not None:
        probes.reset_peak()
    before, held = probes.peak_bytes(), probes.held_bytes()
    prepared.call()
    peak = probes.peak_bytes()
    return peak - held if probes.reset_peak is not None or peak > before else None
