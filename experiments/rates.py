"""Rates: of what was counted, with bounds, and of what was drawn."""

from __future__ import annotations


def rate(hits: int, number: int) -> str:
    """Return `2 of 12 (16.7 %; 95 % bounds 2.09 % and 48.4 %)`, with the bounds of Clopper and Pearson.

    The bounds take what was counted for independent. Cases of one run or duel are not, so they are too narrow there.
    """
    if number == 0:
        return "none of them"
    from scipy.stats import binomtest  # noqa: PLC0415 (takes a second to import)

    low, high = binomtest(hits, number).proportion_ci(0.95)
    return f"{hits:,} of {number:,} ({_percent(hits / number)}; 95 % bounds {_percent(low)} and {_percent(high)})"


def of_drawn(hits: int, number: int) -> str:
    """Return `2 of 2,000 (0.1 %)`. More draws tell no more of what they are drawn from, so there are no bounds."""
    return f"{hits:,} of {number:,} ({_percent(hits / number)})"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
