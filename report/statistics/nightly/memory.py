"""The noise of nightly runs: how large it is, and how much of it one night hands on to the next.

A machine that was slow last night is likely to be slow tonight. The noise is modelled as an autoregression of first
order, AR(1): what a night is off by is `autocorrelation` times what the night before was off by, and something new. The
`innovation` is the standard deviation of what is new. Each case has its own. The autocorrelation is one number for all
series of a history, because one series is too short to tell.

Both are estimated for each night from the nights before it. Outliers and steps hardly move them: the autocorrelation is
a median over short blocks of nights, and the innovation comes from the differences between neighbouring nights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from report.statistics.nightly import ragged
from report.statistics.nightly.ragged import Counts
from report.statistics.welch import Array

MEMORY = 100
"""How many nights count: older ones were measured on a machine, or by code, that may be another by now."""

BLOCK = 25
"""The nights of a block. A step spoils only the block that it is in, so blocks must be short; and they must be long
enough that an autocorrelation can be estimated."""

MIN_BEFORE = 10
"""How many nights are needed before anything is said of the next. From fewer, neither level nor noise can be told."""

MAX_AUTOCORRELATION = 0.9
"""The largest autocorrelation that is assumed. At 1, the noise would be a random walk, and no change could be found."""

CLIP = 2.0
"""Values count as at most this many standard deviations. So an outlier is not taken for the usual noise."""

CLIPPED = 0.9594
"""The standard deviation of normal values that are clipped at `CLIP`."""

EFFICIENCY = 0.3
"""A standard deviation from n differences is as exact as the plain one of 0.3 n independent normal values. Simulated,
for the heavy-tailed noise that docs/methodology.md names."""

MIN_NOISE = 1e-4
"""The smallest noise that is assumed. In a series without any noise, every rounding error would count as a change."""


@dataclass(frozen=True)
class Noise:
    """The noise of one series, estimated before each of its points: arrays with an entry a point, and one for the end.

    `error` is the standard error of the innovation's logarithm. All entries are NaN where fewer than `MIN_BEFORE`
    points come before.
    """

    autocorrelation: Array
    innovation: Array
    error: Array

    def at(self, index: int) -> Noise:
        """Return the noise as it was known before one point."""
        return Noise(*(np.asarray(values[index]) for values in (self.autocorrelation, self.innovation, self.error)))

    def until(self, number: int) -> Noise:
        """Return the noise as it was known after the first `number` points."""
        return Noise(*(values[: number + 1] for values in (self.autocorrelation, self.innovation, self.error)))

    @property
    def deviation(self) -> Array:
        """The standard deviation of a night about its level."""
        return self.innovation / np.sqrt(1.0 - self.autocorrelation**2)


def noise(logs: Sequence[Array], nights: Sequence[Counts]) -> list[Noise]:
    """Return the noise of each series of a history.

    `logs` has the logarithms of each series in the order of time. `nights` has the number of the night of each point;
    nights are counted over all series. What is said of a night depends on no later one.
    """
    last = 1 + max((int(own[-1]) for own in nights if len(own)), default=-1)
    known = np.array([np.searchsorted(own, np.arange(last + 1)) for own in nights])  # points before each night
    autocorrelation = _pooled_autocorrelation(logs, known)
    innovation, error = _pooled_innovations(logs, known, autocorrelation)
    indices = [np.append(own, last) for own in nights]
    return [
        Noise(autocorrelation[own], innovation[number, own], error[number, own]) for number, own in enumerate(indices)
    ]


def _pooled_autocorrelation(logs: Sequence[Array], known: Counts) -> Array:
    """Return the autocorrelation before each night: the median over the last blocks of all series."""
    of_blocks = [_block_autocorrelations(own) for own in logs]
    ends = known[:, None, :] - BLOCK * np.arange(MEMORY // BLOCK)[:, None]  # series, blocks, nights
    blocks = np.concatenate([own[np.maximum(end, 0)] for own, end in zip(of_blocks, ends, strict=True)]).T
    return np.clip(ragged.medians(blocks), 0.0, MAX_AUTOCORRELATION)


def _block_autocorrelations(logs: Array) -> Array:
    """Return the lag-1 autocorrelation of the block before each index, freed of its small-sample bias (Kendall's)."""
    blocks = ragged.windows(logs, BLOCK)
    deviation = np.maximum(ragged.deviations(blocks), MIN_NOISE)[:, None]
    values = np.clip((blocks - ragged.medians(blocks)[:, None]) / deviation, -CLIP, CLIP)
    products, squares = (np.nansum(values[:, 1:] * other, axis=1) for other in (values[:, :-1], values[:, 1:]))
    number = ragged.counts(blocks)
    plain = np.divide(products, squares, out=np.zeros_like(products), where=squares > 0.0)
    return np.where(number >= MIN_BEFORE, (number * plain + 1.0) / np.maximum(number - 3.0, 1.0), np.nan)


def _pooled_innovations(logs: Sequence[Array], known: Counts, autocorrelation: Array) -> tuple[Array, Array]:
    """Return the innovation of each series before each night, and the standard error of its logarithm.

    The estimates of the series are drawn towards their mean as far as their spread is chance (empirical Bayes): a young
    series borrows from the others, unless its noise is plainly another.
    """
    before = [ragged.windows(_absolute_differences(values), MEMORY) for values in logs]
    number = np.array([ragged.counts(rows)[end] for rows, end in zip(before, known, strict=True)])
    own = np.array([_log_deviation(rows)[end] for rows, end in zip(before, known, strict=True)])
    own = own + 0.5 * np.log((1.0 + autocorrelation) / 2.0)  # of an AR(1): the differences' share of the innovation
    own = np.where(number >= MIN_BEFORE - 1, own, np.nan)
    chance = 1.0 / (2.0 * EFFICIENCY * np.maximum(1, number))
    total, share_of_own = _share_of_own(own, chance)
    mean = _nanmean(own)
    drawn = mean + share_of_own * (own - mean)
    series = np.maximum(1, np.count_nonzero(~np.isnan(own), axis=0))
    variance = share_of_own * chance + (1.0 - share_of_own) ** 2 * total / series
    return np.exp(drawn), np.sqrt(variance)


def _share_of_own(own: Array, chance: Array) -> tuple[Array, Array]:
    """Return the variance of the estimates over the series, and which share of it is not chance, for each series."""
    series = np.count_nonzero(~np.isnan(own), axis=0)
    spread = np.nansum((own - _nanmean(own)) ** 2, axis=0) / np.maximum(series - 1, 1)
    true = np.maximum(0.0, spread - _nanmean(np.where(np.isnan(own), np.nan, chance)))
    true = np.where(series > 1, true, np.inf)  # a lone series has nobody to borrow from
    with np.errstate(invalid="ignore"):
        share = np.where(np.isinf(true), 1.0, true / (true + chance))
    return np.where(series > 1, true + chance, 0.0), share


def _nanmean(rows: Array) -> Array:
    number = np.count_nonzero(~np.isnan(rows), axis=0)
    return np.where(number > 0, np.nansum(rows, axis=0) / np.maximum(number, 1), np.nan)


def _absolute_differences(logs: Array) -> Array:
    """Return how far each point is from the one before it. The first has none before it: NaN."""
    return np.abs(np.diff(logs, prepend=np.nan))


def _log_deviation(differences: Array) -> Array:
    """Return the logarithm of the standard deviation of each row's differences, each clipped at `CLIP` of them."""
    scale = np.maximum(ragged.TO_NORMAL * ragged.medians(differences), MIN_NOISE)
    squares = np.minimum(differences, CLIP * scale[:, None]) ** 2
    mean = np.nansum(squares, axis=1) / np.maximum(ragged.counts(differences), 1)
    return np.log(np.maximum(np.sqrt(mean) / CLIPPED, MIN_NOISE))
