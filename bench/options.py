"""The words of the command line that select cases: one list for the race, the launches and the duel.

It imports nothing heavy: pytest reads it before thread pools are pinned.
"""

from __future__ import annotations

DEFAULTS = {
    "operator": "descent",
    "problem": "quadratic",
    "backend": "all",
    "dtype": "float32",
    "device": "all",
}
"""What is raced where an option is not given; batch sizes, sizes and steps are then the problem's own."""

HELP = {
    "operator": "what is timed: descent, gradient, value, hvp, jvp, comma-separated, or 'all' (default: descent)",
    "problem": f"problems to descend on, comma-separated, or 'all' (default: {DEFAULTS['problem']})",
    "backend": "backends to race, comma-separated, or 'all' (default: all)",
    "batch_size": "batch sizes, comma-separated (default: the problem's own, for quadratic 1,100,10000,1000000)",
    "dtype": f"float32, float64 or 'all' (default: {DEFAULTS['dtype']})",
    "device": "cpu, cuda or 'all' (default: all; one that is not here is a row with its reason)",
    "size": "sizes beside the batch, such as logistic.dimension=32, comma-separated (default: the problem's own)",
    "steps": "steps of a descent (default: the problem's own, 100)",
}
"""The options of the selection, and what they mean."""

MEMORY = "'off': no pass for peak memory, which takes a tenth of a second a case; it needs memray on the CPU"

METAVAR = {"steps": "N"}


def flag(name: str) -> str:
    """Return the option as it is typed: `batch_size` is `--batch-size`."""
    return f"--{name.replace('_', '-')}"


def whole(what: str, word: str) -> int:
    """Return `word` as a whole number of 1 or more; raises `ValueError` with a line that names it."""
    # isdecimal alone would let other scripts' digits through; the limit is what an array's length can be.
    if not (word.isascii() and word.isdecimal() and 0 < int(word) < 2**63):
        raise ValueError(f"{what} '{word}': must be a whole number, 1 or more")
    return int(word)
