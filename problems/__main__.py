"""The problems as a Markdown table, `python -m problems`: formula, sizes, and what each one stresses."""

from __future__ import annotations

import argparse

from problems import catalogue


def main(arguments: list[str] | None = None) -> None:
    """Print the table."""
    argparse.ArgumentParser(prog="python -m problems", description=__doc__.partition("\n")[0]).parse_args(arguments)
    print(catalogue.markdown(), end="")


if __name__ == "__main__":
    main()
