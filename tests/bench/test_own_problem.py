"""A user's own problem, from a file: without a hand gradient, with losses of frameworks, and wrong ones."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

import problems
from backends import Case, Found, load
from bench.case.check.derived import by_framework
from bench.case.check.kept import keeping
from bench.case.failure import Failure
from bench.case.referee import keep_answers
from bench.inventory import Inventory, objective_of, of
from bench.process.pool import Peer
from bench.process.requests import Requests
from bench.racing.referee import Referee
from problems.problem import not_derived
from report import table
from tests.checkout import QUICK, ROOT, environment

BLOCK = """
import numpy as np
from problems import Problem


def common(xp, p, data):
    X, y = data
    r = xp.tanh(X @ p["hidden"]["W"] + p["hidden"]["b"]) @ p["out"] - y
    return xp.sum(r * r) / y.shape[0]


def draw(rng, batch_size):
    hidden = {"W": rng.standard_normal((4, 5)), "b": np.zeros(5)}
    X = rng.standard_normal((batch_size, 4))
    return {"hidden": hidden, "out": rng.standard_normal(5)}, (X, X[:, 0])


"""
COMMON = BLOCK + 'PROBLEM = Problem("block", common, draw=draw, steps=20, batch_sizes=(8,))\n'
LOSSES = """
def torch_loss(p, data):
    import torch

    {fault}
    return {scale} * common(torch, p, data)


def autograd_loss(p, data):
    import autograd.numpy as anp

    return common(anp, p, data)


losses = {{"torch": torch_loss, "autograd": autograd_loss}}
PROBLEM = Problem("block", draw=draw, losses=losses, steps=20, batch_sizes=(8,){reference})
"""


def with_losses(fault: str = "", scale: str = "1.0", reference: str = "") -> str:
    """Return a file with a loss of torch, which may raise or be scaled, and one of HIPS autograd."""
    return BLOCK + LOSSES.format(fault=fault, scale=scale, reference=reference)


def race(folder: Path, *arguments: str) -> tuple[int, str, pd.DataFrame]:
    """Race from a folder of the user's, and return exit code, output and rows by backend."""
    command = [sys.executable, "-m", "pytest", str(ROOT / "bench"), "--benchmark-only", "--results", "rows.csv", *QUICK]
    command += ["--device", "cpu", *arguments]
    done = subprocess.run(command, cwd=folder, env=environment(), capture_output=True, text=True, check=False)
    assert (folder / "rows.csv").exists(), done.stdout + done.stderr
    return done.returncode, done.stdout, table.read(folder / "rows.csv").set_index("backend")


def raced(folder: Path, text: str, backends: str, *arguments: str) -> tuple[int, str, pd.DataFrame]:
    """Race the problem in a file from a folder of the user's, and return exit code, output and rows by backend."""
    (folder / "block.py").write_text(text, encoding="utf-8")
    return race(folder, "--problem", "block.py", "--backend", backends, *arguments)


def test_one_loss_for_all_frameworks_needs_no_gradient_and_no_rate(tmp_path: Path) -> None:
    code, output, rows = raced(tmp_path, COMMON, "numpy,autograd,jax-loop")
    assert code == 0, output
    assert rows["status"].to_dict() == {
        "numpy": "unsupported",
        "autograd": "ok",
        "jax-loop": "ok",
    }
    timed = rows[rows["status"] == "ok"]
    assert set(timed["reference"]) == {"autograd float64"}
    assert set(timed["rate"]) == {timed["rate"].iloc[0]}
    assert timed["rate"].iloc[0] > 0.0
    assert timed["ratio_to_numpy"].isna().all()
    assert (timed["steps_to_target"].notna() | timed["seconds_median"].notna()).all()
    assert rows["problem"].str.fullmatch(r"block@[0-9a-f]{8}").all()


def test_a_value_is_paired_with_numpys_loss_although_no_gradient_is_derived(tmp_path: Path) -> None:
    code, output, rows = raced(tmp_path, COMMON, "numpy,autograd", "--operator", "value")
    assert code == 0, output
    assert rows["ratio_to_numpy"].notna().all()


def test_losses_of_frameworks_run_those_frameworks_alone(tmp_path: Path) -> None:
    text = with_losses()
    code, output, rows = raced(tmp_path, text, "numpy,autograd,torch-grad", "--isolation", "none")
    assert code == 0, output
    assert rows["status"].to_dict() == {"numpy": "unsupported", "torch-grad": "ok", "autograd": "ok"}
    assert str(rows.loc["numpy", "reason"]).endswith("has no loss for numpy; it has one for torch, autograd")
    assert rows.loc["autograd", "reference"] == "torch float64"


