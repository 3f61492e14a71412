"""The answer of a group of cases in sentences."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd
import pytest

from report import table
from report.run import answers, cases
from report.write.text import answer
from tests import rows

SIZES = (1, 100, 10_000)

NUMPY = "hand-derived NumPy"
OVERLAP = "since intervals are too wide"


def group(path: Path, ratios: Mapping[str, tuple[float, ...]]) -> pd.DataFrame:
    """Return the cases of backends with these ratios to NumPy at each of `SIZES`."""
    run = [
        rows.row(1e-3 * ratio, ratio, backend=name, batch_size=size)
        for name, of_backend in ratios.items()
        for size, ratio in zip(SIZES, of_backend, strict=False)
    ]
    return cases.from_rows(table.read(rows.write(path / "run.csv", run)))


@pytest.mark.parametrize(
    ("ratios", "sentence"),
    [
        (
            {"numpy": (1.0, 1.0, 1.0), "jax-loop": (0.5, 0.2, 0.1)},
            f"jax-loop is fastest at every batch size, 2.00 to 10.0 times as fast as {NUMPY}.",
        ),
        (
            {"numpy": (1.0, 1.0, 1.0), "jax-jit": (4.0, 2.0, 0.5)},
            f"numpy is fastest at batch 1 and 100; jax-jit is fastest at batch 10,000, 2.00 times as fast as {NUMPY}.",
        ),
        (
            {"a": (1.0, 1.0), "b": (1.01, 2.0)},
            f"a is fastest at batch 100, 1.00 times as long as {NUMPY}; no clear winner, {OVERLAP}: a and b at 1.",
        ),
        ({"a": (1.0,)}, "a alone was timed at 1."),
    ],
)
def test_the_answer_names_the_fastest_backends_and_where_no_backend_clearly_is(
    tmp_path: Path, ratios: dict[str, tuple[float, ...]], sentence: str
) -> None:
    assert answer.sentence(answers.winners(group(tmp_path, ratios))) == sentence


def test_a_crossing_says_on_which_side_the_backend_is_faster(tmp_path: Path) -> None:
    rows_of_group = group(
        tmp_path, {"numpy": (1.0, 1.0, 1.0), "jax-jit": (4.0, 1.0, 0.25), "autograd": (0.5, 2.0, 4.0)}
    )
    found = answers.crossings(rows_of_group, answers.against_numpy(rows_of_group))
    assert [answer.passing(crossing) for crossing in found] == [
        "autograd falls behind NumPy at a batch of about 10: faster at 1, slower at 100",
        "jax-jit passes NumPy at a batch of about 100: slower at 1, faster at 10,000, not separated at 100",
    ]


def test_backends_that_stand_alike_share_a_line(tmp_path: Path) -> None:
    ratios = {"numpy": (1.0, 1.0), "a": (0.5, 0.5), "b": (0.5, 0.25), "c": (4.0, 2.0), "d": (4.0, 0.5)}
    found = answers.against_numpy(group(tmp_path, ratios))
    assert answer.standings(found) == ["a, b: faster from the start", "c: never faster within 1 … 100"]
