"""A rate that was counted, with its upper bound."""

from __future__ import annotations


def rate(hits: int, number: int) -> str:
    """Return `2 of 12 (17 %; 95 % bounds 2 % and 48 %)`, with the exact bounds of Clopper and Pearson."""
    from scipy.stats import binomtest  # noqa: PLC0415 (takes a second to import)

    low, high = binomtest(hits, number).proportion_ci(0.95)
    return f"{hits:,} of {number:,} ({_percent(hits / number)}; 95 % bounds {_percent(low)} and {_percent(high)})"


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
