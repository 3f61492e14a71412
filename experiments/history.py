"""How often is `report trend` right, night after night? `python -m experiments.history`

All of it is simulated, because the truth must be known. A history has a value a night for each of its cases, and the
project's own rule judges it every night. `simulate` appends a row a history to a CSV, and goes on where the CSV ends;
`table` prints the rates.

- `false_night`: the first night on which a case that never changed is reported, counted from 1.
- `found_after`: for how many nights the changed case had changed when the change was reported.
- `off`: how many nights the reported beginning is too late. `held`: whether the interval held the true change then.
"""

from __future__ import annotations

import argparse
import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.signal import lfilter
from scipy.stats import binomtest

from experiments import provenance
from report.history.series import THRESHOLD
from report.statistics.nightly import change_points, memory
from report.statistics.nightly.change_points import Step
from report.statistics.nightly.memory import Noise
from report.statistics.welch import Array

CASES, YEAR = 40, 365
DEGREES = 4
"""Of Student's t, which the noise follows: its tails are heavy."""

WILD = 0.02
"""The share of the nights that are outliers. An outlier takes 1 + Exp(1) times as long; the next night knows nothing of
it."""

BEFORE = 100
"""Nights that are simulated before the first one, so that the noise of the first night is like that of any other."""

PATIENCE, SOON, NEAR = 60, 14, 3
"""Nights that a change is followed for; the nights within which it should be reported; and how near is near."""

FOUND = (
    "noise",
    "change",
    f"reported within {SOON} nights",
    "at least, at 95 %",
    f"within {PATIENCE} nights",
    "half of them within",
    f"begins within {NEAR} nights",
    "interval holds it",
)
"""The columns of the table of changes that are found."""

COLUMNS = ("model", "seed", "false_night", "found_after", "off", "held")


@dataclass(frozen=True)
class Model:
    """Histories of one kind. `noise` is the standard deviation of a night, without the outliers.

    `walk` is the standard deviation of what a random walk adds each night. `drift` is how much slower every case is
    after a year. `ratio` is how many times as noisy the noisiest case is as the quietest. A `step` is the factor of one
    case after `at` nights.
    """

    autocorrelation: float
    noise: float = 0.03
    cases: int = CASES
    walk: float = 0.0
    drift: float = 0.0
    ratio: float = 1.0
    at: int = 0
    step: float = 1.0

    @property
    def nights(self) -> int:
        """For how many nights the history is judged."""
        return self.at + PATIENCE if self.at else YEAR


