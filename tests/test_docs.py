"""What the documents say is what the code does: tables are made from it, commands and examples are run."""

from __future__ import annotations

import re

import pytest

from bench import options
from report.run.costs import COST_COLUMNS
from report.run.decisions import DECISION_COLUMNS
from report.table.schema import COLUMNS, STATUSES
from tests.checkout import ROOT, Checkout

README = (ROOT / "README.md").read_text(encoding="utf-8")


def between(text: str, name: str) -> str:
    """Return what stands between `<!-- name -->` and `<!-- /name -->`."""
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


def example(path: str) -> str:
    """Return the README's example of the file `path`: the code block after the line that names it."""
    found = re.search(rf"`{re.escape(path)}`[^\n]*\n\n```python\n(.*?)```", README, re.DOTALL)
    assert found, f"README.md has no example of {path}"
    return found[1]


def test_the_columns_of_the_schema_are_documented() -> None:
    text = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    columns = [f"| `{column.name}` | {column.kind} | {column.meaning} |" for column in COLUMNS]
    table = "\n".join(["| column | kind | meaning |", "| --- | --- | --- |", *columns]) + "\n"
    assert between(text, "columns") == table
    statuses = [f"| `{status}` | {meaning} |" for status, meaning in STATUSES.items()]
    assert between(text, "statuses") == "\n".join(["| status | meaning |", "| --- | --- |", *statuses]) + "\n"


@pytest.mark.parametrize(("name", "columns"), [("best", DECISION_COLUMNS), ("costs", COST_COLUMNS)])
def test_the_columns_of_the_reports_are_documented(name: str, columns: dict[str, str]) -> None:
    text = (ROOT / "results" / "README.md").read_text(encoding="utf-8")
    lines = [f"| `{column}` | {meaning} |" for column, meaning in columns.items()]
    assert between(text, name) == "\n".join(["| column | meaning |", "| --- | --- |", *lines]) + "\n"


@pytest.mark.parametrize("name", [*options.HELP, "threads", "allocator", "memory", "results"])
def test_every_option_is_in_the_readme(name: str) -> None:
    assert f"`{options.flag(name)}" in README


def test_every_file_that_a_document_links_to_is_there() -> None:
    for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("results/*.md")]:
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", path.read_text(encoding="utf-8")):
            assert (path.parent / target).exists(), f"{path.name} links to {target}"


def test_the_readmes_table_is_the_committed_baselines(checkout: Checkout) -> None:
    shown = checkout.run("report", "show", str(ROOT / "results" / "baseline.csv"), "--format", "markdown")
    table = [line for line in shown.stdout.splitlines() if line.startswith("|")]
    assert table
    assert between(README, "result").splitlines() == table


def test_the_readmes_backend_and_problem_are_raced_and_tested_without_being_listed(checkout: Checkout) -> None:
    for path in ("backends/blocked_modes.py", "problems/log_cosh.py"):
        checkout.write(path, example(path))
    done = checkout.race("--backend", "blocked,numpy", "--problem", "log_cosh,quadratic", "--device", "cpu")
    assert done.returncode == 0, done.stdout
    assert (checkout.rows()["status"] == "ok").all()
    tests = checkout.path / "tests"
    tests.mkdir()
    for name in (
        "__init__.py",
        "conftest.py",
        "checkout.py",
        "backends/test_contract.py",
        "problems/test_gradients.py",
    ):
        (tests / name).parent.mkdir(exist_ok=True)
        (tests / name).write_text((ROOT / "tests" / name).read_text(encoding="utf-8"), encoding="utf-8")
    tested = checkout.run("pytest", "tests/", "-v", "-k", "blocked or (log_cosh and not torch and not jax)")
    assert tested.returncode == 0, tested.stdout
    assert "blocked-log_cosh-descent-float32" in tested.stdout
    assert "test_a_hand_gradient_is_the_slope_along_a_random_direction[0-log_cosh]" in tested.stdout
