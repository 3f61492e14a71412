"""What the reader says is wrong with a faulty file: line, column and value, and never a traceback."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from report.table.schema import NAMES, VERSION
from tests.report.table.files import edit, fault, in_schema


def test_a_line_break_within_quotes_counts_as_a_line(good: Path) -> None:
    edit(good, 5, seconds_median="fast")
    good.write_bytes(good.read_bytes().replace(b"ValueError: no", b'"a\nb"', 1))
    assert fault(good) == ":6: column 'seconds_median': 'fast' is not a number"


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
        ("status", "fine", "'fine' is not one of ok, wrong, unsupported, unavailable, error, oom, timeout, crashed"),
        ("allocator", "odd", "'odd' is not one of default, steady"),
        ("device", "tpu", "'tpu' is not one of cpu, cuda"),
        ("machine", "", "empty"),
        ("schema", "0", f"'0' in a file of schema {VERSION}"),
        ("schema", str(VERSION + 1), f"{VERSION + 1} is newer than this checkout's {VERSION}; update the checkout"),
    ],
)
def test_a_value_that_breaks_a_rule_is_named_by_line_and_column(good: Path, column: str, value: str, said: str) -> None:
    edit(good, 2, **{column: value})
    assert fault(good) == f":2: column '{column}': {said}"


def test_the_first_fault_is_named_by_line_and_then_by_column(good: Path) -> None:
    edit(good, 5, status="fine")
    with good.open("a") as file:
        file.write("cut off\n")
    assert fault(good).startswith(":5: column 'status': ")
    edit(good, 4, seconds_min="fast", batch_size="0", relative_error="-1")
    assert fault(good) == ":4: column 'batch_size': '0' is not a positive finite number"


def test_a_quoted_value_is_short_and_cannot_steer_the_terminal(good: Path) -> None:
    edit(good, 3, threads="\x1b[31m" + 50 * "a")
    assert fault(good) == f":3: column 'threads': '?[31m{34 * 'a'}…' is not a number"


def test_a_time_in_a_row_that_is_not_ok_is_named(good: Path) -> None:
    edit(good, 4, seconds_median="0.1")
    assert fault(good) == ":4: column 'seconds_median': '0.1' in a row whose status is error"


@pytest.mark.parametrize("emptied", ["ratio_to_numpy", "ratio_ci_high"])
def test_half_a_ratio_is_named(good: Path, emptied: str) -> None:
    edit(good, 3, ratio_ci_low="1.96", **{emptied: ""})
    said = "'1.96' without ratio_to_numpy, or without the interval's other end"
    assert fault(good) == f":3: column 'ratio_ci_low': {said}"


def test_a_repeated_row_is_named_with_the_line_of_the_first(good: Path) -> None:
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
    assert fault(good) == f":2: cut off: ends in column '{NAMES[-2]}', {len(NAMES) - 1} of {len(NAMES)}"


def test_a_last_line_that_was_cut_off_is_named(good: Path) -> None:
    whole = good.read_bytes()
    good.write_bytes(whole[:-1])
    assert fault(good) == ":5: the last line is cut off: it has no end; remove it, or measure again"
    good.write_bytes(whole[:-60])
    assert fault(good).startswith(":5: cut off: ends in column '")


def test_a_row_with_a_field_too_many_is_named(good: Path) -> None:
    good.write_text(good.read_text().replace("\n", ",\n").replace(",\n", "\n", 1))
    assert fault(good) == f":2: {len(NAMES) + 1} columns where {len(NAMES)} were expected, the last of them 'variables'"


def test_missing_and_unknown_columns_are_named(good: Path) -> None:
    text = good.read_text()
    good.write_text(text.replace("machine,", "", 1))
    assert fault(good) == f":1: not the columns of schema {VERSION}: missing 'machine'"
    good.write_text(text.replace("machine,", "machine,colour,", 1))
    assert fault(good) == f":1: not the columns of schema {VERSION}: unknown 'colour'"
    good.write_text(text.replace("run,launch,", "launch,run,", 1))
    assert fault(good) == f":1: the columns of schema {VERSION} in another order, or some of them twice"


def test_for_another_csv_the_missing_columns_are_named(tmp_path: Path) -> None:
    path = tmp_path / "other.csv"
    path.write_text("a,b\n1,2\n")
    more = len(NAMES) - 3
    assert fault(path) == f":1: not the columns of schema {VERSION}: missing 'schema', 'run', 'launch' and {more} more"


def test_a_file_of_schema_1_must_have_the_columns_of_schema_1(good: Path) -> None:
    older = in_schema(1, good)
    edit(older, 3, schema=str(VERSION))
    assert fault(older) == f":3: column 'schema': '{VERSION}' in a file of schema 1"
    text = in_schema(1, good).read_text()
    older.write_text(text.replace("machine,", "", 1))
    assert fault(older) == ":1: not the columns of schema 1: missing 'machine'"


def test_a_newer_schema_is_named_before_its_unknown_columns(good: Path) -> None:
    lines = good.read_text().splitlines()
    good.write_text(f"{lines[0]},joules\n{VERSION + 1}{lines[1][1:]},3\n")
    assert (
        fault(good)
        == f":2: column 'schema': {VERSION + 1} is newer than this checkout's {VERSION}; update the checkout"
    )


def test_a_version_with_more_digits_than_python_converts_is_reported(good: Path) -> None:
    edit(good, 2, schema=5000 * "9")
    assert fault(good) == f":2: column 'schema': '{39 * '9'}…' is not a non-negative finite number"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xef\xbb\xbf", b"  \r\n"])
def test_an_empty_file_is_reported_as_empty(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "empty.csv"
    path.write_bytes(content)
    assert fault(path) == ": empty; a header and at least one row were expected"


def test_a_header_without_rows_is_reported(good: Path) -> None:
    good.write_text(good.read_text().splitlines()[0] + "\n")
    assert fault(good) == ":1: a header and no rows; measure something: pytest bench/ --benchmark-only"


def test_an_open_quote_is_reported_where_its_row_begins(good: Path) -> None:
    good.write_text(good.read_text().replace("ValueError: no", '"no', 1))
    assert fault(good) == ":4: not CSV: unexpected end of data"


def test_an_open_quote_in_the_header_is_reported(good: Path) -> None:
    good.write_text(good.read_text().replace("schema,", '"schema,', 1))
    assert fault(good) == ":1: not CSV: unexpected end of data"


def test_a_binary_file_is_reported_with_its_first_bad_byte(good: Path) -> None:
    good.write_bytes(good.read_bytes() + b"\x80\x02\x00")
    assert re.fullmatch(r":6: not text: byte \d+ is not UTF-8; a result CSV was expected", fault(good))
    good.write_bytes(b"\x1f\x8b\x08\x00\x00\x00\x00\x00")
    assert fault(good) == ":1: not text: byte 1 is not UTF-8; a result CSV was expected"


def test_a_zero_byte_is_reported_with_its_line(good: Path) -> None:
    good.write_bytes(good.read_bytes().replace(b"ValueError: no", b"no\0", 1))
    assert fault(good) == ":4: a zero byte; a result CSV was expected"


def test_a_lone_carriage_return_is_reported_with_its_line(good: Path) -> None:
    good.write_bytes(good.read_bytes().replace(b"\n", b"\r", 1))
    assert fault(good) == ":1: a carriage return that ends no line"


def test_what_cannot_be_opened_as_a_file_is_reported(tmp_path: Path) -> None:
    assert fault(tmp_path) == ": a directory; name a CSV in it"
    assert fault(tmp_path / "none.csv") == ": no such file"
    os.mkfifo(tmp_path / "pipe.csv")
    assert fault(tmp_path / "pipe.csv") == ": not a regular file"
    assert fault(tmp_path / ("long" * 100)) == ": File name too long"
