"""A real search: a repository of 40 commits, of which one makes a backend do more and three do not build."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from bench import clock, machine
from bench.own.git import git
from experiments.duels import extra_work
from experiments.duels.collect import ADDED, copy
from experiments.duels.work import measured
from experiments.search.places import COMMITS, places

BACKEND, BATCH_SIZE, STEPS, SHARE = "autograd", 100, 5, 0.08
"""The case that the culprit slows, and by which share."""

SECONDS = "seconds.json"


def run(folder: Path, seed: int) -> None:
    """Make the repository in the folder, unless it is there, search it, and print whether the outcome is right."""
    where = places(seed)
    repository = folder / "repository"
    if not repository.is_dir():
        made(folder, seed).rename(repository)
    commits = git(repository, "rev-list", "--reverse", "HEAD").splitlines()
    ends = ("--good", commits[0], "--bad", commits[-1])
    cases = ("--backend", f"numpy,{BACKEND}", "--batch-size", str(BATCH_SIZE), "--steps", str(STEPS))
    command = [sys.executable, "-m", "bench", "find", *ends, *cases, "--output", str(folder / "found")]
    start = clock.now()
    done = subprocess.run(command, cwd=repository, check=False, text=True, stdout=subprocess.PIPE)  # noqa: S603
    print(done.stdout)
    culprit = commits[where.culprit]
    first, *_ = done.stdout.splitlines() or [""]
    word = re.match(r"[0-9a-f]{7,}", first)
    right = done.returncode == 0 and word is not None and culprit.startswith(word[0])
    work = (repository / "backends" / "extra_work.json").read_text(encoding="utf-8")
    print(
        f"{'right' if right else 'wrong'}: commit {where.culprit} of {COMMITS} does more, {work.strip()}; "
        f"{clock.now() - start:.0f} s in this session"
    )


def made(folder: Path, seed: int) -> Path:
    """Return the repository, in a folder of its own beside its final one."""
    where = places(seed)
    cpus = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cpus)})  # as in a duel
    work = measured(BACKEND, BATCH_SIZE, STEPS, SHARE)
    os.sched_setaffinity(0, cpus)
    half = folder / "half"
    shutil.rmtree(half, ignore_errors=True)
    copy(machine.ROOT, half)
    worker = half / "bench" / "worker.py"
    working = worker.read_text(encoding="utf-8")
    git(half, "init", "--quiet")
    for number in range(COMMITS):
        (half / "NOTES.txt").write_text(f"{number}\n", encoding="utf-8")
        worker.write_text("def (\n" if number in where.broken else working, encoding="utf-8")
        if number == where.culprit:
            shutil.copy(extra_work.__file__, half / "backends" / "extra_work.py")
            counts = {f"{BACKEND} {BATCH_SIZE}": work.operations, "share": round(work.share, 4)}
            (half / "backends" / "extra_work.json").write_text(json.dumps(counts) + "\n", encoding="utf-8")
            with (half / "backends" / f"{BACKEND}_modes.py").open("a", encoding="utf-8") as file:
                file.write(ADDED)
        git(half, "add", "--all")
        author = ("-c", "user.name=search", "-c", "user.email=search@localhost")
        git(half, *author, "commit", "--quiet", "--no-gpg-sign", "--message", f"Change {number}")
    return half
