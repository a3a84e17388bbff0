"""Firestore as a scenario states it: the documents that were read."""

from __future__ import annotations

import base64
import math
from collections.abc import Iterator, Mapping
from typing import Any

from bot.recording.calls import Call
from bot.recording.recorder import Recording
from bot.recording.veil import stated
from bot.scenarios.template import as_it_stands
from checks.ports.documents import Document


def sections(recording: Recording) -> Mapping[str, Any]:
    found = {each.path: each.data for each in _documents(recording)}
    return {"firestore": {as_it_stands(path): _stated(recording, path, found[path]) for path in sorted(found)}}


def narrowed(call: Call) -> str | None:
    asked = call.arguments[0]
    return str(asked if isinstance(asked, str) else next(iter(asked), "")) or None


def _documents(recording: Recording) -> Iterator[Document]:
    for _, answer in recording.calls.answered("get"):
        yield from (each for each in answer.values() if each is not None)
    for _, answer in recording.calls.answered("list"):
        yield from answer


def _stated(recording: Recording, path: str, data: Mapping[str, Any]) -> Any:
    def held(value: Any) -> Any:
        match value:
            case bytes():
                recording.notes.append(f"The document {path} holds bytes: here they are text, in base64.")
                return base64.b64encode(value).decode()
            case float() if not math.isfinite(value):
                recording.notes.append(f"The document {path} holds {value}: here it is text.")
                return str(value)
            case Mapping():
                return {name: held(each) for name, each in value.items()}
            case list() | tuple():
                return [held(each) for each in value]
        return value

    return stated(recording.veil.value(held(data)))
