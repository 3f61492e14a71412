"""`python -m bench`: measure in fresh processes (`run`), or compare two checkouts or environments (`duel`)."""

from __future__ import annotations

import argparse
import sys

from bench import launches, machine, options
from bench.duel import command as duel
from bench.process.client import StartError
from report.exits import FAILED, exit_code


def main(arguments: list[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (launches, duel):
        sub = command.add_to(commands)
        selection = sub.add_argument_group("which cases are measured, as in the race")
        for name, text in options.HELP.items():
            selection.add_argument(options.flag(name), metavar=options.METAVAR.get(name, "LIST"), help=text)
        sub.set_defaults(command=command.main)
    chosen = parser.parse_args(arguments)
    try:
        machine.require_supported()
        return int(chosen.command(chosen, {name: getattr(chosen, name) for name in options.HELP}))
    except (ValueError, OSError, StartError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(exit_code(main, stopped="stopped; what was measured so far is kept"))
