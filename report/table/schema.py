"""The columns of the result CSV: their kinds and units, and what a status means.

The side that measures and the side that reports share nothing but this table. Units are in the names (`_seconds`,
`_bytes`). A row holds everything that two runs must have in common before they can be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

VERSION = 5
"""Version 2 adds the sizes of a problem and columns that explain the time. Version 3 adds the cores, the start of the
framework, what steers it, and the stream that replaces the copy. Version 4 adds the rate of a descent, and what the
answer was checked against. Version 5 adds the optimizer of a descent, and the
time of a compilation from the cache on disk. Files of all older versions are still read."""

RENAMED = {"torch-sgd": "torch-optim", "torch-compile": "torch-compile-step"}
"""The new names of backends that were called otherwise up to version 4. The reader renames them."""

LARGEST = 2**53
"""The largest whole number that a row may have. Above it, float64 cannot tell one whole number from the next."""

Kind = Literal["integer", "number", "text", "flag"]

Value = str | int | float | bool | None
"""A value of a row before it is written. `None` and NaN are written as an empty field."""

STATUSES = {
    "ok": "timed, and the result is right",
    "wrong": "the result differs from the reference, so it gets no time",
    "unsupported": "the backend cannot run this case on any machine",
    "unavailable": "this machine lacks the framework or the device",
    "error": "the backend raised an exception",
    "oom": "the case ran out of memory, or was killed for its memory use",
    "timeout": "it took longer than the time limit for a case",
    "crashed": "the process died",
}


@dataclass(frozen=True)
class Column:
    """A column: its name, its kind, its meaning, and what limits its values."""

    name: str
    kind: Kind
    meaning: str
    always: bool = False
    """Whether a row without a time has it too."""
    since: int = 1
    """The first version of the schema that has the column."""
    until: int = VERSION
    """The last version that has it. The reader drops a column that the newest version lacks."""
    positive: bool = False
    """Whether 0 is not allowed. No number may be negative."""
    may_be_infinite: bool = False
    never_empty: bool = False
    """Whether the text of every row has at least one character."""
    choices: tuple[str, ...] = ()
    """The only texts allowed; empty: any text is."""

    @property
    def is_number(self) -> bool:
        """Whether the column holds numbers, whole or not."""
        return self.kind in ("integer", "number")


COLUMNS = (
    Column("schema", "integer", "version of these columns", always=True),
    Column(
        "run",
        "text",
        "name of the run: the file name of its CSV, by default UTC time and commit",
        always=True,
        never_empty=True,
    ),
    Column("launch", "integer", "number of the launch, a fresh process, within the run; from 0", always=True),
    Column("started_utc", "text", "when the case began, ISO 8601", always=True),
    Column("commit", "text", "commit of the checkout, or `none`", always=True, never_empty=True),
    Column("dirty", "flag", "whether tracked files differed from that commit", always=True),
    Column(
        "machine",
        "text",
        "short hash of CPU model, cores, memory and GPU, but of no clock speed; in a fleet of several hosts with the "
        "host's name before it: `node17@a1b2c3d4e5`",
        always=True,
        never_empty=True,
    ),
    Column(
        "operator",
        "text",
        "what one call computes: `descent` (all steps), `gradient`, `value`, …",
        always=True,
        never_empty=True,
    ),
    Column("problem", "text", "name of the objective", always=True, never_empty=True),
    Column(
        "sizes",
        "text",
        "the problem's sizes besides the batch size, such as `dimension=16`; empty if it has none",
        always=True,
        since=2,
    ),
    Column(
        "backend",
        "text",
        "`<framework>-<mode>`; only `<framework>` if it cannot be imported",
        always=True,
        never_empty=True,
    ),
    Column("dtype", "text", "`float32` or `float64`", always=True, never_empty=True),
    Column("device", "text", "`cpu` or `cuda`", always=True, choices=("cpu", "cuda")),
    Column("batch_size", "integer", "length of the problem's batch axis", always=True, positive=True),
    Column("parameters", "integer", "how many numbers the descent updates"),
    Column(
        "steps",
        "integer",
        "steps of one descent, at most those of `lbfgs`; 1 for the other operators",
        always=True,
        positive=True,
    ),
    Column(
        "optimizer",
        "text",
        "the optimizer of a descent: `sgd`, `momentum`, `adam` or `lbfgs`; empty for the other operators",
        always=True,
        since=5,
    ),
    Column(
        "rate",
        "number",
        "learning rate of a descent; empty for `lbfgs` and for the other operators",
        since=4,
        positive=True,
    ),
    Column("threads", "integer", "CPU threads that the frameworks may use", always=True),
    Column("cpus", "text", "the CPUs that the process may run on, such as `0-1`", always=True),
    Column(
        "allocator",
        "text",
        "`default`, or `steady`: glibc keeps freed memory and does not map and trim for each array",
        always=True,
        choices=("default", "steady"),
    ),
    Column("status", "text", "`ok`, or why there is no time; see below", always=True, choices=tuple(STATUSES)),
    Column("reason", "text", "what happened, in words, if the status is not `ok`; else empty", always=True),
    Column("rounds", "integer", "number of timed rounds"),
    Column("iterations", "integer", "calls per round"),
    Column(
        "cores",
        "number",
        "CPU seconds of the process divided by the seconds that passed, over the backend's own rounds",
        since=3,
    ),
    Column("seconds_median", "number", "seconds per call, median over the rounds", positive=True),
    Column("seconds_ci_low", "number", "lower end of the 95 % interval of that median within this launch"),
    Column("seconds_ci_high", "number", "upper end of the same interval"),
    Column("seconds_min", "number", "seconds per call in the fastest round", positive=True),
    Column(
        "seconds_per_step",
        "number",
        "`seconds_median` divided by `steps`; of `lbfgs`, which ends when it has converged, not divided",
        positive=True,
    ),
    Column(
        "ratio_to_numpy",
        "number",
        "time per step divided by that of the reference in the paired round, median over the rounds; empty, with its "
        "interval, if there is no NumPy to pair rounds with",
        positive=True,
    ),
    Column("ratio_ci_low", "number", "lower end of the 95 % interval of that ratio within this launch"),
    Column("ratio_ci_high", "number", "upper end of the same interval"),
    Column(
        "startup_seconds",
        "number",
        "time to import the framework (but not NumPy), to put the first array and to start the compiler, each clocked "
        "the first time in the process that measured; compilers start once for all modes of a class",
        since=3,
    ),
    Column("compile_seconds", "number", "time of tracing and compiling; near 0 for an eager mode"),
    Column(
        "warm_compile_seconds",
        "number",
        "time of the same compilation if the framework's cache on disk has the program, as in a second process; empty "
        "if nothing is compiled, or without such a cache",
        since=5,
    ),
    Column("first_call_seconds", "number", "time of the first call after compiling, until its result is ready"),
    Column("transfer_seconds", "number", "time to move start and data from the host to the device"),
    Column("peak_bytes", "integer", "peak memory of one call, its arguments included; empty if not measured"),
    Column(
        "gradient_over_value",
        "number",
        "for `gradient` only: its time divided by that of the same backend's `value` in the paired round, median over "
        "the rounds",
        since=2,
    ),
    Column(
        "gradient_over_value_ci_low",
        "number",
        "lower end of the 95 % interval of that ratio within this launch",
        since=2,
    ),
    Column("gradient_over_value_ci_high", "number", "upper end of the same interval", since=2),
    Column("step_bytes", "number", "bytes that a step must read and write at least: each array once", since=2),
    Column("step_flops", "number", "floating-point operations that a step must do at least", since=2),
    Column(
        "copy_bytes_per_second",
        "number",
        "bytes read and written per second by a copy of as many bytes, measured in this launch",
        since=2,
        until=2,
    ),
    Column(
        "stream_bytes_per_second",
        "number",
        "the most bytes per second that this machine moves for such a step: arrays of these sizes that are updated in "
        "place, and data that are read; measured in this launch",
        since=3,
    ),
    Column(
        "flops_per_second",
        "number",
        "operations per second of matrix products in the case's dtype, measured in this launch",
        since=2,
    ),
    Column(
        "roofline_fraction",
        "number",
        "the least time that `step_bytes` and `step_flops` take at those rates, divided by `seconds_per_step`",
        since=2,
    ),
    Column(
        "steps_to_target",
        "integer",
        "steps until 1 % of the way from the first loss to the minimum is left; empty if this descent does not get "
        "there, or if the minimum is not known",
        since=2,
    ),
    Column("seconds_to_target", "number", "measured time of a descent of `steps_to_target` steps", since=2),
    Column("target_ci_low", "number", "lower end of the 95 % interval of that time within this launch", since=5),
    Column("target_ci_high", "number", "upper end of the same interval", since=5),
    Column(
        "loss_curve",
        "text",
        "loss over time, if `--loss-curve` asked for it: `seconds:left` for descents of 0, 1, 2, 5, … steps, where "
        "`left` is the share of the way from the first loss to the minimum that is left; separated by spaces",
        since=5,
    ),
    Column(
        "reference",
        "text",
        "what the answer was checked against: `hand` for the hand-derived NumPy, or a framework in float64, such as "
        "`torch float64`; empty without a time",
        since=4,
    ),
    Column(
        "relative_error",
        "number",
        "error against the float64 reference; for a descent the larger of the gradient's and the end's",
        may_be_infinite=True,  # the error of a result of another shape
    ),
    Column("warnings", "text", "what the self-audit found in this row: `name: remedy`, separated by `; `"),
    Column("python", "text", "version of Python", always=True),
    Column("numpy_version", "text", "version of NumPy, which computes the reference", always=True),
    Column("framework_version", "text", "version of the backend's framework"),
    Column(
        "optimizer_library",
        "text",
        "library that the optimizer comes from, with its version, if it is not the framework: `scipy 1.16.3`",
        since=5,
    ),
    Column("jaxlib_version", "text", "version of JAX's compiler; empty for other frameworks", since=3),
    Column(
        "precision",
        "text",
        "precision of products of float32 arrays: `float32`, or less, such as `tf32`; empty for another dtype",
        since=3,
    ),
    Column("cpu", "text", "CPU model", always=True),
    Column("gpu", "text", "GPU model; empty if there is none", always=True),
    Column("cuda_version", "text", "version of CUDA that the framework was built for; empty on the CPU", since=3),
    Column("cuda_driver", "text", "version of the GPU's driver; empty if there is none", always=True, since=3),
    Column(
        "variables",
        "text",
        "environment variables that steer the frameworks, as `NAME=value`, separated by spaces",
        always=True,
        since=3,
    ),
)


def columns(version: int) -> tuple[Column, ...]:
    """Return the columns of a version of the schema, in their order."""
    return tuple(column for column in COLUMNS if column.since <= version <= column.until)


def names(version: int) -> tuple[str, ...]:
    """Return the names of the columns of a version of the schema, in their order."""
    return tuple(column.name for column in columns(version))


NAMES = names(VERSION)
"""The names of the columns that are written."""


def version_of(header: Sequence[str]) -> int | None:
    """Return the version of the schema that has this header, or `None` if none has."""
    return next((version for version in range(VERSION, 0, -1) if names(version) == tuple(header)), None)
