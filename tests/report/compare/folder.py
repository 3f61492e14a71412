"""A folder of result CSVs, and `python -m report compare` run on them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from report.__main__ import main
from tests import rows


class Folder:
    """A folder of result CSVs, and `compare` run on them."""

    def __init__(self, path: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.path, self._capsys = path, capsys

    def write(self, run: str, *groups: Sequence[rows.Row]) -> Path:
        """Append the rows to the CSV of a run, and return its path."""
        return rows.write(self.path / f"{run}.csv", [row | {"run": run} for group in groups for row in group])

    def run(self, *arguments: str | Path) -> tuple[int, str]:
        """Return the exit code of `compare` and all that it prints."""
        try:
            code = main(["compare", *map(str, arguments)])
        except SystemExit as left:
            code = int(str(left.code))
        printed = self._capsys.readouterr()
        assert "Traceback" not in printed.err
        return code, printed.out + printed.err

    def compare(self, *arguments: str | Path) -> tuple[int, Any]:
        """Return the exit code and the JSON of comparing `base.csv` with `head.csv`."""
        return self.json(self.path / "base.csv", self.path / "head.csv", *arguments)

    def json(self, *arguments: str | Path) -> tuple[int, Any]:
        """Return the exit code and the JSON of `compare`."""
        code, printed = self.run(*arguments, "--format", "json")
        return code, json.loads(printed)

    def verdicts(self, *arguments: str) -> tuple[int, dict[str, str]]:
        """Return the exit code and the verdict of each backend, worst first."""
        code, whole = self.compare(*arguments)
        return code, {case["backend"]: case["verdict"] for case in whole["cases"]}

    def reasons(self, *arguments: str) -> tuple[int, dict[str, tuple[str, str]]]:
        """Return the exit code and the verdict of each backend with its reason."""
        code, whole = self.compare(*arguments)
        return code, {case["backend"]: (case["verdict"], case["reason"]) for case in whole["cases"]}
