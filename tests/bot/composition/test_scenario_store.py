"""A scenario that is served keeps its alerts apart from those of the project."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bot.composition.notifier import Notifier, notifier_of, prepare
from bot.composition.repairs import repairs_of
from bot.redaction.shown import Secret
from bot.serving.serving_settings import DEFAULT_STORE, SlackSettings
from bot.settings import Settings


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("REVEILLE_STORE", raising=False)
    return tmp_path


def serving(scenario: str) -> Notifier:
    return notifier_of(prepare(None, scenario, SlackSettings(bot_token=Secret("xoxb-" + "example"))))


def test_it_keeps_them_in_memory_and_leaves_the_default_file_alone(folder: Path) -> None:
    notifier = serving("healthy-morning")
    with closing(notifier.store):
        notifier.close()

    assert not (folder / DEFAULT_STORE).exists()


def test_a_file_that_somebody_names_is_used(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REVEILLE_STORE", "named.db")
    notifier = serving("healthy-morning")
    with closing(notifier.store):
        notifier.close()

    assert (folder / "named.db").exists()


@pytest.mark.usefixtures("folder")
def test_a_validation_of_what_serves_knows_what_repairs_changed() -> None:
    notifier = serving("invoker-lost")
    with closing(notifier.store):
        repairs, now = repairs_of(notifier.validation, notifier.store, Settings()), notifier.clock()
        plan = repairs.plan("grant-invoker:phase3-to-phase4-orchestrator", "slack:U0EXAMPLE1", now)
        repairs.apply(plan, "slack:U0EXAMPLE1", now)

        (change,) = notifier.validation.own_changes(now)
        notifier.close()

    assert (change.place.name, change.actor) == (plan.key.target, "the Slack user U0EXAMPLE1")
    assert [each.added for each in change.grants] == [True]
