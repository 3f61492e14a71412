"""Which rows are base and which are head, and whether the two can be compared."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from report import table
from report.compare.findings import Differs, LeftOut, Mixed, Note, SharedLaunches
from report.errors import quoted, short
from report.table import TableError
from report.table.keys import CASE, CONDITIONS, CONTROL, framework
from report.table.schema import NAMES, VERSION, columns

REFERENCE_CONDITIONS = ("threads", "cpus", "allocator", "numpy_version")
"""Besides the machine, the conditions that the paired NumPy rounds depend on.

If one differs, the sides have different references.
"""

ORDERED = (
    *(column.name for column in columns(VERSION) if column.kind != "text"),
    "python",
    "numpy_version",
    "framework_version",
    "jaxlib_version",
    "cuda_version",
    "cuda_driver",
)
"""The columns whose values can be sorted: numbers and versions."""

NAMED = ("schema", "python", "numpy_version", "cuda_driver")
"""Columns that may differ between the sides. A note names the differences."""

OF_FRAMEWORKS = {
    "framework_version": "version of",
    "jaxlib_version": "jaxlib of",
    "precision": "precision of",
    "cuda_version": "CUDA of",
    "variables": "variables of",
}
"""Columns that may differ between the sides and between frameworks, with the words of their note."""

Rows: TypeAlias = NDArray[np.bool_]
"""A mask of rows."""


@dataclass(frozen=True)
class Sides:
    """The rows of both sides. `head` is a mask over `rows`: true is head, false is base.

    `base_name` and `head_name` say in words what is compared. `key` has the columns that identify a case. `by` is the
    column in which the sides differ by design, if there is one. `notes` tell the user about the sides.
    """

    rows: pd.DataFrame
    head: Rows
    base_name: str
    head_name: str
    key: tuple[str, ...] = CASE
    by: str | None = None
    notes: tuple[Note, ...] = ()

    def values(self, column: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Return the values of a column in base, and those in head."""
        base, head = (self.rows.loc[side, column].unique() for side in (~self.head, self.head))
        return tuple(sorted(map(str, base))), tuple(sorted(map(str, head)))

    def launches(self) -> tuple[int, int]:
        """Return the number of launches of base, and that of head."""
        in_head = self.rows[["run", "launch"]].assign(head=self.head).drop_duplicates()["head"]
        return int((~in_head).sum()), int(in_head.sum())


def of_files(base: Sequence[Path], head: Sequence[Path]) -> Sides:
    """Return the sides with the rows of these files."""
    frames = [table.read_all(base), table.read_all(head)]
    in_head = np.repeat([False, True], [len(frame) for frame in frames])
    return Sides(table.stack(frames), in_head, _files(base), _files(head))


def by_column(paths: Sequence[Path], column: str, values: Sequence[str] = ()) -> Sides:
    """Return the sides whose rows have one value of `column` in base, and another in head.

    `values` are the value of base and the value of head. By default they are the two values that the column has in the
    same case. Then base has the lower number or the older version. In a column of words, base has the value that was
    measured first.

    The control's rows belong to the side that its launch is on: NumPy's own version does not say which torch it was
    measured with.

    Raise `TableError` if there is no such column, if there are not exactly two values, or if no row has a given value.
    """
    if column not in NAMES:
        raise TableError(f"--by '{column}': no such column; there are {', '.join(NAMES)}")
    rows = table.read_all(paths)
    key = tuple(name for name in CASE if name != column)
    words = _words(rows[column])
    base, head = _require_two(column, values or _two_values(column, rows, words, key), words)
    in_base, in_head = _with_control(rows, (words == base).to_numpy(), (words == head).to_numpy())
    kept = in_base | in_head
    left_out = int((~kept).sum())
    notes = (LeftOut(left_out, len(rows)),) if left_out else ()
    names = (f"{column} {base or '(empty)'}", f"{column} {head or '(empty)'}")
    return Sides(rows[kept].reset_index(drop=True), in_head[kept], *names, key, column, notes)


def differences(sides: Sides, *, across_machines: bool) -> Iterator[Note]:
    """Yield a note for each other difference. Raise `TableError` if a difference makes the seconds incomparable."""
    for column in CONDITIONS:
        base, head = sides.values(column)
        if base != head and not across_machines and not _by_design(sides, column):
            raise TableError(
                f"{column} differs: {quoted(base)} on base, {quoted(head)} on head. "
                "Measure both under the same conditions, or compare only ratios to NumPy with --across-machines"
            )
    for column in (*CONDITIONS, *NAMED):
        if column != sides.by:
            yield from _difference(column, *sides.values(column))
    yield from _frameworks(sides)
    yield from _shared_launches(sides)


def same_reference(sides: Sides) -> bool:
    """Return whether the paired NumPy rounds of both sides run the same code under the same conditions."""
    if sides.by in CASE and sides.by not in ("backend", "device"):
        return False  # a paired round uses the problem, the sizes and the dtype of its case
    return all(base == head for base, head in map(sides.values, REFERENCE_CONDITIONS))


