"""The page of a machine's noise: what a gate can see there. It says what `python -m report noise` prints."""

from __future__ import annotations

from report.compare.noise_floor import Noise
from report.pages import document
from report.pages.navigation import Navigation
from report.write import units
from report.write.text import noise as text


def page(noise: Noise, threshold: float, file: str, navigation: Navigation | None = None) -> str:
    """Return the page of the noise of a gate with this threshold, drawn from the data in `file`.

    A threshold below the noise floor is refused on the page, in its first sentence.
    """
    refused = threshold < noise.floor
    return document.render(
        "noise.html",
        (),
        {},
        navigation,
        headline=_headline(noise, threshold, refused=refused),
        refused=refused,
        file=file,
        lines=[*text.lines(noise, threshold)],
        headings=text.headings(noise),
        rows=[*text.rows(noise, threshold)],
    )


def _headline(noise: Noise, threshold: float, *, refused: bool) -> str:
    """Return whether a gate works here, and what it sees in the middle case and in the worst one."""
    if refused:
        reason = text.refusal(noise, threshold)
        return f"{reason[0].upper()}{reason[1:]}."
    at, seen = units.percent(threshold), noise.visible(threshold)
    half, every = units.percent(seen.median()), units.percent(seen.max())
    return f"A gate at {at} works here. It sees a slowdown of {half} in half of the cases, and one of {every} in all."
