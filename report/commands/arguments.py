"""Arguments that several commands share."""

from __future__ import annotations

import argparse
from typing import TypeAlias

from report.compare.comparison import COMPARE_CONFIDENCE, COMPARE_THRESHOLD, Gate, Rules
from report.write import units

Commands: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"  # noqa: SLF001 (it has no public name)
"""The subparsers of `python -m report`, to which each command adds its own."""


def share(word: str) -> float:
    """Return a percentage as a fraction. Raise `ArgumentTypeError`, which argparse reports, if it is not one."""
    try:
        return units.share(word)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error


def add_rules(parser: argparse.ArgumentParser) -> None:
    """Add the options that say how two sides are compared."""
    parser.add_argument(
        "--threshold",
        metavar="PERCENT",
        type=share,
        default=COMPARE_THRESHOLD,
        help=f"the smallest change that matters (default: {100 * COMPARE_THRESHOLD:g}%%; in a duel 3%%)",
    )
    parser.add_argument(
        "--confidence",
        metavar="PERCENT",
        type=share,
        default=COMPARE_CONFIDENCE,
        help=f"of all cases together (default: {100 * COMPARE_CONFIDENCE:g}%%; in a duel 95%%)",
    )
    parser.add_argument(
        "--across-machines",
        action="store_true",
        help="base and head are from two machines: compare only the ratios to NumPy",
    )
    add_gate(parser)


def rules(options: argparse.Namespace) -> Rules:
    """Return the rules from the options of `add_rules`."""
    threshold = options.threshold or COMPARE_THRESHOLD
    return Rules(threshold, options.confidence, options.across_machines, gate(options))


def add_gate(parser: argparse.ArgumentParser) -> None:
    """Add the options that say which verdicts fail."""
    parser.add_argument("--allow-missing", action="store_true", help="a case that only base has does not fail")
    parser.add_argument("--fail-inconclusive", action="store_true", help="a case that is inconclusive fails too")


def gate(options: argparse.Namespace) -> Gate:
    """Return the gate from the options of `add_gate`."""
    return Gate(options.allow_missing, options.fail_inconclusive)
