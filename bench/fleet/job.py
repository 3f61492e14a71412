"""The one function that a job of a fleet runs: a launch on the machine where it is called.

A task and an answer are dictionaries of plain values. So the two machines can name what differs between their checkouts
even if it is this file.
"""

from __future__ import annotations

import contextlib
import os
import platform
import signal
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import TypedDict

from bench.fleet import environment
from bench.machine import ROOT, THREAD_VARIABLES
from bench.process import guarded
from report.errors import printable

ENGINES = ("SLURM_", "SBATCH_", "SRUN_", "PMI_", "PMIX_", "SUBMITIT_", "DASK_")
"""How the names of the variables begin that engines set for their jobs. No launch sees them."""

SET_BY_ENGINES = (*THREAD_VARIABLES, "MALLOC_TRIM_THRESHOLD_")
"""Other variables that an engine may set, as Dask does. A launch has none of them: `--threads` pins its threads."""

MAX_REASON = 500
"""How many characters a reason has at most."""


class Task(TypedDict):
    """A launch to measure. `arguments` are those of `python -m bench run`, `files` the user's files.

    `variables` are set for the launch; one that is `None` is removed. `environment` is that of the submitting machine.
    """

    number: int
    run: str
    arguments: list[str]
    files: list[str]
    variables: dict[str, str | None]
    environment: dict[str, str]
    allow_difference: bool


class Answer(TypedDict):
    """What became of a launch: its rows, or the reason why there are none. `differences` are those of its machine."""

    number: int
    host: str
    differences: list[str]
    csv: str
    reason: str


def launch(task: Task) -> Answer:
    """Measure the launch on this machine, in processes of its own, and return its rows.

    If this machine differs from the submitting one, nothing is measured, unless the task allows it.
    """
    differences = environment.differences(task["environment"], environment.here(task["files"]))
    if differences and not task["allow_difference"]:
        csv, reason = "", f"not measured, since the machine differs: {'; '.join(differences)}"
    else:
        with tempfile.TemporaryDirectory(prefix="descent-bench-") as folder:
            csv, reason = _measured(task, Path(folder, f"{task['run']}-{task['number']}.csv"))
    host = platform.node().partition(".")[0] or "unnamed"
    return {"number": task["number"], "host": host, "differences": differences, "csv": csv, "reason": reason}


def cleaned(variables: Mapping[str, str], task: Task) -> dict[str, str]:
    """Return the variables for a launch: those of its job without the engine's, and with those of the task."""
    kept = {name: value for name, value in variables.items() if not name.startswith(ENGINES)}
    kept = {name: value for name, value in kept.items() if name not in task["variables"]}
    return kept | {name: value for name, value in task["variables"].items() if value is not None}


def _measured(task: Task, path: Path) -> tuple[str, str]:
    """Run `bench run`, and return the text of its CSV; or an empty text, and the reason."""
    command = [sys.executable, "-m", "bench", "run", "--launches", "1", "--no-page", *task["arguments"]]
    guarding = guarded.guard()
    process = subprocess.Popen(  # noqa: S603 (this interpreter, and the user's own options)
        [*command, "-o", str(path)],
        cwd=ROOT,
        env=cleaned(os.environ, task) | {guarded.MARK: f"{guarded.OWN_MARK}/launch"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        start_new_session=True,  # killed as a group
    )
    guarded.tell(guarding, process.pid)
    try:
        _, errors = process.communicate()
    except BaseException:  # the engine ends the job, or Ctrl-C does
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        raise
    if process.returncode in (0, 1) and path.is_file():  # 1: a case failed, and its row says why
        return path.read_text(encoding="utf-8"), ""
    return "", _reason(process.returncode, errors)


def _reason(code: int, errors: bytes) -> str:
    """Return why a launch has no rows: how its process ended, and the last line that it printed."""
    lines = [line.strip() for line in errors.decode(errors="replace").splitlines() if line.strip()]
    how = f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
    return printable(f"the launch {how}{f': {lines[-1]}' if lines else ''}")[:MAX_REASON]
