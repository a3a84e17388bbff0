"""The side panel: the clock, the pipeline and its graph, and what is broken in the world."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence

from bot.playground.play import Playground
from bot.playground.slack_troubles import SLACK_TROUBLES
from bot.playground.story_of import STATIONS
from bot.render.graph.drawing import is_marked, part_of
from bot.render.graph.formats import svg
from bot.store.model import Alert, AlertState
from checks.severity import Severity

SHAPES = {
    None: ("ok", "●", "nothing known to be wrong"),
    Severity.P0: ("p0", "◆", "broken"),
    Severity.P1: ("p1", "▲", "at risk"),
}
OTHER = ("p2", "■", "worth a look")

ACROSS = 2
"""Boxes beside each other in the graph: the panel has room for two."""

SCROLLED = '<div class="wide" tabindex="0" role="region" aria-label="Around it, as a picture">'
"""The picture has the size at which its words are read; the keyboard moves it, too."""


def panel_html(play: Playground) -> Mapping[str, str]:
    """Return the parts of the panel that change, by the id of where they stand."""
    return {
        "clock": _clock(play),
        "graph": _graph(play),
        "broken": _broken(play),
        "doing": html.escape(f"{play.doing} …" if play.doing else ""),
        "notice": html.escape(play.notice),
    }


def scenes_html(play: Playground) -> str:
    """Return the scenarios that can be chosen."""
    known = dict(play.making.playable())
    known.setdefault(play.scene.name, play.scene.scenario.file.title)
    return "".join(
        f'<option value="{html.escape(name)}"{" selected" if name == play.scene.name else ""}>'
        f"{html.escape(title)}</option>"
        for name, title in known.items()
    )


def _clock(play: Playground) -> str:
    local = play.world.clock().astimezone(play.world.pipeline.zone)
    stations = (
        "".join(_station(play, name) for name in STATIONS if STATIONS[name].clock) if play.scene.has_story else ""
    )
    busy = " disabled" if play.doing else ""
    return (
        f'<p class="now"><time data-now="{local.timestamp():.0f}" data-offset="{_offset(play)}">{local:%H:%M}</time>'
        f" <span>{local:%a} {local.day} {local:%b}</span></p>"
        + (f'<ol class="stations">{stations}</ol>' if stations else "")
        + f'<div class="row"><button data-do="wait" data-minutes="15"{busy}>+ 15 min</button>'
        f'<button data-do="wait" data-minutes="60"{busy}>+ 1 h</button></div>'
    )


def _offset(play: Playground) -> int:
    offset = play.world.clock().astimezone(play.world.pipeline.zone).utcoffset()
    return int(offset.total_seconds()) if offset is not None else 0


def _station(play: Playground, name: str) -> str:
    station = STATIONS[name]
    order = list(STATIONS)
    passed = order.index(name) <= order.index(play.station)
    state = ' aria-current="step"' if name == play.station else ""
    disabled = " disabled" if passed or play.doing else ""
    hint = ' data-hint="1"' if name == "redeploy" else ""
    return (
        f'<li{state}><button data-do="go" data-to="{name}"{disabled}{hint}>'
        f"<b>{station.clock}</b> {html.escape(station.what)}</button></li>"
    )


def _graph(play: Playground) -> str:
    """Return the phases of the pipeline, each with the shape of the gravest alert in it, and what is around it."""
    alerts = [each for each in play.alerts() if each.state is not AlertState.RESOLVED]
    worst: dict[str | None, Severity] = {}
    for each in alerts:
        worst[each.phase] = min(worst.get(each.phase, each.severity), each.severity)
    phases = "".join(_phase(phase.title, worst.get(phase.id)) for phase in play.world.pipeline.phases)
    beside = f'<p class="beside">{_mark(worst[None])} outside the phases</p>' if None in worst else ""
    return f'<ol class="phases">{phases}</ol>{beside}{_picture(play, alerts)}'


def _picture(play: Playground, alerts: Sequence[Alert]) -> str:
    """Draw what alerts are about, and what is next to it; nothing where all is well."""
    drawing = play.scene.drawn(alerts)
    if not is_marked(drawing):
        return ""
    picture = svg(part_of(drawing), across=ACROSS, styled=False)
    return f'<details class="around" open><summary>Around it</summary>{SCROLLED}{picture}</div></details>'


def _phase(title: str, severity: Severity | None) -> str:
    kind, _, words = SHAPES.get(severity, OTHER)
    return f'<li class="{kind}">{_mark(severity)}<span>{html.escape(title)}</span><small>{words}</small></li>'


def _mark(severity: Severity | None) -> str:
    kind, shape, _ = SHAPES.get(severity, OTHER)
    return f'<i class="{kind}" aria-hidden="true">{shape}</i>'


def _broken(play: Playground) -> str:
    busy = " disabled" if play.doing else ""
    lines = [
        f"<li>{html.escape(each.words)}"
        + (" <em>repaired by the bot</em>" if each.repaired else "")
        + f' <button data-do="fix" data-key="{html.escape(each.key)}"{busy}>Put right</button></li>'
        for each in play.world.broken
    ]
    if play.trouble:
        words = SLACK_TROUBLES[play.trouble][0]
        lines.append(f'<li>{html.escape(words)} <button data-do="slack" data-trouble="">Put right</button></li>')
    return f"<ul>{''.join(lines)}</ul>" if lines else ""
