"""Windows of a series, and their medians and means. A window that begins before the series has NaN there.

The mean is Huber's: a value far from the median counts as if it were `CLIP` standard deviations away. One bad night
therefore moves the mean by little, and the mean of clean nights is almost as exact as the plain one.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from report.statistics.welch import Array

Counts: TypeAlias = NDArray[np.intp]

TO_NORMAL = 1.4826
"""The standard deviation of normal values, divided by the median of their absolute deviations."""

CLIP = 1.345
"""Huber's constant: with it, the mean of normal values has 95 % of the plain mean's efficiency."""

INEFFICIENCY = 1.026
"""The standard error of Huber's mean of normal values, divided by that of the plain mean: 1 / √0.95."""


def windows(values: Array, length: int) -> Array:
    """Return, for each index from 0 to `len(values)`, the `length` values before it: one row each."""
    padded = np.concatenate([np.full(length, np.nan), values])
    return sliding_window_view(padded, length)


def counts(rows: Array) -> Counts:
    """Return how many values each row has that are not NaN."""
    return np.count_nonzero(~np.isnan(rows), axis=-1)


def medians(rows: Array) -> Array:
    """Return the median of each row, without its NaN. It is NaN where there is no value."""
    ordered = np.sort(rows, axis=-1)  # NaN comes last
    number = counts(rows)
    middle = np.stack([np.maximum(number - 1, 0) // 2, np.minimum(number // 2, rows.shape[-1] - 1)], axis=-1)
    return np.take_along_axis(ordered, middle, axis=-1).mean(axis=-1)


def deviations(rows: Array) -> Array:
    """Return the standard deviation of each row about its median, by the median of the absolute deviations."""
    return TO_NORMAL * medians(np.abs(rows - medians(rows)[..., None]))


def means(rows: Array, deviation: Array) -> Array:
    """Return Huber's mean of each row, without its NaN. `deviation` is the standard deviation of each row's values."""
    center, scale = medians(rows), deviation[..., None]
    for _ in range(2):
        scaled = (rows - center[..., None]) / scale
        within = np.count_nonzero(np.abs(scaled) < CLIP, axis=-1)
        center = center + np.nansum(np.clip(scaled, -CLIP, CLIP) * scale, axis=-1) / np.maximum(within, 1)
    return center
