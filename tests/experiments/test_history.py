"""The simulation of histories runs, briefly, and judges them as `report trend` does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from experiments import history
from report.history.series import THRESHOLD
from report.statistics.nightly import change_points, memory

QUICK = ("--models", "1 case", "10 % at 30")


def test_the_command_appends_histories_resumes_and_prints_the_rates(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "history.csv"
    for histories in ("1", "2"):
        history.main(["simulate", str(path), "--histories", histories, *QUICK])
    lines = path.read_text(encoding="utf-8").splitlines()
    assert lines[0] == ",".join(history.COLUMNS)
    assert [line.split(",")[:2] for line in lines[1:]] == [
        [name, seed] for seed in "01" for name in ("1 case", "10 % at 30")
    ]
    history.main(["table", str(path)])
    out = capsys.readouterr().out
    assert "| 3 %, autocorrelation 0.5, 1 case |" in out
    assert "| 3 %, autocorrelation 0.5 | ×1.10 after 30 nights |" in out
    assert out.splitlines()[-1].startswith("Simulated at commit ")


def test_a_history_that_was_interrupted_is_the_same(tmp_path: Path) -> None:
    once, twice = tmp_path / "once.csv", tmp_path / "twice.csv"
    history.main(["simulate", str(once), "--histories", "2", *QUICK])
    for histories in ("1", "2"):
        history.main(["simulate", str(twice), "--histories", histories, *QUICK])
    assert once.read_bytes() == twice.read_bytes()


def test_a_look_reports_what_the_rule_itself_reports_that_night() -> None:
    model = history.Model(0.5, noise=0.02, cases=5, at=40, step=1.2)
    logs = history.values(model, np.random.default_rng(0))
    nights = [np.arange(model.nights)] * model.cases
    noises = memory.noise([*logs], nights)
    looks = [dict(history.reports(own, noise, model.cases)) for own, noise in zip(logs, noises, strict=True)]
    assert looks[0]
    for night in range(1, model.nights + 1, 3):
        every = change_points.steps([np.exp(own[:night]) for own in logs], [own[:night] for own in nights], THRESHOLD)
        for look, steps in zip(looks, every, strict=True):
            reported = look.get(night, [])
            assert [step.index for step in steps] == [step.index for step in reported]
            for one, other in zip(steps, reported, strict=True):
                assert one.change == pytest.approx(other.change)


def test_the_noise_is_as_large_and_lasts_as_long_as_the_model_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "WILD", 0.0)
    logs = history.values(history.Model(0.5, noise=0.03, cases=200), np.random.default_rng(0))
    assert np.std(logs) == pytest.approx(0.03, rel=0.05)
    assert np.corrcoef(logs[:, 1:].ravel(), logs[:, :-1].ravel())[0, 1] == pytest.approx(0.5, abs=0.03)
