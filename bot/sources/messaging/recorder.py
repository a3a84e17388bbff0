"""Pub/Sub as a scenario states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.recording.calls import Call
from bot.recording.recorder import Recording, differing
from bot.recording.veil import stated
from bot.scenarios.platform_states import SubscriptionState


def sections(recording: Recording) -> Mapping[str, Any]:
    usual = {**SubscriptionState().model_dump(exclude={"account"}), "name": None}
    subscriptions = {
        each.name: differing(stated({**asdict(each), "name": None}), usual)
        for _, answer in recording.calls.answered("subscriptions")
        for each in answer
    }
    topics = {name: True for _, answer in recording.calls.answered("topics") for name in answer}
    return {"topics": topics, "subscriptions": subscriptions}


def narrowed(call: Call) -> str | None:
    return call.method
