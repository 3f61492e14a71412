"""How strongly the nights speak for a change in a series: log likelihood ratios, summed as in Page's CUSUM (1954).

The noise and the level before a night predict the nights that follow. A night that follows speaks for a change by the
logarithm of how much likelier its value is after the change than without. `memory` says what a night takes over from
the night before, and only what is new in it counts.
"""

from __future__ import annotations

import numpy as np

from report.statistics.nightly import ragged
from report.statistics.nightly.memory import MEMORY, MIN_BEFORE, Noise
from report.statistics.welch import Array

MAX_RUNS = 30
"""For how many nights evidence is gathered for a change that began on a given night."""

DEGREES = 4
"""The noise is assumed to follow Student's t with so few degrees of freedom: its tails are heavy."""

SPREAD = 1.3
"""The standard deviation that `memory` estimates from such noise, divided by the scale of Student's t. Simulated."""

UNLIKELY = 2e-3
"""How likely any value is at least, compared with a value right at the level. So an outlier counts log 500 at most. In
a history of 40 series, a change needs log 20,000."""

TRIED = 2.0
"""The change that is tried, in thresholds. A night at the threshold itself is then as likely with it as without."""

LARGE = 4.0
"""The large change that is tried too, in changes that are tried. Beside it, a still larger one counts the same."""

QUIETEST = 1 / 6
"""The smallest scale of the noise that is assumed, as a share of the change that is tried. In a series that is quieter,
a change of another size than the one tried would look like an outlier."""

MIN_THRESHOLD = 0.01
"""The smallest threshold that a change is tried for."""


def evidence(logs: Array, noise: Noise, threshold: float, start: int) -> Array:
    """Return the evidence at each point (rows) for a change that has lasted for 1, 2, … `MAX_RUNS` points (columns).

    The stretch that begins at `start` has no change before. The evidence is -inf where too few points come before.
    """
    begins = np.arange(start + MIN_BEFORE, len(logs))
    level, number = _levels(logs, noise, start)
    level, number, carried = level[begins], number[begins], noise.autocorrelation[begins]
    tried = TRIED * np.log1p(max(threshold, MIN_THRESHOLD))
    scale = np.exp(noise.error[begins]) * noise.innovation[begins] / SPREAD  # one standard error high
    scale = np.maximum(scale, QUIETEST * tried)
    padded = np.concatenate([logs, np.full(MAX_RUNS, np.nan)])
    found = np.full((len(padded), MAX_RUNS), -np.inf)
    sums = np.zeros((4, len(begins)))
    weights, squares = np.zeros(len(begins)), np.zeros(len(begins))
    for lasted in range(MAX_RUNS):
        at = begins + lasted
        news = padded[at] - carried * padded[at - 1] - (1.0 - carried) * level
        weight = 1.0 - carried * (lasted > 0)  # later on, the night before has changed too
        sums = sums + _log_ratios(news / scale, weight * tried / scale)
        weights, squares = weights + weight, squares + weight**2
        uncertain = weights**2 / squares / number  # the variance of the level, in units of that of the change
        found[at, lasted] = sums.max(axis=0) / (1.0 + uncertain)
    return np.where(np.isnan(found), -np.inf, found)[: len(logs)]


def _levels(logs: Array, noise: Noise, start: int) -> tuple[Array, Array]:
    """Return the level before each point, from the stretch that begins at `start`, and from how many points it is."""
    own = np.where(np.arange(len(logs)) < start, np.nan, logs)
    before = ragged.windows(own, MEMORY)
    return ragged.means(before, noise.deviation), ragged.counts(before).astype(float)


def _log_ratios(news: Array, change: Array) -> Array:
    """Return the evidence of one night for a change up, a change down, and two large ones."""
    large = LARGE * change
    up, down = _log_ratio(news, change), _log_ratio(-news, change)
    return np.stack([up, down, *(_log_ratio(np.minimum(sign * news, large), large) for sign in (1.0, -1.0))])


def _log_ratio(news: Array, change: Array) -> Array:
    """Return the logarithm of how much likelier the news is with the change than without."""
    return np.log(_likelihood(news - change) / _likelihood(news))


def _likelihood(scaled: Array) -> Array:
    """Return the density of Student's t, in units of its peak, and `UNLIKELY` more."""
    base = 1.0 + scaled**2 / DEGREES
    return 1.0 / (base**2 * np.sqrt(base)) + UNLIKELY  # base ** ((DEGREES + 1) / 2), five times as fast
