"""`python -m bench find`: which release or commit made a case slower, by duels."""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from backends import frameworks, usual_frameworks
from bench import machine, options
from bench.duel.command import DEFAULTS, add_effort, add_rules, plan_of
from bench.duel.files import brought
from bench.find import environments
from bench.find.candidates import Candidates, UnusableError
from bench.find.commits import Commits, OwnCommits, between
from bench.find.duels import Duels
from bench.find.environments import Environments
from bench.find.every import every
from bench.find.memory import Memory
from bench.find.packages import releases
from bench.find.releases import Releases
from bench.find.search import search
from bench.own.files import Files
from bench.own.git import root_of
from bench.process.client import HERE, IMPORT_SECONDS, Worker
from bench.progress import progress
from bench.selection import SETS
from report.compare.course import Course
from report.compare.culprit import Culprit
from report.errors import ReportError
from report.table.keys import CONTROL, framework
from report.write import output, records
from report.write.charts import course as pictures
from report.write.text import course as courses
from report.write.text import culprit as culprits

EPILOG = """\
--package jax --good 0.8.0 --bad 0.10.2             releases of a library, each in an environment of its own
--good v0.1.0 --bad HEAD                            commits of this repository
--problem mine.py --good v1 --bad HEAD              commits of your own: only your files change
--every --package jax --good 0.8.0 --bad 0.10.2     what each release costs, and which steps are real

It keeps what it measured in its folder. The same command goes on after an interruption, and repeats nothing.

Exit codes: 0, the release or commit is named (with --every: all were measured or passed over with their reason); 1,
nothing regressed between the two, or it could not be narrowed down to one; 2, usage, or an end that cannot be measured.
"""

LARGE = "torch"
"""The framework whose releases are gigabytes: PyPI's wheels for Linux bring CUDA."""