@pytest.fixture(scope="module")
def wrong(tmp_path_factory: pytest.TempPathFactory) -> dict[str, pd.DataFrame]:
    """The rows of one race of three problems in which the loss of torch is wrong, by the name of the file."""
    folder = tmp_path_factory.mktemp("wrong")
    for name, text in WRONG.items():
        (folder / f"{name}.py").write_text(text, encoding="utf-8")
    files = ",".join(f"{name}.py" for name in WRONG)
    code, output, rows = race(folder, "--problem", files, "--backend", "torch-grad,autograd")
    assert code == 1, output
    return {name: rows[rows["problem"].str.startswith(f"{name}@")] for name in WRONG}


WRONG = {
    "differs": with_losses(scale="1.01"),
    "named": with_losses(scale="1.01", reference=', reference="autograd"'),
    "torn": with_losses(fault="p['out'] @ data[0]"),
}


def test_losses_that_differ_by_one_percent_give_nobody_a_time(wrong: dict[str, pd.DataFrame]) -> None:
    rows = wrong["differs"]
    assert rows["status"].to_dict() == {"torch-grad": "wrong", "autograd": "wrong"}
    assert rows["seconds_median"].isna().all()
    for reason in rows["reason"]:
        assert "the losses differ at the start, in float64: torch " in reason
        assert ", autograd " in reason
        assert "by 0.0099;" in reason
        assert "reference='torch' or reference='autograd'" in reason


def test_the_user_says_which_loss_is_right_and_the_other_is_wrong(wrong: dict[str, pd.DataFrame]) -> None:
    rows = wrong["named"]
    assert rows["status"].to_dict() == {"torch-grad": "wrong", "autograd": "ok"}
    assert rows["reference"].to_dict() == {"torch-grad": "autograd float64", "autograd": "autograd float64"}


def test_a_shape_error_under_torch_alone_costs_torch_alone_and_names_its_line(wrong: dict[str, pd.DataFrame]) -> None:
    rows = wrong["torn"]
    assert rows["status"].to_dict() == {"torch-grad": "error", "autograd": "ok"}
    line = 1 + WRONG["torn"].splitlines().index("    p['out'] @ data[0]")
    assert f"torn.py:{line}: RuntimeError" in str(rows.loc["torch-grad", "reason"])
    assert "['hidden']['W'] (4, 5)" in str(rows.loc["torch-grad", "reason"])


