"""What the documents say is what the code does: tables are made from it, commands and examples are run."""

from __future__ import annotations

import re

import pytest

import backends
from backends import catalogue
from bench import options
from problems import catalogue as problem_catalogue
from report import table
from report.__main__ import COMMANDS
from report.run.costs import COST_COLUMNS
from report.run.decisions import DECISION_COLUMNS
from report.run.targets import TARGET_COLUMNS
from report.table.schema import STATUSES, VERSION, columns
from report.write.text import summary
from tests.checkout import ROOT, Checkout

README = (ROOT / "README.md").read_text(encoding="utf-8")


def between(text: str, name: str) -> str:
    """Return what stands between `<!-- name -->` and `<!-- /name -->`."""
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


def test_the_columns_of_the_schema_are_documented() -> None:
    text = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    lines = [f"| `{column.name}` | {column.kind} | {column.meaning} |" for column in columns(VERSION)]
    table = "\n".join(["| column | kind | meaning |", "| --- | --- | --- |", *lines]) + "\n"
    assert between(text, "columns") == table
    statuses = [f"| `{status}` | {meaning} |" for status, meaning in STATUSES.items()]
    assert between(text, "statuses") == "\n".join(["| status | meaning |", "| --- | --- |", *statuses]) + "\n"


@pytest.mark.parametrize(
    ("name", "columns"), [("best", DECISION_COLUMNS), ("target", TARGET_COLUMNS), ("costs", COST_COLUMNS)]
)
def test_the_columns_of_the_reports_are_documented(name: str, columns: dict[str, str]) -> None:
    text = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    lines = [f"| `{column}` | {meaning} |" for column, meaning in columns.items()]
    assert between(text, name) == "\n".join(["| column | meaning |", "| --- | --- |", *lines]) + "\n"


@pytest.mark.parametrize("name", [*options.HELP, "threads", "allocator", "precision", "memory", "results"])
def test_every_option_is_documented(name: str) -> None:
    assert f"`{options.flag(name)}" in (ROOT / "docs" / "options.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [command.__name__.rpartition(".")[2] for command in COMMANDS])
def test_every_command_of_the_reports_is_documented(name: str) -> None:
    assert f"`python -m report {name} " in (ROOT / "docs" / "options.md").read_text(encoding="utf-8")


def test_every_file_that_a_document_links_to_is_there() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("results/*.md")]:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_readmes_result_is_what_the_terminal_shows_of_the_committed_baseline(checkout: Checkout) -> None:
    shown = checkout.run("report", "show", str(ROOT / "results" / "baseline.csv")).stdout
    result = between(README, "result").removeprefix("```text\n").removesuffix("```\n")
    assert result.count("\n") > 10
    assert result in shown
    assert max(map(len, shown.splitlines()[1:])) <= 80


def test_the_committed_summary_is_that_of_the_committed_baseline() -> None:
    path = ROOT / "results" / "baseline.csv"
    assert path.with_suffix(".md").read_text(encoding="utf-8") == summary.markdown(table.read(path))


@pytest.mark.parametrize("name", ["modes", "problems"])
def test_the_readmes_tables_are_generated(name: str) -> None:
    """The frameworks that are optional are in docs/backends.md alone."""
    modes = catalogue.markdown(backends.load().backends.values())
    rows = (modes if name == "modes" else problem_catalogue.markdown()).splitlines(keepends=True)
    assert between(README, name) == "".join(
        row for row in rows if not row.startswith(("| casadi ", "| numba ", "| tensorflow "))
    )
