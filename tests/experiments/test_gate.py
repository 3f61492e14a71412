"""The experiment on the gate runs, briefly, and its slower copies are slower in every backend."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments.gate import __main__ as command
from experiments.gate import slowdown
from experiments.gate.collect import slower_copy
from tests.checkout import Checkout

QUICK = ("--backend", "numpy", "--batch-size", "1", "--max-seconds", "0.02")


def test_what_is_collected_makes_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(tmp_path / "gate")
    command.main(["collect", folder, "--pairs", "2", "--runs", "2", "--launches", "1", *QUICK])
    capsys.readouterr()
    command.main(["table", folder, "--duels", "10", "--launches", "1"])
    *table, _, commit = capsys.readouterr().out.splitlines()
    assert table[0] == "| what | found | from |"
    assert sum("duels of a checkout with itself" in row for row in table) == 1
    assert sum("more work in one backend" in row for row in table) == 2
    assert sum("report compare" in row for row in table) == 2
    assert commit.startswith("Measured at commit ")


def test_every_backend_of_a_slower_copy_is_slowed_down(tmp_path: Path) -> None:
    copy = Checkout(slower_copy(tmp_path, 5))
    program = (
        "import backends; "
        "print(*{type(backend).__name__ for backend in backends.load().backends.values() "
        "if backend.compile.__module__ != 'backends.slowdown'})"
    )
    (copy.path / "slowed.py").write_text(program, encoding="utf-8")
    done = copy.run("slowed")
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_a_lengthened_call_waits_and_returns_the_result() -> None:
    waited: list[int] = []
    call = slowdown.lengthened(lambda x: 2 * x, waited.append, 0.05, 0.0)
    assert call(21) == 42
    assert waited == [42]
