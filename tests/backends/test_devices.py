"""What can be held of a GPU without one: arrays stay on the case's device, programs lower for CUDA, and refusals."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import backends
import problems
from backends import Case, Flat, Stepwise
from bench.case import prepare
from bench.case.check import reference
from problems import sizes_text
from tests.backends.test_contract import FOUND
from tests.checkout import ROOT
from tests.dealing import SHORTER, dealt, of_framework

torch_modes = pytest.importorskip("backends.torch_modes")
torch_compiler = pytest.importorskip("backends.parts.torch.compiler")
jax_modes = pytest.importorskip("backends.jax_modes")
import jax  # noqa: E402 (it may be missing)
from jax import export  # noqa: E402 (likewise)

from backends.parts.jax import builders as jax_builders  # noqa: E402 (likewise)

CROSSING = """
import jax

gpu = jax.devices()[1]
jax.config.update("jax_default_device", gpu)
jax.config.update("jax_transfer_guard_device_to_device", "disallow")
import backends, problems
from backends import jax_modes
from bench.case import prepare
from backends import Case
from problems import sizes_text


def run(name, operator, mode):
    problem = problems.load()[name]
    case = Case(operator, name, mode, 7, "float32", "cpu", 2, sizes_text(problem.sizes))
    backend = backends.load(("jax",)).backends[mode]
    prepare.prepare(case, backend, problem).call()


for name in ("kmeans", "softmax_mlp"):
    run(name, "descent", "jax-grad")
    run(name, "gradient", "jax-jit")
print("as it is: nothing crossed", flush=True)
jax_modes.set_default_device = lambda device: None
jax.config.update("jax_default_device", gpu)
jax.clear_caches()
run("kmeans", "descent", "jax-grad")
"""


def python(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run this interpreter in the checkout."""
    command = [sys.executable, *arguments]
    return subprocess.run(command, cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=False)


def test_jax_computes_on_the_device_of_the_case_though_another_is_the_default() -> None:
    """Two CPUs stand for a CPU and a GPU. The control does not set the default device: its constants cross.

    A step of `jax-grad` runs what its gradient runs, and `jax-jit` compiles: one operator of each is enough.
    """
    done = python("-c", CROSSING, XLA_FLAGS="--xla_force_host_platform_device_count=2")
    assert done.stdout == "as it is: nothing crossed\n", done.stderr
    assert done.returncode != 0
    assert "Disallowed device-to-device transfer" in done.stderr


def require_the_fake_device() -> None:
    """Skip the test in a torch that lacks the dummy device: no release promises it."""
    registration = pytest.importorskip("torch.utils.backend_registration")
    if not hasattr(registration, "_setup_privateuseone_for_python_backend"):
        pytest.skip("this torch has no dummy device")


def test_torch_keeps_to_the_device_of_its_arguments(request: pytest.FixtureRequest) -> None:
    """The control has a loss with a constant that does not follow the device of its argument.

    By day each operator of a problem has one mode.
    """
    require_the_fake_device()
    imports = "import torch, tests.fake_gpu as fake; from backends.parts.torch import losses as own; "
    planted = "own.LOSSES['log_sum_exp'] = lambda x, data: (x * torch.ones(len(x))).sum(); "
    every = bool(request.config.getoption("every_dtype"))
    done = python("-c", f"{imports}fake.main(every={every}); {planted}fake.run_all(('log_sum_exp',), every=True)")
    assert done.returncode == 0, done.stderr
    ran, *control, again = done.stdout.splitlines()
    assert int(ran.removeprefix("ran ")) > 50
    assert {line.partition(":")[0].rpartition(" ")[0] for line in control} == {"torch-fused log_sum_exp"}
    assert again.startswith("ran ")


