"""The cases of the duels: those of a duel by default, whose descents are short."""

from __future__ import annotations

import argparse

SUITE = {"backend": "all", "batch_size": "1,10000", "device": "cpu", "steps": "5"}
"""The cases of the suite: those of a duel, whose descents are short."""


def add_suite(parser: argparse.ArgumentParser) -> None:
    """Add the options that select fewer cases than the suite's, for a quick try."""
    parser.add_argument("--backend", metavar="LIST", default=SUITE["backend"], help="of the suite (default: all)")
    parser.add_argument("--batch-size", metavar="LIST", default=SUITE["batch_size"], help="(default: 1,10000)")
    parser.add_argument("--max-seconds", type=float, metavar="SECONDS", help="of rounds at most, a case and process")


def chosen(options: argparse.Namespace) -> dict[str, str]:
    """Return the suite that the options select, by the names of the race's own options."""
    return {**SUITE, "backend": options.backend, "batch_size": options.batch_size}


def arguments(selection: dict[str, str]) -> list[str]:
    """Return the selection as the arguments of a command."""
    return [word for name, value in selection.items() for word in (f"--{name.replace('_', '-')}", value)]
