"""`python -m report`: what the result CSVs say.

Exit codes: 0, the report was made; 1, `compare` found a case that regressed, failed or is missing; 2, the input is
unusable, or the command failed.
"""

from __future__ import annotations

import argparse
import sys

from report.commands import best, compare, costs, html, noise, plot, show, site, trend
from report.errors import ReportError
from report.exits import FAILED, exit_code

COMMANDS = (show, best, costs, compare, noise, plot, html, trend, site)


def main(arguments: list[str] | None = None) -> int:
    """Run one command, and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m report", description="Reports from result CSVs.")
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    for command in COMMANDS:
        command.add_to(commands)
    options = parser.parse_args(arguments)
    try:
        return int(options.command(options))
    except ReportError as error:
        print(f"report: {error}", file=sys.stderr)
        return FAILED


if __name__ == "__main__":
    sys.exit(exit_code(main))
