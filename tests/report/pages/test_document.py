"""The parts of every page."""

from __future__ import annotations

import math

import pytest

from report.pages import document


def test_data_cannot_end_their_element() -> None:
    text = document.as_json({"name": "</script><script>alert(1)</script><!--\u2028&"})
    assert not set("<>&\u2028") & set(text)


@pytest.mark.parametrize(
    ("ratio", "words"), [(0.157, "6.37 × as fast"), (2.42, "2.42 × as long"), (1.0, "1.00 × as long"), (math.nan, "")]
)
def test_a_ratio_of_times_is_a_few_words(ratio: float, words: str) -> None:
    assert document._versus(ratio) == words