def disjoint(sides: Sides) -> str:
    """Return the columns of the key in which the sides have no value in common, with these values."""
    values = {column: sides.values(column) for column in sides.key}
    apart = [
        f"{column} {quoted(base)} on base, {quoted(head)} on head"
        for column, (base, head) in values.items()
        if not {*base} & {*head}
    ]
    return "; ".join(apart) or "each column has common values, but no combination of them is common"


def _files(paths: Sequence[Path]) -> str:
    first = str(paths[0]).encode(errors="backslashreplace").decode()  # a file's name may be invalid text
    return first if len(paths) == 1 else f"{len(paths):,} files, {first} the first"


def _by_design(sides: Sides, column: str) -> bool:
    """Return whether this difference is intended. `--by threads` also changes the CPUs."""
    return column == sides.by or (column == "cpus" and sides.by == "threads")


def _words(values: pd.Series) -> pd.Series:
    """Return the values of a column as the words that a user types for them."""
    if values.dtype == "category":
        return values
    if values.dtype == bool:
        return values.map({True: "true", False: "false"}).astype("category")
    texts = {value: "" if np.isnan(value) else f"{value:.9g}" for value in values.unique()}
    return values.map(texts).astype("category")


def _two_values(column: str, rows: pd.DataFrame, words: pd.Series, key: tuple[str, ...]) -> list[str]:
    """Return the values that the column has in the same case, base first. Raise `TableError` unless there are two."""
    values = rows[[*key]].assign(word=words).drop_duplicates()
    values = values[values["word"] != ""]
    repeated = list(values.loc[values.duplicated([*key], keep=False), "word"].unique())
    if len(repeated) != 2:  # noqa: PLR2004 (base and head)
        why = f"cases have {_all(repeated)}" if repeated else f"no case has two values; found {_all(words.unique())}"
        raise TableError(f"--by {column}: {why}. Name base and head: --by {column}=BASE,HEAD")
    if column in ORDERED:
        return sorted(repeated, key=_natural)
    return sorted(repeated, key=lambda word: (min(rows.loc[words == word, "started_utc"].astype(str)), word))


def _require_two(column: str, values: Sequence[str], words: pd.Series) -> tuple[str, str]:
    """Return the values of base and head. Raise `TableError` unless they are two values that the column has."""
    if len(values) != 2 or values[0] == values[1]:  # noqa: PLR2004
        raise TableError(f"--by {column}={','.join(values)}: two values are compared, as --by {column}=BASE,HEAD")
    for value in values:
        if not (words == value).any():
            raise TableError(f"--by {column}: no row has '{short(value)}'; found {_all(words.unique())}")
    return values[0], values[1]


def _all(words: Iterable[str]) -> str:
    return quoted(sorted(words, key=_natural))


def _with_control(rows: pd.DataFrame, base: Rows, head: Rows) -> tuple[Rows, Rows]:
    """Return the rows of each side: its own, and the control's rows from launches that only this side has."""
    launch = rows.groupby(["run", "launch"], observed=True).ngroup().to_numpy()
    in_base, in_head = np.isin(launch, launch[base]), np.isin(launch, launch[head])
    control = (rows["backend"] == CONTROL).to_numpy() & ~base & ~head
    return base | (control & in_base & ~in_head), head | (control & in_head & ~in_base)


def _natural(word: str) -> list[tuple[bool, int, str]]:
    """Return a key that sorts `2.9` before `2.10`. Digits compare as numbers: first by length, then as text."""
    parts = [(part.isdecimal(), part) for part in re.findall(r"\d+|\D+", word)]
    return [(False, len(bare := part.lstrip("0")), bare) if digits else (True, 0, part) for digits, part in parts]


def _difference(what: str, base: tuple[str, ...], head: tuple[str, ...]) -> Iterator[Note]:
    if base != head:
        yield Differs(what, base, head)
    elif len(base) > 1:
        yield Mixed(what, base)


def _frameworks(sides: Sides) -> Iterator[Note]:
    """Yield what of `OF_FRAMEWORKS` differs between the sides, or is mixed within them, framework by framework.

    An empty field says nothing: a case without a time has no version, and older rows lack some columns. But a row of
    schema 3 with no variables had none.
    """
    names = sides.rows["backend"].astype(str).map(framework)
    has_variables = (sides.rows["schema"] >= 3).to_numpy()  # noqa: PLR2004 (since which the column exists)
    for column, words in OF_FRAMEWORKS.items():
        if column == sides.by:
            continue
        texts = sides.rows[column].astype(str)
        known = has_variables if column == "variables" else (texts != "").to_numpy()
        for name in sorted(set(names[known])):
            of_name = known & (names == name).to_numpy()
            base, head = (tuple(sorted(set(texts[of_name & (sides.head == side)]))) for side in (False, True))
            if base and head:
                yield from _difference(f"{words} {name}", base, head)


def _shared_launches(sides: Sides) -> Iterator[Note]:
    """Yield how many launches are on both sides, unless they share launches by design (`--by`)."""
    launches = sides.rows[["run", "launch"]].assign(head=sides.head).drop_duplicates()
    shared = launches[launches.duplicated(["run", "launch"])]
    if len(shared) and sides.by is None:
        yield SharedLaunches(len(shared), str(shared["run"].iloc[0]))
