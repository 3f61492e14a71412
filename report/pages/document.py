"""One self-contained HTML file, from a template, its data and the scripts. Opening it loads nothing else.

The template escapes all values. The data are JSON that cannot end its element, whatever text is in it. The page forbids
itself the network (Content-Security-Policy), so that a mistake in it could not leak a result.
"""

from __future__ import annotations

import base64
import json
import os
from contextlib import suppress
from importlib.metadata import version
from math import isnan
from pathlib import Path
from typing import Any

from report.pages.navigation import Navigation
from report.write import units
from report.write.charts import base

FOLDER = Path(__file__).resolve().parent
SCRIPTS = ("format.js", "table.js", "draw.js")
"""The scripts of every page that has any. The page's own scripts follow."""


def render(
    template: str,
    scripts: tuple[str, ...],
    data: dict[str, Any],
    navigation: Navigation | None = None,
    **values: Any,
) -> str:
    """Return the page: `template` filled with `values`, then Vega and the scripts, which read `data`.

    Without scripts there is no Vega either. `navigation` has the links of a page that is one of a site.
    Raises `ChartError` where the extra `[report]` is not installed.
    """
    base.altair()
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # noqa: PLC0415 (comes with Altair)
    from markupsafe import Markup  # noqa: PLC0415 (likewise)

    environment = Environment(loader=FileSystemLoader(FOLDER), autoescape=True, undefined=StrictUndefined)
    environment.trim_blocks = environment.lstrip_blocks = True
    environment.filters |= {"seconds": units.seconds, "versus": _versus}
    sources = [(FOLDER / name).read_text(encoding="utf-8") for name in (*SCRIPTS, *scripts) if scripts]
    parts = {
        "style": (FOLDER / "page.css").read_text(encoding="utf-8"),
        "vega": vega() if scripts else "",
        "scripts": "\n".join(sources),
    }
    # Text in a <script> or <style> is not parsed as HTML. These parts are ours, and `as_json` makes the data safe.
    trusted = {name: Markup(text) for name, text in (parts | {"data": as_json(data)}).items()}  # noqa: S704
    return environment.get_template(template).render(**trusted, navigation=navigation, **values)


def _versus(ratio: float) -> str:
    """Return a ratio of times as a table's cell: `6.37 × as fast`, `2.42 × as long`; empty for NaN."""
    if isnan(ratio):
        return ""
    return f"{units.digits(1 / ratio)} × as fast" if ratio < 1 else f"{units.digits(ratio)} × as long"


def as_json(data: object) -> str:
    """Return the data as JSON for a <script> element, with `<`, `>` and `&` escaped."""
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
    """Return the address of a link that saves these bytes as a CSV."""
    return f"data:text/csv;base64,{base64.b64encode(content).decode()}"


def vega() -> str:
    """Return Vega, Vega-Lite and Vega-Embed as one script. Making it takes seconds, so the user's cache keeps it."""
    import vl_convert  # noqa: PLC0415 (of an extra)

    name = f"vega-{version('vl-convert-python')}.js"
    with suppress(OSError, RuntimeError):
        return (_cache() / name).read_text(encoding="utf-8")
    script = str(vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;"))
    with suppress(OSError, RuntimeError):  # without a cache that can be written, the script is made again
        path = _cache() / name
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_suffix(f".{os.getpid()}")
        part.write_text(script, encoding="utf-8")
        part.replace(path)
    return script


def _cache() -> Path:
    """Return the folder of this project in the user's cache. Raise `RuntimeError` if the user has no home."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "descent-bench"