MODELS = {
    "independent": Model(0.0),
    "usual": Model(0.5),
    "noisier": Model(0.5, noise=0.042),
    "long memory": Model(0.8),
    "10 cases": Model(0.5, cases=10),
    "1 case": Model(0.5, cases=1),
    "unlike": Model(0.5, ratio=8.0),
    "drift": Model(0.5, drift=0.10),
    "walk": Model(0.5, walk=0.0013),
    "wide walk": Model(0.5, walk=0.0026),
    "5 % at 30": Model(0.5, at=30, step=1.05),
    "10 % at 30": Model(0.5, at=30, step=1.10),
    "20 % at 30": Model(0.5, at=30, step=1.20),
    "5 % at 120": Model(0.5, at=120, step=1.05),
    "10 % at 120": Model(0.5, at=120, step=1.10),
    "20 % at 120": Model(0.5, at=120, step=1.20),
    "independent 10 % at 30": Model(0.0, at=30, step=1.10),
    "independent 10 % at 120": Model(0.0, at=120, step=1.10),
    "noisier 10 % at 30": Model(0.5, noise=0.042, at=30, step=1.10),
    "noisier 10 % at 120": Model(0.5, noise=0.042, at=120, step=1.10),
    "long memory 10 % at 120": Model(0.8, at=120, step=1.10),
}
"""The models by their names in the CSV."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(prog="python -m experiments.history", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    simulating = commands.add_parser("simulate", help="append the histories that the CSV lacks")
    simulating.add_argument("--histories", type=int, default=200, help="of each model (default: 200)")
    simulating.add_argument("--models", nargs="+", choices=MODELS, default=[*MODELS], help="(default: all)")
    simulating.set_defaults(command=lambda options: simulate(options.file, options.histories, options.models))
    commands.add_parser("table", help="print the rates as Markdown").set_defaults(
        command=lambda options: table(options.file)
    )
    for command in commands.choices.values():
        command.add_argument("file", metavar="FILE", type=Path)
    options = parser.parse_args(arguments)
    options.command(options)


def simulate(path: Path, histories: int, models: Sequence[str]) -> None:
    """Append a row for each history that the CSV lacks."""
    if not path.exists():
        path.write_text(",".join(COLUMNS) + "\n", encoding="utf-8")
    done = pd.read_csv(path)
    have = set(zip(done["model"], done["seed"], strict=True))
    for seed in range(histories):
        for name in models:
            if (name, seed) not in have:
                row = judged(MODELS[name], np.random.default_rng([[*MODELS].index(name), seed]))
                with path.open("a", encoding="utf-8", newline="") as file:
                    csv.writer(file, lineterminator="\n").writerow([name, seed, *row])


def judged(model: Model, random: np.random.Generator) -> tuple[object, ...]:
    """Simulate a history, judge it every night, and return the row's columns after the seed.

    Only the first case may change.
    """
    logs = values(model, random)
    noises = memory.noise(list(logs), [np.arange(model.nights)] * model.cases)
    reported = [reports(own, noise, model.cases) for own, noise in zip(logs, noises, strict=True)]
    unchanged = reported[1:] if model.at else reported
    false = [night for night, _ in (next(looks, (0, None)) for looks in unchanged) if night]
    told = next(_told(reported[0], model), ("", "", "")) if model.at else ("", "", "")
    return min(false, default=""), *told


def _told(reported: Iterator[tuple[int, list[Step]]], model: Model) -> Iterator[tuple[object, ...]]:
    """Yield the reports of the change: after how many nights, how far off its beginning, and whether its size holds."""
    for night, steps in reported:
        for step in steps:
            off = step.index - model.at
            if night > model.at and abs(off) <= 3 * NEAR and (step.change.center > 1) == (model.step > 1):
                yield night - model.at, off, int(step.change.low <= model.step <= step.change.high)


def reports(logs: Array, noise: Noise, cases: int) -> Iterator[tuple[int, list[Step]]]:
    """Yield each night, counted from 1, on which a look at the history so far reports changes of this case, with them.

    A look is `change_points.steps`; a test compares the two. Here a change is not searched for again every night.
    """
    alarms = change_points.alarms(logs, noise, THRESHOLD, cases)
    for night in range(alarms[0].found + 1 if alarms else len(logs) + 1, len(logs) + 1):
        known = [alarm for alarm in alarms if alarm.found < night]
        steps = change_points.confirmed(logs[:night], noise.until(night), known, THRESHOLD, cases)
        if steps:
            yield night, steps


def values(model: Model, random: np.random.Generator) -> Array:
    """Return the logarithms of the times of each case (rows) on each night (columns)."""
    shape = model.cases, model.nights
    new = random.standard_t(DEGREES, (model.cases, BEFORE + model.nights)) / np.sqrt(DEGREES / (DEGREES - 2))
    carried = model.autocorrelation
    noise: Array = lfilter([np.sqrt(1 - carried**2)], [1.0, -carried], new)[:, BEFORE:]
    noise *= model.noise * model.ratio ** random.uniform(-0.5, 0.5, (model.cases, 1))
    noise += np.where(random.random(shape) < WILD, np.log1p(random.exponential(size=shape)), 0.0)
    noise += np.cumsum(random.normal(0.0, model.walk, shape), axis=1)
    noise += np.log1p(model.drift) * np.arange(model.nights) / YEAR
    noise[0, model.at :] += np.log(model.step)
    return noise


def table(path: Path) -> None:
    """Print the rates of the CSV's histories, as Markdown: of false changes, and of changes that are found."""
    rows = pd.read_csv(path)
    print("| noise | histories with a false change in a year | at most, at 95 % |\n| --- | ---: | ---: |")
    for name, model in MODELS.items():
        own = rows[rows["model"] == name]
        if not model.at and len(own):
            print(f"| {described(model)} | {' | '.join(rate(own['false_night'].notna()))} |")
    print(f"\n| {' | '.join(FOUND)} |\n| --- | --- |{' ---: |' * (len(FOUND) - 2)}")
    for name, model in MODELS.items():
        own = rows[rows["model"] == name]
        if model.at and len(own):
            print(f"| {described(model)} | ×{model.step:.2f} after {model.at} nights | {' | '.join(found(own))} |")
    print(provenance.line("Simulated"))


def rate(hits: pd.Series) -> tuple[str, str]:
    """Return how many of the histories are hits, and the 95 % upper bound of the rate (Clopper–Pearson)."""
    upper = binomtest(int(hits.sum()), len(hits), alternative="less").proportion_ci(0.95).high
    return f"{100 * hits.mean():.1f} % ({hits.sum():,} of {len(hits):,})", f"{100 * upper:.1f} %"


def found(rows: pd.DataFrame) -> tuple[str, ...]:
    """Return how often and how soon a change is found, and how well its beginning and its size are told."""
    soon, ever = rows["found_after"] <= SOON, rows["found_after"].notna()
    lower = binomtest(int(soon.sum()), len(soon), alternative="greater").proportion_ci(0.95).low
    told = rows[ever]
    return (
        f"{100 * soon.mean():.1f} % ({soon.sum():,} of {len(soon):,})",
        f"{100 * lower:.1f} %",
        f"{100 * ever.mean():.0f} %",
        f"{told['found_after'].median():.0f} nights" if len(told) else "–",
        f"{100 * (told['off'].abs() <= NEAR).mean():.0f} %" if len(told) else "–",
        f"{100 * told['held'].mean():.0f} %" if len(told) else "–",
    )


def described(model: Model) -> str:
    """Return the model in words."""
    noise = f"{100 * model.noise:g} %"
    if model.ratio > 1:
        quiet, loud = (model.noise * model.ratio**power for power in (-0.5, 0.5))
        noise = f"{100 * quiet:.1f} to {100 * loud:.1f} %, by case"
    words = [noise, f"autocorrelation {model.autocorrelation:g}"]
    if model.cases != CASES:
        words.append("1 case" if model.cases == 1 else f"{model.cases} cases")
    if model.drift:
        words.append(f"and a drift of {100 * model.drift:g} % a year")
    if model.walk:
        words.append(f"and a random walk of {100 * model.walk * np.sqrt(YEAR):.1f} % a year")
    return ", ".join(words)


if __name__ == "__main__":
    main()
