"""Every message about an alert: word for word, within Slack's limits, and harmless whatever the data say.

``UPDATE_GOLDEN=1 pytest tests/bot/render/test_alert.py`` writes the golden files again; look at the difference.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.alerting.alerts import Reason, Transition
from bot.alerting.incident import members_of
from bot.alerting.recheck import RecheckResult
from bot.playground.slack.limits import check_message
from bot.render.alert import NAME_TEXT, NAMED, ROOMS, AlertMessages, alert_message
from bot.render.alert_details import detail_parts
from bot.render.alert_links import links_of
from bot.render.buttons import BUTTONS, REPAIR
from bot.render.mentions import mention
from bot.render.repairs import still_open_reply
from bot.render.slack_text import markup
from bot.render.words import clean, duration
from bot.sinks.slack.format import formatted
from bot.store.model import Alert, AlertState
from checks.model import Severity
from tests.advice import advised
from tests.bot.alerting.incident_reports import PIPELINE, failed, report_of, with_findings
from tests.bot.render.alert_states import OPEN, PARENTS, TRANSITIONS, alert_of, bodies, follow
from tests.bot.render.reports import NOW
from tests.bot.render.strategies import TEXTS
from tests.thoroughness import examples

GOLDEN = Path(__file__).parents[2] / "golden_alerts"
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))
BODIES = bodies()
OURS = re.compile(r"<(https://[^<>|\s]+\|[^<>|]+|@[UW][A-Z0-9]+|!subteam\^S[A-Z0-9]+|#C[A-Z0-9]+)>")
HIDDEN = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


def texts(body: dict[str, Any]) -> list[str]:
    """Every text in which Slack reads markup."""
    found = [body["text"]]

    def walk(part: Any) -> None:
        match part:
            case {"type": "mrkdwn", "text": str(text), "verbatim": True}:
                found.append(text)
            case {"type": "mrkdwn"}:
                pytest.fail(f"not verbatim: {part}")
            case dict():
                for value in part.values():
                    walk(value)
            case list() | tuple():
                for value in part:
                    walk(value)

    walk(body["blocks"])
    return found


def check(body: dict[str, Any]) -> None:
    check_message(body["text"], body["blocks"])
    assert not HIDDEN.search(json.dumps(body, ensure_ascii=False).replace("\\n", ""))
    for text in texts(body):
        bare = "\n".join(line.removeprefix("> ") for line in OURS.sub("", text).split("\n"))
        assert "<" not in bare
        assert ">" not in bare
        assert not re.search(r"&(?!amp;|lt;|gt;)", bare)


def shown(body: dict[str, Any]) -> str:
    return json.dumps(body["blocks"], ensure_ascii=False)


@pytest.mark.parametrize("name", BODIES)
def test_it_reads_as_the_golden_file_says(name: str) -> None:
    path = GOLDEN / f"{name}.json"

    text = json.dumps(BODIES[name], indent=2, ensure_ascii=True) + "\n"

    if UPDATE:
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: UPDATE_GOLDEN=1 writes it"
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_a_message() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(BODIES)


@pytest.mark.parametrize("name", BODIES)
def test_slack_takes_it_and_nothing_in_it_calls_anybody(name: str) -> None:
    check(BODIES[name])


def test_there_is_a_reply_for_every_reason_that_speaks() -> None:
    spoken = {each.reason for each in TRANSITIONS.values()}

    assert spoken == set(Reason) - {Reason.UNCHANGED, Reason.OPENED, Reason.COUNTED}


@pytest.mark.parametrize("name", TRANSITIONS)
def test_the_example_of_a_reply_is_one_of_that_reason(name: str) -> None:
    reason = {
        "spread": Reason.WORSENED,
        "shrunk": Reason.EASED,
        "reopened-asleep": Reason.REOPENED,
        "eased-to-a-note": Reason.RESOLVED,
        "gone": Reason.SUPERSEDED,
        "hostile": Reason.WORSENED,
        "many": Reason.WORSENED,
        "reminded-owner": Reason.REMINDED,
    }.get(name) or Reason(name)

    assert TRANSITIONS[name].reason is reason


@pytest.mark.parametrize("state", AlertState)
def test_each_state_has_its_buttons(state: AlertState) -> None:
    alert = replace(OPEN, state=state, version=7)

    blocks = formatted(alert_message(alert, PIPELINE, NOW).document)["blocks"]

    (row,) = [each for each in blocks if each["type"] == "actions"]
    own = [each["action_id"] for each in row["elements"] if each["action_id"] != REPAIR]
    assert own == [each.action for each in BUTTONS[state]]
    assert {each["value"] for each in row["elements"]} == {
        json.dumps({"key": alert.key, "version": 7}, separators=(",", ":"))
    }


@pytest.mark.parametrize(
    ("state", "calls"),
    [(state, state is AlertState.FIRING) for state in AlertState],
    ids=[state.value for state in AlertState],
)
def test_only_an_alert_that_nobody_has_taken_calls_somebody(state: AlertState, calls: bool) -> None:
    body = dict(formatted(alert_message(replace(OPEN, state=state), PIPELINE, NOW).document))

    assert ("<!subteam^S0000001>" in shown(body)) == calls
    assert ("<!subteam^S0000001>" in body["text"]) == calls


@pytest.mark.parametrize(
    ("severity", "member"), [(Severity.P1, "<@U0000009>"), (Severity.P2, "")], ids=["a user", "nobody is named"]
)
def test_whom_it_calls_depends_on_the_severity(severity: Severity, member: str) -> None:
    body = dict(formatted(alert_message(replace(OPEN, severity=severity), PIPELINE, NOW).document))

    assert body["text"].endswith(member)
    assert ("<@" in shown(body)) == bool(member)


@pytest.mark.parametrize("text", ["", "channel", "<!channel>", "U1|x", "everyone", "!here"])
def test_only_an_id_becomes_a_mention(text: str) -> None:
    assert mention(text) == ()


def test_the_logs_are_those_of_the_service_in_the_night_before() -> None:
    links = unquote(" ".join(map(markup, links_of(OPEN, PIPELINE, NOW + timedelta(days=9)))))

    assert 'resource.labels.service_name="phase3-to-phase4-orchestrator"' in links
    assert ";startTime=2026-02-11T01:00:00Z;endTime=2026-02-11T14:00:00Z?project=nba-props-platform|" in links
    assert "<https://example.com/runbook|Runbook>" in links


def test_an_unsafe_link_is_left_out() -> None:
    alert = replace(OPEN, details={**OPEN.details, "link": "https://evil.example|<!channel>"})

    assert "evil" not in str(links_of(alert, PIPELINE, NOW))


@pytest.mark.parametrize(
    ("minutes", "words"),
    [(0.9, ""), (1, "1 min"), (60, "1 h"), (70, "1 h 10 min"), (2_879, "47 h 59 min"), (2_880, "2 days"), (-5, "")],
)
def test_a_duration_is_said_in_words(minutes: float, words: str) -> None:
    assert duration(timedelta(minutes=minutes)) == words


SLOW = settings(deadline=None, max_examples=examples(60), suppress_health_check=[HealthCheck.too_slow])


@st.composite
def alerts(draw: st.DrawFn) -> Alert:
    """An alert made of any texts, in any state."""
    action = draw(st.none() | st.builds(advised, text=TEXTS, command=st.none() | TEXTS))
    number = draw(st.sampled_from([1, 2, 5, 6, 40, 150]))
    subject, summary, impact = draw(TEXTS), draw(TEXTS), draw(TEXTS)
    many = [
        failed(
            "a-code",
            f"{subject}{index}",
            f"{summary}{index}",
            draw(st.sampled_from(Severity)),
            impact=impact,
            action=action,
        )
        for index in range(number)
    ]
    many[0] = replace(many[0], severity=Severity.P0)
    opened = alert_of(follow(report_of(with_findings("grading", *many))))
    state = draw(st.sampled_from(AlertState))
    return replace(
        opened,
        state=state,
        reason=draw(TEXTS),
        owner=draw(st.sampled_from([None, "U0000001"])),
        resolved_at=NOW if state is AlertState.RESOLVED else None,
        details={
            **opened.details,
            "closing": draw(st.sampled_from(["clear", "note", "gone", "superseded"])),
            "closing_title": draw(TEXTS),
        },
    )


@SLOW
@given(alerts())
def test_every_alert_fits_into_slack(alert: Alert) -> None:
    check(dict(formatted(alert_message(alert, PIPELINE, NOW, note="A note.").document)))


@SLOW
@given(
    alerts(),
    alerts(),
    st.sampled_from([each for each in Reason if each not in (Reason.UNCHANGED, Reason.COUNTED)]),
    st.booleans(),
)
def test_every_reply_fits_into_slack(before: Alert, after: Alert, reason: Reason, calls: bool) -> None:
    transition = Transition(reason=reason, before=before, alert=after, mention=calls)
    writer = AlertMessages(PIPELINE)

    for body in (
        *([] if reason is Reason.OPENED else [writer.reply(transition, NOW)]),
        writer.clicked(after, "snoozed", "U0000001"),
        writer.looked(
            after, transition, "U0000001", NOW, RecheckResult(failing=members_of(after), blind=("BigQuery",))
        ),
        writer.looked(after, None, "U0000001", NOW, RecheckResult(failing=members_of(before), blind=("a\nb" * 500,))),
        still_open_reply(NOW, PIPELINE.zone, RecheckResult(failing=members_of(before), blind=("BigQuery",))),
        writer.pointer(after),
        writer.past_store(after, NOW),
    ):
        check(dict(formatted(body)))


def test_a_transition_of_nothing_has_no_reply() -> None:
    with pytest.raises(ValueError, match="no thread"):
        AlertMessages(PIPELINE).reply(Transition(reason=Reason.OPENED, before=None, alert=OPEN), NOW)


def test_a_reply_that_one_section_cannot_hold_goes_on_in_the_next() -> None:
    def long(*subjects: str) -> Alert:
        found = [failed("a-code", each, f"{each} {'x' * 500}", Severity.P1) for each in subjects]
        return alert_of(follow(report_of(with_findings("grading", *found))))

    members = [long(*[f"{word}-{index}" for index in range(6)]) for word in ("old", "new")]
    transition = Transition(reason=Reason.CHANGED, before=members[0], alert=members[1])

    body = dict(formatted(AlertMessages(PIPELINE).reply(transition, NOW)))

    check(body)
    assert len(body["blocks"]) == 2
    assert shown(body).count("and 1 more") == 2


@pytest.mark.parametrize("name", PARENTS)
def test_in_a_channel_of_several_pipelines_each_message_says_whose_it_is(name: str) -> None:
    own, usual = (
        formatted(AlertMessages(PIPELINE, is_shared=each).parent(PARENTS[name], NOW)) for each in (True, False)
    )

    title = clean(PIPELINE.title)
    assert own["text"] == f"{title}: {usual['text']}"
    assert json.dumps(own["blocks"]).count(title) == json.dumps(usual["blocks"]).count(title) + 1


def test_a_long_name_of_a_pipeline_takes_no_cause_from_its_alerts() -> None:
    long = PIPELINE.model_copy(update={"title": "Player props " * 40})

    own = json.dumps(formatted(AlertMessages(long, is_shared=True).parent(PARENTS["snoozed"], NOW)))

    assert own.count("Player props") < 15
    assert all(room.cause > NAME_TEXT + NAMED for room in ROOMS.values())


def test_names_from_the_pipeline_file_are_escaped() -> None:
    phases = tuple(each.model_copy(update={"title": "<!channel> & co"}) for each in PIPELINE.phases)

    check(dict(formatted(alert_message(OPEN, PIPELINE.model_copy(update={"phases": phases}), NOW).document)))


def test_the_details_count_every_finding() -> None:
    assert "All of it: 20 findings" in str([*detail_parts(PARENTS["many"], PIPELINE, NOW)])


def test_the_examples_are_in_the_states_that_they_are_named_after() -> None:
    states = {name: PARENTS[name].state.value for name in ("firing", "acknowledged", "snoozed", "resolved")}

    assert states == {name: name for name in states}


@pytest.mark.parametrize(
    ("reason", "before", "now", "counts"),
    [
        pytest.param(Reason.WORSENED, 0, 13, [13, 0], id="it spreads"),
        pytest.param(Reason.EASED, 13, 0, [0, 13], id="it shrinks"),
    ],
)
def test_how_far_it_spreads_counts_the_findings_that_are_not_listed(
    reason: Reason, before: int, now: int, counts: list[int]
) -> None:
    then, after = (replace(OPEN, details={**OPEN.details, "more": more}) for more in (before, now))

    body = dict(formatted(AlertMessages(PIPELINE).reply(Transition(reason=reason, before=then, alert=after), NOW)))

    told = re.findall(r"(\d+) findings? now, (\d+) before", shown(body))
    assert [tuple(map(int, each)) for each in told] == [tuple(len(members_of(OPEN)) + more for more in counts)]
