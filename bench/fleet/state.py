"""What is known of a fleet, on disk: the folder `<name>.fleet` beside `<name>.csv`.

`fleet.json` has the plan, and of each launch without rows the id of its job, or why it failed. `<number>.json` is the
answer of a launch. Each is written whole or not at all, so a fleet that is killed at any moment resumes from them. The
CSV holds the rows of these answers: where rows of an answer are missing in it, they are appended again.
"""

from __future__ import annotations

import csv
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bench.fleet import environment
from bench.fleet.job import SET_BY_ENGINES, Answer, Task
from report import table
from report.errors import printable
from report.table.schema import NAMES


@dataclass(frozen=True)
class Plan:
    """What a fleet measures: on each of the `places`, so many launches with these arguments of `bench run`.

    Hosts of the same hardware have the same hash in the column `machine`. Unless they count as one machine
    (`pool_alike`), the column has the name of the host too.
    """

    places: list[str]
    arguments: list[str]
    files: list[str] = field(default_factory=list)
    pool_alike: bool = False

    def place(self, number: int) -> str:
        """Return where the launch of this number is measured. So more launches a place keep their numbers."""
        return self.places[number % len(self.places)]


@dataclass
class Attempt:
    """The last attempt at a launch that has no answer yet: the id of its job, and why it failed."""

    job: str = ""
    reason: str = ""


