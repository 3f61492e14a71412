"""Numbers as people read them: three digits and a unit that fits."""

from __future__ import annotations

SECONDS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))


def seconds(value: float) -> str:
    """Return `value` seconds with three digits and the unit that leaves them before the thousands: `2.10 µs`."""
    scale, unit = next(((scale, unit) for scale, unit in SECONDS if _three(value / scale) >= 1), SECONDS[-1])
    return f"{digits(value / scale)} {unit}"


def digits(value: float) -> str:
    """Return three significant digits, without an exponent: `0.0213`, `2.10`, `21.3`, `2,130`."""
    rounded = _three(value)
    if rounded >= 100:  # noqa: PLR2004 (three digits stand before the point)
        return f"{rounded:,.0f}"
    decimals = 2 - (0 if rounded == 0 else _magnitude(rounded))
    return f"{rounded:.{max(0, decimals)}f}"


def ratio(value: float) -> str:
    """Return how many times as long: `×1.02`."""
    return f"×{digits(value)}"


def percent(value: float) -> str:
    """Return a fraction as percent, with two digits below 10 %: `1.2 %`."""
    return f"{100 * value:.1f} %" if abs(value) < 0.0995 else f"{100 * value:.0f} %"  # noqa: PLR2004


def _three(value: float) -> float:
    return float(f"{value:.3g}")


def _magnitude(value: float) -> int:
    return int(f"{value:e}".partition("e")[2])
