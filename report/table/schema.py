"""The result CSV: its columns, their types and units, and the one way to write a row.

The CSV is the border between measuring and reading, and this file is all that the two sides share. Units are in the
names (`_seconds`, `_bytes`); everything that two runs must share to be compared is in the row.
"""

from __future__ import annotations

import csv
import io
import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

VERSION = 2
"""2 names the sizes, and tells where the time goes; the columns of 1 are a part of it, and are read."""

Kind = Literal["integer", "number", "text", "flag"]

STATUSES = {
    "ok": "timed, and the result is right",
    "wrong": "the result is not the reference's: no time is given",
    "unsupported": "the backend cannot run this case, here or anywhere",
    "unavailable": "the framework or the device is not on this machine",
    "error": "the backend raised",
    "oom": "it ran out of memory, or was killed for it",
    "timeout": "it took longer than --timeout",
    "crashed": "the process died",
}


@dataclass(frozen=True)
class Column:
    """A column: its name, what it holds, if a row without a time has it too, and the first schema that has it."""

    name: str
    kind: Kind
    meaning: str
    always: bool = False
    since: int = 1


COLUMNS = (
    Column("schema", "integer", "version of this table", always=True),
    Column("run", "text", "the run: UTC and commit; the CSV's name unless another was given", always=True),
    Column("launch", "integer", "which fresh process of the run, from 0", always=True),
    Column("started_utc", "text", "when the case began, ISO 8601", always=True),
    Column("commit", "text", "commit of the checkout, or `none`", always=True),
    Column("dirty", "flag", "whether tracked files differed from it", always=True),
    Column("machine", "text", "short hash of CPU model, cores, memory and GPU; never of a clock speed", always=True),
    Column(
        "operator",
        "text",
        "what one call computes: `descent` (all steps), `gradient`, `value`, …",
        always=True,
    ),
    Column("problem", "text", "the objective", always=True),
    Column(
        "sizes",
        "text",
        "its sizes beside the batch, such as `dimension=16`; empty where it has none",
        always=True,
        since=2,
    ),
    Column("backend", "text", "`<framework>-<mode>`; `<framework>` alone where it cannot be imported", always=True),
    Column("dtype", "text", "`float32` or `float64`", always=True),
    Column("device", "text", "`cpu` or `cuda`", always=True),
    Column("batch_size", "integer", "length of the problem's batch axis", always=True),
    Column("parameters", "integer", "how many numbers the descent moves"),
    Column("steps", "integer", "steps of one descent; 1 for the other operators", always=True),
    Column("threads", "integer", "CPU threads the frameworks may use", always=True),
    Column("cpus", "text", "the CPUs the process may run on, such as `0-1`", always=True),
    Column("allocator", "text", "`default`, or `steady`: glibc neither maps nor trims per array", always=True),
    Column("status", "text", "`ok`, or why there is no time; see below", always=True),
    Column("reason", "text", "the status in words; empty where it is `ok`", always=True),
    Column("rounds", "integer", "timed samples"),
    Column("iterations", "integer", "calls a round"),
    Column("seconds_median", "number", "median over rounds of the seconds a call"),
    Column("seconds_ci_low", "number", "95 % interval of that median within this launch, lower end"),
    Column("seconds_ci_high", "number", "the same, upper end"),
    Column("seconds_min", "number", "fastest round, seconds a call"),
    Column("seconds_per_step", "number", "seconds_median over steps"),
    Column(
        "ratio_to_numpy",
        "number",
        "median over rounds of step time over that of the paired NumPy round by hand",
    ),
    Column("ratio_ci_low", "number", "95 % interval of that ratio within this launch, lower end"),
    Column("ratio_ci_high", "number", "the same, upper end"),
    Column("compile_seconds", "number", "tracing and compiling; near 0 for an eager mode"),
    Column("first_call_seconds", "number", "the first call after compiling, waited for"),
    Column("transfer_seconds", "number", "start and data from the host to the device"),
    Column("peak_bytes", "integer", "what one call holds at its peak, its arguments included; empty: not measured"),
    Column(
        "gradient_over_value",
        "number",
        "of a gradient: median over rounds of its time over that of a paired round of the backend's own value",
        since=2,
    ),
    Column("gradient_over_value_ci_low", "number", "95 % interval of that within this launch, lower end", since=2),
    Column("gradient_over_value_ci_high", "number", "the same, upper end", since=2),
    Column("step_bytes", "number", "bytes that a step must read and write at least: each array once", since=2),
    Column("step_flops", "number", "floating-point operations that a step must do at least", since=2),
    Column("copy_bytes_per_second", "number", "read and written by a copy of as many bytes, in this launch", since=2),
    Column("flops_per_second", "number", "of a large matrix product in the case's dtype, in this launch", since=2),
    Column(
        "roofline_fraction", "number", "the least time for those bytes and operations over seconds_per_step", since=2
    ),
    Column(
        "steps_to_target",
        "integer",
        "steps until 1 % is left of the way to the minimum loss; empty: not in this descent",
        since=2,
    ),
    Column("seconds_to_target", "number", "that many times seconds_per_step", since=2),
    Column("relative_error", "number", "against the hand-derived float64 reference: the larger of gradient and end"),
    Column("warnings", "text", "what the harness doubts about this row: `name: remedy`, separated by `; `"),
    Column("python", "text", "version", always=True),
    Column("numpy_version", "text", "version of NumPy, in which the reference computes", always=True),
    Column("framework_version", "text", "version of the backend's framework"),
    Column("cpu", "text", "CPU model", always=True),
    Column("gpu", "text", "GPU model; empty where there is none", always=True),
)

NAMES = tuple(column.name for column in COLUMNS)


def names(version: int) -> tuple[str, ...]:
    """Return the columns of that version of the schema, in their order."""
    return tuple(column.name for column in COLUMNS if column.since <= version)


def version_of(header: Sequence[str]) -> int | None:
    """Return the version of the schema that has this header; `None` where none has."""
    return next((version for version in range(VERSION, 0, -1) if names(version) == tuple(header)), None)


Value = str | int | float | bool | None


def append(path: Path, row: Mapping[str, Value]) -> None:
    """Append one row to the CSV at `path`, which is made, with its header, where it is missing.

    The row reaches the file in a single write, so that a process killed at any moment leaves whole rows.
    Raises `ValueError` for a column that the schema does not have, or one that a row must have and this has not.
    """
    unknown = set(row) - set(NAMES)
    absent = [column.name for column in COLUMNS if column.always and column.name not in row]
    if unknown or absent:
        raise ValueError(f"row does not fit schema {VERSION}: unknown {sorted(unknown)}, missing {absent}")
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    try:
        head = _line(NAMES) if os.fstat(handle).st_size == 0 else b""
        os.write(handle, head + _line([_text(row.get(name)) for name in NAMES]))
    finally:
        os.close(handle)


def _text(value: Value) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:.9g}" if isinstance(value, float) else str(value)


def _line(fields: list[str] | tuple[str, ...]) -> bytes:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow([" ".join(field.split()) for field in fields])
    return line.getvalue().encode()
