"""What buttons and forms bring back of what we gave them. It may be old, or none of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeGuard

Body = Mapping[str, Any]
"""A request of Slack."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """What a button says: the alert, and its version when the message was written."""

    key: str
    version: int | None


def pressed(value: object) -> Pressed | None:
    """Read the value of a button, ``{"key", "version"}`` as JSON; None when it is none of ours."""
    content = read_object(value)
    if not isinstance(content.get("key"), str) or not content["key"]:
        return None
    version = content.get("version")
    return Pressed(key=content["key"], version=version if type(version) is int else None)


def read_object(text: object) -> Mapping[str, Any]:
    """Read what we gave to a button or a form; empty when it is none of ours."""
    try:
        content = json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def is_texts(value: object) -> TypeGuard[list[str]]:
    """Whether something that was read is a list of texts."""
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def pressed_in(body: Body) -> Pressed | None:
    """Read which alert a click of a block action was for."""
    actions = body.get("actions") or [{}]
    return pressed(actions[0].get("value"))
