"""The race as a user runs it: in its own process, in a copy of the checkout."""

from __future__ import annotations

import json
import re
import shlex
import signal
import subprocess
import time
from pathlib import Path

import pandas as pd
import pytest

from report import __main__ as report
from report import table
from tests.bench.conftest import Refused
from tests.checkout import QUICK, ROOT, Checkout, environment
from tests.planted import FAULTY, LYING, MISSING


def test_a_race_leaves_a_row_for_each_case_and_a_summary(checkout: Checkout) -> None:
    only = ("--batch-size", "1,100", "--device", "cpu", "--relative-to", "autograd")
    done = checkout.race("--backend", "numpy,numpy-inplace,autograd", *only)
    assert done.returncode == 0, done.stdout
    rows = checkout.rows()
    assert set(rows.index) == {
        (name, size, "cpu") for name in ("numpy", "numpy-inplace", "autograd") for size in (1, 100)
    }
    assert (rows["status"] == "ok").all()
    assert (rows["seconds_ci_low"] <= rows["seconds_median"]).all()
    assert (rows["seconds_median"] <= rows["seconds_ci_high"]).all()
    assert (rows["seconds_min"] <= rows["seconds_median"]).all()
    assert (rows["relative_error"] <= 3.5e-4).all()
    assert set(rows["reference"]) == {"hand"}
    assert set(rows["rate"]) == {0.1}
    assert (rows["rounds"] >= 6).all()
    assert rows["ratio_to_numpy"].notna().all()
    assert ((rows["roofline_fraction"] > 0.0) & (rows["step_bytes"] == 8 * rows["parameters"])).all()
    assert (rows["steps_to_target"] == 11).all()
    assert (rows["seconds_to_target"] > rows["seconds_per_step"]).all()
    assert (rows["startup_seconds"] >= 0.0).all()
    assert len(rows.groupby("backend")["startup_seconds"].unique().explode()) == 3  # once a process
    assert (rows["peak_bytes"] >= 4 * rows["parameters"]).all()
    assert "quadratic: descent of 100 steps, float32, cpu" in done.stdout
    assert max(map(len, done.stdout.partition("- summary -")[2].splitlines()[1:-3])) <= 80
    written = checkout.csvs()[0].with_suffix(".md").read_text()
    assert "### quadratic" in written
    for text in (done.stdout, written):
        assert "relative to autograd: a quotient of two medians" in " ".join(text.split())


def test_a_gradient_is_paired_with_its_value_and_a_wrong_value_costs_only_the_ratio(checkout: Checkout) -> None:
    checkout.write("backends/lying_modes.py", LYING)
    selection = ("--operator", "gradient", "--batch-size", "10", "--device", "cpu")
    done = checkout.race("--backend", "numpy,numpy-inplace,lying", *selection)
    assert done.returncode == 0, done.stdout
    rows = checkout.rows().xs((10, "cpu"), level=["batch_size", "device"])
    assert rows["rate"].isna().all()
    ratios = rows["gradient_over_value"]
    assert ratios.notna().to_dict() == {"numpy": True, "numpy-inplace": False, "lying": False}
    assert rows.loc["numpy", "gradient_over_value_ci_low"] <= ratios["numpy"]
    assert "no gradient_over_value: lying: value of quadratic is off by" in str(rows.loc["lying", "warnings"])
    assert "no gradient_over_value: lying:" in done.stdout


def test_a_wrong_or_failing_case_has_a_row_without_a_time_and_the_others_are_raced(checkout: Checkout) -> None:
    checkout.write("backends/faulty_modes.py", FAULTY)
    faulty = "faulty-scaled,faulty-nan,faulty-raises,faulty-memory"
    done = checkout.race("--backend", f"{faulty},numpy", "--batch-size", "10", "--device", "cpu")
    assert done.returncode == 1
    rows = checkout.rows().xs((10, "cpu"), level=["batch_size", "device"])
    statuses = {"scaled": "wrong", "nan": "wrong", "raises": "error", "memory": "oom"}
    assert rows["status"].to_dict() == {"numpy": "ok"} | {f"faulty-{name}": status for name, status in statuses.items()}
    assert rows["seconds_median"].notna().to_dict() == {name: name == "numpy" for name in rows.index}
    assert rows.loc["faulty-scaled", "relative_error"] == pytest.approx(0.01, rel=1e-3)
    assert "off by 0.01 of the float64 reference" in str(rows.loc["faulty-scaled", "reason"])
    line = 1 + FAULTY.splitlines().index("        raise error")
    said = f"backends/faulty_modes.py:{line}: RuntimeError: the tape, is torn (faulty-raises; parameters x (10,))"
    assert rows.loc["faulty-raises", "reason"] == said
    assert "wrong: faulty-nan" in done.stdout
    assert "not used at all" not in done.stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--backend", "nunpy"], ["backend 'nunpy'", "did you mean 'numpy'", "numpy-inplace"]),
        (["--problem", "cubic"], ["problem 'cubic'", "quadratic"]),
        (["--dtype", "float16"], ["dtype 'float16'", "float32, float64"]),
        (["--device", "tpu", "--backend", "numpy"], ["device 'tpu'", "cpu, cuda"]),
        (["--device", "cuda", "--backend", "numpy"], ["device 'cuda'", "found: cpu"]),
        (["--batch-size", "0"], ["batch size '0'", "1 or more"]),
        (["--batch-size", "ten"], ["batch size 'ten'", "whole number"]),
        (["--batch-size", ","], ["batch size ','", "at least one"]),
        (["--steps", "-5"], ["steps '-5'", "1 or more"]),
        (["--backend", "numpy", "--relative-to", "jax"], ["--relative-to 'jax'", "no row", "there are numpy"]),
        (["--threads", "0"], ["--threads '0'", "1 or more"]),
    ],
    ids=lambda value: "-".join(value) if value[0].startswith("--") else "",
)
def test_a_wrong_option_is_an_error_of_one_line_and_measures_nothing(
    refused: Refused, arguments: list[str], words: list[str]
) -> None:
    line = refused(*arguments)
    assert all(word in line for word in words), line


