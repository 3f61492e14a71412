"""The experiments and the documents that quote them agree."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.checkout import ROOT

EXPERIMENTS = ROOT / "experiments"
DOCUMENTS = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]
DELETED = ("estimators", "rounds")
"""Finished studies. The methodology names the last commit that has their commands."""


def commands() -> set[str]:
    """Return the experiments that are commands, by their names."""
    found = [*EXPERIMENTS.glob("*.py"), *EXPERIMENTS.glob("*/__main__.py")]
    texts = {path: path.read_text(encoding="utf-8") for path in found}
    return {_name(path) for path, text in texts.items() if '__name__ == "__main__"' in text}


def _name(path: Path) -> str:
    return path.parent.name if path.name == "__main__.py" else path.stem


def quoted() -> set[str]:
    """Return the experiments that the documents name."""
    texts = (" ".join(path.read_text(encoding="utf-8").split()) for path in DOCUMENTS)
    return {name for text in texts for name in re.findall(r"python -m experiments\.(\w+)", text)}


def test_every_experiment_is_quoted_and_every_quoted_one_exists() -> None:
    assert commands() == quoted() - set(DELETED)


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_experiment_has_a_test(name: str) -> None:
    assert (Path(__file__).parent / f"test_{name}.py").exists()


def test_every_table_of_figures_names_its_commit() -> None:
    text = (ROOT / "docs" / "methodology.md").read_text(encoding="utf-8")
    lines = re.findall(r"<!-- /(\w+) -->\n\n(Measured|Simulated)[^\n]*at (?:the same )?commits?", text)
    assert {name for name, _ in lines} == set(re.findall(r"<!-- (\w+) -->", text))
