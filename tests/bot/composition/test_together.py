"""What several pipelines of one process share, and what they must not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from bot.composition.stores import store_of
from bot.composition.together import (
    defaults_of,
    heartbeat_of,
    must_beat_apart,
    must_differ,
    shared_channels,
    webhooks_of,
)
from bot.redaction.shown import Secret
from bot.serving.serving_settings import ServingSettings, StoreDatabase
from bot.settings import Settings, SettingsError
from checks.notifications import Notifications
from checks.pipeline import Pipeline
from tests.fakes import pipeline

PAGER = {"name": "pager", "format": "reveille", "url_variable": "REVEILLE_WEBHOOK_PAGER"}


@dataclass(frozen=True)
class Described:
    pipeline: Pipeline
    notifications: Notifications
    serving: ServingSettings = field(default_factory=ServingSettings)


def described(name: str, default: str, url: str | None = None, **parts: Any) -> Described:
    notifications = Notifications.model_validate({"routes": {"default": default}, **parts})
    serving = ServingSettings(heartbeat_url=None if url is None else Secret(url))
    return Described(pipeline(name=name, notifications=notifications), notifications, serving)


def test_a_channel_has_the_default_of_the_pipeline_that_writes_there() -> None:
    grave = {"default": "C0SECOND02", "severities": {"P0": "C0GRAVE002"}, "phases": {"phase3": "C0PHASE002"}}
    escalation = {"escalation": {"after_minutes": {"P0": 30}, "channel": "C0LEADS002"}}
    second = described("second", "C0SECOND02", routes=grave, webhooks=[PAGER], alerts=escalation)

    found = defaults_of([described("first", "C0FIRST001"), second])

    own = ("C0SECOND02", "C0GRAVE002", "C0PHASE002", "C0LEADS002", "pager")
    assert {found.of(place) for place in own} == {"C0SECOND02"}
    assert found.of("C0FIRST001") == found.of("C0UNKNOWN1") == "C0FIRST001"


def test_a_channel_of_several_has_the_default_of_the_first() -> None:
    shared = {"severities": {"P0": "C0SHARED01"}}
    each = [
        described(name, default, routes={"default": default, **shared})
        for name, default in (("a", "C0FIRST001"), ("b", "C0SECOND02"))
    ]

    assert defaults_of(each).of("C0SHARED01") == "C0FIRST001"


def test_a_channel_is_shared_where_more_than_one_pipeline_may_write_to_it() -> None:
    escalation = {"escalation": {"after_minutes": {"P0": 30}, "channel": "C0LEADS002"}}
    first = described("first", "C0FIRST001", webhooks=[PAGER], alerts=escalation)
    second = described(
        "second", "C0SECOND02", webhooks=[PAGER], routes={"default": "C0SECOND02", "severities": {"P0": "C0LEADS002"}}
    )

    assert shared_channels([first, second]) == {"C0LEADS002"}
    assert shared_channels([first]) == frozenset()


def test_a_webhook_of_several_is_one() -> None:
    each = [described(name, "C0FIRST001", webhooks=[PAGER]) for name in ("a", "b")]

    assert [webhook.name for webhook in webhooks_of(each)] == ["pager"]


def test_two_webhooks_of_one_name_that_lead_elsewhere_are_refused() -> None:
    other = {**PAGER, "url_variable": "REVEILLE_WEBHOOK_OTHER"}
    each = [described("a", "C0FIRST001", webhooks=[PAGER]), described("b", "C0FIRST001", webhooks=[other])]

    with pytest.raises(SettingsError, match="a and b both have a webhook pager"):
        webhooks_of(each)


def test_one_heartbeat_for_several_is_refused() -> None:
    """A digest that is there would hide another that is missing."""
    url = "https://watcher.example.com/KEY"

    with pytest.raises(SettingsError, match=r"put \{pipeline\} into it") as raised:
        must_beat_apart([described("a", "C0FIRST001", url), described("b", "C0FIRST001", url)])

    assert "KEY" not in str(raised.value)
    must_beat_apart([described("a", "C0FIRST001", url)])
    must_beat_apart([described("a", "C0FIRST001"), described("b", "C0FIRST001")])


def test_the_name_stands_in_the_address_of_a_heartbeat() -> None:
    url = "https://watcher.example.com/KEY/{pipeline}"
    each = [described(name, "C0FIRST001", url) for name in ("a", "b")]
    must_beat_apart(each)

    addresses = [beat._url.reveal() for one in each if (beat := heartbeat_of(one)) is not None]

    assert addresses == ["https://watcher.example.com/KEY/a", "https://watcher.example.com/KEY/b"]


def test_a_pipeline_is_served_once() -> None:
    must_differ(["a", "b"])
    with pytest.raises(SettingsError, match="a is named twice"):
        must_differ(["a", "b", "a"])


def test_a_store_of_pipelines_in_several_projects_must_be_named() -> None:
    """Else another file in the folder would move it, and every alert would be forgotten."""
    serving = ServingSettings(store=StoreDatabase("reveille"))

    with pytest.raises(SettingsError, match=r"one-project, two-project.*REVEILLE_STORE=firestore:PROJECT/reveille"):
        store_of(serving, Settings(), "one-project", "two-project")


@pytest.mark.parametrize(
    ("text", "project", "name"),
    [
        ("firestore:reveille", None, "reveille"),
        ("firestore:our-project/reveille", "our-project", "reveille"),
        ("firestore:example.com:our-project/(default)", "example.com:our-project", "(default)"),
    ],
)
def test_a_store_may_name_its_project(text: str, project: str | None, name: str) -> None:
    store = ServingSettings.from_environment({"REVEILLE_STORE": text}).store

    assert store == StoreDatabase(name, chosen=True, project=project)


@pytest.mark.parametrize(
    "text", ["firestore:/reveille", "firestore:X/reveille", "firestore:our-project/", "firestore:a/b/c"]
)
def test_a_project_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match="PROJECT/DATABASE"):
        ServingSettings.from_environment({"REVEILLE_STORE": text})
