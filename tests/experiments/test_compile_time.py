"""The experiment on compile times runs, briefly, and an unrolled loop ends at its limit."""

from __future__ import annotations

from pathlib import Path

import pytest

from experiments import compile_time


def test_the_command_prints_a_row_for_each_length_and_draws_them(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pytest.importorskip("jax")
    pytest.importorskip("altair")
    picture = tmp_path / "p.svg"
    quick = ("--problem", "quadratic", "--batch-size", "3", "--steps", "1", "2", "--repeats", "1")
    compile_time.main([*quick, "--picture", str(picture)])
    *table, _, commit = capsys.readouterr().out.splitlines()
    assert table[0] == "| steps | unrolled | `scan` | `fori_loop` |"
    assert [row.split(" | ")[0] for row in table[2:]] == ["| 1", "| 2"]
    assert all(row.count(" to ") == 3 for row in table[2:])
    assert commit.startswith("Measured on `quadratic` at a batch size of 3 at commit ")
    assert "tracing and compiling" in picture.read_text(encoding="utf-8")


def test_the_seconds_are_those_of_the_way_and_an_unrolled_loop_ends_at_its_limit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    now = 0.0

    def compile_once(way: str, steps: int) -> None:
        nonlocal now
        now += {"unrolled": 1.0 * steps, "scan": 5.0, "fori_loop": 2.0}[way]

    monkeypatch.setattr("bench.clock.now", lambda: now)
    rows = compile_time.measured(compile_once, [3, 1, 10], 2, 2.5)
    assert [row for row in rows if row.way == "unrolled"] == [("unrolled", 1, (1.0, 1.0)), ("unrolled", 3, (3.0, 3.0))]
    assert [row.seconds for row in rows if row.way == "scan"] == [(5.0, 5.0)] * 3
    assert [row.seconds for row in rows if row.way == "fori_loop"] == [(2.0, 2.0)] * 3


@pytest.mark.parametrize("way", compile_time.WAYS)
def test_a_loop_has_its_length_in_the_program_if_it_is_unrolled_alone(way: str) -> None:
    pytest.importorskip("jax")
    compile_once = compile_time.compiler("quadratic", 3)
    texts = [str(compile_once(way, steps).as_text()) for steps in (4, 100)]  # type: ignore[attr-defined]
    longer = [text.count("\n") for text in texts]
    assert (longer[1] > 1.5 * longer[0]) == (way == "unrolled")
