from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from bot.alerting.holds import Hold
from bot.playground.slack.requests import PERSON
from bot.playground.slack.server import broken, refused
from bot.render.home import REFRESH, Home, homes_view
from bot.store.model import AlertState, Changes, SnoozeUntil, StoredReport
from bot.store.sqlite import SqliteStore
from checks.model import Severity, Verdict
from checks.notifications import Permissions as Rules
from handlers.home import publish, redraw
from handlers.replies import PrivateReply
from handlers.viewers import LOOKED_WITHIN
from tests.handlers.rig import CHANNEL, FAILING, NOW, SECONDS, Rig, an_alert, described, running


def opened(rig: Rig, **event: Any) -> None:
    request = rig.slack.requests.event("app_home_opened", **{"user": PERSON, "tab": "home", **event})
    assert rig.send(request).status == 200
    rig.wait()


def wait_for(condition: Callable[[], bool]) -> None:
    until = time.monotonic() + SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.01)


def shown(rig: Rig) -> str:
    return str(rig.slack.workspace.homes[PERSON]["blocks"])


def digest(rig: Rig, *, days_ago: int, verdict: str) -> None:
    at = NOW - timedelta(days=days_ago)
    report = StoredReport(
        key=f"digest:tiny:{at.date()}:0800",
        pipeline="tiny",
        job="digest",
        previous=str(at.date() - timedelta(days=1)),
        at=at,
        verdict=verdict,
        document={"headline": f"A headline <!here> of {days_ago} days ago", "results": []},
    )
    rig.store.commit(Changes(reports=(report,)))


def test_open_alerts_lead_to_their_threads_and_the_page_says_when_the_next_look_is() -> None:
    with running() as rig:
        alert = rig.alert(title="3 players")
        address = f"archives/{CHANNEL}/p{rig.parent(alert).ts.replace('.', '')}|open thread>"

        opened(rig)
        rig.done("/alerts")

        assert address in shown(rig)
        assert "Next check" in shown(rig)
        assert address in str(rig.slack.workspace.responses[-1]["blocks"])


def test_an_alert_whose_message_is_not_sent_yet_is_shown_without_a_link() -> None:
    with running() as rig:
        rig.store.commit(Changes(alerts=(an_alert(title="3 players"),)))

        opened(rig)

        assert "3 players" in shown(rig)
        assert "open thread" not in shown(rig)


def test_an_empty_home_says_how_to_begin() -> None:
    with running() as rig:
        opened(rig)

        assert "The latest run has not been validated yet" in shown(rig)
        assert "No open alert" in shown(rig)


def test_an_answer_about_another_date_alone_does_not_say_how_things_are() -> None:
    with running() as rig:
        rig.done("/validate-daily", "2026-02-03")

        opened(rig)

        assert rig.store.report_heads("tiny", "command", NOW - timedelta(days=1), 9)
        assert "The latest run has not been validated yet" in shown(rig)


def test_the_last_verdict_and_the_phases_are_shown() -> None:
    with running() as rig:
        rig.gate.rows = FAILING
        rig.done("/validate-daily")

        opened(rig)

        assert "🔴 *BLOCKED*" in shown(rig)
        assert "In each phase: last run Tue 10 Feb · today Wed 11 Feb" in shown(rig)
        assert "*Predictions*\\n🟠 P1 failed" in shown(rig)


@pytest.mark.parametrize(
    ("asked", "verdict", "checked"),
    [
        pytest.param("2026-02-09", "🟢 *ALL CLEAR*", "11 Feb 08:00 (digest)", id="another date leaves the page"),
        pytest.param("2026-02-10", "🔴 *BLOCKED*", "11 Feb 08:05 (command)", id="that of the digest is newer"),
    ],
)
def test_a_question_counts_for_the_interval_of_the_digest_alone(asked: str, verdict: str, checked: str) -> None:
    with running() as rig:
        digest(rig, days_ago=0, verdict="ALL CLEAR")
        rig.now += timedelta(minutes=5)
        rig.gate.rows = FAILING
        rig.done("/validate-daily", asked)

        opened(rig)

        assert verdict in shown(rig)
        assert f"Last run Tue 10 Feb · checked at {checked}" in shown(rig)


