"""One self-contained HTML file from a template, its data and the scripts: nothing is loaded when it is opened.

Templates escape what they are given. Data go in as JSON that cannot end its element, whatever stands in it. The page
forbids itself the network (Content-Security-Policy), so that a mistake here could not leak a result.
"""

from __future__ import annotations

import base64
import json
import os
from importlib.metadata import version
from pathlib import Path
from typing import Any

from report.write import charts, units, words

FOLDER = Path(__file__).resolve().parent
SCRIPTS = ("format.js", "table.js", "draw.js")
"""What every page needs; the page's own scripts follow."""

DIGITS = 6


def render(template: str, scripts: tuple[str, ...], data: dict[str, Any], **values: Any) -> str:
    """Return the page: `template` filled with `values`, then Vega and the scripts, which read `data`.

    Raises `charts.ChartError` where the extra `[report]` is not installed.
    """
    charts.altair()
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 (comes with Altair)
    from markupsafe import Markup  # noqa: PLC0415 (likewise)

    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= {"seconds": units.seconds, "versus": _versus}
    sources = [(FOLDER / name).read_text(encoding="utf-8") for name in (*SCRIPTS, *scripts)]
    parts = {"style": (FOLDER / "page.css").read_text(encoding="utf-8"), "vega": vega(), "scripts": "\n".join(sources)}
    # What stands in a <script> or <style> is not parsed as HTML: these are ours, and `as_json` makes the data safe.
    trusted = {name: Markup(text) for name, text in (parts | {"data": as_json(data)}).items()}  # noqa: S704
    return environment.get_template(template).render(**trusted, **values)


def _versus(ratio: float) -> str:
    """Return a ratio as a table's cell: `6.37 × as fast`."""
    return words.versus(ratio).removesuffix(" as").replace(" times", " ×")


def as_json(data: object) -> str:
    """Return the data as JSON for a <script> element: without `<`, `>` and `&`, which are escaped."""
    text = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    escapes: dict[str, str | int | None] = {
        "<": "\\u003c",
        ">": "\\u003e",
        "&": "\\u0026",
        "\u2028": "\\u2028",
        "\u2029": "\\u2029",
    }
    return text.translate(str.maketrans(escapes))


def download(content: bytes) -> str:
    """Return the address of a link that saves these bytes."""
    return f"data:text/csv;base64,{base64.b64encode(content).decode()}"


def vega() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script. Making it takes seconds: it is kept in the user's cache."""
    import vl_convert  # noqa: PLC0415 (of an extra)

    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "descent-bench"
    path = cache / f"vega-{version('vl-convert-python')}.js"
    try:
        return path.read_text(encoding="utf-8")
    except OSError:
        script = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    try:
        cache.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(script, encoding="utf-8")
        part.replace(path)
    except OSError:
        pass  # a cache that cannot be written is none
    return script


def plain(value: Any) -> str | int | float | bool | None:
    """Return a value of a data frame for JSON: six digits of a number, `None` for what is not finite or not there."""
    if value is None or isinstance(value, str | bool):
        return value
    number = float(value)
    if number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 (NaN is not itself)
        return None
    return int(number) if number.is_integer() and abs(number) < 2**53 else float(f"{number:.{DIGITS}g}")
