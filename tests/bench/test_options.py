"""Numbers on the command line: which are accepted, and what is said of the others."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from bench.__main__ import main
from bench.options import HELP, RACE, flag, natural, none_left, of_the_race, whole
from bench.selection import SelectionError, select
from report import table
from tests import rows
from tests.checkout import ROOT, Checkout


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


def test_every_option_of_the_race_is_known(pytestconfig: pytest.Config) -> None:
    defined = [name for option in pytestconfig._parser.getgroup("race").options for name in option.names()]
    assert sorted(defined) == sorted([*map(flag, HELP), *RACE])


def test_options_of_the_race_are_found_among_those_of_pytest() -> None:
    assert of_the_race("-x --problem=huber -p no:cov --benchmark-max-time 1 --tb=short") == [
        "--problem",
        "--benchmark-max-time",
    ]
    assert of_the_race("-q --problems x--problem") == []


def test_a_run_says_that_it_ignores_the_options_of_pytest(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for text, said in {
        "-q --problem logistic": "python -m bench: is not pytest, and ignores PYTEST_ADDOPTS: --problem\n",
        "-q": "",
    }.items():
        monkeypatch.setenv("PYTEST_ADDOPTS", text)
        main(["run", "--launches", "0"])
        assert capsys.readouterr().err.startswith(f"{said}python -m bench: --launches '0'")


def test_if_no_case_is_left_the_race_says_how_cases_are_selected(checkout: Checkout) -> None:
    done = checkout.race("--backend", "numpy", "-k", "logistic")
    (line,) = [line for line in done.stdout.splitlines() if line.startswith("No case is left")]
    assert line == none_left("logistic", ["quadratic", "logistic"])
    assert line.endswith("are selected by --problem, --backend, …; here: --problem logistic")
    assert "No case is left" not in checkout.race("--backend", "numpy", "-k", "-100-", "--collect-only").stdout


def test_a_word_that_names_no_problem_gets_no_problem_recommended() -> None:
    assert none_left("huge or llsq", ["llsq", "quadratic"]).endswith("; here: --problem llsq")
    assert none_left("huge", ["llsq"]).endswith("are selected by --problem, --backend, …")
    assert none_left("", ["llsq"]).startswith("No case is left: pytest chooses among the selected cases")
