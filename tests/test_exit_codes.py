"""A command that fails ends with 2, and a command that is stopped with 130. Exit code 1 is a result."""

from __future__ import annotations

import pytest

from tests.checkout import Checkout

COMMANDS = {
    "bench": (("bench", "run", "--backend", "numpy"), "bench/launches.py", "main"),
    "report": (("report", "show", "run.csv"), "report/commands/show.py", "run"),
    "backends": (("backends", "--markdown"), "backends/catalogue.py", "markdown"),
    "problems": (("problems",), "problems/catalogue.py", "markdown"),
}
"""Of each command: its arguments, and the file and the function that the tests replace."""


def plant(checkout: Checkout, command: str, raised: str) -> tuple[str, ...]:
    """Make the command raise an exception, and return its arguments."""
    arguments, path, function = COMMANDS[command]
    for framework in ("autograd", "jax", "torch"):  # importing them takes seconds, and tells nothing here
        (checkout.path / "backends" / f"{framework}_modes.py").unlink()
    text = (checkout.path / path).read_text(encoding="utf-8")
    checkout.write(path, f"{text}\n\ndef {function}(*_):\n    raise {raised}\n")
    return arguments


@pytest.mark.parametrize("command", COMMANDS)
def test_an_unexpected_exception_is_a_traceback_and_exit_code_2(checkout: Checkout, command: str) -> None:
    done = checkout.run(*plant(checkout, command, "ZeroDivisionError('planted')"))
    assert done.returncode == 2
    assert "Traceback (most recent call last):" in done.stderr
    assert done.stderr.endswith("ZeroDivisionError: planted\n")


@pytest.mark.parametrize("command", COMMANDS)
def test_ctrl_c_is_one_line_and_exit_code_130(checkout: Checkout, command: str) -> None:
    done = checkout.run(*plant(checkout, command, "KeyboardInterrupt"))
    assert done.returncode == 130
    (line,) = done.stderr.splitlines()
    assert line.startswith("stopped")


@pytest.mark.parametrize("command", COMMANDS)
def test_a_wrong_option_is_exit_code_2(checkout: Checkout, command: str) -> None:
    assert checkout.run(command, "--no-such-option").returncode == 2
