"""``/reveille status``: how Reveille itself is, on one screen."""

from __future__ import annotations

from datetime import timedelta

from bot.render.status import status_message
from bot.status import status_of
from bot.store.model import Changes, Delivery, DeliveryKind, StoredReport
from bot.timetable.watch import WATCH
from checks.notifications import Permissions as Rules
from checks.ports.warehouse import BIGQUERY
from checks.source import Problem, SourceError
from tests.handlers.rig import CHANNEL, NOW, Rig, an_alert, running
from tests.handlers.test_home import digest


def told(rig: Rig) -> str:
    rig.done("/reveille", "status")
    (answer,) = rig.slack.workspace.responses
    return "\n".join(str(block.get("text", block)) for block in answer["blocks"])


def test_it_fits_one_screen_and_is_said_to_the_one_who_asked_alone() -> None:
    with running() as rig:
        said = told(rig)

        assert said.count("\\n") + said.count("\n") <= 15
        assert rig.slack.messages() == []


def test_the_last_and_the_next_looks_are_told() -> None:
    with running() as rig:
        digest(rig, days_ago=0, verdict="WATCH")
        watch = StoredReport(
            key="watch:1", pipeline="tiny", job=WATCH, previous="2026-02-10", at=NOW, verdict="ACT", document={}
        )
        rig.store.commit(Changes(reports=(watch,)))

        said = told(rig)

        assert "last 08:00 EST (Tue 10 Feb: WATCH)" in said
        assert "last 08:00 EST (ACT), next 08:0" in said or "last 08:00 EST (ACT), next 08:1" in said


def test_open_incidents_are_counted_by_severity() -> None:
    with running() as rig:
        rig.store.commit(Changes(alerts=(an_alert(key="a"), an_alert(key="b"))))

        assert "2 (2 P1), 2 unacknowledged" in told(rig)


def test_a_source_that_does_not_answer_is_named_with_what_it_lacks() -> None:
    denied = SourceError(BIGQUERY, Problem.DENIED, "SELECT 1: no", advice="Grant roles/bigquery.jobUser.")
    with running() as rig:
        rig.gate.failure = denied

        said = told(rig)

        assert "BigQuery does not answer" in said
        assert "roles/bigquery.jobUser" in said
        assert "Sources that answer:* Cloud Run" in said
        assert "BigQuery does not answer" in rig.said[0]


def test_what_waits_for_a_sink_is_counted_with_its_age_and_reason() -> None:
    with running() as rig:
        waiting = Delivery(
            key="d", kind=DeliveryKind.POST, channel=CHANNEL, body={}, created_at=NOW - timedelta(minutes=12)
        )
        rig.store.commit(Changes(deliveries=(waiting,)))
        rig.store.claim("test", NOW, NOW + timedelta(minutes=1), 1)
        rig.store.hand_back("d", "test", now=NOW, not_before=NOW, error="channel_not_found")

        assert "1 message waiting, the oldest for 12 min: channel_not_found" in told(rig)


def test_what_the_process_knows_not_to_work_stands_first() -> None:
    with running() as rig, rig.validation.reads() as reads:
        problems = {"default channel": "it is archived"}

        said = str(status_message(status_of(rig.validation.pipeline, NOW, reads, rig.store, problems)).blocks)

        assert 0 < said.index("it is archived") < said.index("Digest")


def test_who_may_not_see_hears_only_that() -> None:
    with running(Rules(viewers=("U0000OTHER",))) as rig:
        rig.done("/reveille", "status")

        assert len(rig.said) == 1
        assert "You cannot" in rig.said[0]


def test_a_pipeline_without_repairs_is_read_only() -> None:
    with running() as rig:
        assert "only reads" in told(rig)


def test_help_is_help() -> None:
    with running() as rig:
        assert "/reveille status" in rig.done("/reveille", "status help").body
