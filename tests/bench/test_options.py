"""Numbers on the command line: which are accepted, and what is said of the others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.options import natural, whole
from bench.selection import SelectionError, select
from report import table
from tests import rows
from tests.checkout import ROOT


@pytest.mark.parametrize(("word", "number"), [("1", 1), ("0010", 10), ("9007199254740992", 2**53)])
def test_a_whole_number_is_read(word: str, number: int) -> None:
    assert whole("--steps", word) == natural("--launch", word) == number


def test_only_a_natural_number_may_be_zero() -> None:
    assert natural("--launch", "0") == natural("--launch", "000") == 0
    with pytest.raises(ValueError, match=r"^--steps '0': must be a whole number, 1 or more$"):
        whole("--steps", "0")


@pytest.mark.parametrize("word", ["-1", "", " ", "1.5", "1e3", "1_0", "+1", "٣", "²", "ten", "nan", "0x10", "1\n"])
def test_what_is_no_whole_number_is_refused_by_name(word: str) -> None:
    with pytest.raises(ValueError, match=r"^--launch '.*': must be a whole number, 0 or more$") as refused:
        natural("--launch", word)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("word", ["9007199254740993", "9223372036854775807", 5000 * "9"])
def test_a_number_that_the_result_csv_cannot_hold_is_refused_in_one_short_line(word: str) -> None:
    with pytest.raises(ValueError, match=r"must be at most 9007199254740992 \(2\^53\)") as refused:
        whole("batch size", word)
    assert len(str(refused.value)) < 150


def test_the_largest_number_that_is_accepted_is_read_from_a_csv(tmp_path: Path) -> None:
    path = rows.write(tmp_path / "run.csv", [rows.row(None, batch_size=2**53, steps=2**53, launch=2**53)])
    assert table.read(path)[["batch_size", "steps", "launch"]].iloc[0].tolist() == [2**53] * 3


@pytest.mark.parametrize(
    "options",
    [
        {"steps": "9007199254740993"},
        {"batch_size": "1,9007199254740993"},
        {"size": "logistic.dimension=9007199254740993"},
    ],
    ids=str,
)
def test_a_selection_with_such_a_number_is_refused(options: dict[str, str]) -> None:
    with pytest.raises(SelectionError, match=r"'9007199254740993': must be at most"):
        select({"problem": "logistic", "backend": "numpy"} | options)


@pytest.mark.parametrize("word", ["inf", "nan", "-1", "0", "soon"])
@pytest.mark.parametrize("command", ["run --max-time", "run --case-timeout", "duel --seconds", "duel --fresh-seconds"])
def test_a_time_without_end_is_refused(command: str, word: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command.split(), word]) == 2
    assert capsys.readouterr().err == f"python -m bench: '{word}': must be a number of seconds above 0\n"


def test_the_options_import_nothing_that_pins_threads() -> None:
    """pytest reads them before it pins the threads."""
    check = "import sys, bench.options; assert not {'numpy', 'pandas'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", check], cwd=ROOT, check=True)
