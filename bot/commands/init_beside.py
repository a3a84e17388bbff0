"""What ``reveille init`` writes beside the pipeline file: a scenario in which nothing is wrong, the Slack manifest."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

from bot.composition.extras import DemoExtraMissing
from bot.definition.pipeline_file import load_pipeline
from bot.discovery.healthy import healthy_scenario
from bot.recording.writing import yaml_text
from bot.replay import replay
from bot.scenarios.scenario import load_scenario
from checks.pipeline import Pipeline
from handlers.manifest import manifest_text


def write_beside(output: Path) -> Iterator[str]:
    """Write what a new pipeline file needs beside it; yield a sentence about each. What exists stays as it is.

    Raises OSError.
    """
    pipeline = load_pipeline(output)
    scenario = output.parent / "scenarios" / f"{pipeline.name}-healthy.yaml"
    manifest = output.parent / "slack" / "manifest.yaml"
    if not scenario.exists():
        yield _scenario(output, pipeline, scenario)
    if not manifest.exists():
        _write(manifest, manifest_text(None) + "\n")
        yield f"Wrote {manifest}, the manifest of the Slack app."


def _scenario(output: Path, pipeline: Pipeline, file: Path) -> str:
    """Write a healthy scenario, and keep it only where its replay says so."""
    beside = os.path.relpath(output.resolve(), file.parent.resolve())
    comments = [
        f"Written by reveille init. Try it: reveille replay {file}",
        f"What would go unnoticed of it: reveille drill --scenario {file}",
    ]
    _write(file, yaml_text(healthy_scenario(pipeline, beside, datetime.now(UTC)), comments))
    try:
        is_healthy = replay(load_scenario(file), pipeline).agrees
    except DemoExtraMissing:
        return f"Wrote {file}; whether nothing is wrong in it was not tried: pip install 'reveille[demo]' for that."
    if is_healthy:
        return f"Wrote {file}, a world in which nothing is wrong."
    file.unlink()
    return "No scenario was written: rows that were made up for it do not meet what the file expects."


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("x", encoding="utf-8") as opened:
        opened.write(text)
