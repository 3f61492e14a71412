"""How long compiling takes if the framework's cache on disk has the programs, as in every process after the first."""

from __future__ import annotations

from bench.case.prepare import Prepared
from bench.clock import now


def warm_compile_seconds(prepared: Prepared) -> float | None:
    """Return the seconds that the case takes to compile once more, from the cache on disk.

    `None` if nothing is compiled, if the framework has no such cache, or if a program was not in it. After this, the
    run of the case may have to be compiled again.
    """
    backend, case, problem = prepared.backend, prepared.case, prepared.problem
    if backend.probes.from_disk is None or not backend.compiled:
        return None

    def compile_again() -> None:
        backend.compile(case, problem, prepared.placed[0], prepared.placed[-1])

    with backend.probes.from_disk(compile_again) as all_found:
        start = now()
        compile_again()
        seconds = now() - start
        return seconds if all_found() else None
