"""What do duels find? `python -m experiments.duels collect FOLDER`, `gather FOLDER`, then `table`

`collect` runs real duels: of two equal copies of this checkout, and against a copy in which some backends do about 4 %
more, by one more operation whose cost was measured apart. It runs what the folder lacks, so it can be interrupted.
`gather` adds one median for each process pair, and the verdicts, to those in results/evidence. `table` prints what they
say.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from experiments import evidence
from experiments.duels import suite
from experiments.duels.collect import collect, gathered
from experiments.duels.table import DUEL, Evidence, rows

MEDIANS, VERDICTS = "duel_medians.csv", "duel_verdicts.csv"


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(prog="python -m experiments.duels", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    collecting = commands.add_parser("collect", help="run the duels that the folder lacks")
    collecting.add_argument("--same", type=int, default=12, help="duels of equal copies (default: 12)")
    collecting.add_argument("--slow", type=int, default=8, help="duels against the slower copy (default: 8)")
    suite.add_suite(collecting)
    collecting.set_defaults(command=_collect)
    gathering = commands.add_parser("gather", help="keep the medians and the verdicts of the folder's duels")
    gathering.set_defaults(command=_gather)
    for command in (collecting, gathering):
        command.add_argument("folder", type=Path)
    printing = commands.add_parser("table", help="print the table of what is kept")
    printing.add_argument("--draws", type=int, default=2000, help="duels that are drawn (default: 2000)")
    printing.set_defaults(command=_print)
    for command in (gathering, printing):
        command.add_argument(
            "--kept", type=Path, default=evidence.FOLDER, help="folder of what is kept (default: results/evidence)"
        )
    options = parser.parse_args(arguments)
    options.command(options)


def _collect(options: argparse.Namespace) -> None:
    brief = []
    if options.max_seconds is not None:
        seconds = str(options.max_seconds)
        brief = ["--pairs", "8", "--fresh-pairs", "8", "--seconds", seconds, "--fresh-seconds", seconds]
    amounts = {"same": options.same, "slow": options.slow}
    collect(options.folder.resolve(), suite.chosen(options), amounts, brief)


def _gather(options: argparse.Namespace) -> None:
    options.kept.mkdir(parents=True, exist_ok=True)
    for name, frame in zip((MEDIANS, VERDICTS), gathered(options.folder), strict=True):
        path = options.kept / name
        with_older(path, frame).to_csv(path, index=False, float_format="%.5g", lineterminator="\n")


def with_older(path: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows after those of other duels that the file has: of other commits, or with other numbers."""
    if not path.exists():
        return rows
    older = pd.read_csv(path, dtype={"commit": str})
    new = pd.MultiIndex.from_frame(rows[[*DUEL]])
    return pd.concat([older[~pd.MultiIndex.from_frame(older[[*DUEL]]).isin(new)], rows], ignore_index=True)


def _print(options: argparse.Namespace) -> None:
    found = Evidence(*(pd.read_csv(options.kept / name, dtype={"commit": str}) for name in (MEDIANS, VERDICTS)))
    evidence.print_table(rows(found, options.draws), found.verdicts["commit"])


if __name__ == "__main__":
    main()
