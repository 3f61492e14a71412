"""`python -m bench check`: what it says of a problem in a file, and how it ends."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import __main__ as command

MINE = """
from problems import Problem
{imports}

def loss(xp, x, data):
    (X,) = data
    r = X @ x - 1.0
    return xp.sum(0.5 * r * r) / len(r)


def gradient(x, data):
    (X,) = data
    return {factor} * X.T @ (X @ x - 1.0) / len(X)


def other(x, data):
    {other}


def draw(rng, batch_size):
    return rng.standard_normal(4), (rng.standard_normal((batch_size, 4)),)


PROBLEM = Problem("mine", loss, {fields}draw=draw, steps=5, batch_sizes=(3, 20))
"""


@pytest.fixture
def check(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Check:
    """Write a problem to `mine.py`, check it, and return the exit code and what was printed."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.chdir(tmp_path)
    return Check(tmp_path / "mine.py", capsys)


class Check:
    """Checks a problem with the fields and the loss of torch alone that a test gives it."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._path, self._capsys = path, capsys

    def problem(self, fields: str = "", factor: float = 1.0, other: str = "return 0.0", imports: str = "") -> int:
        """Return the line of the body of `other` in the file that was written."""
        text = MINE.format(fields=fields, factor=factor, other=other, imports=imports)
        self._path.write_text(text, encoding="utf-8")
        return 1 + text.splitlines().index(f"    {other}")

    def __call__(self, *arguments: str, file: str = "mine.py") -> tuple[int, list[str]]:
        """Return the exit code and the lines that were printed, without the spaces that align them."""
        code = command.main(["check", file, *arguments])
        out, err = self._capsys.readouterr()
        assert max(map(len, out.splitlines()), default=0) <= 80
        return code, [" ".join(line.split()) for line in (out or err).splitlines()]


def cell(lines: list[str], backend: str) -> str:
    """Return the cells of a backend's line."""
    return next(line.removeprefix(f"descent {backend} ") for line in lines if line.startswith(f"descent {backend} "))


def notes(lines: list[str]) -> str:
    """Return what stands below the tables, as one text."""
    return " ".join(lines[next((i for i, line in enumerate(lines) if line.startswith("- ")), len(lines)) :])


def test_a_right_problem_is_right_in_both_dtypes_at_its_smallest_batch_size(check: Check) -> None:
    check.problem(fields="gradient, ")
    code, lines = check("--backend", "numpy,autograd")
    assert code == 0
    assert lines[0].endswith(" at batch size 3, on the CPU")
    assert lines[2] == "reference: the hand-derived gradient"
    assert lines[3].startswith("its gradient: off by ")
    assert lines[4].startswith("learning rate: ")
    assert lines[5].removeprefix("loss at the start in numpy: ") == lines[6].removeprefix(
        "loss at the start in autograd: "
    )
    assert cell(lines, "numpy") == cell(lines, "autograd") == "right right"
    assert lines[-1].startswith("4 cases right; in ")


def test_options_choose_the_cases(check: Check) -> None:
    check.problem(fields="gradient, rate=0.1, ")
    options = ("--backend", "autograd", "--dtype", "float64", "--batch-size", "2,7", "--operator", "gradient,value")
    code, lines = check(*options)
    assert code == 0
    assert [line.partition(" at ")[2] for line in lines if "on the CPU" in line] == [
        "batch size 2, on the CPU",
        "batch size 7, on the CPU",
    ]
    assert lines.count("gradient autograd right") == lines.count("value autograd right") == 2
    assert not [line for line in lines if line.startswith("learning rate")]


def test_a_problem_of_the_project_is_checked_by_its_name(check: Check) -> None:
    code, lines = check("--backend", "numpy", file="rosenbrock")
    assert code == 0
    assert cell(lines, "numpy") == "right right"


def test_without_a_hand_derived_gradient_a_framework_is_the_reference(check: Check) -> None:
    check.problem()
    code, lines = check("--backend", "numpy,autograd")
    assert code == 0
    assert lines[2] == "reference: autograd in float64"
    assert cell(lines, "numpy") == "unsupported unsupported"
    assert notes(lines).startswith("- numpy: mine@")
    assert "has no hand-derived gradient" in notes(lines)


