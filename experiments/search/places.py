"""Where in a series of commits the culprit is, and which cannot be measured."""

from __future__ import annotations

import random
from typing import NamedTuple

COMMITS = 40
BROKEN = 3


class Places(NamedTuple):
    """The number of the culprit, and the numbers of the commits that cannot be measured. The first is number 0."""

    culprit: int
    broken: frozenset[int]


def places(seed: int) -> Places:
    """Return places by chance. The two ends can be measured, and the culprit too."""
    chance = random.Random(seed)  # noqa: S311 (not a secret)
    culprit = chance.randrange(1, COMMITS)
    others = [number for number in range(1, COMMITS - 1) if number != culprit]
    return Places(culprit, frozenset(chance.sample(others, BROKEN)))