def test_a_wrong_option_ends_the_command_with_exit_code_4(checkout: Checkout) -> None:
    done = checkout.race("--threads", "4096")
    assert done.returncode == 4
    assert re.fullmatch(r"ERROR: --threads 4096: .* CPUs.*\n+", done.stderr)
    assert not checkout.csvs()


def test_a_missing_framework_is_a_row(checkout: Checkout) -> None:
    for name in ("torch", "jax"):
        checkout.write(f"{name}.py", MISSING.format(name=name))
    done = checkout.race("--batch-size", "1", "--device", "cpu", PYTHONPATH=str(checkout.path))
    assert done.returncode == 0, done.stdout
    rows = checkout.rows()
    assert rows.loc[("torch", 1, "cpu"), "status"] == "unavailable"
    assert "pip install -c constraints.txt '.[torch]'" in str(rows.loc[("torch", 1, "cpu"), "reason"])
    assert rows.loc[("numpy", 1, "cpu"), "status"] == "ok"


def test_a_correctness_run_writes_no_csv_and_fails_on_a_wrong_gradient_alone(checkout: Checkout) -> None:
    checkout.write("backends/faulty_modes.py", FAULTY)
    only = ("--backend", "numpy,autograd,faulty-scaled", "--batch-size", "1,100", "--device", "cpu")
    done = checkout.run("pytest", "bench/", "--benchmark-disable", *only)
    assert done.returncode == 1
    assert "2 failed, 4 passed" in done.stdout
    assert "wrong: faulty-scaled" in done.stdout
    assert "not used at all" not in done.stdout
    assert not checkout.csvs()


def test_the_options_of_pytest_benchmark_and_of_the_race_work(checkout: Checkout) -> None:
    grouped = ("--benchmark-group-by=param:dtype", "--benchmark-json=out.json", "-k", "float64")
    own = ("--threads", "1", "--allocator", "steady", "--memory", "off", "--steps", "7")
    selection = ("--backend", "numpy", "--batch-size", "1,2", "--dtype", "all", "--device", "cpu")
    done = checkout.race(*selection, *grouped, *own)
    assert done.returncode == 0, done.stdout
    whole = json.loads((checkout.path / "out.json").read_text(), parse_constant=pytest.fail)  # JSON has no NaN
    assert {"machine_info", "commit_info"} <= set(whole)
    kept = whole["benchmarks"]
    assert {(entry["params"]["dtype"], entry["params"]["batch_size"]) for entry in kept} == {
        ("float64", 1),
        ("float64", 2),
    }
    assert all("UNSERIALIZABLE" not in entry["fullname"] for entry in kept)
    for entry in kept:  # the fields that Bencher's adapter python_pytest and github-action-benchmark's tool pytest read
        assert len(entry["fullname"]) <= 1024
        assert all(entry["stats"][name] > 0 for name in ("median", "mean", "ops", "rounds"))
        assert all(entry["stats"][name] >= 0 for name in ("iqr", "stddev"))
    assert "benchmark 'dtype=float64': 2 tests" in done.stdout
    row = checkout.rows().iloc[0]
    assert row["threads"] == 1
    assert str(row["cpus"]).isdecimal(), "one CPU, not a range"
    assert row["allocator"] == "steady"
    assert row["steps"] == 7
    assert pd.isna(row["peak_bytes"])
    assert row["seconds_per_step"] == pytest.approx(row["seconds_median"] / 7)


