"""`python -m bench`: launches in fresh processes, and duels of two checkouts."""

from __future__ import annotations

import argparse
import sys

from bench import launches, options
from bench.duel import command as duelling
from bench.process.client import StartError


def main(arguments: list[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (launches, duelling):
        sub = command.add_to(commands)
        selection = sub.add_argument_group("what is measured, as in the race")
        for name, text in options.HELP.items():
            selection.add_argument(options.flag(name), metavar=options.METAVAR.get(name, "LIST"), help=text)
        sub.set_defaults(command=command.main)
    chosen = parser.parse_args(arguments)
    try:
        return int(chosen.command(chosen, {name: getattr(chosen, name) for name in options.HELP}))
    except (ValueError, OSError, StartError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("stopped; what was measured is kept", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main())
