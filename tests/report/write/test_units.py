"""Numbers as people read them and write them."""

from __future__ import annotations

import math

import pytest

from report.errors import printable, short, some
from report.write import units


@pytest.mark.parametrize(
    ("value", "text"),
    [(2.1e-6, "2.10 µs"), (9.996e-4, "1.00 ms"), (9.994e-4, "999 µs"), (12.0, "12.0 s"), (3e-10, "0.300 ns")],
)
def test_seconds_have_three_digits_and_the_unit_that_fits(value: float, text: str) -> None:
    assert units.seconds(value) == text


@pytest.mark.parametrize(
    ("ends", "text"),
    [
        ((2.1e-6, 1.98e-6, 2.25e-6), "2.10 [1.98, 2.25] µs"),
        ((9e-7, 8e-7, 1.2e-6), "900 [800, 1,200] ns"),
        ((2e-9, 0.0, 5e-9), "2.00 [0.00, 5.00] ns"),
        ((0.0, 0.0, 3e-6), "0.00 [0.00, 3.00] µs"),
    ],
)
def test_an_interval_of_seconds_is_in_the_unit_of_its_center(ends: tuple[float, float, float], text: str) -> None:
    assert units.seconds_within(*ends) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0.00 B"), (999, "999 B"), (1024, "1.00 KiB"), (5e9, "4.66 GiB"), (2**52, "4,100 TiB")],
)
def test_bytes_have_a_binary_unit_that_fits(value: float, text: str) -> None:
    assert units.size(value) == text


@pytest.mark.parametrize(("value", "text"), [(0.02126, "0.0213"), (2.1, "2.10"), (99.96, "100"), (2130.4, "2,130")])
def test_digits_are_three_without_an_exponent(value: float, text: str) -> None:
    assert units.digits(value) == text


@pytest.mark.parametrize(("value", "text"), [(1.0034, "1.003"), (0.9978, "0.998"), (21.34, "21.3"), (0.0123, "0.0123")])
def test_a_factor_shows_small_changes_from_one(value: float, text: str) -> None:
    assert units.factor(value) == text


def test_a_ratio_has_a_multiplication_sign() -> None:
    assert units.ratio(1.5) == "×1.50"


@pytest.mark.parametrize(
    ("ends", "text"), [((1.032, 1.01, 1.055), "1.032 [1.010, 1.055]"), ((1.032, math.nan, math.nan), "1.032")]
)
def test_a_factor_has_its_interval_if_there_is_one(ends: tuple[float, float, float], text: str) -> None:
    assert units.factor_within(*ends) == text


def test_a_count_has_a_noun_in_the_singular_or_plural() -> None:
    assert units.count(1, "case") == "1 case"
    assert units.count(2_000, "case") == "2,000 cases"
    assert units.count(2, "launch", "launches") == "2 launches"


def test_only_the_first_words_are_given_with_the_number_of_the_others() -> None:
    assert some(["a", "b"], 2) == "a, b"
    assert some(["a", "b", "c", "d"], 2) == "a, b and 2 more"


@pytest.mark.parametrize(("value", "text"), [(0.0123, "1.2 %"), (0.0996, "10 %"), (-0.02, "-2.0 %")])
def test_percent_has_two_digits_below_ten(value: float, text: str) -> None:
    assert units.percent(value) == text


def test_a_quoted_value_is_short_and_on_one_line_and_cannot_steer_a_terminal() -> None:
    assert printable("a\nb\x1b[31m é") == "a?b?[31m é"
    assert short("a" * 40) == "a" * 40
    assert short("a" * 41) == "a" * 39 + "…"


@pytest.mark.parametrize("text", ["3%", "3 %", " 0.03 ", "3e-2", "3.0%"])
def test_a_share_is_read_as_percent_or_fraction(text: str) -> None:
    assert units.share(text) == pytest.approx(0.03)


@pytest.mark.parametrize(
    "text", ["3", "0", "0%", "100%", "-3%", "nan", "inf%", "", "%", "3%%", "three", "1..2%", "1_0%", "٣%"]
)
def test_any_other_share_is_refused_and_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=r".+") as refused:
        units.share(text)
    assert str(refused.value) == f"'{text}': between 0 and 100 % exclusive, such as 3% or 0.03"
