"""Cloud Monitoring as a scenario states it: one number a service, and the figures of each subscription."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from bot.recording.calls import Call
from bot.recording.recorder import Recording
from checks.ports.requests import SubscriptionFigure

_KEYS = {
    SubscriptionFigure.OLDEST: "oldest_seconds",
    SubscriptionFigure.UNDELIVERED: "undelivered",
    SubscriptionFigure.DEAD_LETTERS: "dead_letters",
}


def sections(recording: Recording) -> Mapping[str, Any]:
    counts: dict[str, int] = {}
    deliveries: dict[str, dict[str, Any]] = {}
    for _, answer in recording.calls.answered("counts"):
        counts = {**answer, **counts}
    for (figure, *_), answer in recording.calls.answered("subscriptions"):
        for name, number in answer.items():
            deliveries.setdefault(name, {})[_KEYS[figure]] = number
    for _, answer in recording.calls.answered("pushes"):
        for name, answers in answer.items():
            deliveries.setdefault(name, {})["answers"] = dict(answers)
    responses: dict[str, Any] = {}
    for _, answer in recording.calls.answered("answers"):
        responses = {**{name: dict(classes) for name, classes in answer.items()}, **responses}
    return {
        "requests": dict(sorted(counts.items())),
        "responses": dict(sorted(responses.items())),
        "deliveries": dict(sorted(deliveries.items())),
    }


def narrowed(call: Call) -> str | None:
    return str(call.arguments[0]) if call.method == "subscriptions" else call.method
