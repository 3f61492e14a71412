"""A duel as the command of `git bisect run`: what git is told of a commit."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pandas as pd
import pytest

from bench import __main__ as command
from bench.duel.bisect import ABORT, BAD, GOOD, SKIP, code
from report.compare.comparison import Comparison, Gate
from report.statistics.verdict import Verdict


def comparison(*verdicts: Verdict, gate: Gate | None = None) -> Comparison:
    return Comparison(pd.DataFrame({"verdict": verdicts}), "base", "head", 0.03, 0.95, gate=gate or Gate())


@pytest.mark.parametrize(
    ("verdicts", "expected"),
    [
        ((Verdict.UNCHANGED, Verdict.IMPROVED, Verdict.NEW, Verdict.UNTIMED), GOOD),
        ((Verdict.REGRESSED, Verdict.FAILED, Verdict.INCONCLUSIVE), BAD),
        ((Verdict.UNCHANGED, Verdict.FAILED), SKIP),
        ((Verdict.UNCHANGED, Verdict.MISSING), SKIP),
        ((Verdict.UNCHANGED, Verdict.INCONCLUSIVE), SKIP),
    ],
)
def test_a_commit_is_good_bad_or_passed_over(verdicts: tuple[Verdict, ...], expected: int) -> None:
    assert code(comparison(*verdicts)) == expected


def test_a_case_that_may_be_missing_is_no_reason_to_pass_over() -> None:
    assert code(comparison(Verdict.UNCHANGED, Verdict.MISSING, gate=Gate(allow_missing=True))) == GOOD


CASES = ("--backend", "numpy", "--batch-size", "1")


def test_a_head_that_does_not_start_is_passed_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sides = ("--head", str(tmp_path), "-o", str(tmp_path / "out"))
    assert command.main(["duel", *sides, *CASES, "--git-bisect"]) == SKIP
    assert "cannot be tested: head: " in capsys.readouterr().err
    assert command.main(["duel", *sides, *CASES]) == 2


def test_a_base_that_does_not_start_ends_the_bisection(tmp_path: Path) -> None:
    sides = ("--base", str(tmp_path), "-o", str(tmp_path / "out"))
    assert command.main(["duel", *sides, *CASES, "--git-bisect"]) == ABORT


def test_git_takes_these_codes_for_what_they_mean(tmp_path: Path) -> None:
    """Six commits; the fifth is the first bad one, and the third is passed over."""

    def git(*arguments: str) -> str:
        who = ("-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false")
        done = subprocess.run(
            [shutil.which("git") or "git", *who, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        return done.stdout + done.stderr

    git("init", "--quiet")
    for number, answer in enumerate([GOOD, GOOD, SKIP, GOOD, BAD, BAD]):
        (tmp_path / "answer").write_text(f"exit {answer}")
        git("add", "--all")
        git("commit", "--allow-empty", "--quiet", "-m", f"Change {number}")
    git("bisect", "start", "HEAD", "HEAD~5")
    said = git("bisect", "run", "sh", "answer")
    assert "is the first bad commit" in said
    assert "    Change 4" in said
