"""`python -m bench`: measure (`run`), compare two sides (`duel`), search (`find`), check a problem (`check`)."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from types import FrameType
from typing import NoReturn

from bench import check, launches, machine, options
from bench.duel import command as duel
from bench.duel.bisect import ABORT
from bench.find import command as find
from bench.fleet import command as fleet
from bench.process.client import StartError
from report.exits import FAILED, exit_code


def main(arguments: list[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in (launches, duel, find, fleet):
        sub = command.add_to(commands)
        selection = sub.add_argument_group("which cases are measured, as in the race")
        for name, text in options.HELP.items():
            selection.add_argument(options.flag(name), metavar=options.METAVAR.get(name, "LIST"), help=text)
        sub.set_defaults(command=command.main)
    check.add_to(commands).set_defaults(command=check.main)
    chosen = parser.parse_args(arguments)
    if ignored := options.of_the_race(os.environ.get("PYTEST_ADDOPTS", "")):
        print(f"{parser.prog}: is not pytest, and ignores PYTEST_ADDOPTS: {', '.join(ignored)}", file=sys.stderr)
    try:
        machine.require_supported()
        return int(chosen.command(chosen, {name: getattr(chosen, name) for name in options.HELP}))
    except (ValueError, OSError, StartError) as error:
        print(f"{parser.prog}: {error}", file=sys.stderr)
        return ABORT if getattr(chosen, "git_bisect", False) else FAILED


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    """Raise `KeyboardInterrupt`. From now on, Ctrl-C ends this process at once.

    A second Ctrl-C would otherwise interrupt the killing of the workers, and then wait for those that still run. When
    this process ends, the guard kills them (`bench.process.guard`).
    """
    signal.signal(number, signal.SIG_DFL)
    raise KeyboardInterrupt


if __name__ == "__main__":
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:  # a shell's background job ignores Ctrl-C
        signal.signal(signal.SIGINT, _interrupt)
    sys.exit(exit_code(main, stopped="stopped; what was measured so far is kept"))
