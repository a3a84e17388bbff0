import io
import json
import logging
import sys
import threading
from collections.abc import Mapping
from typing import Any

import pytest

from bot.redaction.redactor import HIDDEN, LONGEST_LINE, MOST_ITEMS, Redactor
from bot.serving.logs import CloudFormatter, log_threads, log_to_cloud, log_to_terminal

SIGNATURE = "v0=" + "a1" * 32
RESPONSE_URL = "https://hooks.slack.com/commands/T0EXAMPLE/4711/hush"
BODY = {"trigger_id": "47.11.hush", "response_url": RESPONSE_URL, "token": "verification-hush", "text": "today"}


def line(record: logging.LogRecord, *secrets: str) -> Mapping[str, Any]:
    written = CloudFormatter(Redactor(secrets)).format(record)
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


def test_secrets_in_fields_go_by_name_and_by_pattern() -> None:
    entry = line(record("x", json_fields={"trigger_id": "1.2.hush", "deep": [{"body": "xoxb-hush", "token": 5}]}))

    assert "hush" not in json.dumps(entry)
    assert entry["deep"][0]["token"] == "***"


def test_a_line_has_an_end_and_says_what_is_cut() -> None:
    entry = line(record("x" * (LONGEST_LINE + 812_000)))

    assert entry["message"].endswith("x… 812 kB cut")
    assert len(entry["message"]) < LONGEST_LINE + 30


@pytest.mark.parametrize(
    "value",
    [
        pytest.param([["deep"] * 50] * 50, id="many"),
        pytest.param({str(number): number for number in range(20_000)}, id="wide"),
        pytest.param(["long" * 10_000] * 300, id="long"),
        pytest.param(1 << 100_000, id="a number beyond what Python prints"),
    ],
)
def test_the_fields_of_a_line_are_bounded(value: object) -> None:
    entry = line(record("broke", json_fields={"field": value}))

    assert entry["message"] == "broke"
    assert len(json.dumps(entry)) < 2 * LONGEST_LINE + 20 * MOST_ITEMS


def test_a_structure_that_holds_itself_is_cut() -> None:
    endless: list[object] = []
    endless.append(endless)

    assert "nested too deeply" in json.dumps(line(record("x", json_fields={"field": endless})))


def test_half_a_pair_of_surrogates_does_not_lose_the_line() -> None:
    written = CloudFormatter(Redactor()).format(record("file \udcff"))

    assert json.loads(written.encode())["message"] == "file \udcff"


def test_a_line_that_cannot_be_written_is_not_printed_with_its_secrets(capsys: pytest.CaptureFixture[str]) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise OSError(28, "no space left")

    log_to_cloud(Redactor(), Broken())

    logging.getLogger("x").error("hush %s", "hush")

    said = capsys.readouterr().err
    assert "could not be written" in said
    assert "hush" not in said
    assert "Traceback" not in said


def test_whatever_a_library_logs_goes_through_the_redaction() -> None:
    stream = io.StringIO()
    log_to_cloud(Redactor(["our-own-secret"]), stream)

    logging.getLogger("a.library").warning("Unhandled request (%s)", BODY)
    logging.getLogger("elsewhere").error("with our-own-secret")

    assert len(stream.getvalue().splitlines()) == 2
    assert "hush" not in stream.getvalue()
    assert "our-own-secret" not in stream.getvalue()


def test_nothing_else_writes_beside_the_json() -> None:
    other = io.StringIO()
    logging.getLogger().addHandler(logging.StreamHandler(other))

    log_to_cloud(Redactor(), io.StringIO())
    logging.getLogger("x").error("told once")

    assert other.getvalue() == ""


def test_a_terminal_gets_the_same_redaction() -> None:
    stream = io.StringIO()
    log_to_terminal(Redactor(["our-own-secret"]), stream)

    logging.getLogger("a.library").warning("with our-own-secret for %s", RESPONSE_URL)

    assert stream.getvalue() == f"WARNING a.library: with {HIDDEN} for https://hooks.slack.com/{HIDDEN}\n"


def test_what_ends_a_thread_is_logged_and_not_printed(capsys: pytest.CaptureFixture[str]) -> None:
    stream = io.StringIO()
    log_to_cloud(Redactor(), stream)
    log_threads()

    token = f"xoxb-1-{BODY['token']}"

    def broken() -> None:
        raise RuntimeError(token)

    thread = threading.Thread(target=broken, name="sender")
    thread.start()
    thread.join()

    assert "the thread sender broke" in stream.getvalue()
    assert "hush" not in stream.getvalue()
    assert capsys.readouterr().err == ""
