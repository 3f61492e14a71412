"""The name of a problem that was made in Python: the same source has the same name, and another loss has another."""

from __future__ import annotations

import functools
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bench.own.identity import is_own, name_of
from problems import Array, Problem, no_loss
from tests.checkout import ROOT, environment

SOURCE = """
import numpy as np

import mine
from bench.own.identity import name_of
from problems import Problem

SHIFTS = np.arange(3.0)


class Term:
    def __init__(self, power):
        self.power = power

    def __call__(self, r):
        return r**self.power


TERM = Term(2)


def scaled(r):
    return mine.SCALE * TERM(r)


def loss(xp, x, data):
    return xp.sum(scaled(x - SHIFTS) * mine.weight(x))


def draw(rng, batch_size):
    return rng.standard_normal((batch_size, 3)), ()


print(name_of(Problem("shifted", loss, draw=draw, losses={"torch": lambda x, data: (x * x).sum()})))
"""
MODULE = "SCALE = 2.0\n\n\ndef weight(x):\n    return 1.0\n"


def name_in_a_new_process(folder: Path, source: str = SOURCE, module: str = MODULE) -> str:
    folder.mkdir()
    (folder / "mine.py").write_text(module, encoding="utf-8")
    (folder / "main.py").write_text(source, encoding="utf-8")
    env = environment() | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "main.py"], cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_the_same_source_has_the_same_name_in_another_process_and_another_folder(tmp_path: Path) -> None:
    name = name_in_a_new_process(tmp_path / "one")
    assert name.startswith("shifted@")
    assert name_in_a_new_process(tmp_path / "other") == name
    changes = [("arange(3.0)", "arange(3.0) + 1.0"), ("Term(2)", "Term(4)"), ("r**self.power", "r * self.power")]
    changed = [name_in_a_new_process(tmp_path / old, SOURCE.replace(old, new)) for old, new in changes]
    changed += [name_in_a_new_process(tmp_path / old, module=MODULE.replace(old, "3.0")) for old in ("2.0", "1.0")]
    assert len({name, *changed}) == 1 + len(changed)


def problem(loss: Callable[..., Array], **fields: Any) -> Problem:
    return Problem("shifted", loss, draw=lambda rng, batch_size: (rng.standard_normal(batch_size), ()), **fields)


def shifted(by: Any) -> Callable[..., Array]:
    def loss(xp: Any, x: Array, data: Any) -> Array:
        return xp.sum(functools.reduce(lambda total, _: total + by, range(2), x))

    return loss


def powered(xp: Any, x: Array, data: Any, power: int = 2) -> Array:
    return xp.sum(x**power)


@dataclass
class Settings:
    width: int


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1.0, 2.0),
        ("a", "b"),
        ((1.0, (2.0,)), (1.0, (3.0,))),
        ({"a": 1}, {"a": 2}),
        ({1, 2}, {1, 3}),
        (np.arange(5000.0), np.arange(5000.0) + np.eye(1, 5000, 2500)[0]),
        (np.zeros(2), np.zeros(2, "float32")),
        (functools.partial(powered, power=2), functools.partial(powered, power=3)),
        (Settings(1), Settings(2)),
        (np.exp, np.log),
        (len, max),
    ],
)
def test_what_a_closure_holds_is_part_of_the_name(one: Any, other: Any) -> None:
    names = [name_of(problem(shifted(by))) for by in (one, one, other)]
    assert names[0] == names[1] != names[2]


def test_lambdas_of_one_line_and_defaults_of_arguments_are_told_apart() -> None:
    first, second = (lambda xp, *args: xp.sum(args[0]), lambda xp, *args: xp.max(args[0]))
    assert name_of(problem(first)) != name_of(problem(second))
    assert name_of(problem(shifted(functools.partial(powered)))) != name_of(problem(powered))


def test_a_function_without_source_is_known_by_its_bytecode() -> None:
    def made(text: str) -> Callable[..., Array]:
        scope: dict[str, Any] = {"shift": 1.0}
        exec(f"def loss(xp, x, data):\n    return {text}", scope)  # noqa: S102 (as a debugger's console does)
        loss: Callable[..., Array] = scope["loss"]
        return loss

    names = [name_of(problem(made(text))) for text in ("xp.sum(x)", "xp.sum(x)", "xp.max(x)", "xp.sum(x - shift)")]
    assert names[0] == names[1]
    assert len(set(names)) == 3


def test_what_rows_have_columns_for_is_no_part_of_the_name_and_all_else_is() -> None:
    plain = problem(powered)
    same = replace(plain, sizes={"dimension": 2}, steps=3, batch_sizes=(1,))
    assert name_of(same) == name_of(plain)
    others = [replace(plain, rate=0.1), replace(plain, reference="torch"), replace(plain, minimum=shifted(1))]
    others += [replace(plain, loss=no_loss, losses={name: functools.partial(powered, np)}) for name in ("torch", "jax")]
    assert len({name_of(each) for each in (plain, *others)}) == 1 + len(others)


def test_functions_that_call_each_other_have_a_name() -> None:
    def even(xp: Any, x: Array, data: Any) -> Array:
        return odd(xp, x, data) if len(x) else xp.sum(x)

    def odd(xp: Any, x: Array, data: Any) -> Array:
        return even(xp, x[1:], data)

    assert name_of(problem(even)) == name_of(problem(even)) != name_of(problem(odd))


def test_modules_of_python_of_packages_and_of_the_project_are_not_the_users() -> None:
    assert not any(
        map(is_own, ("json", "builtins", "numpy.linalg", "pandas._libs.lib", "bench.own.identity", "problems"))
    )
    assert is_own("__main__")
    assert is_own(__name__)
