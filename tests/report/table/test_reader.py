"""What `table.read` and `table.read_all` return."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from report import table
from report.errors import TableError
from report.table import reader
from report.table.schema import NAMES, VERSION, columns, names
from tests import rows
from tests.mutations import mutated
from tests.report.table.files import edit, in_schema


def test_rows_are_read_in_the_types_of_the_schema(good: Path) -> None:
    frame = table.read(good)
    assert tuple(frame.columns) == NAMES
    assert frame["seconds_median"].tolist()[:2] == [1e-3, 2e-3]
    assert frame["seconds_median"].isna().tolist() == [False, False, True, True]
    assert frame["launch"].tolist() == [0, 1, 0, 1]
    assert frame["reason"].tolist() == ["", "", "ValueError: no", "ValueError: no"]
    kinds = {"text": "category", "flag": "bool", "number": "float64"}
    for column in columns(VERSION):
        integer = "int64" if column.always else "float64"
        assert str(frame[column.name].dtype) == kinds.get(column.kind, integer), column.name


@pytest.mark.parametrize("word", ["nan", "true", "NA", "1", "None", ""])
def test_text_that_looks_like_something_else_stays_text(tmp_path: Path, word: str) -> None:
    frame = table.read(rows.write(tmp_path / "run.csv", rows.launches([1e-3, 2e-3], framework_version=word)))
    assert frame["framework_version"].tolist() == [word, word]
    assert pd.api.types.is_string_dtype(frame["framework_version"].cat.categories)


def test_any_text_may_be_a_reason(good: Path) -> None:
    reason = "\x1b[31m" + 50 * "a"
    edit(good, 4, reason=reason)
    assert table.read(good)["reason"].tolist()[2] == reason


def test_timed_returns_the_rows_that_are_ok(good: Path) -> None:
    assert table.timed(table.read(good))["status"].tolist() == ["ok", "ok"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\n\n"),
        lambda text: text.replace(b"false", b"FALSE"),
        lambda text: text.replace(b"ValueError: no", b'"ValueError: no"'),
    ],
    ids=["byte order mark", "CRLF", "blank lines", "spreadsheet's FALSE", "quotes"],
)
def test_a_csv_that_a_spreadsheet_has_saved_is_the_same_table(good: Path, change: Callable[[bytes], bytes]) -> None:
    before = table.read(good)
    good.write_bytes(change(good.read_bytes()))
    pd.testing.assert_frame_equal(table.read(good), before)


def test_a_quoted_field_may_hold_commas_and_line_breaks(good: Path) -> None:
    good.write_bytes(good.read_bytes().replace(b"ValueError: no", b'"no,\nor ""yes"""'))
    assert table.read(good)["reason"].tolist()[2:] == ['no,\nor "yes"'] * 2


def test_the_relative_error_may_be_infinite(tmp_path: Path) -> None:
    wrong = rows.row(None, status="wrong", reason="off", relative_error=np.inf)
    assert table.read(rows.write(tmp_path / "run.csv", [wrong]))["relative_error"].tolist() == [np.inf]


@pytest.mark.parametrize(
    "emptied", [("ratio_to_numpy", "ratio_ci_low", "ratio_ci_high"), ("ratio_ci_low", "ratio_ci_high")]
)
def test_a_row_may_have_no_ratio_or_one_without_an_interval(tmp_path: Path, emptied: tuple[str, ...]) -> None:
    frame = table.read(rows.write(tmp_path / "run.csv", [rows.row(**dict.fromkeys(emptied))]))
    assert set(frame.columns[frame.isna().any()]) >= {*emptied}
    assert frame["status"].tolist() == ["ok"]


