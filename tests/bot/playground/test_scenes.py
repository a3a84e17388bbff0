"""Whatever scenario is begun, its digest says what a validation of it says."""

from __future__ import annotations

from pathlib import Path

import pytest

from bot.composition.notifier import notifying
from bot.composition.validation import on_scenario
from bot.playground.model import STORY
from bot.playground.scenes import EXAMPLES, playable, played
from bot.request import Request
from tests.bot.playground.visiting import visiting

SCENES = [name for name in playable() if name != STORY]


@pytest.mark.parametrize("name", [name for name in playable() if name != STORY])
@pytest.mark.slow
def test_the_digest_of_a_scenario_has_the_verdict_of_its_validation(name: str, tmp_path: Path) -> None:
    scene = played(name)
    with on_scenario(scene.pipeline, scene.scenario) as prepared:
        validation = prepared.validation
        verdict = validation.run(validation.plan(Request(interval=prepared.interval, trigger="test"))).verdict

    with visiting(tmp_path, name) as visitor:
        digests = [each.text for each in visitor.messages() if (each.key or "").startswith("digest:")]
        recovered = [text for text in digests if "recovered" in text]

    assert f"· {verdict.value}".lower() in digests[0].lower()
    assert recovered == []


@pytest.mark.parametrize("name", ["events-hourly/healthy", "finance-load/bank-holiday"])
def test_a_healthy_scenario_of_another_interval_than_the_usual_one_is_healthy_by_the_timetable(name: str) -> None:
    folder, stem = name.split("/")
    with notifying(None, str(EXAMPLES / folder / "scenarios" / f"{stem}.yaml"), None, silent=True) as told:
        told.digests.watch()
        (message, *_) = told.digests.draft()

        assert not told.store.open_alerts(told.validation.pipeline.name)
        assert "all clear" in str(message.document["notice"])
