"""What a comparison finds beside its verdicts, as data: notes about all cases, and why a case has its verdict.

`report.write.text.findings` puts them in words. A comparison that was read from a file has them in words already.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True)
class Range:
    """Ratios, summed up: their geometric mean, the lowest and the highest, and how many there are."""

    mean: float
    low: float
    high: float
    cases: int


@dataclass(frozen=True)
class Differs:
    """A column, or a framework's version, that has other values in head than in base."""

    what: str
    base: tuple[str, ...]
    head: tuple[str, ...]


@dataclass(frozen=True)
class Mixed:
    """A column, or a framework's version, that has the same several values on both sides."""

    what: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class SharedLaunches:
    """So many launches are on both sides, the first of them of this run."""

    launches: int
    run: str


@dataclass(frozen=True)
class LeftOut:
    """So many rows belong to neither side."""

    rows: int
    of: int


@dataclass(frozen=True)
class ByRatio:
    """So many cases are compared by their ratio to NumPy; across machines their seconds are not compared at all."""

    cases: int
    across_machines: bool


@dataclass(frozen=True)
class BySeconds:
    """So many cases are compared by seconds: either the paired NumPy differs, or a launch has no ratio to it."""

    cases: int
    other_reference: bool


@dataclass(frozen=True)
class Inconclusive:
    """So many cases have an interval that says neither; `pairs`: in a duel, whose pairs would narrow it."""

    cases: int
    pairs: bool = False


@dataclass(frozen=True)
class NoControl:
    """The negative control has no time on both sides."""


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
    | Inconclusive
    | NoControl
    | Control
    | ControlRatioMoved
    | DuelControlMoved
    | str
)
"""What is to be known about all cases; text where it was read from a file."""


@dataclass(frozen=True)
class TooFewLaunches:
    """Base or head has fewer launches than it takes to conclude anything."""

    base: int
    head: int


@dataclass(frozen=True)
class NoRatio:
    """A launch has no ratio to NumPy, and nothing else may be compared."""


@dataclass(frozen=True)
class NoTime:
    """A side has launches without a time: the first one's status and reason, and how many of how many."""

    status: str
    reason: str
    failed: int
    launches: int
    in_base: bool = False


@dataclass(frozen=True)
class NoFramework:
    """Head has no row, since its framework is unavailable."""

    framework: str
    reason: str


@dataclass(frozen=True)
class Remeasured:
    """A suspect of a duel: its ratio in the first stage, and how many fresh pairs the verdict rests on."""

    first_ratio: float
    fresh_pairs: int


@dataclass(frozen=True)
class SidesFailed:
    """Why one side of a duel, or both, could not run a case: by side, status and reason."""

    failures: tuple[tuple[str, str, str], ...]


Reason: TypeAlias = TooFewLaunches | NoRatio | NoTime | NoFramework | Remeasured | SidesFailed | str
"""Why a case has its verdict: an empty text where its times say it all; text where it was read from a file."""
