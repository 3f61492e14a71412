"""docs/backends.md and docs/problems.md agree with the code: their tables are generated, and their examples run.

No test here may have the name of an example in its own name: the last test selects by it, in a copy of this file.
"""

from __future__ import annotations

import ast
import re
import shutil
from pathlib import Path

import pandas as pd

import backends
import problems
from backends import catalogue
from problems import catalogue as problem_catalogue
from report import table
from tests.built_in import BUILT_IN
from tests.checkout import ROOT, Checkout

DOCUMENTS = {"backends/blocked_modes.py": "backends.md", "problems/log_cosh.py": "problems.md"}
"""The complete examples, and the document that each stands in."""


def document(name: str) -> str:
    return (ROOT / "docs" / name).read_text(encoding="utf-8")


def between(text: str, name: str) -> str:
    """Return the text between `<!-- name -->` and `<!-- /name -->`."""
    return text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]


def example(path: str) -> str:
    """Return the code block after the line that names the file `path`."""
    found = re.search(rf"`{re.escape(path)}`[^\n]*\n\n```python\n(.*?)```", document(DOCUMENTS[path]), re.DOTALL)
    assert found, f"{DOCUMENTS[path]} has no example of {path}"
    return found[1]


def test_the_table_of_modes_is_the_generated_one() -> None:
    """The rows of a framework that is not installed are there too; they are compared where it is installed."""
    found = backends.load()
    header, rule, *rows = between(document("backends.md"), "modes").splitlines(keepends=True)
    of = [row.split(" | ")[0].removeprefix("| ") for row in rows]
    assert tuple(dict.fromkeys(of)) == backends.frameworks()
    here = [row for row, framework in zip(rows, of, strict=True) if framework not in found.missing]
    assert "".join([header, rule, *here]) == catalogue.markdown(found.backends.values())


def test_the_table_of_problems_is_the_generated_one() -> None:
    assert between(document("problems.md"), "problems") == problem_catalogue.markdown()


def test_every_mode_and_problem_of_the_project_describes_itself() -> None:
    for backend in backends.load().backends.values():
        assert backend.writes
        assert backend.wins
    for name in BUILT_IN:
        facts = problem_catalogue.sections(problems.modules()[name].__doc__ or "")
        assert {"Formula", "Shapes", "Gradient", "Stresses"} <= facts.keys()


def test_a_problem_without_the_template_has_a_row() -> None:
    assert problem_catalogue.sections("A loss.\n\nFormula: x²\n") == {}
    text = "A loss.\n\nFormula     x²,\n            squared\nStresses    a | b\n\nMore.\n"
    assert problem_catalogue.sections(text) == {"Formula": "x², squared", "Stresses": "a | b"}
    assert problem_catalogue.markdown_table(("a",), [("a | b",)]) == "| a |\n| --- |\n| a \\| b |\n"


def test_what_the_built_in_losses_use_is_listed() -> None:
    """A loss, and each function that it calls with arrays, takes `xp`. None takes the length of an array."""
    used: dict[str, set[str]] = {"xp": set(), "math": set(), "": set()}
    for name in BUILT_IN:
        source = (ROOT / "problems" / f"{name}.py").read_text(encoding="utf-8")
        functions = [node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)]
        for node in (node for function in functions if takes_xp(function) for node in ast.walk(function)):
            assert not (isinstance(node, ast.Name) and node.id == "len"), name
            if isinstance(node, ast.Attribute):
                used.get(getattr(node.value, "id", ""), used[""]).add(node.attr)
    assert between(document("problems.md"), "functions") == listed(used["xp"])
    assert between(document("problems.md"), "attributes") == listed(used[""])


def takes_xp(function: ast.FunctionDef) -> bool:
    return any(argument.arg == "xp" for argument in function.args.args)


def listed(names: set[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names)) + "\n"


def baseline(measure: str) -> pd.DataFrame:
    """Return the `measure` of the committed run on the CPU: a row for each backend, a column for each batch size."""
    rows = table.read(ROOT / "results" / "baseline.csv")
    rows = rows[(rows["device"] == "cpu") & (rows["operator"] == "descent") & (rows["problem"] == "quadratic")]
    return rows.pivot_table(index="backend", columns="batch_size", values=measure)


def test_what_the_modes_say_of_their_speed_is_what_the_baseline_shows() -> None:
    """The claims are in the field `wins` of the backends. If a new baseline fails here, change the claims."""
    seconds, ratio = baseline("seconds_per_step"), baseline("ratio_to_numpy")
    assert (seconds[[1, 100, 10_000]].idxmin() == "jax-loop").all()
    assert (seconds.idxmax() == "jax-grad").all()
    assert (seconds.drop(index="jax-loop")[[1, 100]].idxmin() == "numpy").all()
    assert [int(size) for size in ratio.columns] == [1, 100, 10_000, 1_000_000]
    assert list(ratio.loc["numpy-inplace"] < 1.0) == [False, False, True, True]
    assert list(ratio.loc["jax-jit"] < 1.0) == [False, False, True, True]
    assert list(ratio.loc["torch-compile-step"] < 1.0) == [False, False, False, True]
    torch = seconds[seconds.index.str.startswith("torch-")]
    assert (torch.idxmin() == "torch-compile-step").all()
    assert (torch.drop(index="torch-compile-step")[[1, 100]].idxmin() == "torch-grad").all()


def test_both_examples_are_raced_without_being_listed(checkout: Checkout) -> None:
    for path in DOCUMENTS:
        checkout.write(path, example(path))
    chosen = ("--backend", "blocked,numpy", "--problem", "log_cosh,quadratic", "--batch-size", "1,10000")
    done = checkout.race(*chosen, "--device", "cpu")
    assert done.returncode == 0, done.stdout
    assert len(checkout.rows()) == 8
    assert (checkout.rows()["status"] == "ok").all()


def test_the_examples_pass_the_commands_that_their_documents_give(checkout: Checkout) -> None:
    """The commands of a user: the suite, selected by the name of the file that was dropped in. They differ only in that
    name, so one run selects by both. The suite is here without the files that test no backend and no problem.
    """
    for folder in ("docs", "experiments", "results", "tests"):
        shutil.copytree(ROOT / folder, checkout.path / folder, ignore=others, dirs_exist_ok=True)
    names = []
    for path, page in DOCUMENTS.items():
        checkout.write(path, example(path))
        names += re.findall(r"^\$ pytest tests/ -k (\w+)$", document(page), re.MULTILINE)
    assert names == ["blocked", "log_cosh"]
    tested = checkout.run("pytest", "tests/", "-k", " or ".join(names), "-v")
    assert tested.returncode == 0, tested.stdout
    assert "test_a_backend_keeps_the_contract[blocked-" in tested.stdout
    assert "test_a_backend_keeps_the_contract[numpy-log_cosh-" in tested.stdout
    assert "FAILED" not in tested.stdout


def others(folder: str, names: list[str]) -> set[str]:
    """Return what in a folder of the suite tests no backend and no problem."""
    parts = {"__pycache__", "report", "experiments", "duel", "find", "fleet", "process", "figures"}
    here = Path(folder).relative_to(ROOT).as_posix() in {"tests", "tests/bench"}
    return {name for name in names if name in parts or (here and name.startswith("test_"))}
