"""What a search has measured, in a file, so that an interrupted search goes on where it was."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from report.write.output import refuse_foreign

NAME = "find.json"
BEGINS = '{\n "question": '

Logs: TypeAlias = dict[str, list[float]]
"""The log ratios of process pairs by case, as `case_key` names it."""


class Memory:
    """The log ratios that were measured for one question.

    They are written as soon as they are added. A candidate that was passed over is not remembered: next time it may
    install or start. Raise `ValueError` if the folder has the answers to another question, or a file of that name that
    is not ours.
    """

    def __init__(self, folder: Path, question: Mapping[str, Any]) -> None:
        self._path = folder / NAME
        self._question = dict(question)
        self._measured: dict[str, Logs] = {}
        if self._path.exists():
            self._read()

    @property
    def begun(self) -> bool:
        """Whether something was measured before."""
        return bool(self._measured)

    def logs(self, pair: str) -> Logs:
        """Return what was measured of two candidates so far."""
        return {case: list(logs) for case, logs in self._measured.get(pair, {}).items()}

    def add(self, pair: str, logs: Logs) -> None:
        """Add the log ratios of more process pairs."""
        known = self._measured.setdefault(pair, {})
        for case, more in logs.items():
            known[case] = known.get(case, []) + more
        self._write()

    def _read(self) -> None:
        try:
            kept = json.loads(self._path.read_text(encoding="utf-8"))
            question, self._measured = kept["question"], kept["measured"]
        except (ValueError, KeyError, TypeError, OSError) as error:
            raise ValueError(f"{self._path}: is not the file of a search; name another folder with -o") from error
        if question != json.loads(json.dumps(self._question)):
            differing = sorted(name for name in question.keys() | self._question if self._differs(question, name))
            raise ValueError(
                f"{self._path.parent} has a search with other {', '.join(differing)}; name another folder with -o"
            )

    def _differs(self, question: Mapping[str, Any], name: str) -> bool:
        return bool(question.get(name) != json.loads(json.dumps(self._question.get(name))))

    def _write(self) -> None:
        whole = {"question": self._question, "measured": self._measured}
        refuse_foreign(self._path, begins=BEGINS)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        part = self._path.with_suffix(".part")
        part.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        part.replace(self._path)  # whole or not at all
