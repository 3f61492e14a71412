"""`python -m report compare`: the negative control, and the notes on all cases."""

from __future__ import annotations

from tests.report.compare.folder import Folder
from tests.report.compare.launches import steady


def notes(folder: Folder, *arguments: str) -> str:
    """Return the notes of comparing `base.csv` with `head.csv`, as one text."""
    return "\n".join(folder.compare(*arguments)[1]["notes"])


def test_if_the_seconds_of_the_control_moved_the_machine_moved(folder: Folder) -> None:
    folder.write("base", steady(), steady(backend="numpy"))
    folder.write("head", steady(), [row | {"seconds_median": 1.3e-3} for row in steady(backend="numpy")])
    moved = notes(folder)
    assert "the machine moved, unless NumPy or its code was changed" in moved
    assert "hand-derived NumPy took ×1.300 as long in head as in base" in moved
    assert "ratio to its own" not in moved
    assert "the machine held still" in notes(folder, "--threshold", "40%")


def test_if_the_controls_ratio_moved_other_ratios_may_move_as_far(folder: Folder) -> None:
    folder.write("base", steady(), steady(backend="numpy"))
    folder.write("head", steady(), [row | {"ratio_to_numpy": 1.3} for row in steady(backend="numpy")])
    moved = notes(folder)
    assert "the machine held still" in moved
    assert "the control's ratio to its own paired rounds moved, ×1.300" in moved


def test_without_numpy_on_both_sides_there_is_no_control(folder: Folder) -> None:
    folder.write("base", steady())
    folder.write("head", steady(), steady(backend="numpy"))
    assert "no negative control: 'numpy' has no case with a time on both sides" in notes(folder)


def test_versions_that_differ_are_noted_and_the_sides_compared(folder: Folder) -> None:
    folder.write("base", steady())
    folder.write("head", steady(framework_version="0.11.0", python="3.12.1"))
    code, whole = folder.compare()
    assert code == 0
    assert "version of jax differs: '0.10.2' on base, '0.11.0' on head" in whole["notes"]
    assert "python differs: '3.11.7' on base, '3.12.1' on head" in whole["notes"]


def test_what_differs_in_a_framework_is_noted_by_framework(folder: Folder) -> None:
    numpy = steady(backend="numpy", jaxlib_version="", framework_version="2.4.6")
    folder.write("base", steady(), numpy)
    folder.write("head", steady(jaxlib_version="0.11.0", precision="tf32", variables="XLA_FLAGS=--a"), numpy)
    found = notes(folder)
    assert "jaxlib of jax differs: '0.10.2' on base, '0.11.0' on head" in found
    assert "precision of jax differs: 'float32' on base, 'tf32' on head" in found
    assert "variables of jax differs: '' on base, 'XLA_FLAGS=--a' on head" in found
    assert "of numpy" not in found


def test_a_version_that_is_mixed_within_the_sides_is_noted(folder: Folder) -> None:
    for side in ("base", "head"):
        folder.write(side, steady(backend="a"), steady(backend="b", python="3.12.1"))
    assert "python is mixed within each side: '3.11.7', '3.12.1'" in notes(folder)


def test_a_run_that_is_compared_with_itself_is_noted(folder: Folder) -> None:
    base = folder.write("base", steady())
    code, whole = folder.json(base, base)
    assert code == 0
    assert "5 launches are on both sides (run 'base') and compared with themselves" in whole["notes"]
