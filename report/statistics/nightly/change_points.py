"""Where the series of a history changed for good, judged night by night.

Each night is judged with what was known by then, in the order of time. One reading of a history therefore reports the
changes that were reported night after night, and its rate of false changes is that of a year of nightly looks.

The series are analysed as logarithms, so that twice as slow and twice as fast are changes of the same size.

1. Before each night, `memory` estimates the noise and its autocorrelation, and Huber's mean of up to
   100 nights is the level. Together they predict the nights that follow.
2. Each night that follows is evidence for a change that began at that night: the logarithm of how much likelier the
   measured value is after a change than without. `evidence` adds it up. The change that is tried is
   twice the threshold, so a change below the threshold gathers no evidence.
3. A change is reported once the evidence is beyond a limit and the change that fits best has lasted for `MIN_RUNS`
   nights. The limit grows with the number of series.
4. The change itself, with its interval, compares the whole stretches before and after it. It is reported only as long
   as `report.statistics.verdict` confirms it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from report.statistics import verdict
from report.statistics.intervals import Interval
from report.statistics.nightly import memory, ragged
from report.statistics.nightly.evidence import evidence
from report.statistics.nightly.memory import MIN_BEFORE, Noise
from report.statistics.nightly.ragged import Counts
from report.statistics.verdict import FAMILY_CONFIDENCE, Verdict
from report.statistics.welch import Array

MIN_RUNS = 10
"""How many runs a change must last. Among fewer, three or four bad nights by chance could pass for a change."""

REQUIRED = 500.0
"""A change is reported if its nights are this many times as likely with it as without, times the number of series.

With more series, chance makes one of them look changed more often. Chosen by simulation (`experiments.history`) for 40
cases with heavy-tailed noise of 3 % and an autocorrelation of 0.5: fewer than 10 % of such histories report a false
change within a year of nightly looks, and a change of 10 % is reported within 14 nights in more than 90 %.
"""


@dataclass(frozen=True)
class Step:
    """A change that lasts: the index of its first run, and the ratio of the runs after it to the runs before."""

    index: int
    change: Interval
    verdict: Verdict


class Alarm(NamedTuple):
    """A change by the evidence alone: the index of its first point, and of the point at which it was found."""

    first: int
    found: int


def steps(series: Sequence[Array], nights: Sequence[Counts], threshold: float) -> list[list[Step]]:
    """Return the changes of each series of a history that are beyond the threshold.

    `series` has the values of each series, all positive, in the order of time. `nights` has the number of the night of
    each value, which rises within a series. The intervals hold at 95 % for all series together.
    """
    logs = [np.log(values) for values in series]
    number = len(logs)
    return [
        confirmed(own, noise, alarms(own, noise, threshold, number), threshold, number)
        for own, noise in zip(logs, memory.noise(logs, nights), strict=True)
    ]


def alarms(logs: Array, noise: Noise, threshold: float, series: int) -> list[Alarm]:
    """Return the changes of one series by the evidence alone, in the order of time. `series` counts all of them."""
    limit = float(np.log(REQUIRED * series))
    found: list[Alarm] = []
    while (alarm := _first_alarm(logs, noise, threshold, limit, found[-1].first if found else 0)) is not None:
        found.append(alarm)
    return found


def confirmed(logs: Array, noise: Noise, found: Sequence[Alarm], threshold: float, series: int) -> list[Step]:
    """Return those changes of one series that the whole stretches before and after them confirm."""
    confidence = verdict.corrected(FAMILY_CONFIDENCE, series)
    edges = [0, *(alarm.first for alarm in found), len(logs)]
    stretches = [logs[first:end] for first, end in pairwise(edges)]
    changes = [
        (alarm.first, _change(before, after, noise.at(alarm.first), confidence))
        for alarm, (before, after) in zip(found, pairwise(stretches), strict=True)
    ]
    judged = [Step(first, change, verdict.judge(change, threshold)) for first, change in changes]
    return [step for step in judged if step.verdict in (Verdict.REGRESSED, Verdict.IMPROVED)]


def _first_alarm(logs: Array, noise: Noise, threshold: float, limit: float, start: int) -> Alarm | None:
    """Return the first change of the stretch that begins at `start`."""
    if len(logs) < start + MIN_BEFORE + MIN_RUNS:
        return None
    by_night = evidence(logs, noise, threshold, start)
    lasted = np.argmax(by_night, axis=1) + 1
    beyond = (by_night.max(axis=1) >= limit) & (lasted >= MIN_RUNS)
    if not beyond.any():
        return None
    night = int(np.argmax(beyond))
    return Alarm(night + 1 - int(lasted[night]), night)


def _change(before: Array, after: Array, noise: Noise, confidence: float) -> Interval:
    """Return the ratio of two stretches, given the noise before the change.

    The interval takes the autocorrelation of the noise into account.
    """
    from scipy.special import stdtrit  # noqa: PLC0415 (only where something has changed)

    deviation = noise.deviation
    old, new = (float(ragged.means(stretch, deviation)) for stretch in (before, after))
    variance = sum(_variance_of_mean(stretch.size, float(noise.autocorrelation)) for stretch in (before, after))
    freedom = 1.0 / (2.0 * noise.error**2)
    half = stdtrit(freedom, 0.5 + confidence / 2.0) * ragged.INEFFICIENCY * deviation * np.sqrt(variance)
    return Interval(*(float(np.exp(end)) for end in (new - old, new - old - half, new - old + half)))


def _variance_of_mean(number: int, autocorrelation: float) -> float:
    """Return the variance of the mean of `number` nights, in units of the variance of one night."""
    lags = np.arange(1, number)
    return float(1.0 + 2.0 * np.sum((1.0 - lags / number) * autocorrelation**lags)) / number