def add_to(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> argparse.ArgumentParser:
    """Add the command to those of `python -m bench`, and return its parser."""
    parser = commands.add_parser(
        "find",
        help="which release or commit made a case slower, by duels",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--package", metavar="NAME", help="search the releases of this package; without it, commits")
    add("--good", metavar="WHICH", required=True, help="a release or commit before it got slower")
    add("--bad", metavar="WHICH", required=True, help="a later one, which is slower")
    add("--every", action="store_true", help="measure each release against the good one, in place of a search")
    add("--with", dest="others", metavar="LIST", default="", help="other packages that an environment needs")
    add("--allow-gigabytes", action="store_true", help="install releases of torch too")
    add("--cache", metavar="FOLDER", type=Path, help="folder of the environments (default: in ~/.cache/descent-bench)")
    add("-o", "--output", metavar="FOLDER", type=Path, help="folder to write (default: results/finds/<what it is of>)")
    add("--format", choices=("text", "markdown"), default="text", help="what is printed (default: text)")
    add_rules(parser)
    add_effort(parser)
    return parser


def main(chosen: argparse.Namespace, selection: dict[str, str | None]) -> int:
    """Run the search with the chosen options, and return its exit code."""
    with ExitStack() as resources:
        files = brought(selection | {"backend": _backends(chosen, selection)}, None, None, None, resources)
        whole = files.selection | {name: files.selection[name] or word for name, word in DEFAULTS.items()}
        candidates = _candidates(chosen, whole, files.head, resources)
        plan = plan_of(chosen)
        question = {
            "of": candidates.what,
            "candidates": candidates.names,
            "every": chosen.every,
            "selection": whole,
            "rules": vars(plan.rules),
            "machine": machine.machine_hash(),  # what another machine measured is no answer for this one
        }
        folder = chosen.output or machine.ROOT / "results" / "finds" / _name(chosen, question)
        memory = Memory(folder, question)
        if memory.begun:
            print(f"{folder}: goes on with what was measured before", file=sys.stderr)
        duels = Duels(candidates, whole, plan, folder, memory, progress(), resources)
        try:
            with duels.bar:
                duels.contest(candidates.names[0], candidates.names[0])  # a wrong option shows before all else is made
                if chosen.every and isinstance(candidates, Releases):
                    candidates.make(duels.bar)
                found = every(duels) if chosen.every else search(duels)
        except UnusableError as error:
            raise ValueError(f"an end of the search cannot be measured: {error}") from error
    return _show_course(found, folder, chosen) if isinstance(found, Course) else _show(found, folder, chosen)


def _backends(chosen: argparse.Namespace, selection: dict[str, str | None]) -> str | None:
    """Return the backends to race. By default, of a framework's releases, they are its own and the negative control."""
    if chosen.package is None or selection["backend"]:
        return selection["backend"]
    if chosen.package not in frameworks():
        raise ValueError(f"--package {chosen.package}: is no framework; name with --backend what depends on it")
    with Worker(HERE, 1, "default") as worker:
        described = worker.ask("describe", IMPORT_SECONDS, framework=chosen.package)
    own = [backend["name"] for backend in described["backends"]]
    if not own:
        raise ValueError(f"--package {chosen.package}: {described['missing'].get(chosen.package)}")
    return ",".join(dict.fromkeys([CONTROL, *own]))


def _candidates(
    chosen: argparse.Namespace, selection: dict[str, str | None], files: Files, resources: ExitStack
) -> Candidates:
    if chosen.package is not None:
        return _releases(chosen, selection, files)
    if chosen.others or chosen.allow_gigabytes or chosen.cache:
        raise ValueError("--with, --allow-gigabytes and --cache are for the releases of a --package")
    own = [*(file.path for file in files.problems), *files.backends]
    repository = root_of(own[0]) if own else machine.ROOT
    names = between(repository, chosen.good, chosen.bad)
    if own:
        return OwnCommits(names, files, repository, resources)
    return Commits(names, Path(resources.enter_context(tempfile.TemporaryDirectory(prefix="descent-bench-find-"))))


def _releases(chosen: argparse.Namespace, selection: dict[str, str | None], files: Files) -> Releases:
    words = [word.strip() for word in (selection["backend"] or options.DEFAULTS["backend"]).split(",")]
    needed = {framework(word) for word in words if not word.endswith(".py")}
    needed |= {*usual_frameworks()} if needed & {*SETS} else set()
    extras = tuple(sorted({*needed, chosen.package} & {*frameworks()} - {CONTROL, chosen.package}))
    if LARGE in {*extras, chosen.package} and not chosen.allow_gigabytes:
        raise ValueError(
            f"each environment would hold {LARGE}, whose wheels are gigabytes; leave its backends out with --backend, "
            "or allow it with --allow-gigabytes"
        )
    others = tuple(filter(None, map(str.strip, chosen.others.split(","))))
    cache = chosen.cache or environments.default_cache()
    made = Environments(chosen.package, extras, others, cache.absolute())
    return Releases(releases(chosen.package, chosen.good, chosen.bad), made, files)


def _name(chosen: argparse.Namespace, question: dict[str, object]) -> str:
    """Return the name of a folder for the question. The same question has the same folder, where it goes on."""
    digest = hashlib.sha256(json.dumps(question).encode()).hexdigest()[:6]
    return "-".join([str(question["of"]), *(re.sub(r"[^\w.]+", "_", end) for end in (chosen.good, chosen.bad)), digest])


def _show(found: Culprit, folder: Path, chosen: argparse.Namespace) -> int:
    """Write and print the outcome of a search, and return the exit code."""
    output.write_text(folder / "find.md", culprits.text(found, None))
    colour = sys.stdout.isatty()
    print(culprits.text(found, _width(chosen), colour=colour and _width(chosen) is not None), end="")
    print(f"\n{folder}: find.md", file=sys.stderr)
    return int(not found.is_found)


def _show_course(found: Course, folder: Path, chosen: argparse.Namespace) -> int:
    """Write and print what each release costs, and return the exit code."""
    output.write_text(folder / "every.md", courses.text(found, None))
    output.write_text(folder / "every.csv", records.as_csv(found.rows), begins="candidate,")
    try:
        pictures.save(found, folder / "every.png")
        picture = ", every.png"
    except ReportError as error:
        picture = f" (no picture: {error})"
    print(courses.text(found, _width(chosen)), end="")
    print(f"\n{folder}: every.md, every.csv{picture}", file=sys.stderr)
    return 0


def _width(chosen: argparse.Namespace) -> int | None:
    return None if chosen.format == "markdown" else shutil.get_terminal_size().columns
