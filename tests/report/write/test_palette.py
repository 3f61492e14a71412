"""The looks of backends: the hue says the framework, and shade and shape the mode."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray

from report.write import palette
from report.write.palette import HUES, OTHERS, SHAPES, looks

GROUNDS = {"light": "#ffffff", "dark": "#14171a"}

SEEN = {
    "with all cones": np.eye(3),
    "without green cones": np.array(
        [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    ),
    "without red cones": np.array(
        [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    ),
}
"""What an eye sees of linear sRGB: Machado, Oliveira and Fernandes 2009, in full severity."""

# Ottosson's OKLab: equal distances look about equally different.
TO_CONES = np.array([[0.4122, 0.5363, 0.0514], [0.2119, 0.6807, 0.1074], [0.0883, 0.2817, 0.6300]])
TO_LAB = np.array([[0.2105, 0.7936, -0.0041], [1.9780, -2.4286, 0.4506], [0.0259, 0.7828, -0.8087]])

LEAST_DISTANCE = 0.035
"""About twice what can just be seen."""

MODES = 9
FRAMEWORKS = [*HUES, "mine", "other"]
EVERY = looks(f"{framework}-{number}" for framework in FRAMEWORKS for number in range(MODES))


def linear(colour: str) -> NDArray[np.float64]:
    values = np.array([int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)])
    return np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)


def lab(colour: str, eye: str) -> NDArray[np.float64]:
    return TO_LAB @ np.cbrt(TO_CONES @ np.clip(SEEN[eye] @ linear(colour), 0, 1))


def contrast(colour: str, ground: str) -> float:
    low, high = sorted(0.05 + float(np.array([0.2126, 0.7152, 0.0722]) @ linear(each)) for each in (colour, ground))
    return high / low


def test_each_mode_of_a_framework_has_a_look_of_its_own_and_the_first_a_shape_of_their_own() -> None:
    assert len(set(EVERY.values())) == len(EVERY)
    for framework in FRAMEWORKS:
        assert {EVERY[f"{framework}-{number}"].shape for number in range(len(SHAPES))} == {*SHAPES}


@pytest.mark.parametrize("ground", GROUNDS)
def test_every_look_is_seen_on_its_ground(ground: str) -> None:
    assert min(contrast(getattr(look, ground), GROUNDS[ground]) for look in EVERY.values()) > 1.6


@pytest.mark.parametrize("ground", GROUNDS)
@pytest.mark.parametrize("eye", SEEN)
def test_two_frameworks_are_told_apart_by_their_hues_also_by_the_colour_blind(ground: str, eye: str) -> None:
    hues = [getattr(hue, ground) for hue in HUES.values()]
    distances = [
        float(np.linalg.norm(lab(one, eye) - lab(other, eye))) for one, other in itertools.combinations(hues, 2)
    ]
    assert min(distances) > LEAST_DISTANCE


def test_frameworks_that_the_project_does_not_know_have_hues_too() -> None:
    of_others = looks(["numpy", *(f"mine{number}" for number in range(len(OTHERS)))])
    assert len({look.light for look in of_others.values()}) == 1 + len(OTHERS)
    assert palette.looks(["mine3-a", "numpy"])["mine3-a"].light == OTHERS[0].light
