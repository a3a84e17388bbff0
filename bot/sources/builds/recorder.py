"""Cloud Build as a scenario states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.recording.calls import Call
from bot.recording.recorder import Recording, differing
from bot.recording.veil import stated
from bot.scenarios.platform_states import BuildState, TriggerState


def sections(recording: Recording) -> Mapping[str, Any]:
    veil = recording.veil
    triggers: dict[str, Any] = {}
    for _, answer in recording.calls.answered("triggers"):
        for trigger in answer:
            name, usual = trigger.name, TriggerState().model_dump(exclude={"id"})
            if name in triggers and triggers[name]["id"] != trigger.id:
                name = trigger.id
                recording.notes.append(f"Two build triggers are called {trigger.name}: one stands under its id.")
            triggers[name] = differing(stated(asdict(trigger)), {**usual, "included": [], "ignored": []})
            triggers[name].pop("name")
    builds = {
        build.id: differing(
            stated({**asdict(build), "by": veil.person(build.by), "detail": veil.text(build.detail)}),
            BuildState().model_dump(exclude={"created_at", "commit"}),
        )
        for _, answer in recording.calls.answered("recent")
        for build in answer
    }
    for build in builds.values():
        build.pop("id")
    return {"triggers": triggers, "builds": builds}


def narrowed(call: Call) -> str | None:
    return {"triggers": "triggers", "recent": "builds"}.get(call.method)