def test_a_verdict_whose_alert_was_resolved_since_says_until_when_it_was_so() -> None:
    with running() as rig:
        opened_at, ended = NOW - timedelta(hours=1), NOW - timedelta(minutes=20)
        alert = an_alert(
            key="was", severity=Severity.P0, state=AlertState.RESOLVED, opened_at=opened_at, resolved_at=ended
        )
        finding = {"outcome": "failed", "severity": "P0", "subject": alert.subject, "phase": None}
        told = {"check": alert.check, "phase": None, "findings": [{**finding, "interval": alert.interval}]}
        report = StoredReport(
            key="digest:tiny:2026-02-11:0800",
            pipeline="tiny",
            job="digest",
            previous="2026-02-10",
            at=opened_at,
            verdict="BLOCKED",
            document={"headline": "Broken.", "results": [told]},
        )
        rig.store.commit(Changes(alerts=(alert,), reports=(report,)))

        opened(rig)

        assert "✅ *Was BLOCKED until 07:40 EST; now no alert is open.*'" in shown(rig)
        assert "(digest) · Broken." in shown(rig)
        assert "No open alert" in shown(rig)


def test_open_alerts_are_shown_with_owner_and_the_snoozes_that_end_today() -> None:
    with running() as rig:
        rig.store.commit(
            Changes(
                alerts=(
                    an_alert(key="taken", title="Taken one", state=AlertState.ACKNOWLEDGED, owner="U0ANN"),
                    an_alert(
                        key="today",
                        title="Ends today",
                        state=AlertState.SNOOZED,
                        snoozed_until=NOW + timedelta(hours=2),
                    ),
                    an_alert(
                        key="tomorrow",
                        title="Ends tomorrow",
                        state=AlertState.SNOOZED,
                        snoozed_until=NOW + timedelta(days=1),
                    ),
                    an_alert(
                        key="change",
                        title="Ends on a change",
                        state=AlertState.SNOOZED,
                        snooze_ends_on=SnoozeUntil.CHANGE,
                    ),
                )
            )
        )

        opened(rig)

        assert "Open alerts: 4" in shown(rig)
        assert "acknowledged by <@U0ANN>" in shown(rig)
        assert "⏰ 10:00  Ends today" in shown(rig)
        assert shown(rig).count("⏰") == 1


def test_the_last_fourteen_digests_are_a_strip_with_gaps_where_nothing_ran() -> None:
    with running() as rig:
        digest(rig, days_ago=0, verdict="ALL CLEAR")
        digest(rig, days_ago=1, verdict="BLOCKED")
        digest(rig, days_ago=13, verdict="WATCH")

        opened(rig)

        text = rig.slack.workspace.homes[PERSON]["blocks"]
        (strip,) = (each["elements"][0]["elements"][0]["text"] for each in text if each["type"] == "rich_text")
        assert strip.split("\n") == [
            "29 30 31 01 02 03 04",
            " w  ·  ·  ·  ·  ·  ·",
            "",
            "05 06 07 08 09 10 11",
            " ·  ·  ·  ·  ·  ✗  ✓",
        ]


def test_a_verdict_of_long_ago_says_so() -> None:
    with running() as rig:
        digest(rig, days_ago=2, verdict="ALL CLEAR")

        opened(rig)

        assert "older than a day" in shown(rig)
        assert "<!here>" not in shown(rig)


def test_a_hundred_long_alerts_fit_and_are_counted() -> None:
    with running() as rig:
        alerts = tuple(
            an_alert(
                key=f"alert-{number}",
                title="<!channel> & " * 300,
                state=AlertState.SNOOZED,
                snoozed_until=NOW + timedelta(hours=1),
            )
            for number in range(100)
        )
        rig.store.commit(Changes(alerts=alerts))

        opened(rig)

        assert "80 less grave ones" in shown(rig)
        assert "<!channel>" not in shown(rig)


def test_the_same_event_draws_once() -> None:
    with running() as rig:
        opened(rig, event_id="Ev0000001")
        opened(rig, event_id="Ev0000001")

        assert len(rig.slack.called("views.publish")) == 1