@pytest.mark.parametrize("version", range(1, VERSION))
def test_columns_that_an_older_schema_lacks_are_read_as_empty(good: Path, version: int) -> None:
    expected = table.read(good)
    older = in_schema(version, good)
    frame = table.read(older)
    assert list(frame.columns) == list(NAMES)
    assert set(frame["schema"]) == {version}
    pd.testing.assert_series_equal(frame["seconds_median"], expected["seconds_median"])
    for column in columns(VERSION):
        if column.since > version:
            lacked = frame[column.name]
            lacking = "sgd" if column.name == "optimizer" else ""  # of a descent there was no other
            assert (lacked.isna() if column.is_number else lacked == lacking).all(), column.name
    assert set(table.read_all([older, good])["schema"]) == {version, VERSION}


def test_backends_of_an_older_schema_have_the_names_of_today(tmp_path: Path) -> None:
    renamed = [rows.row(backend=name) for name in ("torch-sgd", "torch-compile", "jax-jit")]
    frame = table.read(in_schema(4, rows.write(tmp_path / "run.csv", renamed)))
    assert frame["backend"].tolist() == ["torch-optim", "torch-compile-step", "jax-jit"]


def test_an_older_row_that_is_no_descent_has_no_optimizer(tmp_path: Path) -> None:
    older = [rows.row(operator="gradient", steps=1), rows.row()]
    assert table.read(in_schema(4, rows.write(tmp_path / "run.csv", older)))["optimizer"].tolist() == ["", "sgd"]


def test_a_column_that_the_newest_schema_lacks_is_dropped(good: Path) -> None:
    assert "copy_bytes_per_second" in names(2)
    assert "copy_bytes_per_second" not in table.read(in_schema(2, good)).columns


def test_several_files_are_read_as_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [rows.write(tmp_path / f"{run}.csv", rows.launches([1e-3, 2e-3], run=run, problem=run)) for run in "abc"]
    together = table.read_all(paths)
    assert together["run"].tolist() == list("aabbcc")
    monkeypatch.setattr(reader, "MAX_JOINED_BYTES", 0)  # too small: the files are read one by one
    pd.testing.assert_frame_equal(table.read_all(paths), together)


@pytest.mark.parametrize("together", [0, reader.MAX_JOINED_BYTES])
def test_the_faulty_file_of_several_is_named(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(reader, "MAX_JOINED_BYTES", together)
    bad = rows.write(tmp_path / "bad.csv", rows.launches([1e-3, 2e-3], run="other"))
    edit(bad, 3, seconds_median="-1")
    with pytest.raises(TableError, match=re.escape(f"{bad}:3: column 'seconds_median': '-1'")):
        table.read_all([good, bad])
    with pytest.raises(TableError, match=re.escape(f"{good}: row run 20260102T030405Z-none, launch 0, operator")):
        table.read_all([good, good])


def test_each_file_of_several_must_be_a_whole_table(good: Path, tmp_path: Path) -> None:
    lines = good.read_text().splitlines(keepends=True)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("".join(lines[:3]) + '1,"')  # an open quote, which the second file would close
    second.write_text(lines[0] + '",' + lines[3][2:])
    with pytest.raises(TableError, match=re.escape(f"{first}:4: ")):
        table.read_all([first, second])


@given(st.data())
def test_a_damaged_file_is_read_or_its_fault_is_named(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("mutated") / "run.csv"
    rows.write(path, [*rows.launches([1e-3, 2e-3]), rows.row(None, backend="torch-optim", gpu="B")])
    path.write_bytes(data.draw(mutated(path.read_bytes())))
    said = ""
    try:
        seconds = table.timed(table.read(path))["seconds_median"]
        assert ((seconds > 0) & np.isfinite(seconds)).all()
    except TableError as error:
        said = str(error)
    assert re.match(rf"$|{re.escape(str(path))}(:\d+: |: empty)", said), said


@pytest.mark.parametrize("text", ["0123456789", "12e4567890", "007", "true", "nan", "1.0"])
def test_a_text_that_looks_like_a_number_or_a_flag_stays_the_text(tmp_path: Path, text: str) -> None:
    path = rows.write(tmp_path / "run.csv", rows.launches([1e-3, 2e-3], commit=text, run=text, machine=text))
    frame = table.read(path)
    for name in ("commit", "run", "machine"):
        assert frame[name].tolist() == [text, text]
