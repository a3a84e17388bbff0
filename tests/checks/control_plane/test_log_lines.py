"""What services logged becomes few lines: equal ones are counted, secrets and control characters are gone."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.redaction.shown import shown_log
from checks.control_plane.log_lines import DISTINCT, LINE, grouped, merged, signature, telling_line
from checks.ports.logs import LogLine

AT = datetime(2026, 3, 5, 12, tzinfo=UTC)
TOKEN = "xoxb-" + "1234567890-" + "abcdefghij"
ESCAPE = "\x1b"


def line(text: str, minutes: int = 0, service: str = "worker", revision: str = "") -> LogLine:
    return LogLine(service=service, at=AT + timedelta(minutes=minutes), text=text, revision=revision)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("no row for player 2544", "no row for player 77", id="numbers"),
        pytest.param("trace 4bf92f3577b34da6 lost", "trace 00f067aa0ba902b7 lost", id="hexadecimal ids"),
        pytest.param(
            "run 123e4567-e89b-12d3-a456-426614174000 died", "run 9b2e4567-e89b-12d3-a456-426614174aaa died", id="UUIDs"
        ),
        pytest.param("late at 2026-03-05T04:10:00.5Z", "late at 2026-03-04T23:59:59Z", id="times"),
        pytest.param("GET https://a.example/x failed", "GET https://b.example/y failed", id="addresses"),
        pytest.param("mail to a@b.example bounced", "mail to ccc@d.example bounced", id="mailboxes"),
        pytest.param("Could not connect to 10.0.0.1:5432", "could not connect to 10.0.0.22:5432", id="hosts, capitals"),
    ],
)
def test_what_varies_does_not_split_a_line(one: str, other: str) -> None:
    assert signature(one) == signature(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("POST /predict answered 500", "POST /predict answered 403"),
        ("TypeError: expected text, got None", "KeyError: 'recommendation'"),
        ("no rows for LAL", "no rows for BOS"),
    ],
)
def test_what_says_something_else_is_another_line(one: str, other: str) -> None:
    assert signature(one) != signature(other)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param("\n\n  it broke \nat once", "it broke", id="the first line"),
        pytest.param(
            "worker failed\nTraceback (most recent call last):\n  File 'a.py'\n    x()\nValueError: no x\n",
            "ValueError: no x",
            id="the exception of a traceback",
        ),
        pytest.param(
            "Traceback (most recent call last):\n  a()\nKeyError: 'a'\n\nDuring handling of the above exception, "
            "another exception occurred:\n\nTraceback (most recent call last):\n  b()\nTypeError: b",
            "TypeError: b",
            id="the last of several",
        ),
        pytest.param("Traceback (most recent call last):", "Traceback (most recent call last):", id="a lone head"),
        pytest.param("", "an error without a text", id="nothing"),
        pytest.param(f"{ESCAPE}[31mred{ESCAPE}[0m \u202etext\u202c", "red text", id="colours and directions"),
        pytest.param(f"{ESCAPE}]0;title\x07text", "text", id="a terminal's title"),
    ],
)
def test_the_line_that_says_what_happened_is_told(text: str, told: str) -> None:
    assert telling_line(text, shown_log) == told


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(f"login with {TOKEN} failed", id="plain"),
        pytest.param(f"login with {TOKEN[:7]}\u200b{TOKEN[7:]} failed", id="with a blank that nobody sees"),
        pytest.param(f"login with {TOKEN[:7]}{ESCAPE}[1m{TOKEN[7:]} failed", id="with a colour within"),
        pytest.param("x" * (LINE - 8) + f" {TOKEN}", id="where the line is cut"),
        pytest.param("Authorization: Bearer " + "abc.def" * 40, id="a header"),
        pytest.param("Traceback (most recent call last):\n" + "  y()\n" * 9_000 + f"E: {TOKEN}", id="at the end"),
        pytest.param(
            "Traceback (most recent call last):\nE: " + "x" * 3_995 + TOKEN + "z" * 4_000, id="across the cut"
        ),
    ],
)
def test_no_secret_is_told(text: str) -> None:
    told = telling_line(text, shown_log)

    assert not any(part in told for part in ("1234567890", "abcdefghij", "abc.def"))


@given(st.text(max_size=2_000))
@settings(deadline=None)
def test_whatever_was_logged_is_one_bounded_line_that_no_terminal_obeys(text: str) -> None:
    told = telling_line(text, shown_log)

    assert 0 < len(told) <= LINE
    assert not set(told) & {chr(code) for code in (*range(32), *range(127, 160))}


def test_a_megabyte_costs_no_more_than_its_ends() -> None:
    began = time.process_time()
    for text in ("a" * 1_000_000, "1." * 500_000, "@" * 1_000_000, f"{ESCAPE}[" * 500_000, "eyJ" * 300_000):
        signature(telling_line(text, shown_log))

    assert time.process_time() - began < 1


def test_only_what_may_be_shown_is_searched_for_secrets() -> None:
    searched: list[str] = []

    def hidden(text: str) -> str:
        searched.append(text)
        return text

    grouped([line(f"no row for player {number}" + "\n  y()" * 500, number) for number in range(2_000)], hidden)

    assert len(searched) == 1


def test_equal_lines_are_counted_with_their_first_and_last() -> None:
    lines = [line(f"no row for player {number}", number) for number in range(40)] + [line("out of memory", 50)]

    found = grouped(lines, shown_log)["worker"]

    assert [(each.text, each.count) for each in found.lines] == [("out of memory", 1), ("no row for player 39", 40)]
    assert (found.lines[1].first, found.lines[1].last) == (AT, AT + timedelta(minutes=39))
    assert (found.count, found.first, found.last) == (41, AT, AT + timedelta(minutes=50))


def test_a_request_that_failed_comes_after_the_lines_that_say_why() -> None:
    lines = [line("TypeError: b"), line("POST https://worker.example/predict answered 500", 1)]

    assert grouped(lines, shown_log)["worker"].lines[0].text == "TypeError: b"


def test_more_distinct_lines_than_are_kept_are_counted_all_the_same() -> None:
    lines = [line("error " + "x" * number, number) for number in range(DISTINCT + 5)]

    found = grouped(lines, shown_log)["worker"]

    assert (len(found.lines), found.count) == (DISTINCT, DISTINCT + 5)
    assert found.first == AT


def test_a_line_in_both_places_is_counted_once() -> None:
    logged = grouped([line("ValueError: 7", 5, revision="worker-2"), line("ValueError: 8", 6)], shown_log)
    kept = grouped([line("ValueError: 9", 1), line("KeyError: 'a'", 2), line("lost", 3, "other")], shown_log)

    found = merged(logged, kept)

    assert sorted(found) == ["other", "worker"]
    assert [(each.text, each.count) for each in found["worker"].lines] == [("ValueError: 8", 2), ("KeyError: 'a'", 1)]
    assert (found["worker"].count, found["worker"].first) == (3, AT + timedelta(minutes=2))
    assert found["worker"].revision == "worker-2"


@given(st.lists(st.tuples(st.text(max_size=30), st.integers(0, 600), st.sampled_from(["a", "b"])), max_size=30))
@settings(deadline=None)
def test_the_order_of_lines_never_matters_and_none_is_lost(lines: list[tuple[str, int, str]]) -> None:
    logged = [line(text, minutes, service) for text, minutes, service in lines]

    found = grouped(logged, shown_log)
    again = grouped(reversed(logged), shown_log)

    assert sum(each.count for each in found.values()) == len(lines)
    assert {name: (each.count, each.first, each.last) for name, each in found.items()} == {
        name: (each.count, each.first, each.last) for name, each in again.items()
    }


def test_people_are_not_named_and_service_accounts_are() -> None:
    text = "denied: jane.doe@example.com, worker@project.iam.gserviceaccount.com, https://host.example/a?key=" + "k" * 9

    shown = shown_log(text)

    assert "jane" not in shown
    assert "worker@project.iam.gserviceaccount.com" in shown
    assert "https://host.example/a?key=***" in shown