def test_the_messages_tab_draws_nothing() -> None:
    with running() as rig:
        opened(rig, tab="messages")

        assert rig.slack.calls == []


def test_an_older_drawing_never_replaces_a_newer_one() -> None:
    with running() as rig:
        opened(rig)
        newer = rig.slack.workspace.homes[PERSON]

        publish((rig.services,), PrivateReply(client=rig.services.client, user=PERSON), "an older hash")

        assert rig.slack.workspace.homes[PERSON] == newer
        assert rig.slack.called("views.publish")[-1].error == "hash_conflict"


def test_the_hash_of_the_open_view_travels_with_the_drawing() -> None:
    with running() as rig:
        opened(rig)
        known = rig.slack.workspace.homes[PERSON]

        opened(rig, view={"hash": known["hash"]})

        assert rig.slack.called("views.publish")[-1].arguments["hash"] == known["hash"]
        assert rig.slack.called("views.publish")[-1].error == ""


def test_the_button_draws_anew() -> None:
    with running() as rig:
        opened(rig)
        rig.store.commit(Changes(alerts=(an_alert(),)))
        rig.services.client.chat_postMessage(channel=PERSON, text="anything to click on")

        rig.send(rig.slack.requests.click(rig.slack.messages(PERSON)[0], REFRESH))
        rig.wait()

        assert "Open alerts: 1" in shown(rig)


def test_one_who_may_not_see_is_told_whom_to_ask() -> None:
    with running(Rules(viewers=("U0000OTHER",), ask="the data team")) as rig:
        opened(rig)

        assert "Ask the data team." in shown(rig)
        assert "No open alert" not in shown(rig)


def test_an_error_of_slack_is_tried_again() -> None:
    with running() as rig:
        rig.slack.tell("views.publish", broken())

        opened(rig)

        assert "No open alert" in shown(rig)


def test_a_store_that_is_down_is_said_on_the_page() -> None:
    with running() as rig:
        rig.store.close()

        opened(rig)

        assert "does not answer" in shown(rig)


def test_slack_being_down_breaks_no_other_request_and_the_tab_is_drawn_when_it_is_back() -> None:
    with running() as rig:
        rig.slack.down = True
        rig.send(rig.slack.requests.event("app_home_opened", user=PERSON, tab="home"))
        wait_for(lambda: bool(rig.slack.called("views.publish")))

        status = rig.command("/reveille").status
        rig.slack.recover()
        rig.wait()

        assert status == 200
        assert shown(rig)


class Counting(SqliteStore):
    """Counts the reports that were read whole."""

    def __init__(self) -> None:
        super().__init__(":memory:")
        self.read = 0

    def reports(
        self, pipeline: str, job: str | None, since: datetime, *, limit: int | None = None
    ) -> Sequence[StoredReport]:
        found = super().reports(pipeline, job, since, limit=limit)
        self.read += len(found)
        return found

    def report(self, key: str) -> StoredReport | None:
        self.read += 1
        return super().report(key)


def test_of_hundreds_of_reports_only_the_newest_is_read_whole() -> None:
    store = Counting()
    kinds = {"digest": timedelta(hours=1), "command": timedelta(minutes=1)}
    store.commit(
        Changes(
            reports=[
                StoredReport(
                    key=f"{job}:tiny:2026-02-10:{number}",
                    pipeline="tiny",
                    job=job,
                    previous="2026-02-10",
                    at=NOW - number * apart,
                    verdict="WATCH",
                    document={"headline": f"The {job} of {number} ago", "results": []},
                )
                for job, apart in kinds.items()
                for number in range(1, 200)
            ]
        )
    )
    with running() as rig:
        publish((replace(rig.services, store=store),), PrivateReply(client=rig.services.client, user=PERSON), None)

        assert "The command of 1 ago" in shown(rig)
    assert store.read == 1


