"""What Slack says: the body of a signed request, read once, and refused where it is nothing that Slack would say.

Bolt and our listeners take the shape of a payload for granted. A signature makes it likely, not certain: secrets leak,
and proxies change bodies. So the shape is stated here, once, and what differs is refused by name.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

DEEPEST = 60
"""Levels of nesting. Slack's deepest is rich text inside of a view inside of a payload, about twenty."""

MOST_FIELDS = 200
"""Of a form; a slash command has about fifteen."""

LONGEST_COMMAND = 16_000
"""Characters behind a slash command. People type a few words; an answer repeats some of them."""

_JSON = "application/json"
_SURROGATE = re.compile(r"\\u[dD][89a-fA-F]")


class UnreadablePayloadError(ValueError):
    """A body is nothing that Slack says. The message names the place, and repeats nothing of it."""


@dataclass(frozen=True, slots=True)
class PayloadShape:
    """What an object of a payload may be: texts, objects within it, lists of objects; anything else is free.

    Every field may be missing or null but for those that are ``needed``. A field of ``named`` is an object or its ID.
    """

    texts: tuple[str, ...] = ()
    objects: Mapping[str, PayloadShape] = field(default_factory=dict)
    named: Mapping[str, PayloadShape] = field(default_factory=dict)
    lists: Mapping[str, PayloadShape] = field(default_factory=dict)
    needed: tuple[str, ...] = ()


_ID = PayloadShape(texts=("id", "team_id", "enterprise_id"))
_MESSAGE = PayloadShape(
    texts=("ts", "thread_ts", "user", "bot_id", "subtype"),
    lists={"blocks": PayloadShape(texts=("type", "block_id"))},
)
_FIELDS = {"values": PayloadShape()}
_VIEW = PayloadShape(
    texts=("id", "callback_id", "private_metadata", "hash", "team_id", "app_installed_team_id", "type"),
    objects={"state": PayloadShape(objects=_FIELDS)},
)
_ACTION = PayloadShape(texts=("type", "action_id", "block_id", "action_ts"), needed=("action_id",))
_EVENT = PayloadShape(
    texts=("type", "subtype", "tab", "user_id", "channel_id", "thread_ts", "ts", "bot_id", "user_team"),
    named={"user": _ID, "channel": _ID, "team": _ID, "enterprise": _ID},
    objects={
        "view": _VIEW,
        "message": _MESSAGE,
        "previous_message": _MESSAGE,
        "item": PayloadShape(),
        "edited": PayloadShape(),
    },
    needed=("type",),
)
_PAYLOAD = PayloadShape(
    texts=(
        *("type", "command", "text", "user_id", "team_id", "channel_id", "enterprise_id", "trigger_id", "response_url"),
        *(
            "callback_id",
            "action_ts",
            "event_id",
            "api_app_id",
            "thread_ts",
            "action_id",
            "block_id",
            "challenge",
            "function_execution_id",
        ),
        "bot_access_token",
    ),
    objects={
        "user": _ID,
        "channel": _ID,
        "team": _ID,
        "enterprise": _ID,
        "container": PayloadShape(),
        "item": PayloadShape(),
        "message": _MESSAGE,
        "previous_message": _MESSAGE,
        "view": _VIEW,
        "event": _EVENT,
        "function_data": PayloadShape(),
        "assistant_thread": PayloadShape(),
        "state": PayloadShape(objects=_FIELDS),
    },
    lists={
        "actions": _ACTION,
        "authorizations": PayloadShape(texts=("team_id", "user_id", "enterprise_id")),
        "response_urls": PayloadShape(texts=("response_url",)),
    },
)
_NEEDED = {
    "block_actions": ("user", "actions"),
    "view_submission": ("user", "view.type", "view.callback_id"),
    "view_closed": ("user", "view.type", "view.callback_id"),
    "message_action": ("user", "callback_id"),
    "shortcut": ("user", "callback_id"),
    "event_callback": ("event",),
    "url_verification": ("challenge",),
}
"""What each type of payload cannot be without."""


def read_payload(body: bytes, content_type: str) -> dict[str, Any]:
    """Return what a body says. Raises UnreadableError."""
    try:
        text = body.decode()
    except UnicodeDecodeError:
        raise UnreadablePayloadError("the body is no UTF-8") from None
    payload = _parsed(text, content_type)
    if not isinstance(payload, dict):
        raise UnreadablePayloadError("the payload is no object")
    _fit(payload, _PAYLOAD, "payload")
    # Bolt counts what is in a list that is null.
    payload = {name: value for name, value in payload.items() if value is not None or name not in _PAYLOAD.lists}
    if "command" in payload and len(payload.get("text") or "") > LONGEST_COMMAND:
        raise UnreadablePayloadError("the command is too long")
    for path in _NEEDED.get(payload.get("type") or "", ()):
        found: Any = payload
        for name in path.split("."):
            found = (found or {}).get(name)
        if not found:
            raise UnreadablePayloadError(f"a payload of its type without {path}")
    return payload


def _parsed(text: str, content_type: str) -> Any:
    if content_type.partition(";")[0].strip().lower() == _JSON or text.startswith("{"):
        return _from_json(text)
    try:
        form = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except ValueError:
        raise UnreadablePayloadError("the form has too many fields") from None
    # A person's word may be "payload"; a payload comes as a field of that name, and a command never has one.
    return _from_json(form["payload"]) if "payload" in form and "command" not in form else form


def _from_json(text: str) -> Any:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        raise UnreadablePayloadError("the payload is no JSON") from None
    if text.count("[") + text.count("{") > DEEPEST and _is_deeper(document, DEEPEST):
        raise UnreadablePayloadError("the payload is nested too deeply")
    if _SURROGATE.search(text):
        # Half of a character, as a text has that was cut in its middle, could be neither stored nor sent.
        document = json.loads(json.dumps(document, ensure_ascii=False).encode("utf-8", "replace"))
    return document


def _is_deeper(document: Any, levels: int) -> bool:
    """Whether something is nested more deeply; level by level, because recursion would be what it guards against."""
    layer = [document]
    for _ in range(levels):
        layer = [
            inner
            for each in layer
            if isinstance(each, (dict, list))
            for inner in (each.values() if isinstance(each, dict) else each)
        ]
        if not layer:
            return False
    return True


def _fit(value: Mapping[str, Any], shape: PayloadShape, where: str) -> None:
    for name in shape.needed:
        if not value.get(name):
            raise UnreadablePayloadError(f"{where} without {name}")
    for name in shape.texts:
        if not isinstance(value.get(name), str | None):
            raise UnreadablePayloadError(f"{where}.{name} is no text")
    for name, inner in (*shape.objects.items(), *shape.named.items()):
        found = value.get(name)
        if found is not None and not (name in shape.named and isinstance(found, str)):
            _fit_each([found], inner, f"{where}.{name}")
    for name, inner in shape.lists.items():
        found = value.get(name)
        if not isinstance(found, list | None):
            raise UnreadablePayloadError(f"{where}.{name} is no list")
        _fit_each(found or (), inner, f"{where}.{name}")


def _fit_each(values: Iterable[Any], shape: PayloadShape, where: str) -> None:
    for each in values:
        if not isinstance(each, dict):
            raise UnreadablePayloadError(f"{where} is no object")
        _fit(each, shape, where)
