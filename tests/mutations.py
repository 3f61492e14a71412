"""Damages result CSVs, for property-based tests."""

from __future__ import annotations

from hypothesis import strategies as st

from report.table.schema import NAMES


@st.composite
def mutated(draw: st.DrawFn, text: bytes) -> bytes:
    """Return a CSV with some bytes, fields, lines or columns changed, removed, doubled or swapped."""
    for _ in range(draw(st.integers(1, 3))):
        text = draw(st.sampled_from([_flip, _cut, _field, _line, _column]))(draw, text)
    return text


def _flip(draw: st.DrawFn, text: bytes) -> bytes:
    at = draw(st.integers(0, max(0, len(text) - 1)))
    return text[:at] + bytes([draw(st.sampled_from([*b'",\n\r\0 -.eE019', 0xEF, 0xFF]))]) + text[at + 1 :]


def _cut(draw: st.DrawFn, text: bytes) -> bytes:
    return text[: draw(st.integers(0, len(text)))]


def _field(draw: st.DrawFn, text: bytes) -> bytes:
    lines = [line.split(b",") for line in text.split(b"\n")]
    line = lines[draw(st.integers(0, len(lines) - 1))]
    odd = [
        "",
        "nan",
        "-inf",
        "inf",
        "-1",
        "0",
        "1e308",
        "1e-320",
        "1_0",
        "0x1",
        "None",
        "ok",
        "true",
        '"',
        '"a,\nb"',
        "é",
    ]
    line[draw(st.integers(0, len(line) - 1))] = draw(st.sampled_from(odd)).encode()
    return b"\n".join(b",".join(each) for each in lines)


def _line(draw: st.DrawFn, text: bytes) -> bytes:
    lines = text.split(b"\n")
    at, to = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    return b"\n".join(
        draw(
            st.sampled_from([[*lines, lines[at]], lines[:at] + lines[at + 1 :], [*lines[:to], lines[at], *lines[to:]]])
        )
    )


def _column(draw: st.DrawFn, text: bytes) -> bytes:
    at = draw(st.integers(0, len(NAMES) - 1))
    fields = [line.split(b",") for line in text.split(b"\n")]
    return b"\n".join(b",".join(line[:at] + line[at + 1 :]) for line in fields)