def test_launches_shuffle_their_cases_and_each_is_in_a_file_only_once(checkout: Checkout, refused: Refused) -> None:
    selection = ("--backend", "numpy", "--batch-size", "1,2,3,4", "--device", "cpu", "--memory", "off")
    only = (*selection, "--results", "run.csv")
    assert [checkout.race(*only).returncode, checkout.race(*only, "--launch", "1").returncode] == [0, 0]
    path = checkout.path / "run.csv"
    assert "run.csv: has launch 0 already" in refused(f"--results={path}")
    orders = table.read(path).groupby("launch")["batch_size"].apply(list)
    assert sorted(orders[0]) == sorted(orders[1]) == [1, 2, 3, 4]
    assert orders[0] != orders[1]


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_a_race_that_is_stopped_keeps_its_rows(checkout: Checkout, number: signal.Signals) -> None:
    sizes = ",".join(map(str, range(1, 41)))
    slow = ("--benchmark-max-time=0.2", "--backend", "numpy", "--batch-size", sizes, "--device", "cpu", "--memory=off")
    race = checkout.start("pytest", "bench/", "--benchmark-only", *slow)
    _wait_for_rows(checkout, 3)
    race.send_signal(number)
    output, _ = race.communicate(timeout=60)
    (path,) = checkout.csvs()
    rows = table.read(path)
    assert 3 <= len(rows) < 40
    assert (rows["status"] == "ok").all()
    if number == signal.SIGINT:
        assert race.returncode == 2
        assert "- summary -" in output


def _wait_for_rows(checkout: Checkout, rows: int) -> None:
    for _ in range(1200):
        if checkout.csvs() and checkout.csvs()[0].read_bytes().count(b"\n") > rows:
            return
        time.sleep(0.05)
    pytest.fail("the race wrote no rows within a minute")


def test_the_race_ends_with_its_page_and_the_summary_can_be_printed_again(
    checkout: Checkout, capsys: pytest.CaptureFixture[str]
) -> None:
    only = ("--backend", "numpy", "--batch-size", "1", "--device", "cpu", "--benchmark-max-time=0.02")
    done = checkout.run("pytest", "bench/", "--benchmark-only", *only)
    (path,) = checkout.csvs()
    page = path.with_suffix(".html")
    assert str(page) in done.stdout
    assert "numpy alone was timed at 1" in page.read_text(encoding="utf-8")
    shown = checkout.run("report", "show")
    assert shown.returncode == 0
    assert "quadratic: descent of 100 steps" in shown.stdout
    assert report.main(["show", str(path), "--format", "markdown"]) == 0
    assert capsys.readouterr().out == path.with_suffix(".md").read_text()


def test_there_is_nothing_to_show_before_the_first_run(checkout: Checkout, tmp_path: Path) -> None:
    shown = checkout.run("report", "show")
    assert shown.returncode == 2
    assert "no runs yet; measure something: pytest bench/ --benchmark-only" in shown.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--launch", "-1"], "--launch '-1'"),
        ([f"--results={ROOT}/pyproject.toml/run.csv"], "cannot be written"),
        (["--case-timeout", "0"], "--case-timeout '0': must be a number of seconds above 0"),
        (["--batch-size", "9007199254740993"], "at most 9007199254740992"),
    ],
)
def test_what_the_csv_cannot_hold_is_refused_at_the_start(
    refused: Refused, monkeypatch: pytest.MonkeyPatch, arguments: list[str], words: str
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "4,2")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert words in refused("--backend", "numpy", *arguments)


def test_two_races_do_not_write_to_one_csv(checkout: Checkout, refused: Refused) -> None:
    """The first race is paused, so that it has not ended when the second begins."""
    only = ("--backend", "numpy", "--batch-size", "1,2,3,4,5,6", "--device", "cpu", "--memory", "off")
    written = (*only, "--results", "run.csv")
    first = checkout.start("pytest", "bench/", "--benchmark-only", "--no-page", "--benchmark-max-time=0.2", *written)
    while not (checkout.path / "run.csv").exists():
        assert first.poll() is None
        time.sleep(0.01)
    first.send_signal(signal.SIGSTOP)
    second = refused(f"--results={checkout.path / 'run.csv'}", "--launch", "1")
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=60)
    assert "another run" in second
    assert first.returncode == 0
    assert len(table.read(checkout.path / "run.csv")) == 6


def test_a_row_that_cannot_be_written_ends_the_race_and_the_file_reads(checkout: Checkout) -> None:
    """A limit on the size of files, as a full disk would set one: the header and some rows fit."""
    race = checkout.command("pytest", "bench/", "--benchmark-only", *QUICK, "-p", "no:cacheprovider")
    only = ["--backend", "numpy", "--batch-size", "1,2,3,4,5,6,7,8", "--device", "cpu", "--results", "run.csv"]
    done = subprocess.run(
        ["/bin/sh", "-c", f"ulimit -f 3; exec {shlex.join([*race, *only])}"],
        cwd=checkout.path,
        env=environment() | {"PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "run.csv: the row was not written" in done.stdout
    assert 1 <= len(table.read(checkout.path / "run.csv")) < 8


def test_a_file_beside_the_csv_that_is_not_ours_is_not_overwritten(refused: Refused, tmp_path: Path) -> None:
    notes = tmp_path / "notes.md"
    notes.write_text("my notes\n")
    assert "notes.md" in refused("--backend", "numpy", f"--results={notes.with_suffix('.csv')}")
    assert notes.read_text() == "my notes\n"
    assert not notes.with_suffix(".csv").exists()