class Fleet:
    """The launches of a plan, and their rows in the CSV at `path`, whose lock the caller holds.

    `repeated` counts the answers that were dropped because their launch has one.
    """

    def __init__(self, path: Path, plan: Plan, launches: int, *, allow_difference: bool = False) -> None:
        """Begin the fleet, or resume it. Raise `ValueError` if it was begun otherwise, or in another environment."""
        self.path, self.plan, self.folder = path, plan, path.with_suffix(".fleet")
        self.numbers = range(launches * len(plan.places))
        self.repeated = 0
        self._allow = allow_difference
        self._environment = environment.here(plan.files)
        self._attempts: dict[int, Attempt] = {}
        if (self.folder / "fleet.json").exists():
            self._resume()
        elif path.exists() and path.stat().st_size:
            raise ValueError(f"{path} exists already, and no fleet wrote it; name another file")
        else:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._save()

    @property
    def answered(self) -> list[int]:
        """The launches that have rows."""
        return [number for number in self.numbers if self._answer_path(number).exists()]

    @property
    def missing(self) -> list[int]:
        """The launches that have none."""
        return [number for number in self.numbers if not self._answer_path(number).exists()]

    def jobs(self) -> dict[int, str]:
        """Return the ids of the jobs whose answers are not known yet, by launch."""
        return {number: self._attempts[number].job for number in self.missing if self._attempt(number).job}

    def remember(self, jobs: Mapping[int, str]) -> None:
        """Keep the ids of jobs that were submitted, by launch."""
        for number, job in jobs.items():
            self._attempts[number] = Attempt(job=job)
        self._save()

    def failures(self) -> dict[int, str]:
        """Return why launches have no rows. Those that nobody has tried are left out."""
        return {number: self._attempts[number].reason for number in self.missing if self._attempt(number).reason}

    def answers(self) -> Iterator[Answer]:
        """Yield the answers, in the order of their launches."""
        for number in self.answered:
            yield json.loads(self._answer_path(number).read_text(encoding="utf-8"))

    def task(self, number: int, variables: dict[str, str | None] | None = None) -> Task:
        """Return the task of a launch. By default it removes the variables that an engine may set."""
        return {
            "number": number,
            "run": self.path.stem,
            "arguments": self.plan.arguments,
            "files": self.plan.files,
            "variables": dict.fromkeys(SET_BY_ENGINES) if variables is None else variables,
            "environment": self._environment,
            "allow_difference": self._allow,
        }

    def collect(self, number: int, answer: Answer | str) -> str:
        """Keep what came back from the job of a launch: its answer, or the reason why there is none.

        Return what became of it, in words. An answer to a launch that has one is dropped.
        """
        if isinstance(answer, str):
            return self._fail(number, answer)
        said = self._keep(answer)
        if answer["number"] == number:
            return said
        return self._fail(number, f"its job answered for launch {answer['number']}")

    def _keep(self, answer: Answer) -> str:
        """Keep an answer under its own number, and append its rows. Return what became of it, in words."""
        number = answer["number"]
        if number not in self.numbers:
            return f"launch {number} is not of this fleet; the answer is dropped"
        if self._answer_path(number).exists():
            self.repeated += 1
            return f"launch {number} has its rows already; the answer is dropped"
        if fault := answer["reason"] or self._fault(answer):
            return self._fail(number, f"{answer['host']}: {fault}")
        _write(self._answer_path(number), answer)
        rows = self._rows(answer)
        for row in rows:
            table.append(self.path, row)
        return f"{answer['host']}: {len(rows):,} rows"

    def _fail(self, number: int, reason: str) -> str:
        if not self._answer_path(number).exists():
            self._attempts[number] = Attempt(reason=printable(reason))
            self._save()
        return reason

    def _fault(self, answer: Answer) -> str:
        """Return what is wrong with the rows of an answer. The text is empty if they can be appended."""
        part = self.folder / "answer.part"
        part.write_text(answer["csv"], encoding="utf-8")
        try:
            table.read(part)
        except table.TableError as error:
            return f"its answer is not a result CSV: {str(error).removeprefix(str(part))}"
        finally:
            part.unlink()
        if unlike := set(NAMES) ^ set(self._rows(answer)[0]):
            return f"its rows are of another schema: {', '.join(sorted(unlike))}"
        return ""

    def _rows(self, answer: Answer) -> list[dict[str, str]]:
        """Return the rows of an answer, as those of this fleet."""
        own = {"run": self.path.stem, "launch": str(answer["number"])}
        host = "" if self.plan.pool_alike else f"{answer['host']}@"
        rows = csv.DictReader(io.StringIO(answer["csv"]))
        return [row | own | {"machine": f"{host}{row['machine']}"} for row in rows]

    def _resume(self) -> None:
        kept = json.loads((self.folder / "fleet.json").read_text(encoding="utf-8"))
        for name, value in asdict(self.plan).items():
            if kept["plan"][name] != value:
                raise ValueError(
                    f"{self.path}: this fleet was begun with other {name} ({_words(kept['plan'][name])}; now "
                    f"{_words(value)}); name another file, or give the options that it was begun with"
                )
        changed = environment.differences(self._environment, kept["environment"])
        if changed and not self._allow:
            raise ValueError(
                f"{self.path}: this fleet was begun elsewhere ({'; '.join(changed)}); --allow-difference goes on"
            )
        self._attempts = {int(number): Attempt(**attempt) for number, attempt in kept["attempts"].items()}
        self._rewrite()

    def _rewrite(self) -> None:
        """Write the CSV again, unless it holds exactly the rows of the answers: it may have lost some, or a line's end.

        Raise `ValueError` if it holds rows of another run.
        """
        text = self.path.read_text(encoding="utf-8", errors="replace") if self.path.exists() else ""
        whole_lines = text[: text.rfind("\n") + 1]
        held = list(csv.DictReader(io.StringIO(whole_lines)))
        if any(row.get("run") != self.path.stem for row in held):
            raise ValueError(f"{self.path}: has rows of another run; name another file")
        rows = [row for answer in self.answers() for row in self._rows(answer)]
        if sorted(map(_key, held)) == sorted(map(_key, rows)) and text == whole_lines:
            return
        if self.path.exists():
            os.truncate(self.path, 0)
        for row in rows:
            table.append(self.path, row)

    def _attempt(self, number: int) -> Attempt:
        return self._attempts.get(number, Attempt())

    def _answer_path(self, number: int) -> Path:
        return self.folder / f"{number}.json"

    def _save(self) -> None:
        attempts = {number: asdict(attempt) for number, attempt in sorted(self._attempts.items())}
        whole: dict[str, Any] = {"plan": asdict(self.plan), "environment": self._environment, "attempts": attempts}
        _write(self.folder / "fleet.json", whole)


def _key(row: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(str(row.get(name)) for name in NAMES)


def _words(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value)


def _write(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file of JSON, whole or not at all."""
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")
    part.replace(path)
