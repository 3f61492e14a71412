"""What `report trend` finds, and what it finds that is none: `python -m experiments.changes`

Invented histories of 40 series each, with noise like a shared machine's: heavy tails of 3 %, and one night in fifty
that is wild. Printed is the share of the histories without any change in which one is reported, and of single series
with a known change how often it is reported within three nights of where it began. About a minute.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from report.history.series import THRESHOLD
from report.statistics import change_points, verdict
from report.statistics.verdict import CONFIDENCE

SERIES, HISTORIES, TRIALS = 40, 150, 300
NIGHTS = (30, 100, 365)
FACTORS = (1.05, 1.10, 1.20)
NOISE, WILD, NEAR = 0.03, 0.02, 3


def main() -> None:
    """Print the table."""
    random = np.random.default_rng(0)
    print(f"| nights | histories with a false change | {' | '.join(f'×{factor:.2f} found' for factor in FACTORS)} |")
    print(f"| ---: | ---: | {' | '.join('---:' for _ in FACTORS)} |")
    for nights in NIGHTS:
        false = np.mean([any(_reported(_noise(random, nights)) for _ in range(SERIES)) for _ in range(HISTORIES)])
        found = [np.mean([_found(random, nights, factor) for _ in range(TRIALS)]) for factor in FACTORS]
        print(f"| {nights} | {100 * false:.1f} % | {' | '.join(f'{100 * share:.0f} %' for share in found)} |")


def _noise(random: np.random.Generator, nights: int) -> NDArray[np.float64]:
    wild = np.where(random.random(nights) < WILD, 1 + random.exponential(size=nights), 1.0)
    return np.exp(NOISE * random.standard_t(4, size=nights)) * wild


def _reported(values: NDArray[np.float64]) -> list[int]:
    confidence = verdict.corrected(CONFIDENCE, SERIES)
    return [step.index for step in change_points.steps(values, THRESHOLD, confidence)]


def _found(random: np.random.Generator, nights: int, factor: float) -> bool:
    values, middle = _noise(random, nights), nights // 2
    values[middle:] *= factor
    return any(abs(index - middle) <= NEAR for index in _reported(values))


if __name__ == "__main__":
    main()
