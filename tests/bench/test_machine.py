"""Which systems are supported, and what a row records about a machine where git, nvidia-smi or ps hangs or fails."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import machine
from bench.__main__ import main
from tests.checkout import Checkout

GIT, PS = shutil.which("git") or "git", shutil.which("ps") or "ps"
ALL = len(machine.cpus())
REFUSED = "descent-bench runs on Linux and macOS; 'win32' is not supported"
CACHED = (machine.cpu_model, machine.gpu, machine.gpus, machine.commit)


@pytest.fixture(autouse=True)
def asked_again() -> Iterator[None]:
    """Forget the answers before the test and after it."""
    for function in CACHED:
        function.cache_clear()
    yield
    for function in CACHED:
        function.cache_clear()


def plant(folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, script: str) -> None:
    """Put a command of this name in front of the system's own."""
    command = folder / name
    command.write_text(f"#!/bin/sh\n{script}\n")
    command.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)


@pytest.mark.parametrize(("text", "threads"), [("1", 1), ("1,2", 1), (" 1 , 4", 1), ("999999999", ALL)])
def test_the_first_number_of_omp_num_threads_counts(monkeypatch: pytest.MonkeyPatch, text: str, threads: int) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert machine.pinned_threads() == threads


@pytest.mark.parametrize("text", ["", "0", "-1", "many", ",1", "1.5", "٣", "1_0", 5000 * "9"])
def test_garbage_in_omp_num_threads_counts_as_not_set(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", text)
    assert machine.pinned_threads() == ALL


TWO = (
    "echo 'GPU-11aa-1, NVIDIA T4, 580.65'",
    "echo 'GPU-22bb-2, NVIDIA H100, 580.65'",
)
NONE = ("", "")
T4, H100, EITHER = ("NVIDIA T4", "580.65"), ("NVIDIA H100", "580.65"), ("NVIDIA T4 or NVIDIA H100", "580.65")


@pytest.mark.parametrize(
    ("visible", "order", "expected"),
    [
        (None, "PCI_BUS_ID", T4),
        ("0", "PCI_BUS_ID", T4),
        ("1", "PCI_BUS_ID", H100),
        (" 1 , 0", "PCI_BUS_ID", H100),
        ("1,9", "PCI_BUS_ID", H100),
        ("9,1", "PCI_BUS_ID", NONE),
        ("-1", "PCI_BUS_ID", NONE),
        ("", "PCI_BUS_ID", NONE),
        ("NoDevFiles", "PCI_BUS_ID", NONE),
        ("GPU-22bb-2", None, H100),
        ("GPU-22", None, H100),
        ("GPU-33", None, NONE),
        ("MIG-GPU-22bb-2/1/0", None, H100),
        ("MIG-5c89852c-d268", None, EITHER),
        (None, None, EITHER),
        ("1", "FASTEST_FIRST", EITHER),
    ],
)
def test_the_gpu_that_cuda_sees_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, visible: str | None, order: str | None, expected: tuple[str, str]
) -> None:
    plant(tmp_path, monkeypatch, "nvidia-smi", "\n".join(TWO))
    for name, value in (("CUDA_VISIBLE_DEVICES", visible), ("CUDA_DEVICE_ORDER", order)):
        monkeypatch.setenv(name, value) if value is not None else monkeypatch.delenv(name, raising=False)
    assert machine.gpu() == expected


def test_among_gpus_of_one_model_the_order_does_not_matter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(tmp_path, monkeypatch, "nvidia-smi", "\n".join(TWO).replace("T4", "H100"))
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "1")
    assert machine.gpu() == H100
    assert [gpu.uuid for gpu in machine.gpus()] == ["GPU-22bb-2"]


@pytest.mark.parametrize("script", ["echo no driver; exit 9", "kill -9 $$"])
def test_a_failing_nvidia_smi_names_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    plant(tmp_path, monkeypatch, "nvidia-smi", script)
    assert machine.gpu() == ("", "")


def test_an_nvidia_smi_that_cannot_be_run_names_no_gpu(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "nvidia-smi").write_bytes(b"\x7fELF no program")
    (tmp_path / "nvidia-smi").chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.gpu() == ("", "")


@pytest.mark.parametrize("script", ["sleep 600 & echo $! > {}; wait", "sleep 600 & echo $! > {}"])
def test_a_hanging_command_is_killed_with_what_it_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str
) -> None:
    """The second script ends at once, and leaves a child behind that holds its output open."""
    monkeypatch.setattr(machine, "MAX_SECONDS", 1.0)
    plant(tmp_path, monkeypatch, "nvidia-smi", script.format(tmp_path / "child"))
    start = time.monotonic()
    assert machine.gpu() == ("", "")
    assert time.monotonic() - start < 30
    child = (tmp_path / "child").read_text().strip()
    for _ in range(1000):
        if not runs(child):
            return
        time.sleep(0.02)
    pytest.fail("the child lives on")


