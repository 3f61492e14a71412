"""A race compiles every case as if for the first time, whatever was compiled before it."""

from __future__ import annotations

import os
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

import backends
from backends import Backend, Case
from bench.case import prepare
from bench.case.measure import check
from problems import find
from report.table.keys import framework

FOUND = backends.load()


def prepared(name: str) -> tuple[Backend, Case]:
    """Return the backend and a case of it; skip the test if the case cannot run here."""
    if name not in FOUND.backends:
        pytest.skip(FOUND.missing[framework(name)])
    case = Case("gradient", "quadratic", name, 7, "float32", "cpu", 1)
    if (refused := prepare.find_refusal(case, FOUND)) is not None:
        pytest.skip(refused.reason)
    return FOUND.backends[name], case


@pytest.mark.parametrize("name", ["jax-grad", "jax-jit"])
def test_jax_compiles_as_much_the_second_time(name: str) -> None:
    """JAX compiles operations one by one and caches them. With a warm cache, a first call takes a hundredth as long."""
    backend, case = prepared(name)
    count = backend.probes.compilations
    assert count is not None
    counts = []
    for _ in range(2):
        before = count()
        assert check(case, FOUND)["status"] == "ok"
        counts.append(count() - before)
    assert counts[1] == counts[0] > 0


def brief_start() -> AbstractContextManager[None]:
    """Keep torch from trying out the processor and compiling its headers, as in each new folder: fifteen seconds."""
    config = pytest.importorskip("torch._inductor.config")
    settings = {"cpp_cache_precompile_headers": False, "cpp.vec_isa_ok": True}
    known: AbstractContextManager[None] = config.patch(
        {name: value for name, value in settings.items() if name in config.get_config_copy()}
    )
    return known


@pytest.mark.night  # torch compiles twice, and only a new release of torch could change what it keeps
def test_torch_builds_its_kernel_the_second_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """torch looks for a kernel of the same source in memory, then on disk. Only a kernel that it builds is in a new
    folder. The first time it may be anywhere: another test may have built it.
    """
    backend, case = prepared("torch-compile-step")
    prepare.prepare(case, backend, find("quadratic"))
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", str(tmp_path))
    with brief_start(), backend.probes.empty_caches():
        prepare.prepare(case, backend, find("quadratic"))
        folder = Path(os.environ["TORCHINDUCTOR_CACHE_DIR"])
        assert folder != tmp_path
        assert list(folder.rglob("*.so"))
        assert backend.probes.from_disk is not None
        with backend.probes.from_disk(lambda: None) as all_found:
            assert not all_found()
            prepare.prepare(case, backend, find("quadratic"))
            assert all_found()
