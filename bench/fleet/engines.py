"""Where jobs run: one after the other on this machine, or in Slurm's queue. submitit does all of it.

An engine submits the launches that have no rows, and yields what came back from each job as it ends.
"""

from __future__ import annotations

import importlib.util
import os
import shlex
import shutil
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bench.fleet.ending import Outcomes
from bench.fleet.job import Answer, launch
from bench.fleet.state import Fleet
from bench.machine import ROOT
from bench.process import guarded

if TYPE_CHECKING:
    from submitit import Job

POLL_SECONDS = 1.0
"""How often an ended job of Slurm is looked for, in seconds. submitit asks Slurm itself much less often."""


@dataclass(frozen=True)
class Place:
    """What Slurm is asked for: a partition, GPUs such as `h100:1`, a node. An empty text leaves it to Slurm."""

    partition: str = ""
    gpus: str = ""
    node: str = ""

    def __str__(self) -> str:
        return " ".join(filter(None, [self.partition, self.gpus, self.node])) or "any node"

    def parameters(self, minutes: int) -> dict[str, Any]:
        """Return the parameters for submitit: a whole node, with all its memory and all its CPUs."""
        asked = {"partition": self.partition, "gres": self.gpus and f"gpu:{self.gpus}", "nodelist": self.node}
        return {
            "job_name": "descent-bench",
            "nodes": 1,
            "exclusive": True,
            "time": minutes,
            "additional_parameters": {"mem": 0},  # all that the node has
            "use_srun": False,  # a step that srun starts would get one CPU of the node
        } | {name: value for name, value in asked.items() if value}


def require_submitit() -> None:
    """Raise `ValueError` with one line if submitit is not installed."""
    if importlib.util.find_spec("submitit") is None:
        raise ValueError("bench fleet needs submitit: pip install -c constraints.txt '.[fleet]'")


def local(fleet: Fleet, minutes: int) -> Outcomes:
    """Run the missing launches on this machine, one at a time: side by side they would time each other.

    However this process ends, the job that runs is then killed.
    """
    import submitit  # noqa: PLC0415 (an extra)

    gpus = "CUDA_VISIBLE_DEVICES"  # submitit hides them; the shell's other variables reach the job as they are
    for number in fleet.missing:
        folder = fleet.folder / "jobs" / str(number)
        shutil.rmtree(folder, ignore_errors=True)  # of an earlier attempt, whose process number may come again
        executor = submitit.LocalExecutor(folder, python=_python())
        executor.update_parameters(timeout_min=minutes)
        with _guarded():
            job = executor.submit(launch, fleet.task(number, {gpus: os.environ.get(gpus)}))
        yield number, _result(job)


def slurm(fleet: Fleet, minutes: int, places: Mapping[str, Place]) -> Outcomes:
    """Submit the missing launches, as an array for each place, and wait for them.

    Jobs that an earlier process submitted are not submitted again.
    """
    import submitit  # noqa: PLC0415 (an extra)
    from submitit.core.utils import FailedJobError  # noqa: PLC0415 (likewise)

    folder = fleet.folder / "jobs"
    try:
        executor = submitit.SlurmExecutor(folder, python=_python())
    except RuntimeError as error:
        raise ValueError(f"--engine slurm: {error}") from error
    jobs: dict[int, Job[Answer]] = {
        number: submitit.SlurmJob(folder=folder, job_id=job) for number, job in fleet.jobs().items()
    }
    for name, place in places.items():
        numbers = [number for number in fleet.missing if number not in jobs and fleet.plan.place(number) == name]
        if not numbers:
            continue
        executor.parameters.clear()
        executor.update_parameters(**place.parameters(minutes))
        try:
            submitted = executor.map_array(launch, [fleet.task(number) for number in numbers])
        except FailedJobError as error:  # sbatch refuses: there is no such partition, for example
            yield from ((number, f"sbatch: {_last(error)}") for number in numbers)
            continue
        fleet.remember({number: job.job_id for number, job in zip(numbers, submitted, strict=True)})
        jobs |= dict(zip(numbers, submitted, strict=True))
    yield from _as_ended(jobs)


def _as_ended(jobs: dict[int, Job[Answer]]) -> Outcomes:
    waiting = dict(jobs)
    while waiting:
        for number, job in list(waiting.items()):
            if job.done():
                del waiting[number]
                yield number, _result(job)
        if waiting:
            time.sleep(POLL_SECONDS)


def _result(job: Job[Answer]) -> Answer | str:
    """Return the answer of a job, once it has ended, or why it has none."""
    from submitit.core.utils import FailedJobError, UncompletedJobError  # noqa: PLC0415 (an extra)

    try:
        return job.result()
    except (FailedJobError, UncompletedJobError) as error:
        return f"the job {job.job_id} gave no answer (state: {job.state.lower()}): {_last(error)}"


def _last(error: Exception) -> str:
    """Return the last line of a job's traceback or log that submitit quotes."""
    lines = [line.strip() for line in str(error).splitlines()]
    quoted = [line for line in lines if line and not line.startswith(("-", "You can check full logs"))]
    return quoted[-1] if quoted else type(error).__name__


def _python() -> str:
    """Return the command that submitit starts Python with, in which this checkout can be imported."""
    paths = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    return shlex.join(["env", f"PYTHONPATH={paths}", sys.executable])


@contextmanager
def _guarded() -> Iterator[None]:
    """In the block, mark every process that is started as one that the guard of this process kills."""
    guarded.guard()
    before = os.environ.get(guarded.MARK)
    os.environ[guarded.MARK] = f"{guarded.OWN_MARK}/fleet"
    try:
        yield
    finally:
        if before is None:
            del os.environ[guarded.MARK]
        else:
            os.environ[guarded.MARK] = before
