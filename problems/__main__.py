"""The problems as a Markdown table, `python -m problems`: formula, sizes, and what each one stresses."""

from __future__ import annotations

import argparse
import sys

from problems import ProblemError, catalogue
from report.exits import FAILED, exit_code


def main(arguments: list[str] | None = None) -> int:
    """Print the table, and return the exit code."""
    argparse.ArgumentParser(prog="python -m problems", description=__doc__.partition("\n")[0]).parse_args(arguments)
    try:
        print(catalogue.markdown(), end="")
    except ProblemError as error:
        print(f"problems: {error}", file=sys.stderr)
        return FAILED
    return 0


if __name__ == "__main__":
    sys.exit(exit_code(main))