def test_a_hand_derived_gradient_that_is_1_percent_wrong_is_named_once(check: Check) -> None:
    check.problem(fields="gradient, ", factor=1.01)
    code, lines = check("--backend", "numpy,autograd")
    assert code == 1
    assert cell(lines, "numpy") == cell(lines, "autograd") == "error error"
    assert notes(lines).count("the reference's gradient") == 1
    assert "- numpy, autograd: WrongReferenceError: the reference's gradient of mine@" in notes(lines)
    assert " is off by 0.01" in notes(lines)


def test_losses_that_differ_are_named_with_their_values(check: Check) -> None:
    pytest.importorskip("torch")
    check.problem(fields="losses={'torch': other}, ", other="return 1.01 * loss(None, x, data)")
    text = Path("mine.py").read_text(encoding="utf-8").replace("xp.sum(0.5 * r * r)", "(0.5 * r * r).sum()")
    Path("mine.py").write_text(text, encoding="utf-8")
    code, lines = check("--backend", "autograd,torch-grad")
    assert code == 1
    assert lines[2] == "reference: none"
    values = {line.split()[5].strip(":"): line.split()[6].strip(",") for line in lines if line.startswith("loss at")}
    assert float(values["torch"]) == pytest.approx(1.01 * float(values["autograd"]))
    assert [line for line in lines if line.endswith(", which differs by 0.0099")]
    assert cell(lines, "autograd") == cell(lines, "torch-grad") == "wrong wrong"
    assert f"torch {values['torch']}, autograd {values['autograd']}, by 0.0099" in notes(lines)
    assert notes(lines).count("the losses differ at the start") == 1


def test_losses_that_differ_by_a_constant_are_no_success_though_each_gradient_is_right(check: Check) -> None:
    pytest.importorskip("torch")
    check.problem(fields="gradient, losses={'torch': other}, ", other="import torch; return loss(torch, x, data) + 1.0")
    code, lines = check("--backend", "numpy,torch-grad", "--operator", "gradient")
    assert code == 1
    assert "gradient torch-grad right right" in lines
    assert "which differs by" in " ".join(lines)


def test_an_error_of_one_framework_is_named_once_with_its_line_and_the_others_are_right(check: Check) -> None:
    pytest.importorskip("torch")
    line = check.problem(fields="losses={'torch': other}, ", other="return x @ data[0]")
    code, lines = check("--backend", "autograd,torch-grad,torch-optim")
    assert code == 1
    assert lines[2] == "reference: autograd in float64"
    assert cell(lines, "autograd") == "right right"
    assert cell(lines, "torch-grad") == cell(lines, "torch-optim") == "error error"
    folder = Path.cwd().name
    assert f"- torch-grad, torch-optim: {folder}/mine.py:{line}: RuntimeError: " in notes(lines)
    assert notes(lines).count("mine.py:") == 1
    assert lines[-1].startswith("2 cases right · 4 cases error; in ")


def test_a_module_that_is_not_installed_costs_only_the_loss_that_needs_it(check: Check) -> None:
    pytest.importorskip("torch")
    imports = "import no_such_module\n"
    check.problem(fields="losses={'torch': other}, ", other="return no_such_module.loss(x)", imports=imports)
    code, lines = check("--backend", "autograd,torch-grad")
    assert code == 1
    assert cell(lines, "autograd") == "right right"
    assert cell(lines, "torch-grad") == "error error"
    assert "ModuleNotFoundError: No module named 'no_such_module'" in notes(lines)


def test_nothing_that_can_run_the_problem_is_no_success(check: Check) -> None:
    check.problem()
    code, lines = check("--backend", "numpy")
    assert code == 1
    assert lines[2] == "reference: none"
    assert "no framework that has the loss is raced; add one to --backend" in notes(lines)


def test_a_file_that_raises_is_an_error_of_one_line(check: Check) -> None:
    check.problem(imports="1 / 0\n")
    code, (line,) = check("--backend", "numpy")
    assert code == 2
    assert line.endswith("/mine.py:3: ZeroDivisionError: division by zero")


def test_a_file_that_is_not_there_is_an_error_of_one_line(check: Check) -> None:
    code, (line,) = check(file="none.py")
    assert code == 2
    assert line == "python -m bench: problem 'none.py': No such file or directory"
