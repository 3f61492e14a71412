"""The reader: it gives back what was written, or names file, line and column of what is wrong; never a traceback."""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from report import table
from report.table import reader
from report.table.reader import TableError
from report.table.schema import COLUMNS, NAMES, VERSION, names
from tests import rows
from tests.mutations import mutated


@pytest.fixture
def good(tmp_path: Path) -> Path:
    """A CSV of four rows: two launches of a case with times, and two of one without."""
    untimed = [rows.row(None, launch=launch, backend="torch-sgd") for launch in (0, 1)]
    return rows.write(tmp_path / "run.csv", [*rows.launches([1e-3, 2e-3]), *untimed])


def fault(path: Path) -> str:
    """Return what the reader says of the file, without its name, which it must begin with."""
    with pytest.raises(TableError) as refused:
        table.read(path)
    message = str(refused.value)
    assert message.startswith(str(path))
    assert "\n" not in message
    return message.removeprefix(str(path))


def edit(path: Path, line: int, **values: str) -> None:
    """Replace fields of one line; the header is line 1. It writes fields that need no quotes."""
    lines = path.read_text().splitlines()
    fields = lines[line - 1].split(",")
    for name, value in values.items():
        fields[NAMES.index(name)] = value
    lines[line - 1] = ",".join(fields)
    path.write_text("\n".join(lines) + "\n")


def test_what_was_written_is_read_in_the_types_of_the_schema(good: Path) -> None:
    frame = table.read(good)
    assert tuple(frame.columns) == NAMES
    assert frame["seconds_median"].tolist()[:2] == [1e-3, 2e-3]
    assert frame["seconds_median"].isna().tolist() == [False, False, True, True]
    assert frame["launch"].tolist() == [0, 1, 0, 1]
    assert frame["reason"].tolist() == ["", "", "ValueError: no", "ValueError: no"]
    kinds = {"text": "category", "flag": "bool", "number": "float64"}
    for column in COLUMNS:
        integer = "int64" if column.always else "float64"
        assert str(frame[column.name].dtype) == kinds.get(column.kind, integer), column.name


@pytest.mark.parametrize("word", ["nan", "true", "NA", "1", "None", ""])
def test_text_is_text_whatever_it_looks_like(tmp_path: Path, word: str) -> None:
    frame = table.read(rows.write(tmp_path / "run.csv", rows.launches([1e-3, 2e-3], framework_version=word)))
    assert frame["framework_version"].tolist() == [word, word]
    assert str(frame["framework_version"].cat.categories.dtype) == "str"


def test_rows_with_a_time_are_those_that_are_ok(good: Path) -> None:
    assert table.timed(table.read(good))["status"].tolist() == ["ok", "ok"]


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text.replace(b"\n", b"\r\n"),
        lambda text: text.replace(b"\n", b"\n\n"),
        lambda text: text.replace(b"false", b"FALSE"),
        lambda text: text.replace(b"ValueError: no", b'"Value""Error"": no'.replace(b'""', b"") + b'"'),
    ],
    ids=["byte order mark", "CRLF", "blank lines", "spreadsheet's FALSE", "quotes"],
)
def test_what_a_spreadsheet_makes_of_it_is_the_same_table(good: Path, change: Callable[[bytes], bytes]) -> None:
    before = table.read(good)
    good.write_bytes(change(good.read_bytes()))
    pd.testing.assert_frame_equal(table.read(good), before)


def test_a_quoted_field_may_hold_commas_and_line_breaks(good: Path) -> None:
    good.write_bytes(good.read_bytes().replace(b"ValueError: no", b'"no,\nor ""yes"""'))
    assert table.read(good)["reason"].tolist()[2:] == ['no,\nor "yes"'] * 2


def test_a_line_after_a_quoted_line_break_is_still_counted_right(good: Path) -> None:
    edit(good, 5, seconds_median="fast")
    good.write_bytes(good.read_bytes().replace(b"ValueError: no", b'"a\nb"', 1))
    assert fault(good) == ":6: column 'seconds_median': 'fast' is not a number"


