"""The glossary's options, columns, commands, statuses and verdicts exist."""

from __future__ import annotations

import re

import pytest

from bench import options
from report.compare.comparison import COMPARISON_COLUMNS
from report.run.costs import COST_COLUMNS
from report.run.decisions import DECISION_COLUMNS
from report.run.targets import TARGET_COLUMNS
from report.statistics.verdict import Verdict
from report.table.schema import NAMES, STATUSES
from tests.checkout import ROOT

GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
SOURCES = "\n".join(
    path.read_text(encoding="utf-8")
    for path in [ROOT / "conftest.py", *ROOT.glob("bench/**/*.py"), *ROOT.glob("report/**/*.py")]
)
COLUMNS = {*NAMES, *COST_COLUMNS, *DECISION_COLUMNS, *TARGET_COLUMNS, *COMPARISON_COLUMNS}
SAMPLES = {"stage", "pair"}
"""Columns of a duel's `samples.csv` that no other table has."""


def named(what: str) -> list[str]:
    """Return what the glossary names as such: the code that follows the word."""
    return sorted(set(re.findall(rf"\b{what} `([^`]+)`", GLOSSARY)))


@pytest.mark.parametrize("option", named("option"))
def test_an_option_exists(option: str) -> None:
    assert option in map(options.flag, options.HELP) or f'"{option}"' in SOURCES


@pytest.mark.parametrize("column", named("column"))
def test_a_column_exists(column: str) -> None:
    assert column in COLUMNS | SAMPLES


@pytest.mark.parametrize("command", named("command"))
def test_a_command_exists(command: str) -> None:
    assert re.fullmatch(r"python -m (bench|report) [a-z]+", command)
    assert f'"{command.rsplit(maxsplit=1)[-1]}"' in SOURCES


def test_every_verdict_and_status_is_explained() -> None:
    assert sorted(re.findall(r"^\| `(\w+)` \|", GLOSSARY, re.MULTILINE)) == sorted(Verdict)
    (statuses,) = re.findall(r"^\| status \|.*$", GLOSSARY, re.MULTILINE)
    assert set(STATUSES) <= set(re.findall(r"`(\w+)`", statuses))