class TestDrawnAnew:
    def test_whoever_has_it_open_sees_what_changed_since(self) -> None:
        with running() as rig:
            opened(rig)
            rig.store.commit(Changes(alerts=(an_alert(title="A new one"),)))

            redraw((rig.services,))

            assert "A new one" in shown(rig)

    def test_it_is_read_from_the_store_once_for_all_who_look(self) -> None:
        store = Counting()
        with running() as rig:
            digest(rig, days_ago=0, verdict="WATCH")
            store.commit(Changes(reports=rig.store.reports("tiny", None, NOW - timedelta(days=1))))
            for user in ("U0ANN", "U0BOB", "U0EVE"):
                rig.services.viewers.looked(user, "", NOW)

            redraw((replace(rig.services, store=store),))

            assert (store.read, len(rig.slack.workspace.homes)) == (1, 3)

    def test_whoever_opened_it_half_a_day_ago_is_left_alone(self) -> None:
        with running() as rig:
            opened(rig)
            before = shown(rig)
            rig.store.commit(Changes(alerts=(an_alert(title="A new one"),)))
            rig.now += LOOKED_WITHIN + timedelta(seconds=1)

            redraw((rig.services,))

            assert shown(rig) == before

    def test_whoever_may_not_see_it_any_more_is_told_so(self) -> None:
        with running(Rules(viewers=("S0VIEWERS",))) as rig:
            rig.slack.workspace.groups["S0VIEWERS"] = [PERSON]
            opened(rig)
            rig.slack.workspace.groups["S0VIEWERS"] = ["U0OTHER"]
            rig.now += timedelta(hours=1)

            redraw((rig.services,))

            assert "No open alert" not in shown(rig)

    def test_one_for_whom_slack_refuses_it_keeps_it_from_nobody_else(self) -> None:
        with running() as rig:
            rig.services.viewers.looked("U0GONE", "", NOW)
            opened(rig)
            rig.store.commit(Changes(alerts=(an_alert(title="A new one"),)))
            rig.slack.tell("views.publish", refused("invalid_arguments"))

            redraw((rig.services,))

            assert "A new one" in shown(rig)


def many_homes(count: int, alerts: int) -> list[Home]:
    """As many pipelines as they may be, each with alerts and the longest names that a file may give it."""
    described_ = described(Rules())
    return [
        Home(
            pipeline=described_.model_copy(update={"name": f"p{number}", "title": "x" * 300}),
            now=NOW,
            last=None
            if number % 3 == 0
            else StoredReport(
                key=f"digest:p{number}:2026-02-11:0800",
                pipeline=f"p{number}",
                job="digest",
                previous="2026-02-10",
                at=NOW,
                verdict=list(Verdict)[number % len(Verdict)].value,
                document=_phases(),
            ),
            digests=[(f"2026-02-{day:02}", None) for day in range(1, 15)],
            alerts=[an_alert(key=f"p{number}:a:{each}:-", pipeline=f"p{number}") for each in range(alerts)],
            hold=Hold(until=NOW + timedelta(hours=1), reason="y" * 200),
        )
        for number in range(count)
    ]


def _phases() -> Mapping[str, Any]:
    finding = {"outcome": "passed", "severity": None, "phase": "phase3", "interval": "2026-02-10"}
    return {"headline": "z" * 900, "results": [{"phase": "phase3", "findings": [finding]}]}


@pytest.mark.parametrize("count", [2, 12, 13, 60])
@pytest.mark.parametrize("alerts", [0, 1, 30])
def test_the_tab_of_however_many_pipelines_is_one_that_slack_takes(count: int, alerts: int) -> None:
    blocks = homes_view(many_homes(count, alerts))["blocks"]

    texts = [str(block["text"]["text"]) for block in blocks if "text" in block]
    assert len(blocks) <= 100
    assert max(map(len, texts)) <= 3000
    assert max(len(block["text"]["text"]) for block in blocks if block["type"] == "header") <= 150
    assert [text for text in texts if text.startswith(f"Open alerts: {count * alerts}")] or not alerts
    assert len([block for block in blocks if block.get("accessory")]) == min(count * alerts, 20)


def test_every_pipeline_is_on_the_tab_of_all() -> None:
    shown = json.dumps(homes_view(many_homes(13, 2)))

    assert "1 more pipeline" in shown
    assert [number for number in range(12) if f"`p{number}`" not in shown] == []