def runs(process: str) -> bool:
    state = subprocess.run([PS, "-o", "stat=", "-p", process], capture_output=True, text=True, check=False).stdout
    return state.strip() != "" and not state.startswith("Z")


def repository(folder: Path) -> str:
    """Make a repository with one commit, and return the commit."""
    folder.mkdir()
    (folder / "file").write_text(folder.name)
    identity = ("-c", "user.name=a", "-c", "user.email=a@b")
    for arguments in (("init", "--quiet"), ("add", "file"), (*identity, "commit", "--quiet", "--message", folder.name)):
        subprocess.run([GIT, *arguments], cwd=folder, check=True)
    return subprocess.check_output([GIT, "rev-parse", "--short=10", "HEAD"], cwd=folder, text=True).strip()


def test_the_commit_is_that_of_the_checkout_whatever_the_environment_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own, _ = repository(tmp_path / "own"), repository(tmp_path / "foreign")
    foreign = tmp_path / "foreign"
    monkeypatch.setenv("GIT_DIR", str(foreign / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(foreign))
    monkeypatch.setenv("GIT_INDEX_FILE", str(foreign / ".git" / "index"))
    assert machine.commit(tmp_path / "own") == (own, False)
    machine.commit.cache_clear()
    (tmp_path / "own" / "file").write_text("changed")
    assert machine.commit(tmp_path / "own") == (own, True)


@pytest.mark.parametrize(
    ("path", "dirty"), [("problems/mine.py", True), ("backends/mine_modes.py", True), ("x", False)]
)
def test_a_new_file_that_is_raced_makes_the_checkout_dirty(tmp_path: Path, path: str, *, dirty: bool) -> None:
    root = tmp_path / "own"
    head = repository(root)
    (root / path).parent.mkdir(exist_ok=True)
    (root / path).write_text("new")
    assert machine.commit(root) == (head, dirty)


def test_the_variables_that_steer_the_frameworks_are_recorded(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith(machine.STEERING)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XLA_FLAGS", "--a=1 --b=2")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("TORCHINDUCTOR_CACHE_DIR", "a folder")
    monkeypatch.setenv("EDITOR", "vi")
    monkeypatch.setenv("TF_TOKEN_app_terraform_io", "secret")
    assert machine.variables() == "OMP_NUM_THREADS=1 XLA_FLAGS='--a=1 --b=2'"


def test_without_git_the_commit_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert machine.commit(tmp_path) == ("none", False)


def test_a_hanging_git_is_asked_once_and_the_commit_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "MAX_SECONDS", 1.0)
    plant(tmp_path, monkeypatch, "git", f"echo asked >> {tmp_path / 'log'}; sleep 600")
    assert machine.commit(tmp_path) == ("none", False)
    assert (tmp_path / "log").read_text() == "asked\n"


def test_a_checkout_whose_changes_git_does_not_tell_counts_as_changed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plant(tmp_path, monkeypatch, "git", '[ "$3" = rev-parse ] && echo 0123456789')
    assert machine.commit(tmp_path) == ("0123456789", True)


def test_a_cpu_that_the_system_does_not_name_has_the_name_of_its_architecture(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(machine, "CPU_INFO", tmp_path)  # a directory cannot be read
    assert machine.cpu_model() in {platform.processor(), platform.machine()}


def test_the_race_runs_where_commands_hang_or_are_missing(checkout: Checkout, tmp_path: Path) -> None:
    """With nested threads, no GPU's answer, no git, and no home."""
    commands = tmp_path / "commands"
    commands.mkdir()
    (commands / "nvidia-smi").write_text("#!/bin/sh\nexit 9\n")
    (commands / "nvidia-smi").chmod(0o755)
    only = ("--backend", "numpy", "--batch-size", "1", "--device", "cpu", "--memory", "off")
    done = checkout.race(*only, OMP_NUM_THREADS="4,2", PATH=str(commands), HOME="")
    assert done.returncode == 0, done.stdout + done.stderr
    (commit,) = checkout.rows()["commit"]
    assert commit == "none"


@pytest.mark.parametrize("system", ["linux", "darwin"])
def test_linux_and_macos_are_supported(monkeypatch: pytest.MonkeyPatch, system: str) -> None:
    monkeypatch.setattr(sys, "platform", system)
    machine.require_supported()


@pytest.mark.parametrize("command", ["run", "duel"])
def test_a_command_refuses_any_other_system_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setattr(sys, "platform", "win32")
    assert main([command]) == 2
    assert capsys.readouterr().err == f"python -m bench: {REFUSED}\n"


def test_the_race_refuses_any_other_system_in_one_line(checkout: Checkout) -> None:
    path = "bench/machine.py"
    text = (checkout.path / path).read_text(encoding="utf-8")
    checkout.write(path, f"{text}\nsys.platform = 'win32'\n")
    done = checkout.race()
    assert done.returncode == 4
    assert done.stderr == f"ERROR: {REFUSED}\n\n"
    assert checkout.csvs() == []
