import json
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.serving.payloads import DEEPEST, LONGEST_COMMAND, MOST_FIELDS, UnreadablePayloadError, read_payload

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


def of_form(**fields: str) -> bytes:
    return urlencode(fields).encode()


def nested(levels: int) -> bytes:
    return b'{"type":"event_callback","event":{"type":"x","a":' + b"[" * levels + b"]" * levels + b"}}"


@pytest.mark.parametrize(
    ("body", "kind", "payload"),
    [
        pytest.param(of_form(command="/x", text="é"), FORM, {"command": "/x", "text": "é"}, id="a command"),
        pytest.param(
            of_form(command="/x", text=""), f"{FORM}; charset=utf-8", {"command": "/x", "text": ""}, id="no text"
        ),
        pytest.param(
            of_form(command="/x", text="payload"),
            FORM,
            {"command": "/x", "text": "payload"},
            id="a word that is a field",
        ),
        pytest.param(of_form(payload='{"type": "x"}'), FORM, {"type": "x"}, id="a payload in a form"),
        pytest.param(b'{"type": "x"}', JSON, {"type": "x"}, id="JSON"),
        pytest.param(b'{"type": "x"}', "text/plain", {"type": "x"}, id="JSON under another name"),
        pytest.param(b'{"text": "\\ud800!"}', JSON, {"text": "?!"}, id="half a character"),
        pytest.param(b'{"text": "\\ud83d\\ude00"}', JSON, {"text": "\U0001f600"}, id="a character in two halves"),
        pytest.param(b'{"team": null, "user": {"id": "U1"}}', JSON, {"team": None, "user": {"id": "U1"}}, id="no team"),
        pytest.param(
            b'{"event": {"type": "x", "user": "U1"}}',
            JSON,
            {"event": {"type": "x", "user": "U1"}},
            id="a person by name",
        ),
    ],
)
def test_what_slack_says_is_read(body: bytes, kind: str, payload: dict[str, Any]) -> None:
    assert read_payload(body, kind) == payload


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        pytest.param(b"\xff\xfe", FORM, id="no UTF-8"),
        pytest.param(b"{", JSON, id="cut JSON"),
        pytest.param(b"[]", JSON, id="a list"),
        pytest.param(b"", JSON, id="nothing as JSON"),
        pytest.param(b'{"a":' + b"9" * 5000 + b"}", JSON, id="a number without end"),
        pytest.param(of_form(payload="x"), FORM, id="a payload that is no JSON"),
        pytest.param(of_form(payload="5"), FORM, id="a payload that is a number"),
        pytest.param(b"[" * 100_000, JSON, id="nesting that breaks a parser"),
        pytest.param(b"a=1&" * (MOST_FIELDS + 1), FORM, id="too many fields"),
        pytest.param(b'{"user": "U1"}', JSON, id="a person that is a text"),
        pytest.param(b'{"user": {"id": 5}}', JSON, id="an ID that is a number"),
        pytest.param(b'{"team": []}', JSON, id="a team that is a list"),
        pytest.param(b'{"actions": {}}', JSON, id="actions that are no list"),
        pytest.param(b'{"actions": ["x"]}', JSON, id="an action that is a text"),
        pytest.param(b'{"actions": [{"action_id": 1}]}', JSON, id="an action whose name is a number"),
        pytest.param(b'{"type": 5}', JSON, id="a type that is a number"),
        pytest.param(b'{"type": "block_actions", "user": {"id": "U1"}, "actions": []}', JSON, id="a click on nothing"),
        pytest.param(
            b'{"type": "view_submission", "user": {"id": "U1"}, "view": {}}', JSON, id="a form without a name"
        ),
        pytest.param(b'{"type": "event_callback"}', JSON, id="an event without one"),
        pytest.param(b'{"type": "event_callback", "event": {"user": 5, "type": "x"}}', JSON, id="an event by a number"),
        pytest.param(b'{"type": "event_callback", "event": {}}', JSON, id="an event without a type"),
    ],
)
def test_what_slack_would_not_say_is_refused(body: bytes, kind: str) -> None:
    with pytest.raises(UnreadablePayloadError):
        read_payload(body, kind)


def test_nesting_has_a_deepest_level() -> None:
    inside = 3  # the payload, its event, and what the deepest list would hold

    assert read_payload(nested(DEEPEST - inside), JSON)
    with pytest.raises(UnreadablePayloadError):
        read_payload(nested(DEEPEST + 1), JSON)


@pytest.mark.parametrize(
    ("length", "readable"),
    [
        pytest.param(LONGEST_COMMAND, True, id="at the limit"),
        pytest.param(LONGEST_COMMAND + 1, False, id="just past it"),
    ],
)
def test_a_command_has_a_longest_text(length: int, readable: bool) -> None:
    body = of_form(command="/x", text="a" * length)

    if readable:
        assert len(read_payload(body, FORM)["text"]) == length
    else:
        with pytest.raises(UnreadablePayloadError):
            read_payload(body, FORM)


TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(("id", "type", "user", "x")), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.sampled_from(("type", "user", "view", "actions", "event", "message", "command")), TREES))
def test_whatever_is_signed_is_read_or_refused(payload: dict[str, Any]) -> None:
    try:
        read = read_payload(json.dumps(payload).encode(), JSON)
    except UnreadablePayloadError:
        return
    assert isinstance(read.get("user") or {}, dict)
    assert all(isinstance(each, dict) for each in read.get("actions") or ())


@pytest.mark.parametrize("name", ["response_urls", "actions", "authorizations"])
def test_a_list_that_is_null_is_one_that_is_missing(name: str) -> None:
    body = json.dumps({"type": "something", "user": {"id": "U0PERSON1"}, name: None}).encode()

    assert read_payload(body, "application/json") == {"type": "something", "user": {"id": "U0PERSON1"}}
