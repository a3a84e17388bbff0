"""Cloud Logging as a scenario states it: the lines of each service, and the changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

from bot.recording.calls import Call
from bot.recording.recorder import Recording
from bot.recording.veil import Veil
from bot.scenarios.template import as_it_stands
from checks.facts.logs import LoggedChange
from checks.places import PlaceKind
from checks.ports.logs import LogLine


def sections(recording: Recording) -> Mapping[str, Any]:
    lines: Counter[LogLine] = Counter()
    for _, answer in recording.calls.answered("errors"):
        lines |= Counter(answer.lines)
        recording.notes.extend(f"Only the newest errors of {name} are here: it logged more." for name in answer.began)
    changes = dict.fromkeys(each for _, answer in recording.calls.answered("changes") for each in answer)
    errors: dict[str, list[dict[str, Any]]] = {}
    for line in sorted(lines, key=lambda each: each.at, reverse=True):
        errors.setdefault(line.service, []).append(_line(line, lines[line], recording.veil))
    stated = [_change(each, recording.pipeline.project, recording.veil) for each in changes]
    return {"logs": {"errors": errors, "changes": stated} if stated or errors else {}}


def narrowed(call: Call) -> str | None:
    return call.method


def _line(line: LogLine, count: int, veil: Veil) -> dict[str, Any]:
    state = {"text": as_it_stands(veil.text(line.text)), "count": count, "last": line.at}
    return {**state, "revision": line.revision} if line.revision else state


def _change(change: LoggedChange, project: str, veil: Veil) -> dict[str, Any]:
    kind = {PlaceKind.JOB: "job", PlaceKind.SUBSCRIPTION: "subscription", PlaceKind.TOPIC: "topic"}
    name = change.place.name
    place = {} if name == project else {kind.get(change.place.kind, "service"): name}
    gave, took = ({"gave": _by_role(change, veil, added=True)}, {"took": _by_role(change, veil, added=False)})
    done = {**gave, **took} if change.grants else {"what": change.verb}
    return {
        "at": change.at,
        "by": veil.person(change.actor),
        **place,
        **{key: each for key, each in done.items() if each},
    }


def _by_role(change: LoggedChange, veil: Veil, *, added: bool) -> dict[str, list[str]]:
    grants: Iterable[Any] = (each for each in change.grants if each.added == added)
    found: dict[str, list[str]] = {}
    for each in grants:
        found.setdefault(each.role, []).append(veil.member(each.member))
    return found
