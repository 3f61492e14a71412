"""Run the duels that a folder lacks, and keep their verdicts and one median for each process pair.

The folder gets `base` and `same`, two equal copies of the checkout; `slow`, in which some backends do more; and a
folder for each duel. A duel that is there is not run again, so the experiment can be interrupted.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from bench import clock, machine
from experiments import provenance
from experiments.duels import extra_work, suite
from experiments.duels.work import BACKENDS, Work, measured
from report.table.keys import CASE, CONTROL

PARTS = ("backends", "bench", "problems", "report", "conftest.py", "pyproject.toml")
"""What a copy of the checkout needs."""

ADDED = """

from backends import extra_work

for _backend in BACKENDS:
    extra_work.add_to(_backend, extra_work.counts())
"""
"""What is appended to each framework's file in the copy that does more."""

WORK, SECONDS, COMMIT = "work.json", "seconds.json", "commit.txt"


def collect(folder: Path, selection: dict[str, str], amounts: dict[str, int], options: list[str]) -> None:
    """Run duels of each kind, `same` and `slow`, until there are as many as `amounts` says.

    Against the slower copy only its slower backends are raced, and the control.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copy(machine.ROOT, folder / "base")
    copy(folder / "base", folder / "same")
    slower(folder, selection)
    raced = [name for name in (CONTROL, *BACKENDS) if selection["backend"] == "all" or name in selection["backend"]]
    selections = {"same": selection, "slow": selection | {"backend": ",".join(raced)}}
    for kind, amount in amounts.items():
        for number in range(amount):
            _duel(folder, kind, number, [*suite.arguments(selections[kind]), *options])


def copy(checkout: Path, folder: Path) -> Path:
    """Make a copy of a checkout, or of such a copy, in this folder, unless it is there, and return the folder."""
    if folder.is_dir():
        return folder
    half = folder.with_name(f"{folder.name}.part")
    half.mkdir(parents=True, exist_ok=True)
    for part in PARTS:
        source = checkout / part
        if source.is_dir():
            shutil.copytree(source, half / part, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            shutil.copy(source, half / part)
    made_of = checkout / COMMIT
    commit = made_of.read_text(encoding="utf-8") if made_of.exists() else f"{provenance.here()}\n"
    (half / COMMIT).write_text(commit, encoding="utf-8")
    return half.rename(folder)


def slower(folder: Path, selection: dict[str, str]) -> Path:
    """Make the copy in which some backends do more, unless it is there, and return its folder."""
    slow = folder / "slow"
    if slow.is_dir():
        return slow
    names = [name for name in BACKENDS if selection["backend"] == "all" or name in selection["backend"].split(",")]
    sizes = [int(size) for size in selection["batch_size"].split(",")]
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})  # as in a duel
    work = [measured(name, size, int(selection["steps"])) for name in names for size in sizes]
    os.sched_setaffinity(0, cpus)
    (folder / WORK).write_text(json.dumps([each._asdict() for each in work], indent=1), encoding="utf-8")
    made = copy(folder / "base", folder / "slower")
    shutil.copy(extra_work.__file__, made / "backends" / "extra_work.py")
    counts = {f"{each.backend} {each.batch_size}": each.operations for each in work}
    (made / "backends" / "extra_work.json").write_text(json.dumps(counts), encoding="utf-8")
    for path in (made / "backends").glob("*_modes.py"):
        with path.open("a", encoding="utf-8") as file:
            file.write(ADDED)
    return made.rename(slow)


def _duel(folder: Path, kind: str, number: int, options: list[str]) -> None:
    """Run one duel, unless it was run to its end before."""
    done = folder / f"{kind}-{number:02}"
    if (done / SECONDS).exists():
        return
    sides = ("--base", str(folder / "base"), "--head", str(folder / kind), "--output", str(done))
    command = [sys.executable, "-m", "bench", "duel", *sides, *options]
    start = clock.now()
    ended = subprocess.run(command, cwd=machine.ROOT, check=False, stdout=subprocess.DEVNULL)  # noqa: S603 (our own)
    if ended.returncode not in (0, 1):
        raise SystemExit(f"{done}: the duel ended with {ended.returncode}")
    (done / SECONDS).write_text(json.dumps(clock.now() - start), encoding="utf-8")


def gathered(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Return the medians of all process pairs, and the verdicts of all cases, of the duels in the folder."""
    medians, verdicts = [], []
    work = {(each.backend, each.batch_size): each for each in (Work(**one) for one in _json(folder / WORK))}
    for done in sorted(path.parent for path in folder.glob(f"*/{SECONDS}")):
        kind, _, number = done.name.partition("-")
        commit = (folder / kind / COMMIT).read_text(encoding="utf-8").strip()
        named: dict[str, Any] = {"kind": kind, "duel": int(number), "commit": commit}
        rounds = pd.read_csv(done / "samples.csv", keep_default_na=False)
        logs = (rounds["head_seconds"] / rounds["base_seconds"]).map(np.log)
        keys = [rounds[name] for name in ("backend", "batch_size", "stage", "pair")]
        medians.append(logs.groupby(keys).median().rename("log_ratio").reset_index().assign(**named))
        found = pd.read_csv(done / "verdicts.csv").drop(columns=["measure", "numpy_weight", "reason"])
        cases = zip(found["backend"], found["batch_size"], strict=True)
        more = [work[case].share if kind == "slow" and case in work else 0.0 for case in cases]
        found = found.drop(columns=[name for name in CASE if name not in ("backend", "batch_size")])
        verdicts.append(found.assign(more=more, duel_seconds=_json(done / SECONDS), **named))
    return pd.concat(medians, ignore_index=True), pd.concat(verdicts, ignore_index=True)


def _json(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
