"""The samples of a duel: `samples.csv`, a row for each paired round."""

from __future__ import annotations

import csv
from pathlib import Path

from bench.duel.stage import Stage
from report.table.keys import CASE

NAME = "samples.csv"
COLUMNS = ("stage", "pair", "cpu", *CASE, "iterations", "base_seconds", "head_seconds")


def write(path: Path, number: int, stage: Stage) -> None:
    """Write the samples of stage `number`: the first begins the file, the second is appended. Seconds are per call."""
    with path.open("w" if number == 1 else "a", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        if number == 1:
            writer.writerow(COLUMNS)
        for case, rounds in stage.rounds.items():
            key = [stage.cases[case][name] for name in CASE]
            for sample in rounds:
                seconds = [f"{value:.9g}" for value in (sample.base_seconds, sample.head_seconds)]
                writer.writerow([number, sample.pair, sample.cpu, *key, sample.iterations, *seconds])
