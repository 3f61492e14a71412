"""What GradBench publishes, beside our times and its way of timing in our process: `python -m experiments.gradbench`

Each row is a workload of GradBench by one of our modes, in float64: the value, the derivative and their ratio. Then
follow the same calls in GradBench's way of timing, which waits for no result, and what GradBench publishes for the tool
that is written most like the mode. `~` marks a time whose 95 % interval is wider than ± 5 %. Of kmeans, GradBench's
derivative is a Newton direction: it is left out.

GradBench pins JAX to one CPU, and its C++ tools have one thread. To do the same, put `taskset --cpu-list 0` before the
command.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence

from backends import Case, Found, load
from bench import clock
from bench.case import prepare
from bench.case.failure import failure_of
from experiments import provenance
from experiments.gradbench.timing import Timing, timing
from experiments.gradbench.workloads import TOOLS, Times, Workload, published, workloads
from problems import find
from report.run.cases import NOISY
from report.statistics.intervals import Interval
from report.table.keys import framework
from report.write import units

WORKLOADS = (
    "gmm 2_5_1000",
    "gmm 10_25_1000",
    "gmm 32_25_1000",
    "gmm 20_50_1000",
    "gmm 64_100_1000",
    "lse n=2500",
    "lse n=40000",
    "lse n=320000",
    "lse n=1280000",
    "kmeans k=10,n=1000,d=8",
    "kmeans k=100,n=1000,d=16",
    "kmeans k=100,n=10000,d=8",
    "kmeans k=1000,n=10000,d=16",
)
"""The smallest and the largest workload of each kind, and some between.

GradBench publishes 47. A second of its clock for each function of each mode would be 470 s, without our rounds and
without compiling.
"""

OPERATORS = ("value", "gradient")

COLUMNS = ("workload", "mode", "value", "derivative", "ratio")
UNAWAITED = ("no wait: value", "derivative", "ratio")
PUBLISHED = ("GradBench's", "value", "derivative", "ratio")
NOTHING = "–"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown: a row for each workload and mode."""
    parser = argparse.ArgumentParser(prog="python -m experiments.gradbench", description=__doc__.partition("\n")[0])
    parser.add_argument("--backend", nargs="+", choices=TOOLS, default=list(TOOLS))
    parser.add_argument("--workload", nargs="+", choices=workloads(), default=list(WORKLOADS), metavar="WORKLOAD")
    parser.add_argument("--seconds", type=float, default=0.5, help="of rounds of each function (default: 0.5)")
    parser.add_argument("--clock", type=float, default=1.0, help="seconds of calls without a wait (default: 1)")
    parser.add_argument("--minutes", type=float, default=9.0, help="after which no row is begun (default: 9)")
    options = parser.parse_args(arguments)
    end, found = clock.now() + 60.0 * options.minutes, load()
    columns = (*COLUMNS, *UNAWAITED, *PUBLISHED)
    print(_line(columns), _line(["---", "---", *["---:"] * (len(columns) - 2)]), sep="\n", flush=True)
    for workload in map(workloads().__getitem__, options.workload):
        for backend in options.backend:
            if clock.now() > end:
                print(_line(left_out(workload, backend, f"the {options.minutes:g} minutes were over")))
                continue
            print(_line(row(workload, backend, found, options.seconds, options.clock)), flush=True)
    print(provenance.line("Measured"))


def row(workload: Workload, backend: str, found: Found, seconds: float, clock_seconds: float) -> list[str]:
    """Return the cells of a workload by a mode. If it cannot be timed, they say why."""
    timings = []
    for operator in OPERATORS:
        case = workload.case(operator, backend)
        if (reason := refusal(case, found)) is not None:
            return left_out(workload, backend, reason)
        try:
            timings.append(timing(case, found.backends[backend], seconds, clock_seconds))
        except Exception as error:  # noqa: BLE001 (that a mode fails is a result)
            return left_out(workload, backend, failure_of(error).reason)
    return [str(workload), f"`{backend}`", *timed(*timings), *compared(workload, TOOLS[backend])]


def refusal(case: Case, found: Found) -> str | None:
    """Return why the case cannot run here: its framework is missing, or its mode refuses. `None` if it can."""
    if case.backend not in found.backends:
        return found.missing[framework(case.backend)]
    refused = prepare.refusal(case, found.backends[case.backend], find(case.problem, case.sizes))
    return None if refused is None else refused.reason


def left_out(workload: Workload, backend: str, reason: str) -> list[str]:
    """Return the cells of a row without times of ours: the reason, and what GradBench publishes."""
    said = f"left out: {' '.join(reason.split())}"
    missing = [NOTHING] * (len(COLUMNS) + len(UNAWAITED) - 3)
    return [str(workload), f"`{backend}`", said, *missing, *compared(workload, TOOLS[backend])]


def timed(value: Timing, derivative: Timing) -> list[str]:
    """Return the cells of our times: waited for, and not."""
    ratio = derivative.unawaited / value.unawaited
    without_wait = [units.seconds(value.unawaited), units.seconds(derivative.unawaited), units.digits(ratio)]
    return [*(_marked(side.awaited) for side in (value, derivative)), _quotient(derivative, value), *without_wait]


def _marked(interval: Interval) -> str:
    """Return the median, with `~` in front if its interval is wider than ± 5 %, as in the race's table."""
    half_width = (interval.high - interval.low) / 2 / interval.center
    return f"{'' if half_width <= NOISY else '~'}{units.seconds(interval.center)}"


def _quotient(derivative: Timing, value: Timing) -> str:
    """Return the ratio of the medians, with an interval from the ends of both intervals."""
    (center, low, high), below = derivative.awaited, value.awaited
    return units.factor_within(center / below.center, low / below.high, high / below.low)


def compared(workload: Workload, tool: str) -> list[str]:
    """Return the cells of what GradBench publishes for the tool."""
    value, derivative = published().get((workload, tool), Times(None, None))
    seconds = [NOTHING if time is None else units.seconds(time) for time in (value, derivative)]
    ratio = NOTHING if value is None or derivative is None else units.digits(derivative / value)
    return [f"`{tool}`" if tool else NOTHING, *seconds, ratio]


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


if __name__ == "__main__":
    main()
