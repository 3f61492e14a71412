"""What a duel knows of the cause of a change: evidence from both sides of a case, and in what it differs.

The evidence was gathered apart from the timing. It shows what else changed, and proves no cause.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, NamedTuple, TypeAlias

from report.statistics.verdict import Verdict

MOVED = 0.02
"""By how much a function's share of the profile must move to be shown. Nor may the profiles of both sides overlap."""

COMPILE_FACTOR, COMPILE_SECONDS = 1.25, 0.01
"""By which factor, and by how many seconds, compiling must differ to be shown: it was clocked once on either side."""

PEAK_FACTOR = 1.10
"""By which factor peak memory must differ to be shown. Python's own small objects are in it."""

TOO_OLD = "too old"
"""The status of a side whose workers do not know the request."""

EXPLAINED = (Verdict.REGRESSED, Verdict.IMPROVED)
"""The verdicts of the cases that a duel explains."""


class Share(NamedTuple):
    """A function's share of the time in several layouts of the memory: the median, the lowest and the highest."""

    median: float
    low: float
    high: float


@dataclass(frozen=True)
class Evidence:
    """What a fresh process of one side said of a case.

    `calls` has how often one call of the case calls each function, and `shares` each function's share of a profile.
    `operations` has how often each operation is in the program, by level; `unread` is why that is unknown, or empty.
    Compiling was clocked once. `versions` are those of Python and of what is installed.
    """

    calls: dict[str, int]
    shares: dict[str, Share]
    operations: dict[str, dict[str, int]]
    unread: str
    compile_seconds: float
    peak_bytes: int | None
    versions: dict[str, str]


@dataclass(frozen=True)
class NoEvidence:
    """Why a side has no evidence: the status of its case with a reason, or `TOO_OLD`."""

    status: str
    reason: str


NO_SHARE = Share(0.0, 0.0, 0.0)

Found: TypeAlias = Evidence | NoEvidence


@dataclass(frozen=True)
class Explained:
    """The evidence from both sides about one case, which has the columns `CASE`."""

    case: dict[str, Any]
    base: Found
    head: Found


@dataclass(frozen=True)
class Change:
    """What differs: a name, and its figure in base and in head."""

    name: str
    base: float
    head: float


def found_in(answer: Mapping[str, Any]) -> Found:
    """Return the evidence in a worker's answer, or in what `as_message` returned."""
    fields = dict(answer)
    status = fields.pop("status")
    if status != "ok":
        return NoEvidence(status, fields["reason"])
    shares = {name: Share(*share) for name, share in fields.pop("shares").items()}
    return Evidence(**fields, shares=shares)


def as_message(explained: Explained) -> dict[str, Any]:
    """Return the evidence as JSON can hold it."""
    whole = asdict(explained)
    for name, side in (("base", explained.base), ("head", explained.head)):
        whole[name] = ({"status": "ok"} if isinstance(side, Evidence) else {}) | whole[name]
    return whole


def explained_in(message: Mapping[str, Any]) -> Explained:
    """Return what `as_message` was given."""
    return Explained(dict(message["case"]), found_in(message["base"]), found_in(message["head"]))


def changed(base: Mapping[str, int], head: Mapping[str, int]) -> list[Change]:
    """Return the counts that differ, the largest difference first."""
    return [change for change in _changes(base, head) if change.base != change.head]


def moved(base: Evidence, head: Evidence) -> list[Change]:
    """Return the functions whose share moved by `MOVED` or more, and beyond every profile of the other side."""
    medians = [{name: share.median for name, share in side.shares.items()} for side in (base, head)]
    return [
        change
        for change in _changes(*medians)
        if abs(change.head - change.base) >= MOVED
        and not _overlap(base.shares.get(change.name, NO_SHARE), head.shares.get(change.name, NO_SHARE))
    ]


def operations(base: Evidence, head: Evidence) -> Iterator[tuple[str, list[Change]]]:
    """Yield each level of operations with the counts that differ. A level that one side lacks is left out."""
    for level in head.operations:
        if level in base.operations:
            yield level, changed(base.operations[level], head.operations[level])


def compiling(base: Evidence, head: Evidence) -> Change | None:
    """Return the seconds that compiling took, if they differ by enough."""
    change = Change("compile", base.compile_seconds, head.compile_seconds)
    apart = abs(change.head - change.base) >= COMPILE_SECONDS
    return change if apart and _beyond(change, COMPILE_FACTOR) else None


def peak(base: Evidence, head: Evidence) -> Change | None:
    """Return the bytes of peak memory, if both are known and differ by enough."""
    if base.peak_bytes is None or head.peak_bytes is None:
        return None
    change = Change("peak memory", base.peak_bytes, head.peak_bytes)
    return change if _beyond(change, PEAK_FACTOR) else None


def versions(explained: Explained) -> list[tuple[str, str, str]]:
    """Return each distribution whose version differs, with both; a version is empty where it is not installed."""
    if isinstance(explained.base, NoEvidence) or isinstance(explained.head, NoEvidence):
        return []
    base, head = explained.base.versions, explained.head.versions
    pairs = [(name, base.get(name, ""), head.get(name, "")) for name in sorted(base | head)]
    return [pair for pair in pairs if pair[1] != pair[2]]


def _changes(base: Mapping[str, float], head: Mapping[str, float]) -> list[Change]:
    every = [Change(name, base.get(name, 0), head.get(name, 0)) for name in {**base, **head}]
    return sorted(every, key=lambda change: (-abs(change.head - change.base), change.name))


def _overlap(one: Share, other: Share) -> bool:
    return one.low <= other.high and other.low <= one.high


def _beyond(change: Change, factor: float) -> bool:
    low, high = sorted((change.base, change.head))
    return high > factor * low
