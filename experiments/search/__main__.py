"""Does a search find the right commit? `python -m experiments.search simulate`, or `real FOLDER`

One of 40 commits slows a case by about 8 %, and three cannot be measured. `simulate` plays such searches: their process
pairs are drawn from those of real duels of equal copies. `real` makes such a repository, a copy of this checkout whose
culprit makes a backend do more, and runs `python -m bench find` on it. If it is interrupted, the same command goes on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path

from experiments import evidence
from experiments.duels.__main__ import MEDIANS
from experiments.rates import of_drawn
from experiments.search import played, real


def main(arguments: Sequence[str] | None = None) -> None:
    """Run one of the commands."""
    parser = argparse.ArgumentParser(prog="python -m experiments.search", description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    simulating = commands.add_parser("simulate", help="play searches, and print how many are right")
    simulating.add_argument("--searches", type=int, default=20, help="how many are played (default: 20)")
    simulating.add_argument("--slower", type=float, default=0.08, help="by which share (default: 0.08)")
    simulating.add_argument("--kept", type=Path, default=evidence.FOLDER / MEDIANS, help="medians of process pairs")
    simulating.set_defaults(command=_simulate)
    running = commands.add_parser("real", help="search a repository that is made for it")
    running.add_argument("folder", type=Path)
    running.add_argument("--seed", type=int, default=0, help="of the places of the culprit and the broken commits")
    running.set_defaults(command=lambda options: real.run(options.folder.resolve(), options.seed))
    options = parser.parse_args(arguments)
    options.command(options)


def _simulate(options: argparse.Namespace) -> None:
    pools = played.pools(options.kept)
    found = [played.search(pools, options.slower, seed) for seed in range(options.searches)]
    right = sum(outcome.right for outcome in found)
    steps = sorted(outcome.steps for outcome in found)
    print(f"right: {of_drawn(right, len(found))}; steps: {steps[0]} to {steps[-1]}")
    for outcome in found:
        if not outcome.right:
            print(f"seed {outcome.seed}: {outcome.culprit} did it, and the search said: {outcome.answer}")


if __name__ == "__main__":
    main()
