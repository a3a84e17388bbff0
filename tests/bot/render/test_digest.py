"""The digest, word for word. ``UPDATE_GOLDEN=1 pytest tests/bot/render/test_digest.py`` writes the files again; look at
the difference before it is committed."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.render.blocks import slack_message
from bot.render.digest import Digest, changes_message, digest_messages, late_message
from bot.render.notes import note_message
from bot.render.reading import Reading
from bot.render.report_changes import Changes, Problem
from checks.model import Severity
from tests.bot.render.reports import READINGS
from tests.bot.render.slack_rules import violations

GOLDEN = Path(__file__).parent / "digests"
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))
YESTERDAY = datetime(2026, 2, 10, 13, tzinfo=UTC)
HOSTILE = "<!channel> & <https://example.com|x>\u202e\x00 `*_~" + "long " * 2_000

CHANGES = Changes(
    since=YESTERDAY,
    new=(Problem("invoker", "phase3-to-phase4-orchestrator", Severity.P0), Problem("grading", "a", Severity.P2)),
    worse=(Problem("coverage", "b", Severity.P1),),
    recovered=(Problem("retry-queue", "queue", Severity.P1),),
)
CASES = {
    "all-clear": Digest(reading=READINGS["all-clear"], changes=[Changes(since=YESTERDAY)]),
    "all-clear-recovered": Digest(
        reading=READINGS["all-clear"], changes=[Changes(since=YESTERDAY, recovered=CHANGES.recovered)]
    ),
    "all-clear-not-quiet": Digest(reading=READINGS["all-clear"], changes=[Changes(since=YESTERDAY)], quiet=False),
    "off-day": Digest(reading=READINGS["off-day"]),
    "blocked": Digest(reading=READINGS["blocked"], changes=[CHANGES]),
    "late": Digest(reading=READINGS["unknown"], notes=["This digest is late: it was due at 08:00 EST."]),
}


def messages_of(digest: Digest) -> list[dict[str, object]]:
    messages = digest_messages(digest)
    return [asdict(slack_message(each)) for each in (messages.parent, *messages.thread)]


@pytest.mark.parametrize("name", CASES)
def test_it_reads_as_the_golden_file_says(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    parent = asdict(slack_message(digest_messages(CASES[name]).parent))

    text = json.dumps(parent, indent=2, ensure_ascii=False) + "\n"

    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: UPDATE_GOLDEN=1 writes it"
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_a_test() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)


@pytest.mark.parametrize("name", READINGS)
@pytest.mark.parametrize("quiet", [True, False])
def test_slack_takes_every_digest(name: str, quiet: bool) -> None:
    digest = Digest(reading=READINGS[name], changes=[CHANGES, CHANGES], notes=["Late."], quiet=quiet)

    messages = messages_of(digest)

    assert violations(messages) == []
    assert len(messages) >= 2, "the thread holds the details"


def test_a_clear_morning_is_one_line() -> None:
    parent = slack_message(digest_messages(CASES["all-clear"]).parent)

    assert [block["type"] for block in parent.blocks] == ["section"]


@pytest.mark.parametrize("name", ["blocked", "unknown"])
def test_any_other_morning_is_not(name: str) -> None:
    parent = slack_message(digest_messages(Digest(reading=READINGS[name])).parent)

    assert parent.blocks[0]["type"] == "header"


@pytest.mark.parametrize("name", ["blocked", "unknown", "monstrous"])
def test_no_part_of_the_digest_itself_is_a_table_that_a_phone_cuts_off(name: str) -> None:
    parent = slack_message(digest_messages(Digest(reading=READINGS[name])).parent)

    assert "table" not in {block["type"] for block in parent.blocks}


def test_what_the_parent_cannot_hold_opens_its_thread() -> None:
    whole = digest_messages(Digest(reading=READINGS["monstrous"]))
    calm = digest_messages(Digest(reading=READINGS["blocked"]))

    assert len(whole.thread) > len(calm.thread)
    assert len(violations([asdict(slack_message(whole.parent))])) == 0


@given(subject=st.text(max_size=50) | st.just(HOSTILE), reason=st.text() | st.just(HOSTILE))
def test_hostile_names_and_reasons_do_nothing(subject: str, reason: str) -> None:
    reading = READINGS["blocked"]
    changes = Changes(since=YESTERDAY, new=(Problem("trigger", subject, Severity.P0),))

    messages = [
        digest_messages(Digest(reading=reading, changes=[changes], notes=[reason or "-"])).parent,
        changes_message(Digest(reading=reading), changes),
        late_message("Tiny", "08:00 EST", reason),
        note_message(reason or "-"),
    ]

    assert violations([asdict(each) for each in map(slack_message, messages) if each.text.strip()]) == []


def test_the_digest_says_how_many_are_new_and_its_thread_their_names() -> None:
    new = (*CHANGES.new, *(Problem(check, "s", Severity.P2) for check in ("a", "b")))
    digest = Digest(reading=READINGS["blocked"], changes=[Changes(since=YESTERDAY, new=new)])

    posts = digest_messages(digest).parent, changes_message(digest, digest.changes[0])
    parent, reply = (str(slack_message(each).blocks) for each in posts)

    assert " new since yesterday" in parent
    assert "invoker (phase3-to-phase4-orchestrator), grading (a), a (s) and b (s)" in reply


def test_no_changes_are_said_to_be_none() -> None:
    message = changes_message(Digest(reading=READINGS["blocked"]), Changes(since=YESTERDAY))

    assert "Nothing new and nothing recovered" in str(slack_message(message).blocks)


def test_more_checks_than_fit_a_line_are_counted() -> None:
    reading: Reading = replace(READINGS["blocked"])
    many = tuple(Problem(f"check-{number}", "s", Severity.P2) for number in range(20))

    message = changes_message(Digest(reading=reading), Changes(since=YESTERDAY, new=many))

    assert "and 14 more" in str(slack_message(message).blocks)
