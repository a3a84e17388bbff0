"""What was made, interval by interval, against the band of what was usual."""

from __future__ import annotations

from datetime import date

from bot.render.trend import Trend, TrendPoint, short_interval
from bot.render.webpage.diagram import Diagram
from bot.render.webpage.markup import NOTHING, Markup, element, joined_markup
from bot.render.words import interval_title, number

WIDTH, HEIGHT, TOP, LEFT, FOOT = 340, 130, 14, 36, 18
DOT = 3


def band_figure(trend: Trend, today: date) -> Diagram:
    """Return the trend as a picture: what lies outside of the band is a square."""
    return Diagram(
        title=f"{trend.makes} made, and what was usual",
        width=WIDTH,
        height=HEIGHT,
        inside=joined_markup(
            *_axis(trend),
            *(_usual(trend, at) for at in range(len(trend.points))),
            element("polyline", points=" ".join(_at(trend, at) for at in range(len(trend.points))), class_="made"),
            *(_made(trend, at, today) for at in range(len(trend.points))),
            *_ends(trend, today),
        ),
        caption=band_words(trend, today),
        legend=[
            (element("rect", x=-7, y=-5, width=14, height=10, class_="band"), "usual"),
            (_dot(0, 0), "as usual"),
            *([(_square(0, 0), "outside of it")] if any(map(is_outside, trend.points)) else []),
        ],
    )


def band_words(trend: Trend, today: date) -> str:
    """Return the newest figure with its band, and what lay outside of theirs."""
    last = trend.points[-1]
    outside = [
        f"{interval_title(each.interval, today)} ({each.measured:,}; usual {each.low:,} to {each.high:,})"
        for each in trend.points
        if is_outside(each)
    ]
    told = f"Outside of the band: {', '.join(outside)}." if outside else "All lie in their band."
    newest = f"{interval_title(last.interval, today)}: {last.measured:,}, usual {last.low:,} to {last.high:,}."
    return f"{trend.makes} of {number(len(trend.points), 'run')}. {newest} {told}"


def is_outside(point: TrendPoint) -> bool:
    """Whether there was less or more than was usual."""
    return not point.low <= point.measured <= point.high


def _highest(trend: Trend) -> int:
    return max(1, *(max(each.measured, each.high) for each in trend.points))


def _x(trend: Trend, at: int) -> float:
    return round(LEFT + _step(trend) * (at + 0.5), 1)


def _step(trend: Trend) -> float:
    return (WIDTH - LEFT) / len(trend.points)


def _y(trend: Trend, amount: int) -> float:
    room = HEIGHT - TOP - FOOT
    return round(TOP + room * (1 - amount / _highest(trend)), 1)


def _at(trend: Trend, at: int) -> str:
    return f"{_x(trend, at):g},{_y(trend, trend.points[at].measured):g}"


def _usual(trend: Trend, at: int) -> Markup:
    point, step = trend.points[at], _step(trend)
    top = _y(trend, point.high)
    return element(
        "rect",
        x=f"{LEFT + step * at:.1f}",
        y=f"{top:g}",
        width=f"{step + 0.3:.1f}",
        height=f"{max(1.0, _y(trend, point.low) - top):.1f}",
        class_="band",
    )


def _made(trend: Trend, at: int, today: date) -> Markup:
    point, x, y = trend.points[at], _x(trend, at), _y(trend, trend.points[at].measured)
    title = element("title", f"{interval_title(point.interval, today)}: {point.measured:,}")
    return _square(x, y, title) if is_outside(point) else _dot(x, y, title)


def _square(x: float, y: float, title: Markup = NOTHING) -> Markup:
    side = 2 * DOT + 2
    square = element("rect", title, x=x - DOT - 1, y=y - DOT - 1, width=side, height=side, class_="shape")
    return element("g", square, class_="p1")


def _dot(x: float, y: float, title: Markup = NOTHING) -> Markup:
    return element("g", element("circle", title, cx=x, cy=y, r=DOT, class_="shape"), class_="passed")


def _axis(trend: Trend) -> tuple[Markup, ...]:
    highest = _highest(trend)
    return tuple(
        element("text", f"{amount:,}", x=LEFT - 4, y=_y(trend, amount) + 3, text_anchor="end", class_="small")
        for amount in (0, highest)
    )


def _ends(trend: Trend, today: date) -> tuple[Markup, ...]:
    first, last = (short_interval(trend.points[at].interval, today) for at in (0, -1))
    y = HEIGHT - 4
    return (
        element("text", first, x=LEFT, y=y, class_="small"),
        element("text", last, x=WIDTH - 2, y=y, text_anchor="end", class_="small"),
    )
