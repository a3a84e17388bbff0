"""A picture before it is a part of a page, or an SVG of its own that can be sent. It never says more than its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from bot.render.webpage.markup import NOTHING, Markup, element, joined_markup, moved
from bot.render.webpage.style import LIGHT, SHAPES, TONES

MARGIN, TITLE, LINE = 10, 24, 18
LETTER = 6.2
"""The width of a letter of the legend."""

ENLARGED = 1.4
"""So much larger a wide screen shows a picture: its letters are then as large as those of the page."""

FONT = "DejaVu Sans"

Legend = Sequence[tuple[Markup, str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagram:
    """``inside`` is drawn from 0 0 to ``width`` and ``height``; ``words`` say the same, a sentence each. The legend
    names the shapes, each drawn around 0 0."""

    title: str
    width: float
    height: float
    inside: Markup
    caption: str
    words: Sequence[str] = ()
    legend: Legend = ()

    @property
    def said(self) -> str:
        """All of it in words."""
        return " ".join((self.caption, *self.words))


def diagram_html(diagram: Diagram) -> Markup:
    """Return it as a part of a page: the picture, its legend, and the same in words."""
    picture = element(
        "svg",
        diagram.inside,
        viewBox=f"0 0 {diagram.width:g} {diagram.height:g}",
        role="img",
        aria_label=diagram.said,
        style=f"max-width:{diagram.width * ENLARGED:g}px",
    )
    names = (element("span", inline(each), f"{words}  ", " ") for each, words in diagram.legend)
    caption = element("figcaption", f"{diagram.caption} ", *names)
    lines = [element("li", each) for each in diagram.words]
    told = element("details", element("summary", "The same in words"), element("ul", *lines)) if lines else NOTHING
    return element("figure", picture, caption, told)


def inline(shape: Markup) -> Markup:
    """Return a shape to stand in a line; the word beside it says the same."""
    style = "display:inline-block;width:1em;height:1em;margin:0 .35em 0 0;vertical-align:-.12em"
    return element("svg", shape, viewBox="-8 -8 16 16", aria_hidden="true", style=style)


def sheet(diagram: Diagram) -> str:
    """Return it as an SVG that needs nothing else but its font: title, picture, legend, on white."""
    width = diagram.width + 2 * MARGIN
    lines = _lines(diagram.legend, diagram.width)
    height = TITLE + diagram.height + LINE * len(lines) + 2 * MARGIN
    return element(
        "svg",
        element("style", Markup(_style())),
        element("rect", width=f"{width:g}", height=f"{height:g}", class_="paper"),
        element("text", diagram.title, x=MARGIN, y=MARGIN + 10, class_="title"),
        moved(MARGIN, MARGIN + TITLE, diagram.inside),
        *(_line(each, MARGIN + TITLE + diagram.height + LINE * (at + 0.6)) for at, each in enumerate(lines)),
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {width:g} {height:g}",
        width=f"{width:g}",
        height=f"{height:g}",
    )


def _lines(legend: Legend, width: float) -> list[list[tuple[Markup, str]]]:
    lines: list[list[tuple[Markup, str]]] = []
    room = 0.0
    for each in legend:
        if not lines or room < _room(each):
            lines.append([])
            room = width
        lines[-1].append(each)
        room -= _room(each)
    return lines


def _room(entry: tuple[Markup, str]) -> float:
    return 26 + LETTER * len(entry[1])


def _line(entries: Legend, y: float) -> Markup:
    found, x = [], float(MARGIN)
    for shape, words in entries:
        found += [
            moved(x + 8, y, shape),
            element("text", words, x=f"{x + 19:g}", y=f"{y + 4:g}"),
        ]
        x += _room((shape, words))
    return joined_markup(*found)


def _style() -> str:
    """Return the colours as they are: what draws the sheet knows no variables."""
    tones = "".join(
        f".{name} .shape{{fill:{LIGHT[tone]};stroke:{LIGHT[tone]}}}.{name} .open{{fill:none}}"
        for name, tone in TONES.items()
    )
    return (
        f'text{{fill:{LIGHT["text"]};font-family:"{FONT}";font-size:10px}}.title{{font-size:12px}}'
        f".small{{fill:{LIGHT['soft']};font-size:9px}}.paper{{fill:{LIGHT['back']}}}.sign{{stroke:{LIGHT['back']}}}"
        f".band{{fill:{LIGHT['band']}}}.made{{stroke:{LIGHT['text']}}}.span{{stroke:{LIGHT['soft']}}}"
        f".grid{{stroke:{LIGHT['line']}}}{SHAPES}{tones}"
    )
