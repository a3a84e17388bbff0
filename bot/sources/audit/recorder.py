"""The deployment audit as a scenario states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.recording.recorder import Recording, never_narrowed


def sections(recording: Recording) -> Mapping[str, Any]:
    found = [each for _, answer in recording.calls.answered("violations") for each in answer]
    return {"audit": [{name: recording.veil.value(each) for name, each in asdict(line).items()} for line in found]}


narrowed = never_narrowed
