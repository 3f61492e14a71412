"""What do the gates find? `python -m experiments.gate collect FOLDER`, then `python -m experiments.gate table FOLDER`

`collect` measures on this machine: process pairs of the checkout against itself, and against copies in which every
backend does 5 % or 3 % more work, and runs of pinned launches for `report compare`. It takes about 40 minutes on two
cores, with the races of `experiments.peers`.

`table` draws thousands of duels from the measured pairs, by the duel's own rules, and prints their rates. The rows say
which rates are drawn.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments import gate, provenance
from experiments.gate import table
from experiments.gate.collect import Amount, collect, commits

LAUNCHES = 5


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the two commands."""
    parser = argparse.ArgumentParser(prog="python -m experiments.gate", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    collecting = commands.add_parser("collect", help="measure what the folder lacks")
    collecting.add_argument("--pairs", type=int, default=24, help="process pairs against itself (default: 24)")
    collecting.add_argument("--runs", type=int, default=3, help="of pinned launches, 2 at least (default: 3)")
    gate.add_suite(collecting)
    collecting.set_defaults(command=_collect)
    printing = commands.add_parser("table", help="print the table of what the folder holds")
    printing.add_argument("--duels", type=int, default=2000, help="drawn with nothing changed (default: 2000)")
    printing.set_defaults(command=_print)
    for command in (collecting, printing):
        command.add_argument("folder", type=Path)
        command.add_argument("--launches", type=int, default=LAUNCHES, help=f"a side (default: {LAUNCHES})")
    options = parser.parse_args(arguments)
    options.command(options)


def _collect(options: argparse.Namespace) -> None:
    amount = Amount(options.pairs, options.runs, options.launches, options.max_seconds)
    collect(options.folder, gate.suite(options), amount)


def _print(options: argparse.Namespace) -> None:
    print("| what | found | from |\n| --- | --- | --- |")
    for row in table.rows(options.folder, options.duels, options.launches):
        print(f"| {' | '.join(row)} |", flush=True)
    print(provenance.line("Measured", commits(options.folder)))


if __name__ == "__main__":
    main()
