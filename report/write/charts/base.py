"""What all charts need: Altair, the names of the data that a page hands in, the labels of axes, and shared marks."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import numpy as np

from report.errors import ReportError
from report.write import palette

DATA, LABELS, MARKS = "cases", "labels", "marks"
"""The names under which a page hands in its data: the rows, the texts beside them, and what is marked."""

# Vega expressions that write the labels of an axis.
SECONDS = (
    "datum.value == 0 ? '0' : datum.value >= 1 ? format(datum.value, '~r') + ' s' : datum.value >= 1e-3 ? "
    "format(1e3 * datum.value, '~r') + ' ms' : datum.value >= 1e-6 ? format(1e6 * datum.value, '~r') + ' µs' : "
    "format(1e9 * datum.value, '~r') + ' ns'"
)
BYTES = "replace(format(datum.value, '.3~s'), regexp('[a-zA-Z]?$'), ' $&B')"
RATIO = "'×' + format(datum.value, ',~r')"
SHARE = "format(100 * datum.value, '~r') + ' %'"


class ChartError(ReportError):
    """A picture or a page that cannot be made. The text says why, and what to do."""


def altair() -> Any:
    """Return Altair, of the extra `[report]`. Raises `ChartError` where it is not installed."""
    try:
        import altair as alt  # noqa: PLC0415 (of an extra)
        import vl_convert  # noqa: F401, PLC0415 (of the same extra: it draws pictures, and brings the scripts of a page)
    except ImportError as error:
        raise ChartError("pictures and pages need Altair: pip install -c constraints.txt '.[report]'") from error
    return alt


def from_rows() -> dict[str, Any]:
    """Return the encodings of colour and shape for a page, whose rows bring both."""
    alt = altair()
    return {"color": alt.Color("colour:N", scale=None), "shape": alt.Shape("shape:N", scale=None)}


def legend(backends: Iterable[str]) -> dict[str, Any]:
    """Return the encodings of colour and shape for a picture, with a legend that names the backends."""
    alt, looks = altair(), palette.looks(backends)
    named = alt.Legend(title="backend", symbolOpacity=1)
    colours = alt.Scale(domain=[*looks], range=[look.light for look in looks.values()])
    shapes = alt.Scale(domain=[*looks], range=[look.shape for look in looks.values()])
    return {
        "color": alt.Color("backend:N", scale=colours, sort=[*looks], legend=named),
        "shape": alt.Shape("backend:N", scale=shapes, sort=[*looks], legend=named),
    }


def decades(values: Any) -> list[float]:
    """Return the powers of ten from below the smallest of the values to above the largest."""
    low, high = np.log10([np.nanmin(values), np.nanmax(values)])
    return [float(10.0**power) for power in range(math.floor(low), math.ceil(high) + 1)]


def dashed_line() -> Any:
    """Return a dashed line. Without a row of its own, it would be drawn for every row of the chart, or not at all."""
    alt = altair()
    return alt.Chart(alt.Data(values=[{}])).mark_rule(strokeDash=[6, 4])


def specification(chart: Any) -> dict[str, Any]:
    """Return the Vega-Lite specification of a page's chart, as wide as its element."""
    specification: dict[str, Any] = chart.properties(width="container").to_dict(validate=False)
    return specification
