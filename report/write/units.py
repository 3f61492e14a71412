"""Numbers as people read them, with three digits and a fitting unit, and as they write them."""

from __future__ import annotations

import math
import re

SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
BYTES = ("B", "KiB", "MiB", "GiB", "TiB")
SHARE = re.compile(r"([0-9]*\.?[0-9]+(?:e-?[0-9]+)?) ?(%?)")


def seconds(value: float) -> str:
    """Return seconds with three digits, in the unit that makes the number at least 1 and below 1,000: `2.10 µs`."""
    scale, unit = _scale(value)
    return f"{digits(value / scale)} {unit}"


def seconds_within(value: float, low: float, high: float) -> str:
    """Return seconds with their interval, all in the unit of the value: `2.10 [1.98, 2.25] µs`."""
    scale, unit = _scale(value or high)
    return f"{digits(value / scale)} [{digits(low / scale)}, {digits(high / scale)}] {unit}"


def size(value: float) -> str:
    """Return a number of bytes with three digits and a binary unit: `12.0 MiB`."""
    power = min(len(BYTES) - 1, max(0, int(math.log2(max(1.0, value)) // 10)))
    return f"{digits(value / 1024**power)} {BYTES[power]}"


def digits(value: float) -> str:
    """Return three significant digits, without an exponent: `0.0213`, `2.10`, `21.3`, `2,130`."""
    rounded = _three(value)
    if rounded >= 100:  # noqa: PLR2004 (three digits stand before the point)
        return f"{rounded:,.0f}"
    decimals = 2 - (0 if rounded == 0 else _magnitude(rounded))
    return f"{rounded:.{max(0, decimals)}f}"


def ratio(value: float) -> str:
    """Return a ratio with three digits: `×1.02`."""
    return f"×{digits(value)}"


def factor(value: float) -> str:
    """Return a ratio that may be close to 1, with three decimals or three digits: `1.032`, `0.998`, `21.3`."""
    return f"{value:.3f}" if 0.1 <= value < 9.9995 else digits(value)  # noqa: PLR2004 (where three decimals say more)


def factor_within(value: float, low: float, high: float) -> str:
    """Return a ratio with its interval, if it has one: `1.032 [1.010, 1.055]`."""
    return factor(value) if math.isnan(low) else f"{factor(value)} [{factor(low)}, {factor(high)}]"


def percent(value: float) -> str:
    """Return a fraction as a percentage, with two digits below 10 %: `1.2 %`."""
    return f"{100 * value:.1f} %" if abs(value) < 0.0995 else f"{100 * value:.0f} %"  # noqa: PLR2004


def share(text: str) -> float:
    """Return the fraction that people write as `3%`, `3 %` or `0.03`. Raise `ValueError` unless it is in (0, 1)."""
    number = SHARE.fullmatch(text.strip())
    value = float(number[1]) / (100 if number[2] else 1) if number else math.nan
    if not 0 < value < 1:
        raise ValueError(f"'{text}': between 0 and 100 % exclusive, such as 3% or 0.03")
    return value


def count(number: int, singular: str, plural: str = "") -> str:
    """Return a number with its noun: `1 case`, `2,000 cases`. By default, the plural is the singular with an s."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"


def _scale(value: float) -> tuple[float, str]:
    """Return the unit that fits a time, after its length in seconds."""
    return next(((scale, unit) for scale, unit in SECONDS if _three(value / scale) >= 1), SECONDS[-1])


def _three(value: float) -> float:
    return float(f"{value:.3g}")


def _magnitude(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])
