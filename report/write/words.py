"""What is known, in words: each kind of fact has its sentence here, and no sentence is ever read back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from report.run import cases, payback
from report.run.payback import Payback
from report.statistics import crossover
from report.statistics.crossover import Crossover
from report.statistics.verdict import MIN_LAUNCHES
from report.write import units

PASSED = {
    crossover.Kind.BECOMES_FASTER: "from",
    crossover.Kind.BECOMES_SLOWER: "up to",
}


def status(of: str, failed: int, launches: int) -> str:
    """Return a status, and in how many launches a case has it, where not in all: `crashed in 1 of 4 launches`."""
    return of if failed >= launches else f"{of} in {failed} of {launches} launches"


def no_time(case: pd.Series) -> str:
    """Return why a case, a row of `report.run.cases`, has no time; nothing where it has one."""
    if not case["failed"]:
        return ""
    return f"{status(case['status'], case['failed'], case['launches'])}: {case['reason']}"


def crossover_at(found: Crossover) -> str:
    """Return from which batch size on a backend is faster: `from ≈ 3,100 (100 … 10,000)`; or how else it stands."""
    if found.separated is None:
        return "not separated"
    first, last = found.separated
    smallest, largest = found.measured
    if found.kind in PASSED:
        at = found.at
        text = f"{PASSED[found.kind]} ≈ {batch_size(at.center)} ({at.low:,.0f} … {at.high:,.0f})"
        text += f", the last of {found.changes} changes" if found.changes > 1 else ""
    elif found.kind is crossover.Kind.ALWAYS_FASTER:
        text = "from the start" if first == smallest else f"by {first:,} at the latest"
    else:
        text = f"never within {first:,} … {last:,}"
    return text + (", then not separated" if last < largest else "")


def standing(found: Crossover) -> str:
    """Return how a backend that passes nobody stands: `faster from the start`, `never faster within 1 … 10,000`."""
    text = crossover_at(found)
    if found.kind is crossover.Kind.NOT_SEPARATED:
        return text
    if found.kind is crossover.Kind.NEVER_FASTER:
        first, last = found.separated or found.measured
        rest = ", then not separated" if last < found.measured[1] else ""
        return f"never faster within {first:,} … {last:,}{rest}"
    return f"faster {text}"


def batch_size(estimate: float) -> str:
    """Return an estimated batch size with two digits: the estimate has no more."""
    return f"{float(f'{estimate:.2g}'):,.0f}"


def payback_after(found: Payback) -> str:
    """Return after how many calls compiling has paid back: `1,200 [900, 1,500]`, `at once`, `never`."""
    if found.kind is not payback.Kind.PAYS:
        return {
            payback.Kind.NEVER: "never",
            payback.Kind.NOT_SEPARATED: "not separated",
            payback.Kind.UNKNOWN: "not known",
        }[found.kind]
    if found.calls.high <= 1.0:
        return "at once"
    center, low, high = map(_calls, found.calls)
    return center if low == high else f"{center} [{low}, {high}]"


def _calls(calls: float) -> str:
    """Return a number of calls with three digits, rounded up."""
    whole = np.ceil(calls)
    return f"{float(f'{whole:.3g}'):,.0f}" if np.isfinite(whole) else "∞"


def versus(ratio: float) -> str:
    """Return a ratio in words: `6.37 times as fast as`, `2.42 times as long as`; nothing for NaN."""
    if math.isnan(ratio):
        return ""
    return f"{units.digits(1 / ratio)} times as fast as" if ratio < 1 else f"{units.digits(ratio)} times as long as"


def replication(of: pd.DataFrame) -> str:
    """Return what the intervals of these cases are made of."""
    launches = cases.timed(of)["launches"]
    low, high = (int(launches.min()), int(launches.max())) if len(launches) else (1, 1)
    if high == 1:
        return "Intervals of 95 % hold within one launch. Another launch differs by more (docs/methodology.md)."
    count = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    several = "by Student's t on their logarithms" * (high >= MIN_LAUNCHES)
    few = f"with fewer than {MIN_LAUNCHES}, as wide as their own together" * (low < MIN_LAUNCHES)
    return f"Intervals of 95 % are over launches, {count} a case: {'; '.join(filter(None, [several, few]))}."


def mixed(differing: Mapping[str, int]) -> Iterator[str]:
    """Yield in what the launches of cases differ, though they count as replicates."""
    for column, count in differing.items():
        yield (
            f"{column} differs between the launches of {units.count(count, 'case')}, which count as replicates all the "
            f"same. To compare them: python -m report compare --by {column}"
        )
