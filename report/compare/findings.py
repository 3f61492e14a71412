"""What a comparison finds besides its verdicts, as data: notes about all cases, and the reason for a case's verdict.

`report.write.text.findings` puts them in words. A comparison that was read from a file has them in words already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Range:
    """A summary of ratios: their geometric mean, the lowest, the highest, and the number of cases."""

    mean: float
    low: float
    high: float
    cases: int


@dataclass(frozen=True)
class Differs:
    """A column, or the version of a framework, has other values in head than in base."""

    what: str
    base: tuple[str, ...]
    head: tuple[str, ...]


@dataclass(frozen=True)
class Mixed:
    """A column, or the version of a framework, has several values, the same on both sides."""

    what: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class SharedLaunches:
    """Some launches are on both sides. `run` is the run of the first of them."""

    launches: int
    run: str


@dataclass(frozen=True)
class LeftOut:
    """`rows` of `total` rows belong to neither side."""

    rows: int
    total: int


@dataclass(frozen=True)
class ByRatio:
    """This number of cases is compared by the ratio to NumPy, because base and head are of different machines."""

    cases: int


@dataclass(frozen=True)
class BySeconds:
    """This number of cases is compared by seconds alone.

    If `other_reference` is true, this is because the two sides have different references. Otherwise it is because a
    launch has no ratio to NumPy, or because the case is one of a GPU.
    """

    cases: int
    other_reference: bool


@dataclass(frozen=True)
class Weighted:
    """This number of cases is compared by seconds with NumPy as control variate: its least and its largest weight."""

    cases: int
    low: float
    high: float


@dataclass(frozen=True)
class OneRun:
    """The units are launches, because a side has fewer than three runs."""

    base: int
    head: int


@dataclass(frozen=True)
class Inconclusive:
    """This number of cases is inconclusive, although they have an interval. `pairs`: they are cases of a duel."""

    cases: int
    pairs: bool = False


@dataclass(frozen=True)
class NoControl:
    """No case of the negative control has a time on both sides. `paired`: some row has a ratio to NumPy."""

    paired: bool


@dataclass(frozen=True)
class Control:
    """The seconds of hand-derived NumPy, head over base, and whether they moved by more than the threshold."""

    seconds: Range
    moved: bool


@dataclass(frozen=True)
class ControlRatioMoved:
    """The ratio of hand-derived NumPy to its own paired rounds moved by more than the threshold."""

    ratio: Range


@dataclass(frozen=True)
class DuelControlMoved:
    """Hand-derived NumPy regressed or improved in a duel."""


Note: TypeAlias = (
    Differs
    | Mixed
    | SharedLaunches
    | LeftOut
    | ByRatio
    | BySeconds
    | Weighted
    | OneRun
    | Inconclusive
    | NoControl
    | Control
    | ControlRatioMoved
    | DuelControlMoved
    | str
)
"""A note about all cases. It is text if it was read from a file."""


@dataclass(frozen=True)
class TooFewLaunches:
    """Base or head has too few launches to conclude anything."""

    base: int
    head: int


@dataclass(frozen=True)
class NoRatio:
    """A launch has no ratio to NumPy, and only the ratio may be compared."""


@dataclass(frozen=True)
class NoTime:
    """`failed` of the `launches` of a side have no time. The status and the reason are those of the first of them."""

    status: str
    reason: str
    failed: int
    launches: int
    in_base: bool = False


@dataclass(frozen=True)
class NoFramework:
    """Head has no row of the case, since the framework is unavailable there."""

    framework: str
    reason: str


@dataclass(frozen=True)
class Remeasured:
    """The case was a suspect of a duel: its ratio in the first stage, and how many fresh pairs its verdict rests on."""

    first_ratio: float
    fresh_pairs: int


@dataclass(frozen=True)
class SidesFailed:
    """One side of a duel, or both, could not run the case: the side's name, the status and the reason of each."""

    failures: tuple[tuple[str, str, str], ...]


Reason: TypeAlias = TooFewLaunches | NoRatio | NoTime | NoFramework | Remeasured | SidesFailed | str
"""The reason for a verdict. The empty string if the times suffice. Any other string was read from a file."""
