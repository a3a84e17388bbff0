"""A scenario that is served keeps its alerts apart from those of the project."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from bot.composition.notifier import Notifier, notifier_of, prepare
from bot.redaction.shown import Secret
from bot.serving.serving_settings import DEFAULT_STORE, SlackSettings


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
