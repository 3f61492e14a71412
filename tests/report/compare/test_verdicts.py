"""`python -m report compare`: the verdict on each case, and the exit code."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tests import rows
from tests.report.compare.folder import Folder
from tests.report.compare.launches import broken, steady


def test_two_equal_sides_are_unchanged_and_pass(folder: Folder) -> None:
    folder.write("base", steady())
    folder.write("head", steady())
    code, whole = folder.compare()
    (case,) = whole["cases"]
    assert (code, case["verdict"], case["ratio"]) == (0, "unchanged", pytest.approx(1.0))
    assert 0.9 < case["low"] < 1.0 < case["high"] < 1.1
    assert (case["base_replicates"], case["head_replicates"]) == (5, 5)


def test_a_slower_case_regressed_and_fails_and_a_faster_case_improved(folder: Folder) -> None:
    factors = {"a-slower": 1.2, "b-faster": 0.8, "c-same": 1.0}
    folder.write("base", *(steady(backend=name) for name in factors))
    folder.write("head", *(steady(factor * 1e-3, backend=name) for name, factor in factors.items()))
    code, whole = folder.compare()
    assert code == whole["exit_code"] == 1
    found = {case["backend"]: (case["verdict"], round(case["ratio"], 6)) for case in whole["cases"]}
    assert found == {"a-slower": ("regressed", 1.2), "b-faster": ("improved", 0.8), "c-same": ("unchanged", 1.0)}
    assert whole["counts"] == {"regressed": 1, "improved": 1, "unchanged": 1}


def test_the_worst_case_comes_first(folder: Folder) -> None:
    names = ["same", "faster", "slow", "slowest", "gone", "broke"]
    folder.write("base", *(steady(backend=name) for name in names))
    factors = {"same": 1.0, "faster": 0.5, "slow": 1.2, "slowest": 2.0, "new": 1.0}
    folder.write("head", *(steady(1e-3 * factor, backend=name) for name, factor in factors.items()))
    folder.write("head", broken("error", backend="broke"))
    assert list(folder.verdicts()[1]) == ["slowest", "slow", "broke", "gone", "faster", "same", "new"]


def test_the_threshold_is_the_smallest_change_that_matters(folder: Folder) -> None:
    folder.write("base", steady())
    folder.write("head", steady(1.08e-3))
    assert folder.verdicts()[1] == {"jax-loop": "inconclusive"}  # 8 % ± 3 %: it may be more than 10 %
    assert folder.verdicts("--threshold", "5%") == (1, {"jax-loop": "regressed"})
    assert folder.verdicts("--threshold", "0.2") == (0, {"jax-loop": "unchanged"})


def test_more_confidence_needs_more_evidence(folder: Folder) -> None:
    folder.write("base", steady())
    folder.write("head", steady(1.12e-3))
    assert folder.verdicts() == (1, {"jax-loop": "regressed"})
    assert folder.verdicts("--confidence", "99.9999%") == (0, {"jax-loop": "inconclusive"})


def width(case: Any, ends: str = "") -> float:
    """Return the width of one of the two intervals of a case, on logarithms."""
    return float(np.log(case[f"{ends}high"] / case[f"{ends}low"]))


def test_an_interval_of_one_case_does_not_depend_on_the_others_and_that_of_all_does(folder: Folder) -> None:
    random = np.random.default_rng(0)
    for size in range(1, 22):
        for side in ("base", "head"):
            noise = random.lognormal(sigma=0.02, size=8)
            folder.write(side, [row | {"batch_size": size} for row in rows.launches([1e-3 * float(x) for x in noise])])
        if size == 1:
            (alone,) = folder.compare()[1]["cases"]
    among = next(case for case in folder.compare()[1]["cases"] if case["batch_size"] == 1)
    assert width(among) == pytest.approx(width(alone), rel=0.1)  # but for the weight of NumPy
    assert width(among, "all_") > 1.3 * width(alone, "all_")


def test_cases_that_move_together_need_no_wider_interval(folder: Folder) -> None:
    """All noise is that of the launches: 21 cases are one."""
    noise = [float(x) for x in 1e-3 * np.random.default_rng(0).lognormal(sigma=0.02, size=16)]
    widths = []
    for sizes in (range(1, 2), range(2, 22)):
        for side, times in (("base", noise[:8]), ("head", noise[8:])):
            folder.write(side, *([row | {"batch_size": size} for row in rows.launches(times)] for size in sizes))
        widths.append(width(folder.compare()[1]["cases"][0], "all_"))
    assert widths[1] == pytest.approx(widths[0], rel=0.01)


def test_from_three_runs_a_side_on_runs_are_compared(folder: Folder) -> None:
    """Launches of a run agree to 1e-4, runs differ by 5 %: only runs show that."""
    for number in range(6):
        times = [1e-3 * (1.05 ** (number % 3)) * (1 + 1e-4 * launch) for launch in range(5)]
        folder.write(f"run{number}", rows.launches(times))
    paths = [folder.path / f"run{number}.csv" for number in range(6)]
    _, few = folder.json("--base", *paths[:2], "--head", *paths[3:5])
    _, several = folder.json("--base", *paths[:3], "--head", *paths[3:])
    assert any("the intervals hold for launches of these runs" in note for note in few["notes"])
    assert not any("launches of these runs" in note for note in several["notes"])
    assert width(several["cases"][0]) > 0.1


def test_an_inconclusive_case_fails_if_that_is_asked_for(folder: Folder) -> None:
    folder.write("base", rows.launches([1e-3, 2e-3, 3e-3]))
    folder.write("head", rows.launches([1e-3, 2e-3, 5e-3]))
    assert folder.compare("--fail-inconclusive")[0] == 1


def test_an_inconclusive_case_does_not_fail_and_is_counted(folder: Folder) -> None:
    folder.write("base", rows.launches([1e-3, 2e-3, 3e-3]))
    folder.write("head", rows.launches([1e-3, 2e-3, 5e-3]))
    code, whole = folder.compare()
    assert (code, whole["counts"]) == (0, {"inconclusive": 1})
    assert any("1 case is inconclusive" in note and "python -m bench duel" in note for note in whole["notes"])


def test_too_few_launches_are_inconclusive_and_the_reason_says_what_to_do(folder: Folder) -> None:
    folder.write("base", steady())
    folder.write("head", rows.launches([9e-3, 9e-3]))
    code, whole = folder.compare()
    (case,) = whole["cases"]
    assert (code, case["verdict"], case["low"], case["high"]) == (0, "inconclusive", None, None)
    assert case["ratio"] == pytest.approx(9.0)
    assert case["reason"] == (
        "too few launches, 5 in base and 2 in head: each side needs 3. Measure more: python -m bench run --launches 5"
    )


def test_a_case_without_a_row_in_head_is_missing_and_fails_unless_that_is_allowed(folder: Folder) -> None:
    folder.write("base", steady(), steady(backend="torch-optim"))
    folder.write("head", steady())
    verdicts = {"torch-optim": "missing", "jax-loop": "unchanged"}
    assert folder.verdicts() == (1, verdicts)
    assert folder.verdicts("--allow-missing") == (0, verdicts)


def test_the_reason_of_a_missing_case_is_that_its_framework_is_unavailable(folder: Folder) -> None:
    folder.write("base", steady(), steady(backend="torch-optim"))
    folder.write("head", steady(), broken("unavailable", "No module named 'torch'", backend="torch"))
    _, found = folder.reasons()
    assert found["torch-optim"] == ("missing", "torch is unavailable: No module named 'torch'")
    assert found["torch"] == ("untimed", "unavailable: No module named 'torch'")


def test_a_case_that_lost_its_time_in_head_failed(folder: Folder) -> None:
    folder.write("base", steady(), steady(backend="torch-optim"))
    folder.write("head", steady(), broken("oom", "killed at 12 GiB", backend="torch-optim"))
    code, whole = folder.compare("--allow-missing")
    worst = whole["cases"][0]
    assert (code, worst["verdict"], worst["reason"]) == (1, "failed", "oom: killed at 12 GiB")
    assert (worst["head_seconds"], worst["ratio"], worst["head_replicates"]) == (None, None, 0)


def test_a_crash_in_one_launch_of_head_failed_even_if_the_other_launches_have_times(folder: Folder) -> None:
    folder.write("base", steady())
    folder.write("head", steady()[:4], broken("crashed", "SIGSEGV")[4:])
    code, whole = folder.compare()
    (case,) = whole["cases"]
    assert (code, case["verdict"], case["reason"]) == (1, "failed", "crashed in 1 of 5 launches: SIGSEGV")
    assert case["ratio"] == pytest.approx(0.995, abs=1e-3)


def test_a_case_that_broke_in_base_in_the_same_way_did_not_fail(folder: Folder) -> None:
    for side in ("base", "head"):
        folder.write(side, steady(), broken("timeout", f"of {side}", backend="torch-optim"))
        folder.write(side, steady(backend="half")[:4], broken("crashed", f"of {side}", backend="half")[4:])
    code, found = folder.reasons()
    assert code == 0
    assert found["torch-optim"] == ("untimed", "timeout: of head")
    assert found["half"] == ("unchanged", "")


def test_a_case_that_broke_in_base_in_another_way_failed(folder: Folder) -> None:
    folder.write("base", steady(), broken("unsupported", backend="a"), broken("error", backend="b"))
    folder.write("head", steady(), broken("wrong", "off by 2", backend="a"), broken("unavailable", backend="b"))
    code, found = folder.reasons()
    assert (code, found["a"]) == (1, ("failed", "wrong: off by 2"))
    assert found["b"] == ("untimed", "unavailable: it did not")


def test_a_case_without_a_time_in_base_is_new_and_passes(folder: Folder) -> None:
    folder.write("base", steady(), broken("oom", "no room", backend="roomy"))
    folder.write("head", steady(), steady(backend="roomy"), steady(backend="novel"))
    code, found = folder.reasons()
    assert code == 0
    assert (found["roomy"], found["novel"]) == (("new", "in base oom: no room"), ("new", ""))
