"""Several machines in one CSV: side by side, and nothing pooled."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path

import pytest

from report import table
from report.__main__ import main
from report.pages import machines as page
from report.run import cases, machines
from report.table.schema import Value
from report.write import machines as words
from report.write.text import summary
from tests import rows
from tests.checkout import ROOT


def launches(machine: str, seconds: Iterable[float], **others: Value) -> list[rows.Row]:
    """Return a row for each launch of this machine. NumPy is as fast as the backend everywhere."""
    return [
        rows.row(time, 1.0, machine=machine, launch=number, run=f"{machine}{others}", **others)
        for number, time in enumerate(seconds)
    ]


QUICK, SLOW = (1.00e-3, 1.01e-3, 0.99e-3), (2.00e-3, 2.02e-3, 1.98e-3)


def compared(path: Path, found: Iterable[rows.Row]) -> list[dict[str, object]]:
    """Return the comparison of the machines of these rows."""
    return machines.compare(cases.from_rows(table.read(rows.write(path, found)))).to_dict("records")  # type: ignore[return-value] # its keys are text


def test_the_fastest_machine_is_named_by_the_interval_of_the_times(tmp_path: Path) -> None:
    """The ratio to NumPy is 1 on both: it is to each machine's own NumPy, and says nothing here."""
    first, second = compared(tmp_path / "f.csv", [*launches("slow@1", SLOW), *launches("quick@1", QUICK)])
    assert (first["machine"], first["standing"], first["factor"]) == ("quick@1", "fastest", 1.0)
    assert (second["machine"], second["standing"]) == ("slow@1", "slower")
    assert second["factor"] == pytest.approx(2.0)
    assert 1.9 < float(str(second["factor_low"])) < 2.0 < float(str(second["factor_high"])) < 2.1


def test_machines_that_scatter_are_not_separated(tmp_path: Path) -> None:
    jumpy = (0.8e-3, 1.6e-3, 1.2e-3)
    found = compared(tmp_path / "f.csv", [*launches("a", QUICK), *launches("b", jumpy), *launches("c", SLOW)])
    standings = {row["machine"]: row["standing"] for row in found}
    assert standings == {"a": "not separated", "b": "not separated", "c": "slower"}


def test_the_launches_of_alike_hosts_are_not_pooled(tmp_path: Path) -> None:
    """Each host's interval is that of its own launches: their difference is in neither."""
    found = compared(tmp_path / "f.csv", [*launches("a@1", QUICK), *launches("b@1", SLOW)])
    for row, seconds in zip(found, (1e-3, 2e-3), strict=True):
        assert row["seconds"] == pytest.approx(seconds, rel=1e-3)
        assert float(str(row["seconds_high"])) < 1.05 * seconds


def test_a_machine_competes_with_all_its_devices_and_then_each_device_is_compared(tmp_path: Path) -> None:
    on_gpu = launches("gpu", [1e-4] * 3, device="cuda", backend="torch-grad", gpu="H100")
    found = compared(tmp_path / "f.csv", [*on_gpu, *launches("gpu", SLOW), *launches("plain", QUICK)])
    assert [(row["devices"], row["machine"], row["backend"]) for row in found] == [
        ("cpu or cuda", "gpu", "torch-grad"),
        ("cpu or cuda", "plain", "jax-loop"),
        ("cpu", "plain", "jax-loop"),
        ("cpu", "gpu", "jax-loop"),
    ]


def test_show_and_best_answer_it_in_eighty_columns_and_one_machine_has_no_such_section(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    several = rows.write(tmp_path / "f.csv", [*launches("slow@1", SLOW), *launches("quick@1", QUICK)])
    for command in ("show", "best"):
        assert main([command, str(several)]) == 0
        text = capsys.readouterr().out
        assert "machine       100\n─────────────────\nquick    *10.0 µs\nslow      20.0 µs\n" in text
        assert "at 100: quick is the fastest; the next, slow, takes ×2.000 [1." in text
        assert "quick, slow: A CPU, 1 thread" in text or "slow, quick: A CPU, 1 thread" in text
        assert text.count("machine quick@1") == 1  # the machine's own table follows
        assert max(map(len, text.splitlines()[1:])) <= 80
    assert main(["best", "--format", "json", str(several)]) == 0
    assert [row["machine"] for row in json.loads(capsys.readouterr().out)["machines"]] == ["quick@1", "slow@1"]
    alone = rows.write(tmp_path / "one.csv", launches("quick@1", QUICK))
    for command in ("show", "best"):
        assert main([command, str(alone)]) == 0
        assert "which machine" not in capsys.readouterr().out


def test_the_example_of_the_document_is_what_the_terminal_shows(tmp_path: Path) -> None:
    """Its numbers are made up."""
    backends = {("jax-loop", 1): (5.0e-4, 9.9e-4), ("jax-jit", 1_000_000): (1.6e-2, 1.5e-2)}
    found = [
        row
        for (backend, size), both in backends.items()
        for host, time in zip(("node17@1", "node3@1"), both, strict=True)
        for row in launches(
            host, [time, 1.01 * time, 0.99 * time], backend=backend, batch_size=size, cpu="AMD EPYC 7763", threads=8
        )
    ]
    every = cases.from_rows(table.read(rows.write(tmp_path / "f.csv", found)))
    document = (ROOT / "docs" / "fleet.md").read_text(encoding="utf-8")
    assert f"<!-- machines -->\n```text\n{words.text(every, 80)}```\n<!-- /machines -->" in document


def test_a_race_of_many_machines_ends_with_their_comparison(tmp_path: Path) -> None:
    path = tmp_path / "f.csv"
    rows.write(path, [row for index in range(8) for row in launches(f"m{index}@1", [1e-3 * (1 + index)])])
    text = summary.ending(table.read(path), path, 80)
    assert "On which machine is it fastest?" in text
    assert "machine m3@1" not in text  # no table for each: `report show` has them
    assert "report show" in text


def test_hosts_of_one_name_keep_their_hash_and_conditions_that_differ_are_named(tmp_path: Path) -> None:
    found = [*launches("a@1", QUICK), *launches("a@2", QUICK), *launches("b", QUICK), *launches("b", SLOW, threads=4)]
    every = cases.from_rows(table.read(rows.write(tmp_path / "f.csv", found)))
    assert sorted(machines.names(every).values()) == ["a@1", "a@2", "b, threads 1", "b, threads 4"]


def test_the_page_shows_the_comparison_of_the_group_that_is_chosen(tmp_path: Path) -> None:
    found = [
        *launches("slow@1", SLOW),
        *launches("quick@1", QUICK),
        *launches("quick@1", QUICK, dtype="float64"),
    ]
    every = cases.from_rows(table.read(rows.write(tmp_path / "f.csv", found)))
    merged = every.assign(group=[5, 6, 7])
    single, double = page.tables(merged)
    assert (single["groups"], double["groups"]) == ([5, 6], [7])
    assert (single["sizes"], single["lines"]) == (["100"], [("quick", ("*10.0 µs",)), ("slow", ("20.0 µs",))])
    assert double["answers"] == ["at 100: only quick has a time"]
    assert page.tables(merged[merged["machine"] == "quick@1"]) == []
