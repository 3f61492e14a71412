"""The layout that CONTRIBUTING's map shows. `make lint` checks the arrows between the folders."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.checkout import ROOT

MAX_MODULES = 12
"""With more, a newcomer does not see from the list where a line lives."""

FOLDERS = sorted(path.parent for name in ("bench", "report") for path in (ROOT / name).rglob("__init__.py"))


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_a_folder_has_few_modules_and_says_what_it_holds(folder: Path) -> None:
    assert len([path for path in folder.glob("*.py") if path.name != "__init__.py"]) <= MAX_MODULES
    assert (folder / "__init__.py").read_text(encoding="utf-8").startswith('"""')


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: str(folder.relative_to(ROOT)))
def test_the_map_names_every_folder(folder: Path) -> None:
    assert f"{folder.name}/" in (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
