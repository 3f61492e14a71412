"""Facts in words. Each kind of fact has its words here, and no words are ever read back."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from report.run import cases, launch_noise, payback
from report.run.payback import Payback
from report.statistics import crossover
from report.statistics.crossover import Crossover
from report.statistics.verdict import MIN_LAUNCHES
from report.write import units

NO_PAYBACK = {
    payback.Kind.NEVER: "never",
    payback.Kind.NOT_SEPARATED: "not separated",
    payback.Kind.UNKNOWN: "not known",
}


def status(name: str, failed: int, launches: int) -> str:
    """Return the status of a case. If not all of its launches failed, say how many: `crashed in 1 of 4 launches`."""
    return name if failed >= launches else f"{name} in {failed} of {launches} launches"


def no_time(case: pd.Series) -> str:
    """Return why a case, a row of `report.run.cases`, has no time. The text is empty if it has one."""
    if not case["failed"]:
        return ""
    return f"{status(case['status'], case['failed'], case['launches'])}: {case['reason']}"


def crossover_at(found: Crossover) -> str:
    """Return from which batch size on a backend is faster.

    The text is like `from ≈ 3,100 (100 … 10,000)`, `up to ≈ 1,000 (100 … 10,000)`, `from the start`,
    `by 100 at the latest`, `never within 1 … 10,000` or `not separated`.
    """
    return _where_faster(found, never="never")


def standing(found: Crossover) -> str:
    """Return how a backend stands to another that it does not pass.

    The text is like `faster from the start`, `never faster within 1 … 10,000` or `not separated`.
    """
    faster = "faster " if found.kind is crossover.Kind.ALWAYS_FASTER else ""
    return f"{faster}{_where_faster(found, never='never faster')}"


def batch_size(estimate: float) -> str:
    """Return an estimated batch size with two digits. The estimate is not more precise."""
    return f"{float(f'{estimate:.2g}'):,.0f}"


def payback_after(found: Payback) -> str:
    """Return after how many calls compiling has paid back: `1,200 [900, 1,500]`, `at once`, `never`, …"""
    if found.kind is not payback.Kind.PAYS:
        return NO_PAYBACK[found.kind]
    if found.calls.high <= 1.0:
        return "at once"
    center, low, high = map(_calls, found.calls)
    return center if low == high else f"{center} [{low}, {high}]"


def versus(ratio: float) -> str:
    """Return a ratio in words: `6.37 times as fast as`, `2.42 times as long as`. The text is empty for NaN."""
    if math.isnan(ratio):
        return ""
    return f"{units.digits(1 / ratio)} times as fast as" if ratio < 1 else f"{units.digits(ratio)} times as long as"


def without_ratio(of: pd.DataFrame) -> str:
    """Return what follows for the cases that have a time and no ratio to NumPy. The text is empty if there are none."""
    timed = cases.timed(of)
    lacking = int(timed["ratio"].isna().sum())
    if not lacking:
        return ""
    some = f"{lacking:,} of {units.count(len(timed), 'case')} {'has' if lacking == 1 else 'have'} no"
    which = "No case has a" if lacking == len(timed) else some
    return f"{which} ratio to NumPy: no rounds were paired with hand-derived NumPy. Times alone are compared there."


def replication(of: pd.DataFrame) -> str:
    """Return what the intervals are intervals of: launches, or one launch with what launches differ by."""
    timed = cases.timed(of)
    launches = timed["launches"]
    low, high = (int(launches.min()), int(launches.max())) if len(launches) else (1, 1)
    if high == 1:
        return f"Intervals are 95 %, of one launch, and include what launches differ by: {_launch_noise(timed)}."
    count = f"{low:,}" if low == high else f"{low:,} to {high:,}"
    sentences = [f"Intervals of 95 % are over launches, {count} a case."]
    if high >= MIN_LAUNCHES:
        sentences.append(f"From {MIN_LAUNCHES} launches on they are those of Student's t on logarithms.")
    if low < MIN_LAUNCHES:
        sentences.append(
            f"With fewer than {MIN_LAUNCHES} launches they cover the intervals of the launches, and include what "
            f"launches differ by: {_launch_noise(timed)}."
        )
    return " ".join(sentences)


def _launch_noise(timed: pd.DataFrame) -> str:
    """Return where the size of what launches differ by comes from."""
    if len(timed) and timed["launch_known"].all():
        return "measured on this machine"
    floor = f"{units.percent(launch_noise.FLOOR)}, from {launch_noise.LARGE:,} elements on "
    return f"assumed, {floor}{units.percent(launch_noise.LARGE_FLOOR)} (to measure it: docs/methodology.md)"


def mixed(differing: Mapping[str, int]) -> Iterator[str]:
    """Yield a sentence for each column of `report.run.cases.mixed`."""
    for column, count in differing.items():
        yield (
            f"{column} differs between the launches of {units.count(count, 'case')}. They count as replicates all the "
            f"same. To compare them: python -m report compare --by {column}"
        )


def _where_faster(found: Crossover, never: str) -> str:
    if found.separated is None:
        return "not separated"
    (first, last), (smallest, largest) = found.separated, found.measured
    then = ", then not separated" if last < largest else ""
    if found.changes:
        return f"{_crossing(found)}{then}"
    if found.kind is crossover.Kind.NEVER_FASTER:
        return f"{never} within {first:,} … {last:,}{then}"
    return f"from the start{then}" if first == smallest else f"by {first:,} at the latest{then}"


def _crossing(found: Crossover) -> str:
    """Return the last crossover, and how many there are if there are several."""
    begin = "from" if found.kind is crossover.Kind.BECOMES_FASTER else "up to"
    several = f", the last of {found.changes} changes" if found.changes > 1 else ""
    return f"{begin} ≈ {batch_size(found.at.center)} ({found.at.low:,.0f} … {found.at.high:,.0f}){several}"


def _calls(calls: float) -> str:
    """Return a number of calls with three digits, rounded up to a whole number."""
    whole = np.ceil(calls)
    return f"{float(f'{whole:.3g}'):,.0f}" if np.isfinite(whole) else "∞"