def test_an_infinite_relative_error_is_that_of_a_result_of_another_shape(tmp_path: Path) -> None:
    wrong = rows.row(None, status="wrong", reason="off", relative_error=np.inf)
    assert table.read(rows.write(tmp_path / "run.csv", [wrong]))["relative_error"].tolist() == [np.inf]


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("seconds_median", "fast", "'fast' is not a number"),
        ("seconds_median", "nan", "'nan' is not a number"),
        ("seconds_median", "1_0", "'1_0' is not a number"),
        ("seconds_median", "٣", "'٣' is not a number"),
        ("seconds_median", "-0.001", "'-0.001' is not a positive finite number"),
        ("seconds_median", "0", "'0' is not a positive finite number"),
        ("seconds_median", "inf", "'inf' is not a positive finite number"),
        ("seconds_median", "1e999", "'1e999' is not a positive finite number"),
        ("seconds_median", "", "'' in a row whose status is ok"),
        ("ratio_to_numpy", "-1", "'-1' is not a positive finite number"),
        ("compile_seconds", "-1", "'-1' is not a non-negative finite number"),
        ("launch", "", "'' is not a number"),
        ("launch", "0.5", "'0.5' is not a whole number up to 2^53"),
        ("batch_size", "1e300", "'1e300' is not a whole number up to 2^53"),
        ("rounds", "2.5", "'2.5' is not a whole number up to 2^53"),
        ("dirty", "maybe", "'maybe' is neither true nor false"),
        ("status", "fine", "'fine' is none of ok, wrong, unsupported, unavailable, error, oom, timeout, crashed"),
        ("allocator", "odd", "'odd' is none of default, steady"),
        ("device", "tpu", "'tpu' is none of cpu, cuda"),
        ("machine", "", "empty"),
        ("schema", "0", f"'0' in a file of schema {VERSION}"),
        ("schema", "3", f"3 is newer than this checkout's {VERSION}; update the checkout"),
        ("reason", "\x1b[31m" + 50 * "a", None),
    ],
)
def test_a_bad_value_is_named_by_line_and_column(good: Path, column: str, value: str, said: str | None) -> None:
    edit(good, 2, **{column: value})
    if said is None:
        assert table.read(good)["reason"].iloc[0] == value  # any text is a reason
    else:
        assert fault(good) == f":2: column '{column}': {said}"


def test_a_long_value_is_cut_and_cannot_steer_the_terminal(good: Path) -> None:
    edit(good, 3, threads="\x1b[31m" + 50 * "a")
    assert fault(good) == f":3: column 'threads': '?[31m{34 * 'a'}…' is not a number"


def test_a_time_in_a_row_without_one_is_named(good: Path) -> None:
    edit(good, 4, seconds_median="0.1")
    assert fault(good) == ":4: column 'seconds_median': '0.1' in a row whose status is error"


def test_the_same_row_twice_is_named_with_the_first(good: Path) -> None:
    with good.open("a") as file:
        file.write(good.read_text().splitlines()[2].replace(",100,", ",100.0,") + "\n")
    assert fault(good) == ":6: column 'launch': the same run, launch and case as line 3"


def test_a_row_that_is_cut_off_is_named_with_the_column_where_it_ends(good: Path) -> None:
    lines = good.read_text().splitlines(keepends=True)
    lines[2] = ",".join(lines[2].split(",")[:7]) + "\n"
    good.write_text("".join(lines))
    assert fault(good) == f":3: cut off: ends in column 'machine', 7 of {len(NAMES)}"


def test_a_row_without_its_last_empty_field_is_cut_off_too(good: Path) -> None:
    good.write_text(good.read_text().replace(",\n", "\n"))
    assert fault(good) == f":2: cut off: ends in column 'cpu', {len(NAMES) - 1} of {len(NAMES)}"


def test_a_truncated_last_line_is_named(good: Path) -> None:
    whole = good.read_bytes()
    good.write_bytes(whole[:-1])
    assert fault(good) == ":5: the last line is cut off: it has no end; remove it, or measure again"
    good.write_bytes(whole[:-60])
    assert fault(good).startswith(":5: cut off: ends in column '")


def test_a_row_with_a_field_too_many_is_named(good: Path) -> None:
    good.write_text(good.read_text().replace("\n", ",\n").replace(",\n", "\n", 1))
    assert fault(good) == f":2: {len(NAMES) + 1} columns where {len(NAMES)} were expected, the last of them 'gpu'"


def test_missing_and_unknown_columns_are_named(good: Path) -> None:
    text = good.read_text()
    good.write_text(text.replace("machine,", "", 1))
    assert fault(good) == f":1: not the columns of schema {VERSION}: missing 'machine'"
    good.write_text(text.replace("machine,", "machine,colour,", 1))
    assert fault(good) == f":1: not the columns of schema {VERSION}: unknown 'colour'"
    good.write_text(text.replace("run,launch,", "launch,run,", 1))
    assert fault(good) == ":1: the columns of the schema, but not in its order, or some of them twice"


