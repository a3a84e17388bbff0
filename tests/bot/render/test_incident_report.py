"""The draft of a post-mortem: what it says, and that nothing which others wrote does anything in it."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.alerting.chronicle import Chronicle, Event, Happening
from bot.playground.slack.limits import check_message
from bot.render.blocks import slack_message
from bot.render.incident_report import EVENTS_IN_SLACK, Section, report_post, sections_of
from bot.render.markdown import escaped, file_name, markdown, report_file
from bot.store.model import Alert, AlertState
from tests.bot.alerting.incident_reports import PIPELINE
from tests.bot.render.alert_states import USER, alert_of, follow, hostile, lost
from tests.bot.render.reports import NOW, ORCHESTRATORS

MINUTE = timedelta(minutes=1)
LOST = alert_of(follow(lost(*ORCHESTRATORS)))
HOSTILE = alert_of(follow(hostile()))
FAKE_TOKEN = "xoxb-" + "1234567890-abcdefghijklmnop"


def over(alert: Alert = LOST, *events: Event, **details: object) -> Chronicle:
    ended = alert.opened_at + 10 * MINUTE
    closed = replace(
        alert, state=AlertState.RESOLVED, resolved_at=ended, changed_at=ended, details={**alert.details, **details}
    )
    found = Event(at=alert.opened_at, what=Happening.FOUND, detail=alert.severity.name)
    return Chronicle(alert=closed, events=(found, *events), now=ended + MINUTE)


def so_far(alert: Alert = LOST) -> Chronicle:
    return Chronicle(alert=alert, events=(), now=alert.opened_at + 5 * MINUTE)


def sections(chronicle: Chronicle) -> dict[str, str]:
    return {each.heading.partition(" (")[0]: str(each.lines) for each in sections_of(chronicle, PIPELINE)}


def document(chronicle: Chronicle) -> str:
    return report_file(chronicle, PIPELINE)


def test_it_has_every_section_that_a_post_mortem_needs() -> None:
    assert list(sections(over())) == [
        "Summary",
        "Impact",
        "Timeline",
        "Cause",
        "Who",
        "How long",
        "Open questions",
    ]


def test_one_that_is_open_says_that_it_is_not_over() -> None:
    assert "still open" in sections(so_far())["Summary"]
    assert "still open" not in sections(over())["Summary"]


def test_the_markdown_file_and_the_message_have_one_title_and_one_tense() -> None:
    for chronicle in (over(), so_far()):
        title = document(chronicle).partition("\n")[0].removeprefix("# ").replace("\\", "")

        assert slack_message(report_post(chronicle, PIPELINE, ())).text.startswith(title)
    assert document(over()).partition("\n")[0] != document(so_far()).partition("\n")[0]


def test_whose_repair_ended_it_is_in_the_summary() -> None:
    assert USER in sections(over(repaired_by=USER))["Summary"]


def test_who_did_what_names_each_person_once_however_records_write_them() -> None:
    events = [
        Event(at=NOW + MINUTE, what=Happening.REPAIR_CONFIRMED, actor=f"slack:{USER}"),
        Event(at=NOW + 2 * MINUTE, what=Happening.REPAIR_CONFIRMED, actor=USER),
    ]

    assert sections(over(LOST, *events))["Who"].count(USER) == 1


@pytest.mark.parametrize(
    ("chronicle", "question"),
    [
        pytest.param(over(found=False), "What was the cause?", id="no cause"),
        pytest.param(over(unread=["Cloud Logging"]), "could not be checked", id="unread"),
        pytest.param(over(broken_since=(NOW - timedelta(days=6)).isoformat()), "nobody notice", id="unnoticed"),
        pytest.param(over(broken_since=None), "Since when", id="beginning unknown"),
        pytest.param(over(LOST, Event(at=NOW, what=Happening.BACK)), "back 1 time", id="back"),
        pytest.param(over(LOST, Event(at=NOW, what=Happening.REPAIR_FAILED)), "not help", id="failed repair"),
        pytest.param(over(), "pass again", id="by itself"),
        pytest.param(over(), "should have reacted", id="unacknowledged"),
    ],
)
def test_what_the_record_leaves_open_is_asked(chronicle: Chronicle, question: str) -> None:
    assert question in sections(chronicle)["Open questions"]


@pytest.mark.parametrize(
    ("chronicle", "question"),
    [
        pytest.param(over(repaired_by=USER), "pass again", id="repaired"),
        pytest.param(
            over(LOST, Event(at=NOW, what=Happening.ACKNOWLEDGED, actor=USER)), "should have", id="acknowledged"
        ),
        pytest.param(so_far(), "pass again", id="open"),
    ],
)
def test_what_is_known_is_not_asked(chronicle: Chronicle, question: str) -> None:
    assert question not in sections(chronicle)["Open questions"]


@pytest.mark.parametrize("chronicle", [over(HOSTILE), so_far(HOSTILE)], ids=["over", "so far"])
def test_hostile_words_call_nobody_and_hold_every_limit_of_slack(chronicle: Chronicle) -> None:
    message = slack_message(report_post(chronicle, PIPELINE, ("As Markdown",)))

    check_message(message.text, list(message.blocks))
    assert "<!channel>" not in str(message)


@pytest.mark.parametrize("events", [EVENTS_IN_SLACK, EVENTS_IN_SLACK + 1, 500])
def test_slack_tells_as_many_events_as_it_has_room_for_and_the_file_all(events: int) -> None:
    many = [Event(at=NOW + n * MINUTE, what=Happening.WORSENED, detail=f"event-{n}") for n in range(events - 1)]
    chronicle = over(LOST, *many)

    message = slack_message(report_post(chronicle, PIPELINE, ()))

    check_message(message.text, list(message.blocks))
    assert ("left out here" in str(message.blocks)) is (events > EVENTS_IN_SLACK)
    assert "Open questions" in str(message.blocks)
    assert len(re.findall(r"event-\d+", document(chronicle))) == events - 1


def test_no_format_shows_a_secret() -> None:
    logged = [
        {
            "service": "worker",
            "errors": 1,
            "complete": True,
            "since": None,
            "change": None,
            "lines": [{"text": f"token {FAKE_TOKEN}", "count": 1, "last": NOW.isoformat()}],
        }
    ]
    chronicle = over(LOST, Event(at=NOW, what=Happening.SNOOZED, actor=USER, detail=FAKE_TOKEN), logged=logged)

    assert FAKE_TOKEN not in document(chronicle)
    assert FAKE_TOKEN not in str(slack_message(report_post(chronicle, PIPELINE, ())))


_LIVE = re.compile(r"(?<!\\)(?:\\\\)*[`\[\]|<>]|^(?:[#+=-]|\d+[.)]\s)|://|(?<!\w)@\w", re.MULTILINE)


@given(st.text(max_size=200) | st.from_regex(r"[#*_`\[\]<>@!|\\a-z0-9 .:/-]{1,60}", fullmatch=True))
def test_words_in_markdown_stay_words(words: str) -> None:
    assert _LIVE.search(escaped(words)) is None
    assert "\n" not in escaped(words)


@given(st.text(max_size=80))
def test_a_heading_and_a_title_are_one_line_whatever_they_say(words: str) -> None:
    lines = markdown(words, [Section(words, ((words,),))]).split("\n")

    assert [line for line in lines if re.match(r"#{1,6} ", line)] == [lines[0], lines[2]]


def test_names_with_underscores_stay_readable() -> None:
    assert escaped("phase3_to_phase4 by deploy@example.com") == "phase3_to_phase4 by deploy@example.com"


@pytest.mark.parametrize("key", ["nba:a/b:../c:-", "x" * 500, ":"])
def test_the_name_of_the_file_is_safe_everywhere(key: str) -> None:
    assert re.fullmatch(r"post-mortem-[A-Za-z0-9._-]*\.md", file_name(replace(LOST, key=key)))
    assert len(file_name(replace(LOST, key=key))) < 150
