"""`python -m report best --by time-to-target`: which optimizer and backend reaches the target first."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from report import table
from report.__main__ import main
from report.run.targets import TARGET, TARGET_COLUMNS, targets
from report.table.schema import Value
from tests import rows


def arriving(seconds: Mapping[tuple[str, str], float | None], **others: Value) -> list[rows.Row]:
    """Return a row for each optimizer and backend, with its time to the target, or with none. Intervals are ± 2 %."""
    return [
        rows.row(1e-3, 1.0, optimizer=optimizer, backend=backend, **others)
        | ({} if after is None else rows.target(after, steps=int(after * 1e4)))
        for (optimizer, backend), after in seconds.items()
    ]


def found(folder: Path, run: list[rows.Row]) -> Any:
    return targets(table.read(rows.write(folder / "run.csv", run))).rows


def printed(capsys: pytest.CaptureFixture[str], path: Path, form: str = "text") -> str:
    assert main(["best", "--by", "time-to-target", str(path), "--format", form]) == 0
    return capsys.readouterr().out


RACE = {
    ("sgd", "jax-loop"): 3e-3,
    ("sgd", "numpy"): 9e-3,
    ("adam", "numpy"): 1e-3,
    ("adam", "jax-loop"): 2e-3,
    ("lbfgs", "torch-optim"): None,
}


@pytest.mark.usefixtures("alike_launches")
def test_each_optimizer_stands_in_its_best_backend_the_first_to_arrive_first(tmp_path: Path) -> None:
    adam, sgd, lbfgs = found(tmp_path, arriving(RACE, rate=0.5)).to_dict("records")
    assert [row["optimizer"] for row in (adam, sgd, lbfgs)] == ["adam", "sgd", "lbfgs"]
    assert (adam["verdict"], adam["backend"], adam["target_steps"], adam["rate"]) == ("first", "numpy", 10, 0.5)
    assert (adam["target_seconds"], adam["target_low"], adam["target_high"]) == pytest.approx((1e-3, 0.98e-3, 1.02e-3))
    assert (sgd["verdict"], sgd["backend"], sgd["over_first"]) == ("later", "jax-loop", pytest.approx(3.0))
    half = np.hypot(np.log(1 / 0.98), np.log(1.02))
    assert (sgd["over_first_low"], sgd["over_first_high"]) == pytest.approx((3 * np.exp(-half), 3 * np.exp(half)))
    assert (lbfgs["verdict"], lbfgs["backend"], lbfgs["lacking"]) == ("never", "", ("torch-optim",))


@pytest.mark.usefixtures("alike_launches")
def test_none_is_first_whose_interval_overlaps_with_that_of_another(tmp_path: Path) -> None:
    close = {("sgd", "numpy"): 1.01e-3, ("adam", "numpy"): 1e-3, ("momentum", "numpy"): 2e-3}
    assert found(tmp_path, arriving(close))["verdict"].tolist() == ["not separated", "not separated", "later"]


@pytest.mark.usefixtures("alike_launches")
def test_a_backend_that_may_be_as_fast_by_the_same_optimizer_is_named_and_none_is_first(tmp_path: Path) -> None:
    same = {("adam", "numpy"): 1.01e-3, ("adam", "jax-loop"): 1e-3, ("sgd", "numpy"): 5e-3}
    adam, sgd = found(tmp_path, arriving(same)).to_dict("records")
    assert (adam["verdict"], adam["backend"], adam["ties"]) == ("not separated", "jax-loop", ("numpy",))
    assert (sgd["verdict"], sgd["ties"]) == ("later", ())


def test_without_an_interval_nothing_is_first(tmp_path: Path) -> None:
    run = [row | {"target_ci_low": None, "target_ci_high": None} for row in arriving(RACE)]
    assert found(tmp_path, run)["verdict"].tolist() == ["not separated", "not separated", "never"]


def test_several_launches_are_the_unit_of_replication(tmp_path: Path) -> None:
    """Each launch has a narrow interval, and the launches differ by far more."""
    run = [
        row
        for launch, (fast, slow) in enumerate([(1e-3, 1.2e-3), (3e-3, 1.1e-3), (1e-3, 3e-3)])
        for row in arriving({("adam", "numpy"): fast, ("sgd", "numpy"): slow}, launch=launch)
    ]
    assert found(tmp_path, run)["verdict"].tolist() == ["not separated"] * 2


def test_one_contestant_is_alone_and_a_case_without_a_time_says_why(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "run.csv"
    run = [*arriving({("sgd", "numpy"): 1e-3}), rows.row(None, optimizer="adam", backend="numpy", reason="it raised")]
    assert found(tmp_path, run)["verdict"].tolist() == ["alone", "no time"]
    assert "error: numpy: it raised" in printed(capsys, path)


@pytest.mark.usefixtures("alike_launches")
def test_the_text_names_the_first_and_who_never_arrives(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rows.write(tmp_path / "run.csv", [*arriving(RACE), *arriving({("sgd", "torch-optim"): None})])
    text = printed(capsys, path)
    lines = {line.split()[0]: " ".join(line.split()) for line in text.splitlines() if line}
    assert lines["adam"] == "adam numpy *1.00 [0.980, 1.02] ms 10 0.1 ×1.00"
    assert lines["sgd"] == "sgd jax-loop 3.00 [2.94, 3.06] ms 30 0.1 ×3.00"
    assert lines["lbfgs"] == "lbfgs – never – – –"
    assert "- sgd: torch-optim: never" in text
    assert "Of 1 batch size: numpy by adam 1." in text
    assert max(map(len, text.splitlines())) <= 80


def test_markdown_csv_and_json_hold_every_row(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = rows.write(tmp_path / "run.csv", arriving(RACE))
    assert "| adam" in printed(capsys, path, "markdown")
    read = list(csv.DictReader(io.StringIO(printed(capsys, path, "csv"))))
    assert [*read[0]] == [*TARGET, *TARGET_COLUMNS]
    assert [row["lacking"] for row in read] == ["", "", "torch-optim"]
    whole = json.loads(printed(capsys, path, "json"))
    assert [row["target_seconds"] for row in whole["targets"]] == [pytest.approx(1e-3), pytest.approx(3e-3), None]
    assert whole["counts"] == {"numpy by adam": 1}


def test_other_operators_have_no_target(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    both = [*arriving(RACE), rows.row(operator="gradient", steps=1, optimizer="")]
    assert len(found(tmp_path, both)) == 3
    path = rows.write(tmp_path / "gradient.csv", both[-1:])
    assert main(["best", "--by", "time-to-target", str(path)]) == 2
    assert "only a descent has a time to target" in capsys.readouterr().err
