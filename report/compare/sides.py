"""Which rows are base and which are head, and whether the two can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from report import table
from report.errors import short
from report.table.keys import CASE, CONDITIONS, CONTROL
from report.table.schema import COLUMNS, NAMES

REFERENCE_CONDITIONS = ("threads", "cpus", "allocator", "numpy_version")
"""What the paired NumPy rounds depend on, beside the machine: where it differs, they are another reference."""

ORDERED = (
    *(column.name for column in COLUMNS if column.kind != "text"),
    "python",
    "numpy_version",
    "framework_version",
)
"""The columns whose values have an order of their own: numbers, versions."""

NAMED = ("schema", "python", "numpy_version")
"""What may differ, and is named where it does."""


Rows: TypeAlias = NDArray[np.bool_]
"""Which rows: true for those that are meant."""


@dataclass(frozen=True)
class Sides:
    """The rows of both sides; `head` tells which of them are head's. `key` names a case, `by` what the sides differ in.

    `base_name` and `head_name` say in words what is compared, `notes` what is to be known about it.
    """

    rows: pd.DataFrame
    head: Rows
    base_name: str
    head_name: str
    key: tuple[str, ...] = CASE
    by: str | None = None
    notes: list[str] = field(default_factory=list)

    def values(self, column: str) -> tuple[list[str], list[str]]:
        """Return the values that a column has in base, and those in head."""
        one, other = (self.rows.loc[side, column].unique() for side in (~self.head, self.head))
        return sorted(map(str, one)), sorted(map(str, other))

    def launches(self) -> tuple[int, int]:
        """Return how many launches base has, and how many head."""
        found = self.rows[["run", "launch"]].assign(head=self.head).drop_duplicates()["head"]
        return int((~found).sum()), int(found.sum())


def of_files(base: Sequence[Path], head: Sequence[Path]) -> Sides:
    """Return the rows of some files as base, and those of others as head."""
    sides = [table.read_all(base), table.read_all(head)]
    is_head = np.repeat([False, True], [len(side) for side in sides])
    return Sides(table.stack(sides), is_head, _files(base), _files(head))


def by_column(paths: Sequence[Path], column: str, values: Sequence[str] = ()) -> Sides:
    """Return the rows of one value of `column` as base, and those of another as head.

    Without `values` they are the two that the column has in cases that have more than one. Base is the lower number or
    older version; of words, the one that was measured first. The rows of the control go with their launch: NumPy's own
    version does not tell which torch it was measured beside.
    """
    if column not in NAMES:
        raise table.TableError(f"--by '{column}': no such column; there are {', '.join(NAMES)}")
    rows = table.read_all(paths)
    key = tuple(name for name in CASE if name != column)
    words = _words(rows[column])
    base, head = _two(column, values or _found(column, rows, words, key), words)
    is_base, is_head = _with_control(rows, (words == base).to_numpy(), (words == head).to_numpy())
    kept = is_base | is_head
    left = int((~kept).sum())
    notes = [f"{left:,} of {len(rows):,} rows are of neither side, and left out"] if left else []
    names = (f"{column} {base or '(empty)'}", f"{column} {head or '(empty)'}")
    return Sides(rows[kept].reset_index(drop=True), is_head[kept], *names, key, column, notes)


def differences(sides: Sides, *, across_machines: bool) -> list[str]:
    """Return what else differs between the sides, in words; raises where that makes their seconds incomparable."""
    for column in CONDITIONS:
        base, head = sides.values(column)
        if base != head and not across_machines and not _meant(sides, column):
            raise table.TableError(
                f"{column} differs: {_list(base)} on base, {_list(head)} on head. "
                "Measure both alike, or compare ratios to NumPy alone with --across-machines"
            )
    notes = [_difference(column, *sides.values(column)) for column in (*CONDITIONS, *NAMED) if column != sides.by]
    return [note for note in (*notes, *_frameworks(sides), _shared_launches(sides)) if note]


def same_reference(sides: Sides) -> bool:
    """Return whether the paired NumPy rounds of both sides are the same thing, measured under the same conditions."""
    if sides.by in CASE and sides.by not in ("backend", "device"):
        return False  # the pair is of the case's own problem, size and dtype
    return all(base == head for base, head in map(sides.values, REFERENCE_CONDITIONS))


def disjoint(sides: Sides) -> str:
    """Return in which columns of the key the sides have no value in common."""
    found = {column: sides.values(column) for column in sides.key}
    apart = [
        f"{column} {_list(base)} on base, {_list(head)} on head"
        for column, (base, head) in found.items()
        if not {*base} & {*head}
    ]
    return "; ".join(apart) or "each column has common values, but no combination of them is common"


def _files(paths: Sequence[Path]) -> str:
    first = str(paths[0]).encode(errors="backslashreplace").decode()  # a name need not be text
    return first if len(paths) == 1 else f"{len(paths):,} files, {first} the first"


def _meant(sides: Sides, column: str) -> bool:
    """Return whether `--by` asks for this difference; CPUs cannot be alike where threads are not."""
    return column == sides.by or (column == "cpus" and sides.by == "threads")


def _words(values: pd.Series) -> pd.Series:
    """Return a column as the words that one types for its values."""
    if values.dtype == "category":
        return values
    if values.dtype == bool:
        return values.map({True: "true", False: "false"}).astype("category")
    texts = {value: "" if np.isnan(value) else f"{value:.9g}" for value in values.unique()}
    return values.map(texts).astype("category")


def _found(column: str, rows: pd.DataFrame, words: pd.Series, key: tuple[str, ...]) -> list[str]:
    """Return the values of the cases that have more than one, base first."""
    pairs = rows[[*key]].assign(word=words).drop_duplicates()
    pairs = pairs[pairs["word"] != ""]
    found = list(pairs.loc[pairs.duplicated([*key], keep=False), "word"].unique())
    if len(found) != 2:  # noqa: PLR2004 (base and head)
        every = _list(sorted(words.unique(), key=_natural))
        why = f"cases have {_list(sorted(found, key=_natural))}" if found else f"no case has two values; found {every}"
        raise table.TableError(f"--by {column}: {why}. Name base and head: --by {column}=BASE,HEAD")
    if column in ORDERED:
        return sorted(found, key=_natural)
    return sorted(found, key=lambda word: (min(rows.loc[words == word, "started_utc"].astype(str)), word))


def _two(column: str, values: Sequence[str], words: pd.Series) -> tuple[str, str]:
    """Return the values of base and head; raises where they are not two that there are."""
    if len(values) != 2 or values[0] == values[1]:  # noqa: PLR2004
        raise table.TableError(f"--by {column}={','.join(values)}: two values are compared, as --by {column}=BASE,HEAD")
    for value in values:
        if not (words == value).any():
            every = _list(sorted(words.unique(), key=_natural))
            raise table.TableError(f"--by {column}: no row has '{short(value)}'; found {every}")
    return values[0], values[1]


def _with_control(rows: pd.DataFrame, base: Rows, head: Rows) -> tuple[Rows, Rows]:
    """Return which rows are of either side: their own, and those of the control that were measured beside them."""
    launch = rows.groupby(["run", "launch"], observed=True).ngroup().to_numpy()
    beside_base, beside_head = np.isin(launch, launch[base]), np.isin(launch, launch[head])
    control = (rows["backend"] == CONTROL).to_numpy() & ~base & ~head
    return base | (control & beside_base & ~beside_head), head | (control & beside_head & ~beside_base)


def _natural(word: str) -> list[tuple[bool, int, str]]:
    """Return what sorts `2.9` before `2.10`: of two runs of digits, the longer is the larger number."""
    parts = [(part.isdecimal(), part) for part in re.findall(r"\d+|\D+", word)]
    return [(False, len(bare := part.lstrip("0")), bare) if digits else (True, 0, part) for digits, part in parts]


def _difference(column: str, base: list[str], head: list[str]) -> str:
    if base != head:
        return f"{column} differs: {_list(base)} on base, {_list(head)} on head"
    return f"{column} is mixed within each side: {_list(base)}" if len(base) > 1 else ""


def _frameworks(sides: Sides) -> Iterable[str]:
    """Yield the frameworks whose version differs between the sides, or is mixed within them."""
    if sides.by == "framework_version":
        return
    found = sides.rows[["backend", "framework_version"]].assign(head=sides.head).drop_duplicates()
    found = found[found["framework_version"] != ""].astype({"backend": str, "framework_version": str})
    for name, versions in found.groupby(found["backend"].map(lambda name: name.partition("-")[0])):
        base, head = (
            sorted(set(versions.loc[versions["head"] == side, "framework_version"])) for side in (False, True)
        )
        if base and head:
            yield _difference(f"version of {name}", base, head)


def _shared_launches(sides: Sides) -> str:
    """Return that a launch is on both sides, which compares it with itself."""
    launches = sides.rows[["run", "launch"]].assign(head=sides.head).drop_duplicates()
    both = launches[launches.duplicated(["run", "launch"])]
    if both.empty or sides.by is not None:
        return ""
    run = both["run"].iloc[0]
    count = f"{len(both):,} {'launch is' if len(both) == 1 else 'launches are'}"
    return f"{count} on both sides (run '{short(run)}'): what is on both is compared with itself"


def _list(values: Sequence[str]) -> str:
    """Return at most five values, quoted, and how many more there are."""
    more = f" and {len(values) - 5:,} more" if len(values) > 5 else ""  # noqa: PLR2004
    return ", ".join(f"'{short(value)}'" for value in values[:5]) + more