def lowered(monkeypatch: pytest.MonkeyPatch, case: Case) -> str:
    """Return the program of the case, or of one of its steps, lowered for CUDA. Nothing is compiled."""

    def uncompiled(function: Flat, *_arguments: Any, **options: Any) -> Flat:
        jitted: Flat = jax.jit(function, **options)
        return jitted

    monkeypatch.setattr(jax_builders, "compiled", uncompiled)
    backend, problem = FOUND.backends[case.backend], problems.find(case.problem, case.sizes)
    arguments = backends.place(backend, replace(case, device="cpu"), *reference.arguments(case, problem))
    jax_modes.set_precision("cuda", case.dtype)
    run = backend.compile(case, problem, arguments[0], arguments[-1])
    flat: Any = run.step if isinstance(run, Stepwise) else vars(run)["__wrapped__"]
    jitted = flat if hasattr(flat, "lower") else jax.jit(flat)
    exported = export.export(jitted, platforms=["cuda"])(*arguments[:-1], *arguments[-1])
    assert exported.platforms == ("cuda",)
    return str(exported.mlir_module())


@pytest.fixture
def float32_again() -> Any:
    """Ask for the default precision after the test."""
    yield
    backends.precision.use("float32")
    jax_modes.set_precision("cpu", "float32")


@pytest.mark.usefixtures("float32_again")
@pytest.mark.parametrize("name", [name for name in FOUND.backends if name.startswith("jax")])
def test_every_program_of_jax_lowers_for_cuda(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """By day each operator of a problem has one mode: the modes differ in how they call a program and loop over it."""
    backend, modes = FOUND.backends[name], of_framework(FOUND.backends, "jax")
    every = request.config.getoption("every_dtype") or backend.losses
    for row, problem in enumerate(problems.load().values()):
        for operator in backend.builders:
            sizes = sizes_text({**problem.sizes, **SHORTER.get(problem.name, {})})
            case = Case(operator, problem.name, name, 7, "float32", "cpu", 2, sizes)
            chosen = every or name == dealt(modes, row, operator)
            if chosen and prepare.refusal(case, backend, problem) is None:
                assert "func.func public @main" in lowered(monkeypatch, case)


@pytest.mark.usefixtures("float32_again")
@pytest.mark.parametrize(
    ("asked", "dtype", "words"),
    [
        ("float32", "float32", "precision = [HIGHEST, HIGHEST]"),
        ("tf32", "float32", "precision = [HIGH, HIGH]"),
        ("bfloat16", "float32", "lhs_precision_type = bf16"),
        ("bfloat16", "float64", "precision = [HIGHEST, HIGHEST]"),
    ],
)
def test_the_precision_that_is_asked_for_is_in_every_product(
    monkeypatch: pytest.MonkeyPatch, asked: str, dtype: str, words: str
) -> None:
    backends.precision.use(asked)
    problem = problems.load()["softmax_mlp"]
    text = lowered(
        monkeypatch, Case("gradient", "softmax_mlp", "jax-jit", 7, dtype, "cuda", 1, sizes_text(problem.sizes))
    )
    products = [line for line in text.splitlines() if "stablehlo.dot_general" in line]
    assert len(products) > 3
    assert all(words in line for line in products)


@pytest.mark.parametrize(("asked", "switch"), [("float32", False), ("tf32", True), ("bfloat16", True)])
def test_cudnn_follows_the_precision_that_is_asked_for(asked: str, *, switch: bool) -> None:
    import torch  # noqa: PLC0415 (it may be missing)

    backends.precision.use(asked)
    try:
        torch_modes.set_precision("cuda")
        assert torch.backends.cudnn.allow_tf32 is torch.backends.cuda.matmul.allow_tf32 is switch
        torch_modes.set_precision("cpu")
        assert torch.get_float32_matmul_precision() == "highest"
    finally:
        backends.precision.use("float32")
        torch_modes.set_precision("cpu")


def test_a_compiler_is_asked_for_that_the_device_needs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("CC", "CXX"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.syspath_prepend(tmp_path)
    assert "no 'g++'" in torch_compiler.missing("cpu")
    (tmp_path / "g++").touch(mode=0o755)
    assert torch_compiler.missing("cpu") is None
    if not importlib.util.find_spec("triton"):
        assert "needs Triton" in torch_compiler.missing("cuda")
        (tmp_path / "triton.py").touch()
    assert "no gcc or clang" in torch_compiler.missing("cuda")
    (tmp_path / "clang").touch(mode=0o755)
    assert torch_compiler.missing("cuda") is None
    monkeypatch.setenv("CC", "icx")
    assert "no icx" in torch_compiler.missing("cuda")