def test_another_csv_is_named_by_what_it_lacks(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    more = len(NAMES) - 3
    assert fault(path) == f":1: not the columns of schema {VERSION}: missing 'schema', 'run', 'launch' and {more} more"


def test_an_older_schema_is_read_with_what_it_lacks_empty(good: Path) -> None:
    expected = table.read(good)
    older = older_schema(good)
    frame = table.read(older)
    assert list(frame.columns) == list(NAMES)
    assert set(frame["schema"]) == {1}
    pd.testing.assert_series_equal(frame["seconds_median"], expected["seconds_median"])
    assert set(frame["sizes"]) == {""}
    assert frame["roofline_fraction"].isna().all()
    assert set(table.read_all([older, good])["schema"]) == {1, VERSION}


def test_an_older_schema_is_held_to_its_own_columns(good: Path) -> None:
    older = older_schema(good)
    edit(older, 3, schema=str(VERSION))
    assert fault(older) == f":3: column 'schema': '{VERSION}' in a file of schema 1"
    text = older_schema(good).read_text()
    older.write_text(text.replace("machine,", "", 1))
    assert fault(older) == ":1: not the columns of schema 1: missing 'machine'"


def older_schema(path: Path) -> Path:
    """Return a copy of the CSV beside it, under another run's name, as the first schema had it."""
    older = path.with_name("older.csv")
    with path.open(newline="") as new, older.open("w", newline="") as old:
        writer = csv.DictWriter(old, names(1), extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        for row in csv.DictReader(new):
            writer.writerow(row | {"schema": "1", "run": "older"})
    return older


def test_a_newer_schema_is_what_is_wrong_with_its_columns(good: Path) -> None:
    lines = good.read_text().splitlines()
    good.write_text(f"{lines[0]},joules\n3{lines[1][1:]},3\n")
    assert fault(good) == f":2: column 'schema': 3 is newer than this checkout's {VERSION}; update the checkout"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_an_empty_file_is_called_so(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(content)
    assert fault(path) == ": empty; a header and at least one row were expected"


def test_a_header_alone_is_called_so(good: Path) -> None:
    good.write_text(good.read_text().splitlines()[0] + "\n")
    assert fault(good) == ":1: a header and no rows; measure something: pytest bench/ --benchmark-only"


def test_an_open_quote_is_named_where_its_row_begins(good: Path) -> None:
    good.write_text(good.read_text().replace("ValueError: no", '"no', 1))
    assert fault(good) == ":4: not CSV: unexpected end of data"


def test_a_binary_file_is_called_so_with_the_byte(good: Path) -> None:
    good.write_bytes(good.read_bytes() + b"\x80\x02\x00")
    assert re.fullmatch(r":6: not text: byte \d+ is not UTF-8; a result CSV was expected", fault(good))
    good.write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00")
    assert fault(good) == ":1: not text: byte 1 is not UTF-8; a result CSV was expected"


def test_a_zero_byte_is_named_by_its_line(good: Path) -> None:
    good.write_bytes(good.read_bytes().replace(b"ValueError: no", b"no\0", 1))
    assert fault(good) == ":4: a zero byte; a result CSV was expected"


def test_a_lone_carriage_return_is_named_by_its_line(good: Path) -> None:
    good.write_bytes(good.read_bytes().replace(b"\n", b"\r", 1))
    assert fault(good) == ":1: a carriage return that ends no line"


def test_what_is_no_file_is_called_what_it_is(tmp_path: Path) -> None:
    assert fault(tmp_path) == ": a directory; name a CSV in it"
    assert fault(tmp_path / "none.csv") == ": no such file"
    os.mkfifo(tmp_path / "pipe.csv")
    assert fault(tmp_path / "pipe.csv") == ": not a regular file"
    assert fault(tmp_path / ("long" * 100)) == ": File name too long"


def test_several_files_are_read_as_one_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [rows.write(tmp_path / f"{run}.csv", rows.launches([1e-3, 2e-3], run=run, problem=run)) for run in "abc"]
    together = table.read_all(paths)
    assert together["run"].tolist() == list("aabbcc")
    monkeypatch.setattr(reader, "TOGETHER", 0)  # as files too large to be parsed as one
    pd.testing.assert_frame_equal(table.read_all(paths), together)


@pytest.mark.parametrize("together", [0, reader.TOGETHER])
def test_of_several_files_the_one_at_fault_is_named(
    good: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, together: int
) -> None:
    monkeypatch.setattr(reader, "TOGETHER", together)
    bad = rows.write(tmp_path / "bad.csv", rows.launches([1e-3, 2e-3], run="other"))
    edit(bad, 3, seconds_median="-1")
    with pytest.raises(TableError, match=re.escape(f"{bad}:3: column 'seconds_median': '-1'")):
        table.read_all([good, bad])
    with pytest.raises(TableError, match=re.escape(f"{good}: row run 20260102T030405Z-none, launch 0, operator")):
        table.read_all([good, good])


def test_files_are_whole_tables_each(good: Path, tmp_path: Path) -> None:
    lines = good.read_text().splitlines(keepends=True)
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    first.write_text("".join(lines[:3]) + '1,"')  # the open quote of one and the rest in the other make a row
    second.write_text(lines[0] + '",' + lines[3][2:])
    with pytest.raises(TableError, match=re.escape(f"{first}:4: ")):
        table.read_all([first, second])


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_whatever_is_done_to_a_file_it_is_read_or_its_fault_is_named(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("mutated") / "run.csv"
    rows.write(path, [*rows.launches([1e-3, 2e-3]), rows.row(None, backend="torch-sgd", gpu="B")])
    path.write_bytes(data.draw(mutated(path.read_bytes())))
    said = ""
    try:
        seconds = table.timed(table.read(path))["seconds_median"]
        assert ((seconds > 0) & np.isfinite(seconds)).all()
    except TableError as error:
        said = str(error)
    assert re.match(rf"$|{re.escape(str(path))}(:\d+: |: empty)", said), said
