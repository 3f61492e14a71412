"""A fleet in Slurm's queue. The commands of Slurm are stand-ins that keep what they are asked for."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from typing import Any

import pytest

from bench.__main__ import main
from bench.fleet import engines
from bench.fleet.ending import collect
from bench.fleet.engines import Place
from bench.fleet.state import Fleet, Plan
from report import table
from tests.bench.fleet.answers import csv_of

pytest.importorskip("submitit")

SBATCH = """#!/bin/sh
echo "$1" >> "$SLURM_TEST/submitted"
echo "Submitted batch job $((6 + $(wc -l < "$SLURM_TEST/submitted")))"
"""
SACCT = """#!/bin/sh
echo "JobID|State|NodeList"
cat "$SLURM_TEST/states" 2>/dev/null
"""


@pytest.fixture
def slurm(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files `submitted`, the scripts that sbatch got, and `states`, what sacct says."""
    folder = tmp_path / "slurm"
    folder.mkdir()
    for name, text in (("sbatch", SBATCH), ("sacct", SACCT), ("srun", "#!/bin/sh\n")):
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    monkeypatch.setenv("SLURM_TEST", str(folder))
    return folder


def run_jobs(fleet: Fleet, job: str, indices: list[int]) -> None:
    """Run these jobs of an array, as Slurm does."""
    script = fleet.folder / "jobs" / f"{job}_submission.sh"
    for index in indices:
        own = {"SLURM_JOB_ID": "99", "SLURM_ARRAY_JOB_ID": job, "SLURM_ARRAY_TASK_ID": str(index)}
        subprocess.run(["/bin/bash", str(script)], env=os.environ | own, check=True, capture_output=True)


@pytest.fixture
def interrupted(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C at the first wait between two looks at the queue."""
    sleep = time.sleep

    def wait(seconds: float) -> None:
        if seconds == engines.POLL_SECONDS:
            raise KeyboardInterrupt
        sleep(seconds)

    monkeypatch.setattr("time.sleep", wait)


@pytest.mark.usefixtures("interrupted")
def test_jobs_in_the_queue_are_found_again_by_their_ids(
    tmp_path: Path, slurm: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, csv = tmp_path / "fleet.csv", csv_of(0, 1e-3, tmp_path)
    places = {str(place): place for place in (Place(gpus="h100:1"), Place(gpus="a100:1"))}
    plan = Plan(list(places), ["--backend", "numpy"])

    def stand_in(task: Any) -> Any:
        return answer | {"number": task["number"], "csv": csv}

    answer: dict[str, Any] = {"host": "node1", "differences": [], "reason": ""}
    monkeypatch.setattr(engines, "launch", stand_in)
    fleet = Fleet(path, plan, 2)
    with pytest.raises(KeyboardInterrupt):
        list(engines.slurm(fleet, 90, places))
    assert fleet.jobs() == {0: "7_0", 2: "7_1", 1: "8_0", 3: "8_1"}
    scripts = [Path(line).read_text(encoding="utf-8") for line in (slurm / "submitted").read_text().splitlines()]
    for script, gpu in zip(scripts, ("h100:1", "a100:1"), strict=True):
        for asked in ("exclusive", f"gres=gpu:{gpu}", "mem=0", "time=90", "nodes=1", "array=0-1%2"):
            assert f"#SBATCH --{asked}\n" in script
        assert "srun" not in script

    run_jobs(fleet, "7", [0, 1])
    (slurm / "states").write_text("8_0|NODE_FAIL|node2\n8_1|RUNNING|node3\n", encoding="utf-8")
    monkeypatch.setattr("submitit.SlurmJob._results_timeout_s", 0)
    resumed = Fleet(path, plan, 2)
    with pytest.raises(KeyboardInterrupt):
        collect(resumed, engines.slurm(resumed, 90, places), quiet=True)
    assert len((slurm / "submitted").read_text().splitlines()) == 2
    assert sorted(table.read(path)["launch"]) == [0, 0, 2, 2]
    assert resumed.jobs() == {3: "8_1"}
    assert list(resumed.failures()) == [1]
    assert resumed.failures()[1].startswith("the job 8_0 gave no answer (state: node_fail): ")


@pytest.mark.usefixtures("interrupted")
def test_ctrl_c_leaves_the_jobs_in_the_queue_and_says_so(
    tmp_path: Path, slurm: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    command = ["fleet", "--engine", "slurm", "-o", str(tmp_path / "f.csv"), "--partition", "a,b", "--nodes", "node1"]
    with pytest.raises(KeyboardInterrupt):
        main([*command, "--launches", "1"])
    said = capsys.readouterr().err
    assert "2 jobs stay in Slurm's queue; the same command collects them. To cancel them: scancel 7 8" in said
    scripts = [Path(line).read_text(encoding="utf-8") for line in (slurm / "submitted").read_text().splitlines()]
    assert [f"partition={name}\n" in script for name, script in zip("ab", scripts, strict=True)] == [True, True]
    assert all("nodelist=node1\n" in script for script in scripts)


def test_a_partition_that_slurm_does_not_have_is_the_reason(tmp_path: Path, slurm: Path) -> None:
    (slurm / "sbatch").write_text(
        "#!/bin/sh\necho 'sbatch: error: invalid partition: z' >&2\nexit 1\n", encoding="utf-8"
    )
    fleet = Fleet(tmp_path / "fleet.csv", Plan(["z"], []), 2)
    collect(fleet, engines.slurm(fleet, 90, {"z": Place("z")}), quiet=True)
    assert set(fleet.failures().values()) == {"sbatch: sbatch: error: invalid partition: z"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--gpus", "h100:1"], "--gpus: only with --engine slurm"),
        (["--engine", "slurm"], '--engine slurm: Could not detect "srun"'),
        (["--launches", "0"], "--launches '0'"),
    ],
)
def test_a_wrong_option_is_one_line_and_exit_code_2(
    tmp_path: Path,
    arguments: list[str],
    words: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main(["fleet", "-o", str(tmp_path / "f.csv"), *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line
    assert not (tmp_path / "f.csv").exists()


def test_without_submitit_it_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert main(["fleet", "-o", str(tmp_path / "f.csv")]) == 2
    assert "pip install -c constraints.txt '.[fleet]'" in capsys.readouterr().err
