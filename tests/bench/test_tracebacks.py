"""A loss or a backend that raises: the reason names the user's line and the shapes, and pytest shows the traceback."""

from __future__ import annotations

import numpy as np
import pytest

from bench.case.failure import MAX_SHAPES, Trace, _shapes
from bench.test_race import of_style
from tests.checkout import Checkout

LOSS = """
from problems import Problem


def loss(xp, x, data):
    (X,) = data
    if {condition}:
        raise RuntimeError("torn")
    return xp.sum((x - 1.0) * (x - 1.0)) + 0.0 * xp.sum(X)


def gradient(x, data):
    return 2.0 * (x - 1.0)


def draw(rng, batch_size):
    return rng.standard_normal(batch_size), (rng.standard_normal((batch_size, 3)),)


PROBLEM = Problem("mine", loss, gradient, draw, rate=0.1)
"""
RAISED = LOSS.format(condition='xp.__name__ == "autograd.numpy"')
LINE = 1 + RAISED.splitlines().index('        raise RuntimeError("torn")')
REASON = f"problems/mine.py:{LINE}: RuntimeError: torn (autograd; parameters x (2,); data (2, 3))"
FRAME = f'problems/mine.py", line {LINE}, in loss'
HARNESS = 'bench/case/measure.py", line'

BUILD = "    torch.compile(torch.sin, dynamic=False)(torch.ones(1, device=device))\n"
"""How `torch-compile-step` starts its compiler."""

LATE = """
import traceback

from backends.numpy_modes import NumpyMode, hand_derived


def descent(problem, case, x, data):
    whole = hand_derived(problem, case, x, data)

    def run(x, data):
        if any(frame.name == "round" for frame in traceback.extract_stack()):
            raise ValueError("late")
        return whole(x, data)

    return run


BACKENDS = (NumpyMode("late", {"descent": descent}),)
"""


@pytest.mark.parametrize(
    ("style", "frames"),
    [
        ("auto", {FRAME}),
        ("no", set()),
    ],
)
def test_the_traceback_of_a_loss_is_shown_as_pytest_is_asked(checkout: Checkout, style: str, frames: set[str]) -> None:
    """The whole traceback, with the harness's own frames, is shown for a backend below."""
    checkout.write("problems/mine.py", RAISED)
    one = ("--problem", "mine", "--backend", "autograd", "--batch-size", "2", "--device", "cpu")
    done = checkout.race(*one, f"--tb={style}")
    assert done.returncode == 1
    assert checkout.rows()["reason"].tolist() == [REASON]
    assert {frame for frame in (FRAME, HARNESS) if frame in done.stdout} == frames
    assert ("Traceback" in done.stdout) == bool(frames)
    assert ("Captured traceback call" in done.stdout) == bool(frames)


@pytest.mark.parametrize(
    ("style", "shown"),
    [("auto", "short"), ("short", "short"), ("long", "whole"), ("native", "whole"), ("line", ""), ("no", "")],
)
def test_each_style_of_pytest_shows_its_part_of_a_traceback(style: str, shown: str) -> None:
    assert of_style(Trace(short="the short", whole="the whole"), style) == (f"the {shown}" if shown else "")


def test_a_backend_that_raises_in_a_round_has_its_traceback_too(checkout: Checkout) -> None:
    checkout.write("backends/late_modes.py", LATE)
    done = checkout.race("--backend", "late", "--batch-size", "2", "--device", "cpu", "--tb=long")
    line = 1 + LATE.splitlines().index('            raise ValueError("late")')
    said = f"backends/late_modes.py:{line}: ValueError: late (late; parameters x (2,))"
    assert checkout.rows()["reason"].tolist() == [said]
    assert f'late_modes.py", line {line}, in run' in done.stdout
    assert "in round\n" in done.stdout


def test_what_raises_before_the_backend_raised_in_numpy(checkout: Checkout) -> None:
    """A loss raises in the check of its gradient. A draw raises before there are arrays, so it has no shapes."""
    checkout.write("problems/mine.py", LOSS.format(condition='xp.__name__ == "numpy"'))
    drawn = RAISED.replace("    return rng", "    raise KeyError(batch_size)\n    return rng")
    checkout.write("problems/drawn.py", drawn.replace('"mine"', '"drawn"'))
    checkout.race("--problem", "mine,drawn", "--backend", "autograd", "--batch-size", "5000", "--device", "cpu")
    reasons = checkout.rows().set_index("problem")["reason"]
    assert reasons["mine"].endswith("(NumPy, before autograd; parameters x (1000,); data (1000, 3))")
    line = 1 + RAISED.splitlines().index("def draw(rng, batch_size):")
    assert reasons["drawn"] == f"problems/drawn.py:{line + 1}: KeyError: 1000 (NumPy, before autograd)"


def test_an_error_of_a_compiler_names_the_line_of_the_loss_and_is_one_report(
    checkout: Checkout, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without isolation, where pytest captures what torch's compiler logs; under CI, where it repeats a failure.

    The compiler fails before it builds anything. So it is not started with a build, which takes seconds.
    """
    monkeypatch.setenv("CI", "true")
    pytest.importorskip("torch")
    pytest.importorskip("jax")
    checkout.write("problems/mine.py", LOSS.format(condition="xp.sum(x) > 1e9"))
    modes = (checkout.path / "backends" / "parts" / "torch" / "compiler.py").read_text(encoding="utf-8")
    assert modes.count(BUILD) == 1
    checkout.write("backends/parts/torch/compiler.py", modes.replace(BUILD, ""))
    chosen = ("--backend", "torch-compile-step,jax-jit", "--batch-size", "2", "--device", "cpu")
    done = checkout.race("--problem", "mine", *chosen, "--isolation", "none")
    reasons = checkout.rows()["reason"].droplevel(["batch_size", "device"])
    line = f"problems/mine.py:{LINE - 1}: "
    assert reasons["torch-compile-step"].startswith(f"{line}Unsupported: Data-dependent branching")
    assert reasons["torch-compile-step"].endswith("(torch-compile-step; parameters x (2,); data (2, 3))")
    assert reasons["jax-jit"].startswith(f"{line}TracerBoolConversionError: ")
    assert reasons["jax-jit"].endswith("(jax-jit; parameters x (2,); data (2, 3))")
    assert done.stdout.count(f'problems/mine.py", line {LINE - 1}, in loss\n') == 2
    assert "DEBUG" not in done.stdout
    assert "Captured log" not in done.stdout


def test_the_shapes_of_parameters_are_named_by_path() -> None:
    two, three = np.ones((2, 3)), np.ones(3)
    assert _shapes(three, ()) == "parameters x (3,)"
    assert _shapes({"W": two, "b": three}, (two,)) == "parameters W (2, 3), b (3,); data (2, 3)"
    assert _shapes((two, three), (two, three)) == "parameters [0] (2, 3), [1] (3,); data (2, 3), (3,)"
    assert _shapes({"head": {"W": two}, "tail": [three]}, ()) == "parameters ['head']['W'] (2, 3), ['tail'][0] (3,)"
    assert len(_shapes((two,) * 100, ())) == MAX_SHAPES + 1
