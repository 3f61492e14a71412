"""Facts in words: every kind of crossover, standing and payback, statuses, and what intervals are intervals of."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from report import table
from report.run import cases, payback
from report.run.payback import Payback
from report.statistics import crossover
from report.statistics.crossover import Crossover
from report.statistics.intervals import UNKNOWN, Interval
from report.write import words
from tests import rows

MEASURED = (1, 10_000)
AT = Interval(3_123.0, 100, 10_000)


def separated(kind: crossover.Kind, first: int = 1, last: int = 10_000) -> Crossover:
    """Return how a backend stands that is separated from another between these batch sizes, and does not pass it."""
    return Crossover(kind, UNKNOWN, 0, (first, last), MEASURED)


def passing(kind: crossover.Kind, changes: int = 1, last: int = 10_000) -> Crossover:
    """Return the crossover of a backend that passes another near 3,123."""
    return Crossover(kind, AT, changes, (1, last), MEASURED)


NOT_SEPARATED = Crossover(crossover.Kind.NOT_SEPARATED, UNKNOWN, 0, None, MEASURED)
ALWAYS, NEVER = crossover.Kind.ALWAYS_FASTER, crossover.Kind.NEVER_FASTER
FASTER, SLOWER = crossover.Kind.BECOMES_FASTER, crossover.Kind.BECOMES_SLOWER


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (passing(FASTER), "from ≈ 3,100 (100 … 10,000)"),
        (passing(SLOWER), "up to ≈ 3,100 (100 … 10,000)"),
        (passing(FASTER, changes=3), "from ≈ 3,100 (100 … 10,000), the last of 3 changes"),
        (passing(FASTER, last=1_000), "from ≈ 3,100 (100 … 10,000), then not separated"),
        (separated(ALWAYS), "from the start"),
        (separated(ALWAYS, last=100), "from the start, then not separated"),
        (separated(ALWAYS, first=100), "by 100 at the latest"),
        (separated(NEVER), "never within 1 … 10,000"),
        (separated(NEVER, first=100, last=100), "never within 100 … 100, then not separated"),
        (NOT_SEPARATED, "not separated"),
    ],
)
def test_a_crossover_says_from_which_batch_size_on_the_backend_is_faster(found: Crossover, text: str) -> None:
    assert words.crossover_at(found) == text


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (separated(ALWAYS), "faster from the start"),
        (separated(ALWAYS, first=100), "faster by 100 at the latest"),
        (separated(NEVER), "never faster within 1 … 10,000"),
        (separated(NEVER, last=100), "never faster within 1 … 100, then not separated"),
        (NOT_SEPARATED, "not separated"),
    ],
)
def test_a_standing_says_how_a_backend_compares_that_does_not_pass(found: Crossover, text: str) -> None:
    assert words.standing(found) == text


@pytest.mark.parametrize("kind", crossover.Kind)
def test_every_kind_of_crossover_has_words(kind: crossover.Kind) -> None:
    found = {FASTER: passing(FASTER), SLOWER: passing(SLOWER), crossover.Kind.NOT_SEPARATED: NOT_SEPARATED}
    assert words.crossover_at(found.get(kind, separated(kind)))


@pytest.mark.parametrize(
    ("found", "text"),
    [
        (Payback(payback.Kind.PAYS, Interval(1_199.4, 900.0, 1_500.0)), "1,200 [900, 1,500]"),
        (Payback(payback.Kind.PAYS, Interval(2.5, 2.2, 2.9)), "3"),
        (Payback(payback.Kind.PAYS, Interval(1.0, 1.0, 1.0)), "at once"),
        (Payback(payback.Kind.PAYS, Interval(10.0, 5.0, float("inf"))), "10 [5, ∞]"),
        (Payback(payback.Kind.NEVER, UNKNOWN), "never"),
        (Payback(payback.Kind.NOT_SEPARATED, UNKNOWN), "not separated"),
        (Payback(payback.Kind.UNKNOWN, UNKNOWN), "not known"),
    ],
)
def test_a_payback_is_a_number_of_calls_or_the_reason_why_there_is_none(found: Payback, text: str) -> None:
    assert words.payback_after(found) == text


@pytest.mark.parametrize("kind", payback.Kind)
def test_every_kind_of_payback_has_words(kind: payback.Kind) -> None:
    assert words.payback_after(Payback(kind, Interval(2.0, 2.0, 2.0)))


def test_a_status_says_in_how_many_launches_if_not_in_all() -> None:
    assert words.status("crashed", 4, 4) == "crashed"
    assert words.status("crashed", 1, 4) == "crashed in 1 of 4 launches"


def test_only_a_case_without_a_time_has_a_reason() -> None:
    failed = {"failed": 1, "launches": 3, "status": "oom", "reason": "killed"}
    assert words.no_time(pd.Series(failed)) == "oom in 1 of 3 launches: killed"
    assert words.no_time(pd.Series(failed | {"failed": 0})) == ""


@pytest.mark.parametrize(
    ("ratio", "text"), [(0.157, "6.37 times as fast as"), (2.42, "2.42 times as long as"), (float("nan"), "")]
)
def test_a_ratio_below_one_is_faster_and_above_one_is_longer(ratio: float, text: str) -> None:
    assert words.versus(ratio) == text


SEVERAL = "From 3 launches on they are those of Student's t on logarithms."
DIFFER = (
    "include what launches differ by: assumed, 3.0 %, from 100,000 elements on 5.0 % (to measure it: "
    "docs/methodology.md)."
)
FEW = f"With fewer than 3 launches they cover the intervals of the launches, and {DIFFER}"


@pytest.mark.parametrize(
    ("launches", "text"),
    [
        ([1], f"Intervals are 95 %, of one launch, and {DIFFER}"),
        ([2], f"Intervals of 95 % are over launches, 2 a case. {FEW}"),
        ([3, 3], f"Intervals of 95 % are over launches, 3 a case. {SEVERAL}"),
        ([1, 5], f"Intervals of 95 % are over launches, 1 to 5 a case. {SEVERAL} {FEW}"),
    ],
)
def test_the_intervals_are_of_one_launch_or_over_launches(tmp_path: Path, launches: list[int], text: str) -> None:
    run = [row for number, count in enumerate(launches) for row in rows.launches([1e-3] * count, backend=f"b{number}")]
    frame = table.read(rows.write(tmp_path / "run.csv", run))
    assert words.replication(cases.from_rows(frame)) == text


def test_a_run_without_any_time_has_intervals_of_one_launch(tmp_path: Path) -> None:
    frame = table.read(rows.write(tmp_path / "run.csv", [rows.row(None)]))
    assert "of one launch" in words.replication(cases.from_rows(frame))


def test_a_column_that_differs_between_launches_has_a_sentence_with_the_command_that_compares_them() -> None:
    (sentence,) = words.mixed({"commit": 2})
    assert sentence == (
        "commit differs between the launches of 2 cases. They count as replicates all the same. To compare them: "
        "python -m report compare --by commit"
    )