def test_a_user_brings_backends_too(tmp_path: Path) -> None:
    (tmp_path / "mine_modes.py").write_text(
        "from backends.numpy_modes import NumpyMode, hand_derived\n"
        "modes = {'mine-loop': 'descent', 'mine': 'gradient'}\n"
        "BACKENDS = tuple(NumpyMode(name, {operator: hand_derived}) for name, operator in modes.items())\n",
        encoding="utf-8",
    )
    code, output, rows = race(tmp_path, "--backend", "mine_modes.py,numpy", "--batch-size", "3")
    assert code == 0, output
    assert rows["status"].to_dict() == {"mine-loop": "ok", "mine": "unsupported", "numpy": "ok"}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in which right answers are kept."""
    with keeping(tmp_path):
        yield tmp_path


UNDERIVED = replace(
    problems.find("logistic"),
    name="underived",
    gradient=not_derived,
    gradient_into=None,
    hvp=None,
    rate=None,
)
FOUND = load(("autograd",)).backends


@pytest.mark.parametrize("operator", problems.OPERATORS)
def test_a_frameworks_answers_are_those_of_the_hand_derived_functions(operator: str) -> None:
    derived = by_framework(UNDERIVED, FOUND, "autograd")
    x, data = problems.instance(UNDERIVED, 5, "float64")
    right = replace(problems.find("logistic"), rate=0.1)
    arguments = (x, problems.direction(right, 5, x), data) if operator in problems.ALONG else (x, data)
    for problem in (replace(derived, rate=0.1), right):
        answer = problems.hand_derived(operator, problem, 5, x, data)(*arguments)
        expected = problems.hand_derived(operator, right, 5, x, data)(*arguments)
        for ours, theirs in zip(problems.tree_leaves(answer), problems.tree_leaves(expected), strict=True):
            np.testing.assert_allclose(np.asarray(ours), np.asarray(theirs), rtol=1e-10)


ASKED = [*((name, "") for name in problems.OPERATORS), *(("descent", by) for by in problems.OPTIMIZERS[1:])]
"""Every operator, and the descent by every optimizer."""


@pytest.mark.parametrize(("operator", "optimizer"), ASKED)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_all_answers_that_a_check_reads_are_kept(
    folder: Path, monkeypatch: pytest.MonkeyPatch, operator: str, optimizer: str, dtype: str
) -> None:
    """Another process computes none: there the problem has no gradient, and a call of it would raise."""
    monkeypatch.setattr("problems.added", lambda: ("underived",))
    monkeypatch.setattr("problems.load_added", lambda _: UNDERIVED)
    steps = 20 if operator == "descent" else 1
    case = Case(operator, "underived", "autograd", 5, dtype, "cpu", steps, "dimension=16", optimizer)
    keep_answers(case, by_framework(UNDERIVED, FOUND, "autograd"))
    requests = Requests("default", ())
    requests._add(Found(dict(FOUND)))
    budget = {"min_round_seconds": 1e-4, "max_seconds": 1e-3, "min_rounds": 6, "memory": False, "curve": True}
    planned = requests.begin(vars(case), budget, "run", 0, reference="autograd")
    for _ in range(planned["rounds"]):
        requests.time()
    row = requests.finish()["row"]
    assert row["status"] == "ok", row["reason"]
    assert row["reference"] == "autograd float64"
    assert "NotDerivedError" not in row["warnings"]


class Told:
    """A peer whose frameworks tell these losses. Those of all other frameworks raise."""

    def __init__(self, losses: dict[str, float]) -> None:
        self.losses = losses
        self.environment: dict[str, Any] = {}

    def peer(self, case: Case) -> Peer:
        return self

    def ask(self, what: str, timeout: float, **fields: Any) -> dict[str, Any]:
        name = fields["case"]["backend"].partition("-")[0]
        if what != "value":
            return {}
        return {"value": self.losses[name]} if name in self.losses else {"status": "error", "reason": f"{name} torn"}


INVENTORY: Inventory = of(load(("numpy", "autograd", "torch")))
CASE = Case("descent", "underived", "torch-grad", 5, "float32", "cpu", 20, "dimension=16")


def reference(losses: dict[str, float], named: str = "") -> str | Failure:
    objective = objective_of(replace(UNDERIVED, reference=named))
    return Referee(Told(losses), INVENTORY, {"underived": objective}).reference(CASE)


def failure(losses: dict[str, float], named: str = "") -> Failure:
    found = reference(losses, named)
    assert isinstance(found, Failure)
    return found


def test_the_reference_is_the_first_framework_whose_loss_can_be_computed() -> None:
    assert reference({"numpy": 1.0, "autograd": 1.0, "torch": 1.0}) == "autograd"
    assert reference({"numpy": 1.0, "torch": 1.0}) == "torch"
    assert reference({"numpy": 1.0, "autograd": 1.0 + 1e-12, "torch": 1.0}) == "autograd"


@pytest.mark.parametrize("other", [float("nan"), float("inf")])
def test_a_loss_that_is_no_number_gives_nobody_a_time(other: float) -> None:
    found = failure({"numpy": 1.0, "autograd": other, "torch": 1.0})
    assert found == ("wrong", f"the loss at the start, in float64, is {other} in autograd: nobody gets a time")


def test_a_loss_that_is_no_scalar_is_named() -> None:
    problem = replace(UNDERIVED, loss=lambda *arguments: arguments[1])
    with pytest.raises(ValueError, match=r"the loss in autograd has the shape \(16,\): it must be one number"):
        by_framework(problem, FOUND, "autograd").numpy_loss(*problems.instance(problem, 5, "float64"))


@pytest.mark.parametrize("other", [1.01, 1.0 + 1e-7, -1.0, 0.0])
def test_losses_that_differ_are_named_with_their_values(other: float) -> None:
    losses = {"numpy": 1.0, "autograd": 1.0, "torch": other}
    assert failure(losses).status == "wrong"
    assert f"torch {other:.10g}" in failure(losses).reason
    assert reference(losses, named="autograd") == "autograd"


def test_without_a_framework_there_is_no_reference() -> None:
    assert "no reference: autograd torn" in failure({"numpy": 1.0}).reason
    assert "no reference: torch torn" in failure({"numpy": 1.0, "autograd": 1.0}, named="torch").reason
