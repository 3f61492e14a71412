"""The column `loss_curve`: what is written is read again, and what is no curve is refused."""

from __future__ import annotations

import pytest

from report.errors import ReportError
from report.table import curves
from report.table.curves import Point


def test_the_points_of_a_curve_are_read_as_they_were_written() -> None:
    written = [Point(0.0, 1.0), Point(1.2e-05, 0.8125), Point(3.4e-05, 0.0)]
    assert curves.join(written) == "0:1 1.2e-05:0.8125 3.4e-05:0"
    assert curves.split(curves.join(written)) == written
    assert curves.split("") == []


def test_what_is_no_curve_is_refused_by_name() -> None:
    with pytest.raises(ReportError, match="loss_curve '0:1 x': must be seconds:left"):
        curves.split("0:1 x")
