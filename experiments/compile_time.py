"""How long does JAX compile a loop, by its length? `python -m experiments.compile_time`

A descent is traced and compiled with its loop unrolled, in `lax.scan` and in `lax.fori_loop`, each several times with
empty caches. The table has the median and the range of the seconds. An unrolled loop is compiled at no
greater length once a compilation takes longer than `--limit`.
"""

from __future__ import annotations

import argparse
import math
import random
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from backends import Case, Flat, load, place
from bench import clock
from bench.case.check import reference
from experiments import provenance
from problems import Array, Parameters, find, sizes_text
from problems import load as load_problems
from report.write.charts import base
from report.write.units import seconds as in_units

UNROLLED = "unrolled"
WAYS = {UNROLLED: "#d55e00", "scan": "#0072b2", "fori_loop": "#009e73"}
"""The ways to write a loop, and the colour of each in the picture."""


TICKS = [digit * 10.0**power for power in range(-3, 3) for digit in (1, 2, 5)]
"""Where the axis of the seconds has labels."""


class Row(NamedTuple):
    """How long a way takes to compile at a length: the seconds of each compilation."""

    way: str
    steps: int
    seconds: tuple[float, ...]


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table, as Markdown: a row for each length, a column for each way. Save the picture if one is named."""
    parser = argparse.ArgumentParser(prog="python -m experiments.compile_time", description=__doc__.partition("\n")[0])
    parser.add_argument("--problem", choices=load_problems(), default="logistic")
    parser.add_argument("--batch-size", type=int, default=100)
    parser.add_argument("--steps", type=int, nargs="+", default=[1, 3, 10, 30, 100, 300], help="lengths of the loop")
    parser.add_argument("--repeats", type=int, default=5, help="how often each is compiled (default: 5)")
    parser.add_argument("--limit", type=float, default=10.0, help="seconds of an unrolled loop (default: 10)")
    parser.add_argument("--picture", type=Path, metavar="FILE.png", help="save the picture of the table")
    options = parser.parse_args(arguments)
    print(f"| steps | {' | '.join(map(_name, WAYS))} |\n| --- |{' --- |' * len(WAYS)}")
    rows = measured(compiler(options.problem, options.batch_size), options.steps, options.repeats, options.limit)
    for steps in sorted(options.steps):
        cells = dict.fromkeys(WAYS, "–") | {row.way: _cell(row.seconds) for row in rows if row.steps == steps}
        print(f"| {steps:,} | {' | '.join(cells.values())} |")
    if options.picture is not None:
        chart(rows).save(options.picture, ppi=144)
    print(provenance.line(f"Measured on `{options.problem}` at a batch size of {options.batch_size:,}"))


def measured(
    compile_once: Callable[[str, int], object], lengths: Sequence[int], repeats: int, limit: float
) -> list[Row]:
    """Return a row for each length and way. `compile_once(way, steps)` compiles as if for the first time.

    Each repeat takes all of them, the first in the order of their lengths, so that what the machine does in a while is
    in no length alone.
    """
    seconds: dict[tuple[int, str], list[float]] = {(steps, way): [] for steps in sorted(lengths) for way in WAYS}
    order, longest = list(seconds), math.inf
    for _ in range(repeats):
        for steps, way in order:
            if way == UNROLLED and steps > longest:
                continue
            start = clock.now()
            compile_once(way, steps)
            seconds[steps, way].append(clock.now() - start)
            if way == UNROLLED and seconds[steps, way][-1] > limit:
                longest = min(longest, steps)
        random.shuffle(order)
    return [Row(way, steps, tuple(times)) for (steps, way), times in seconds.items() if times]


def compiler(problem: str, batch_size: int) -> Callable[[str, int], object]:
    """Return a function that compiles the descent on a problem in one of the ways, with so many steps."""
    backend, found = load(("jax",)).backends["jax-loop"], find(problem)
    import jax  # noqa: PLC0415 (the file of the backend sets its options first)

    from backends.parts.jax.builders import one_step  # noqa: PLC0415 (likewise)

    case = Case("descent", problem, backend.name, batch_size, "float32", "cpu", found.steps, sizes_text(found.sizes))
    backend.warm_up(case)
    x, data = place(backend, case, *reference.arguments(case, found))
    move: Flat = one_step(found, x, data)

    def unrolled(x: Parameters, steps: int, data: tuple[Array, ...]) -> Parameters:
        for _ in range(steps):
            x = move(x, *data)
        return x

    loops: dict[str, Callable[..., Parameters]] = {
        UNROLLED: unrolled,
        "scan": lambda x, steps, data: jax.lax.scan(lambda x, _: (move(x, *data), None), x, length=steps)[0],
        "fori_loop": lambda x, steps, data: jax.lax.fori_loop(0, steps, lambda _, x: move(x, *data), x),
    }

    def compile_once(way: str, steps: int) -> object:
        jax.clear_caches()
        return jax.jit(lambda x, *data: loops[way](x, steps, data)).lower(x, *data).compile()

    return compile_once


def chart(rows: Sequence[Row]) -> Any:
    """Return the Altair chart: the medians over the length, a line a way, with the range of each."""
    alt = base.altair()
    values = [
        row._asdict() | {"low": min(row.seconds), "high": max(row.seconds), "seconds": median(row.seconds)}
        for row in rows
    ]
    scale, ways = alt.Scale(type="log", nice=False, padding=16), list(WAYS)
    legend = alt.Legend(title="the loop", symbolOpacity=1)
    colour = alt.Color("way:N", sort=ways, scale=alt.Scale(domain=ways, range=[*WAYS.values()]), legend=legend)
    shape = alt.Shape("way:N", sort=ways, scale=alt.Scale(domain=ways), legend=legend)
    across = alt.Axis(title="steps in the loop", values=sorted({row.steps for row in rows}))
    axis = alt.Axis(title="tracing and compiling", labelExpr=base.SECONDS, values=TICKS)
    shown = alt.Chart(alt.Data(values=values)).encode(x=alt.X("steps:Q", scale=scale, axis=across), color=colour)
    up = alt.Y("seconds:Q", scale=scale, axis=axis)
    ranges = shown.mark_rule(strokeWidth=6, opacity=0.3).encode(y=alt.Y("low:Q", scale=scale, axis=axis), y2="high:Q")
    points = shown.mark_point(size=60, filled=True, opacity=1).encode(y=up, shape=shape)
    return alt.layer(shown.mark_line(strokeWidth=2).encode(y=up), ranges, points).properties(width=560, height=340)


def _name(way: str) -> str:
    return way if way == UNROLLED else f"`{way}`"


def _cell(seconds: Sequence[float]) -> str:
    return f"{in_units(median(seconds))} ({in_units(min(seconds))} to {in_units(max(seconds))})"


if __name__ == "__main__":
    main()
