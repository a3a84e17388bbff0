"""Cloud Scheduler as a scenario states it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.recording.recorder import Recording, differing, never_narrowed
from bot.recording.veil import stated
from bot.scenarios.platform_states import JobState


def sections(recording: Recording) -> Mapping[str, Any]:
    usual = {**JobState().model_dump(exclude={"account", "zone", "last_attempt"}), "name": None}
    jobs = {}
    for _, answer in recording.calls.answered("jobs"):
        for job in answer:
            state = {**asdict(job), "name": None, "enabled": job.enabled or bool(job.fault)}
            jobs[job.name] = differing(stated({**state, "message": recording.veil.text(job.message)}), usual)
    for job in recording.jobs_before if recording.calls.answered("jobs") else ():
        if job.name not in jobs:
            jobs[job.name] = {**differing(stated({**asdict(job), "name": None}), usual), "gone": True}
    return {"jobs": jobs}


narrowed = never_narrowed
