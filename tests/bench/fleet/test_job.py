"""The function that a job runs: what it refuses, what it says of a launch without rows, and what a launch may see."""

from __future__ import annotations

from typing import Any

import pytest

from bench.fleet import environment, job
from bench.fleet.job import Task


def task(**changes: Any) -> Task:
    """Return a task for this process."""
    plain: dict[str, Any] = {"number": 3, "run": "fleet", "arguments": [], "files": [], "variables": {}}
    plain |= {"environment": environment.here(), "allow_difference": False} | changes
    return plain  # type: ignore[return-value] # a task's keys


def test_a_machine_that_differs_is_named_and_measures_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "_measured", lambda *_: ("rows", ""))
    same_task = task()
    same = job.launch(same_task)
    assert (same["number"], same["csv"], same["reason"], same["differences"]) == (3, "rows", "", [])
    ours = environment.here() | {"jax": "0.10.2", "commit": "0123456789", "/home/me/mine.py": "1a2b3c4d"}
    monkeypatch.setattr(environment, "here", lambda files: ours | {"jax": "", "commit": "abc", files[0]: ""})
    differing = same_task | {"environment": ours, "files": ["/home/me/mine.py"]}
    named = ["commit abc there, 0123456789 here", "jax missing there, 0.10.2 here"]
    refused = job.launch(differing)
    assert refused["differences"] == [*named, "/home/me/mine.py missing there, 1a2b3c4d here"]
    assert refused["csv"] == ""
    assert refused["reason"].startswith("not measured, since the machine differs: commit abc there, 0123456789 here; ")
    allowed = job.launch(differing | {"allow_difference": True})
    assert (allowed["csv"], allowed["reason"], allowed["differences"][:2]) == ("rows", "", named)


def test_uncommitted_changes_and_the_users_files_are_seen(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in environment.FOLDERS:
        (tmp_path / name).mkdir()
    (tmp_path / "bench" / "clock.py").write_text("now = 1\n", encoding="utf-8")
    monkeypatch.setattr("bench.machine.ROOT", tmp_path)
    mine = str(tmp_path / "mine.py")
    before = environment.here([mine])
    (tmp_path / "bench" / "clock.py").write_text("now = 2\n", encoding="utf-8")
    (tmp_path / "mine.py").write_text("\n", encoding="utf-8")
    differing = environment.differences(before, environment.here([mine]))
    assert [words.partition(" ")[0] for words in differing] == ["source", mine]
    assert differing[1].endswith(" there, missing here")


def test_a_launch_without_rows_says_why() -> None:
    answer = job.launch(task(arguments=["--no-such-option"]))
    assert answer["csv"] == ""
    assert answer["reason"].startswith("the launch ended with exit code 2: ")
    assert answer["reason"].endswith("unrecognized arguments: --no-such-option")
    assert job._reason(-9, b"") == "the launch was killed by SIGKILL"


def test_a_launch_sees_the_variables_of_the_shell_and_none_of_the_engine() -> None:
    of_the_job = {
        "PATH": "/bin",
        "SLURM_CPUS_PER_TASK": "1",
        "SUBMITIT_EXECUTOR": "local",
        "DASK_PARENT": "1",
        "OMP_NUM_THREADS": "1",
        "MKL_NUM_THREADS": "1",
        "CUDA_VISIBLE_DEVICES": "",
        "JAX_PLATFORMS": "cpu",
    }
    variables = {"OMP_NUM_THREADS": "4", "MKL_NUM_THREADS": None, "CUDA_VISIBLE_DEVICES": None}
    seen = job.cleaned(of_the_job, task(variables=variables))
    assert seen == {"PATH": "/bin", "JAX_PLATFORMS": "cpu", "OMP_NUM_THREADS": "4"}
