import io
import json
import logging
import sys
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote_plus, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.serving.logs import SHORTEST_SECRET, CloudFormatter, log_to_cloud, redacted

SIGNATURE = "v0=" + "a1" * 32
RESPONSE_URL = "https://hooks.slack.com/commands/T0EXAMPLE/4711/hush"
BODY = {"trigger_id": "47.11.hush", "response_url": RESPONSE_URL, "token": "verification-hush", "text": "today"}


@pytest.fixture
def root() -> Iterator[logging.Logger]:
    """The root logger, put back afterwards as it was."""
    logger = logging.getLogger()
    handlers, level = list(logger.handlers), logger.level
    yield logger
    logging.captureWarnings(capture=False)
    logger.handlers[:] = handlers
    logger.setLevel(level)


def line(record: logging.LogRecord, *secrets: str) -> Mapping[str, Any]:
    written = CloudFormatter(secrets).format(record)
    assert "\n" not in written
    found = json.loads(written)
    assert isinstance(found, dict)
    return found


def record(message: str, *arguments: object, **extra: Any) -> logging.LogRecord:
    made = logging.LogRecord("bot.delivery.outbox", logging.WARNING, __file__, 1, message, arguments, None)
    for name, value in extra.items():
        setattr(made, name, value)
    return made


def test_a_record_is_one_line_with_the_fields_of_cloud_logging() -> None:
    entry = line(record("posted %s\nand more", "it"))

    assert entry["severity"] == "WARNING"
    assert entry["message"] == "posted it\nand more"
    assert entry["logger"] == "bot.delivery.outbox"
    assert entry["time"].endswith("+00:00")


def test_json_fields_become_fields_but_never_replace_ours() -> None:
    entry = line(record("posted", json_fields={"delivery": "digest:1", "severity": "DEBUG", "parts": {"a": (1, None)}}))

    assert entry["delivery"] == "digest:1"
    assert entry["parts"] == {"a": [1, None]}
    assert entry["severity"] == "WARNING"


def test_an_exception_keeps_its_traceback_and_loses_its_secrets() -> None:
    try:
        raise RuntimeError("refused xoxb-4711-hush")  # noqa: TRY301 - a traceback is what the test needs
    except RuntimeError:
        made = logging.LogRecord("x", logging.ERROR, __file__, 1, "broke", (), sys.exc_info())

    message = line(made)["message"]

    assert "RuntimeError" in message
    assert "test_logs.py" in message
    assert "hush" not in message


def test_a_wrong_format_string_does_not_lose_its_message() -> None:
    assert "posted %d" in line(record("posted %d", "it"))["message"]


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("token xoxb-1-hush-9", id="bot token"),
        pytest.param("xapp-1-A0-hush", id="app token"),
        pytest.param("xoxe.xoxb-1-hush", id="rotated token"),
        pytest.param("xoxp-hush", id="user token"),
        pytest.param(f"calling {RESPONSE_URL}", id="response URL"),
        pytest.param("https://hooks.slack.com/services/T0/B0/hush", id="webhook"),
        pytest.param(r"https:\/\/hooks.slack.com\/commands\/T0\/hush", id="escaped response URL"),
        pytest.param("https%3A%5C%2F%5C%2Fhooks.slack.com%5C%2Factions%5C%2Fhush", id="escaped in a form"),
        pytest.param("Authorization: Bearer abc.hush/+=", id="bearer"),
        pytest.param("got eyJhbGciOiJSUzI1.eyJzdWIiOiJodXNo.c2hush", id="identity token"),
        pytest.param("ya29.a0hush", id="access token"),
        pytest.param(json.dumps(BODY), id="JSON"),
        pytest.param(json.dumps(json.dumps(BODY)), id="JSON in JSON"),
        pytest.param(str(BODY), id="a Python mapping"),
        pytest.param(str({name: [value] for name, value in BODY.items()}), id="a mapping of lists"),
        pytest.param(urlencode(BODY), id="a form"),
        pytest.param("payload=" + quote_plus(json.dumps(BODY, separators=(",", ":"))), id="JSON in a form"),
        pytest.param("payload=" + quote_plus(json.dumps(BODY)), id="spaced JSON in a form"),
        pytest.param(
            f"Unhandled request ({{'x-slack-signature': ['{SIGNATURE}'], 'body': '{urlencode(BODY)}'}})",
            id="Bolt's dump",
        ),
    ],
)
def test_no_secret_reaches_a_line(text: str) -> None:
    assert "hush" not in redacted(text)
    assert "a1a1a1" not in redacted(text)


def test_what_is_no_secret_stays() -> None:
    text = "trigger not-triggered phase2_to_phase3; the token bucket is empty, v0=1, https://docs.slack.dev/a?b=c"

    assert redacted(text) == text


def test_secrets_in_fields_go_by_name_and_by_pattern() -> None:
    entry = line(record("x", json_fields={"trigger_id": "1.2.hush", "deep": [{"body": "xoxb-hush", "token": 5}]}))

    assert "hush" not in json.dumps(entry)
    assert entry["deep"][0]["token"] == "***"


@given(st.text(alphabet=st.characters(codec="utf-8"), min_size=SHORTEST_SECRET - 2).map("§{}§".format))
def test_the_secrets_of_this_process_never_show_wherever_they_stand(secret: str) -> None:
    entry = line(record("before %s after", secret, json_fields={"field": f"<{secret}>"}), secret)

    assert entry["message"] == "before *** after"
    assert entry["field"] == "<***>"


def test_a_secret_too_short_to_be_one_does_not_make_the_log_unreadable() -> None:
    assert line(record("serving"), "s")["message"] == "serving"


def test_whatever_a_library_logs_goes_through_the_redaction(root: logging.Logger) -> None:
    stream = io.StringIO()
    log_to_cloud(("our-own-secret",), stream)

    logging.getLogger("a.library").warning("Unhandled request (%s)", BODY)
    logging.getLogger("elsewhere").error("with our-own-secret")

    assert len(stream.getvalue().splitlines()) == 2
    assert "hush" not in stream.getvalue()
    assert "our-own-secret" not in stream.getvalue()


def test_nothing_else_writes_beside_the_json(root: logging.Logger) -> None:
    other = io.StringIO()
    root.addHandler(logging.StreamHandler(other))

    log_to_cloud(stream=io.StringIO())
    logging.getLogger("x").error("told once")

    assert other.getvalue() == ""
