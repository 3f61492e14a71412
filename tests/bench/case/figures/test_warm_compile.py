"""The time of a compilation from the cache on disk is that, or there is none."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import backends
from backends import Backend, Case, Probes, Run
from bench.case import prepare
from bench.case.figures import warm_compile
from bench.case.figures.warm_compile import warm_compile_seconds
from problems import Data, Parameters, Problem, find

FOUND = backends.load()
COLD, WARM = 7.0, 2.0
"""How long the backend below compiles, by a clock of its own."""


class Kept(Backend):
    """A backend that keeps what it compiles on disk."""

    name = "kept"
    compiled = True
    keeps = True

    def __init__(self) -> None:
        self.builders = {"gradient": self._build}
        self.on_disk = False
        self.now = 0.0
        self.probes = Probes(from_disk=self._from_disk)

    def version(self) -> str:
        return "1"

    def _build(self, problem: Problem, case: Case, x: Parameters, data: Data) -> Run:
        self.now += WARM if self.on_disk else COLD
        return problem.gradient

    @contextmanager
    def _from_disk(self, compile_again: Callable[[], object]) -> Iterator[Callable[[], bool]]:
        compile_again()
        self.on_disk = self.keeps
        yield lambda: self.on_disk


def prepared(backend: Backend) -> prepare.Prepared:
    return prepare.prepare(
        Case("gradient", "quadratic", backend.name, 3, "float32", "cpu", 1), backend, find("quadratic")
    )


def test_the_second_compilation_is_timed_and_not_the_one_that_fills_the_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    backend = Kept()
    monkeypatch.setattr(warm_compile, "now", lambda: backend.now)
    assert warm_compile_seconds(prepared(backend)) == WARM


@pytest.mark.parametrize(("attribute", "value"), [("keeps", False), ("compiled", False), ("probes", Probes())])
def test_there_is_no_time_if_nothing_is_compiled_or_kept_or_found(attribute: str, value: Any) -> None:
    backend = Kept()
    case = prepared(backend)
    setattr(backend, attribute, value)
    assert warm_compile_seconds(case) is None


@pytest.mark.parametrize("name", ["jax-jit", "jax-loop"])
def test_jax_finds_every_program_on_disk_and_then_has_its_own_settings_again(name: str) -> None:
    jax = pytest.importorskip("jax")
    backend = FOUND.backends[name]
    problem = find("quadratic")
    case = prepare.prepare(Case("descent", "quadratic", name, 3, "float32", "cpu", 2), backend, problem)
    assert warm_compile_seconds(case) is not None
    assert jax.config.jax_compilation_cache_dir is None
    assert jax.config.jax_persistent_cache_min_compile_time_secs == 1.0
    np.testing.assert_array_equal(case.call(), case.run(*case.placed))  # it runs again


def test_jax_says_if_a_program_was_not_on_disk() -> None:
    jax = pytest.importorskip("jax")
    from_disk: Any = FOUND.backends["jax-jit"].probes.from_disk

    def compiled(shift: float) -> None:
        jax.jit(lambda x: x + shift).lower(1.0).compile()

    with from_disk(lambda: compiled(1.0)) as all_found:
        assert not all_found()  # nothing was looked for
        compiled(1.0)
        assert all_found()
        compiled(2.0)
        assert not all_found()


def test_jax_keeps_on_disk_what_it_had_compiled_before() -> None:
    jnp = pytest.importorskip("jax.numpy")
    from_disk: Any = FOUND.backends["jax-jit"].probes.from_disk

    def eager() -> None:
        jnp.ones(3) + 1.0

    eager()
    with from_disk(eager) as all_found:
        eager()
        assert all_found()
