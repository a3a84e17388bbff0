"""HTML and SVG from plain values: every text is cleaned and escaped here, and nowhere else."""

from __future__ import annotations

from html import escape

from bot.render.words import clean

VOID = frozenset({"br", "hr", "meta"})
"""Elements of HTML that hold nothing and have no end."""


class Markup(str):
    """Text that is markup already. Whatever else stands in an element is escaped."""

    __slots__ = ()


Child = str | Markup | None

NOTHING = Markup("")


def element(name: str, /, *children: Child, **attributes: object) -> Markup:
    """Return an element. ``class_`` is ``class``, ``aria_label`` is ``aria-label``; what is None is left out."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(clean(str(value)))}"'
        for key, value in attributes.items()
        if value is not None
    )
    inside = joined_markup(*children)
    return Markup(f"<{name}{given}>" if name in VOID else f"<{name}{given}>{inside}</{name}>")


def moved(x: float, y: float, *children: Child, **attributes: object) -> Markup:
    """Return what is drawn around 0 0, around a point."""
    return element("g", *children, **attributes, transform=f"matrix(1 0 0 1 {x:g} {y:g})")


def joined_markup(*children: Child) -> Markup:
    """Return what stands side by side, as one."""
    return Markup("".join(each if isinstance(each, Markup) else escape(clean_within(each or "")) for each in children))


def clean_within(text: str) -> str:
    """Return a text cleaned as a line is, with the blank that leads to its neighbour."""
    words = clean(text)
    before, after = (" " if text[:1] == " " else ""), (" " if text[-1:] == " " else "")
    return f"{before}{words}{after}" if words else before
