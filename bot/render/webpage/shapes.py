"""The shape of each state: each has one of its own, so that nobody needs the colours."""

from __future__ import annotations

from collections.abc import Mapping

from bot.render.message import Mark
from bot.render.webpage.diagram import inline
from bot.render.webpage.markup import NOTHING, Markup, element, moved

OUTLINES: Mapping[Mark, tuple[str, str, str]] = {
    Mark.P0: ("M-6-6H6V6H-6Z", "M-3-3L3 3M3-3L-3 3", ""),
    Mark.P1: ("M0-6.5L6.5 5.5H-6.5Z", "M0-2.5V1.2M0 3.6V3.7", ""),
    Mark.P2: ("M0-6.5L6.5 0L0 6.5L-6.5 0Z", "", ""),
    Mark.P3: ("M0-5L5 0L0 5L-5 0Z", "", " open"),
    Mark.UNKNOWN: ("M-5.5-5.5H5.5V5.5H-5.5Z", "", " open"),
    Mark.WAITING: ("M-4.5 0A4.5 4.5 0 1 1 4.5 0A4.5 4.5 0 1 1-4.5 0Z", "", " open"),
    Mark.SKIPPED: ("M-4 0H4", "", " open"),
    Mark.PASSED: ("M-4.5 0A4.5 4.5 0 1 1 4.5 0A4.5 4.5 0 1 1-4.5 0Z", "", ""),
    Mark.DIFFERS: ("M-5-2H5M-5 2H5", "", " open"),
}
"""Of each state its outline around 0 0, what is drawn in it, and whether it is empty."""

DOT = "M-.7 0A.7.7 0 1 1 .7 0A.7.7 0 1 1-.7 0Z"


def shape(mark: Mark | None, x: float, y: float) -> Markup:
    """Return the shape of a state around a point; a dot where nothing is known."""
    outline, sign, kind = (DOT, "", "") if mark is None else OUTLINES[mark]
    return moved(
        x,
        y,
        element("path", d=outline, class_=f"shape{kind}"),
        element("path", d=sign, class_="sign") if sign else NOTHING,
        class_="none" if mark is None else mark.value.lower(),
    )


def icon(mark: Mark | None) -> Markup:
    """Return the shape of a state to stand in a line; the word beside it says the same."""
    return inline(shape(mark, 0, 0))
