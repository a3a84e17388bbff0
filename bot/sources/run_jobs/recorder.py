"""Cloud Run's jobs as a scenario states them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from bot.recording.recorder import Recording, differing, never_narrowed
from bot.recording.veil import stated
from bot.scenarios.platform_states import RunJobState


def sections(recording: Recording) -> Mapping[str, Any]:
    usual = {**RunJobState().model_dump(exclude={"started_at"}), "name": None, "execution": ""}
    jobs = {}
    for _, answer in recording.calls.answered("run_jobs"):
        for job in answer:
            state = {
                **asdict(job),
                "name": None,
                "state": None if job.state is None else job.state.value,
                "deployed_by": recording.veil.person(job.deployed_by),
            }
            jobs[job.name] = differing(stated(state), usual)
    return {"run_jobs": jobs} if recording.calls.answered("run_jobs") else {}


narrowed = never_narrowed
