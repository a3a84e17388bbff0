"""What a re-check saw of an alert: what still fails, before what could not be checked."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from bot.alerting.clicks import Click
from bot.alerting.incident import members_of
from bot.alerting.incidents import Incidents
from bot.alerting.recheck import rechecked_of
from bot.render.alert import AlertMessages
from bot.render.alert_replies import look_reply
from bot.render.repairs import still_open_reply
from bot.store.model import Alert
from bot.store.sqlite import SqliteStore
from checks.facts import Unread
from checks.model import Finding, Outcome, Severity
from tests.bot.alerting.incident_reports import PIPELINE, failed, report_of, with_findings
from tests.bot.render.alert_states import alert_of, follow, many
from tests.bot.render.reports import NOW, finding, healthy

SYSTEMS = [f"system_{number:02}" for number in range(7)]


def ungraded(subject: str) -> Finding:
    return failed("ungraded", subject, f"{subject} has no grades.", Severity.P1)


def unread(source: str = "BigQuery") -> Finding:
    facts = Unread(source=source, problem="timed out")
    return finding(Outcome.UNKNOWN, "unavailable", "trigger", "Silent.", severity=Severity.P1, facts=facts)


ALERT: Alert = alert_of(follow(many(7)))


def test_what_still_fails_is_told_before_what_could_not_be_checked() -> None:
    findings = with_findings("grading", *map(ungraded, SYSTEMS[:3])) | {"trigger": [unread()]}

    look = rechecked_of(ALERT, report_of(findings))

    assert [each.subject for each in look.failing] == SYSTEMS[:3]
    assert look.blind == ("BigQuery (timed out)",)
    for body in (
        look_reply(ALERT, None, "U0000001", NOW, PIPELINE.zone, look),
        still_open_reply(NOW, PIPELINE.zone, look),
    ):
        said = str(body["parts"])
        assert said.index("3 findings still fail") < said.index(SYSTEMS[0]) < said.index("BigQuery (timed out)")


def test_a_failure_that_the_alert_is_not_about_is_none_of_its_own() -> None:
    look = rechecked_of(ALERT, report_of(with_findings("grading", ungraded("another_system"))))

    assert look.failing == ()


def test_a_recheck_tells_the_thread_what_still_fails_although_a_source_was_silent() -> None:
    store = SqliteStore(":memory:")
    incidents = Incidents(store, PIPELINE, AlertMessages(PIPELINE))
    incidents.process(many(7), NOW)
    (alert,) = store.open_alerts(PIPELINE.name)
    again = report_of(with_findings("grading", *map(ungraded, SYSTEMS)) | {"trigger": [unread()]})

    incidents.rechecked(Click(key=alert.key, actor="U0000001", now=NOW, action_key="a-click"), again)

    (reply,) = [each for each in store.pending() if "rechecked" in each.key]
    assert "7 findings still fail" in str(reply.body["notice"])
    assert incidents.seen_in(alert.key, report_of(healthy())).failing == ()
    store.close()


@settings(deadline=None)
@given(st.sets(st.sampled_from(SYSTEMS)), st.sets(st.sampled_from(["BigQuery", "Firestore"])))
def test_every_finding_that_still_fails_and_every_silent_source_is_told_once(
    failing: set[str], silent: set[str]
) -> None:
    graded = [finding(Outcome.PASSED, "graded", each, "Graded.") for each in SYSTEMS if each not in failing]
    findings = with_findings("grading", *map(ungraded, sorted(failing)), *graded)
    findings["trigger"] = [*map(unread, sorted(silent)), *findings["trigger"]]

    look = rechecked_of(ALERT, report_of(findings))

    assert {each.key for each in look.failing} == {
        member.key for member in members_of(ALERT) if member.subject in failing
    }
    assert sorted(look.blind) == [f"{each} (timed out)" for each in sorted(silent)]
