from __future__ import annotations

import base64
import json
import re
import time
from collections.abc import Callable
from itertools import product
from pathlib import Path
from urllib.parse import quote, quote_plus, urlencode

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bot.redaction.redactor import HIDDEN, LONGEST_LINE, LONGEST_SECRET, SHORTEST_SECRET, Redactor
from bot.redaction.shapes import ERRORS, REQUESTS, SCRIPTS, TOKENS, Shape
from tests.thoroughness import examples

EVERY_SHAPE = (*TOKENS, *REQUESTS, *SCRIPTS, *ERRORS)
ROOT = Path(__file__).parents[2]
SIGNATURE = "v0=" + "a1" * 32
RESPONSE_URL = "https://hooks.slack.com/commands/T0EXAMPLE/4711/hush"
BODY = {"trigger_id": "47.11.hush", "response_url": RESPONSE_URL, "token": "verification-hush", "text": "today"}

SECRETS = (
    st.text(alphabet=st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=SHORTEST_SECRET, max_size=60)
    .map("{}§".format)
    .map(lambda text: text[:-1])
)
ANYTHING = st.text(alphabet=st.characters(codec="utf-8"), max_size=60)


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
    assert "hush" not in Redactor()(text)
    assert "a1a1a1" not in Redactor()(text)


def test_what_is_no_secret_stays() -> None:
    text = "trigger not-triggered phase2_to_phase3; the token bucket is empty, v0=1, https://docs.slack.dev/a?b=c"

    assert Redactor()(text) == text


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("ghp_" + "hush" * 9, id="GitHub, personal"),
        pytest.param("ghs_" + "hush" * 9, id="GitHub, of an app"),
        pytest.param("github_pat_" + "hush" * 9, id="GitHub, fine-grained"),
        pytest.param("AIza" + "hush" * 9, id="Google, API key"),
        pytest.param("1//0" + "hush" * 9, id="Google, refresh token"),
        pytest.param("https://hooks.slack.com/workflows/T0/A0/hush", id="workflow"),
        pytest.param("https://hooks.slack.com/triggers/T0/hush", id="trigger of a workflow"),
        pytest.param("https://user:hush@db.example.com/x", id="password of an address"),
        pytest.param("https://hush@db.example.com/x", id="token of an address"),
        pytest.param("postgres://user:p@hush@db.example.com", id="password with an at sign"),
        pytest.param(quote("https://user:hush@db.example.com/x", safe=""), id="password in a form"),
        pytest.param("Authorization: Basic " + base64.b64encode(b"user:hush").decode(), id="Basic"),
        pytest.param("basic " + base64.b64encode(b"user:hush").decode(), id="Basic alone"),
        pytest.param("X-Api-Key: hush12", id="a header"),
        pytest.param("GET /v2?key=hush12&x=1", id="a query"),
        pytest.param("1234567890.1234567890." + "a1a1a1a1" * 4, id="trigger_id alone"),
        pytest.param("-----BEGIN " + "RSA PRIVATE KEY-----\nhush\n-----END", id="private key"),
        pytest.param("{'token': b'hush'}", id="bytes"),
        pytest.param("[('authorization', 'hush')]", id="pairs"),
        pytest.param("%2522token%2522%253A%2522hush%2522", id="a form in a form"),
        pytest.param('{"GITHUB_TOKEN": "hush"}', id="a name that ends so"),
    ],
)
def test_nothing_that_has_the_shape_of_a_secret_stays(text: str) -> None:
    shown = Redactor()(text)

    assert "hush" not in shown
    assert "a1a1a1" not in shown
    assert base64.b64encode(b"user:hush").decode() not in shown


@pytest.mark.parametrize(
    "text",
    [
        "it carries no bearer token",
        "Basic Information",
        "SLACK_BOT_TOKEN is no bot token: those begin with xoxb-.",
        "Name it with --secret BDL_API_KEY=bdl-api-key:latest or BDL_API_KEY=SECRET:VERSION.",
        "https://medium.com/@example and git@github.com:a/b",
        "7 // 2 == 1//03",
        "a key: value, key=value",
    ],
)
def test_prose_about_secrets_stays(text: str) -> None:
    assert Redactor()(text) == text


def test_the_golden_messages_hold_no_secret_for_the_redaction() -> None:
    files = [file for folder in ROOT.glob("tests/golden*") for file in folder.rglob("*.txt")]
    assert files

    for file in files:
        text = file.read_text(encoding="utf-8")
        assert Redactor()(text) == text, file


WRITTEN: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "JSON": json.dumps,
    "JSON in JSON": lambda text: json.dumps(json.dumps({"a": text})),
    "JSON for browsers": lambda text: json.dumps(text).replace("/", "\\/"),
    "repr": repr,
    "repr of bytes": lambda text: repr(text.encode()),
    "percent-encoding": lambda text: quote(text, safe=""),
    "percent-encoding twice": lambda text: quote(quote(text, safe=""), safe=""),
    "a path": quote,
    "a form": lambda text: urlencode({"a": text}),
    "JSON in a form": lambda text: quote_plus(json.dumps({"a": text})),
    "broken over lines": lambda text: f"{text[:5]}\n    {text[5:]}",
    "broken over escaped lines": lambda text: json.dumps(f"{text[:5]}\r\n{text[5:]}"),
}


@pytest.mark.parametrize("spelling", WRITTEN)
@settings(deadline=None, max_examples=examples(60))
@given(before=ANYTHING, secret=SECRETS, after=ANYTHING)
@example(before="", secret=r"4711\\11", after="")
@pytest.mark.sampled(3)
def test_a_known_secret_never_stays_however_it_is_written(spelling: str, before: str, secret: str, after: str) -> None:
    written = WRITTEN[spelling](secret)
    core = written.strip("\"'")

    shown = Redactor([secret])(f"{before}{written}{after}")

    assert secret not in shown or secret in f"{before}{HIDDEN}{after}"
    assert core not in shown or core in f"{before}{HIDDEN}{after}"
    assert HIDDEN in shown


@settings(deadline=None, max_examples=examples(100))
@given(user=st.text(alphabet="abc:", max_size=4), secret=SECRETS, after=st.text(alphabet="xyz", max_size=3))
def test_a_known_secret_never_stays_in_base64(user: str, secret: str, after: str) -> None:
    encoded = base64.b64encode(f"{user}{secret}{after}".encode()).decode()

    shown = Redactor([secret])(f"sent <{encoded}>")

    assert encoded not in shown
    assert HIDDEN in shown


@settings(deadline=None, max_examples=examples(300))
@given(
    text=st.lists(
        st.sampled_from(["token", "=", '"', "\\", ":", " ", "xoxb-", "a", "7", "%22", "@", "/", "&", "\n"]), max_size=30
    ).map("".join)
)
def test_what_is_redacted_is_not_redacted_again(text: str) -> None:
    redactor = Redactor(["token=a7"])
    once = redactor(text)

    assert redactor(once) == once


@settings(deadline=None)
@given(text=st.text(alphabet=st.sampled_from("abc ,.;()\n§ü☃\\%"), max_size=300))
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert Redactor(["a-secret-of-ours"])(text) == text


@pytest.mark.parametrize("value", ["", "s", "x" * (SHORTEST_SECRET - 1)])
def test_a_value_too_short_to_be_a_secret_makes_no_text_unreadable(value: str) -> None:
    assert Redactor([value])("serving xxxxxxx s") == "serving xxxxxxx s"


@pytest.mark.parametrize("at", [LONGEST_LINE - 3, LONGEST_LINE - 39, LONGEST_LINE, 0])
def test_no_half_of_a_secret_stays_where_a_line_is_cut(at: int) -> None:
    secret = "0123456789abcdefghij" * 2

    shown = Redactor([secret]).line("." * at + secret + "." * LONGEST_LINE)

    assert "012" not in shown
    assert "hij" not in shown
    assert re.search(r"… \d+ (kB|characters) cut$", shown)


@pytest.mark.parametrize(("length", "cut"), [(LONGEST_LINE, False), (LONGEST_LINE + 1, True)])
def test_a_line_is_cut_just_past_the_limit(length: int, cut: bool) -> None:
    assert ("cut" in Redactor().line("." * length)) is cut


@pytest.mark.parametrize("shape", EVERY_SHAPE, ids=lambda shape: shape.head[:30])
def test_the_head_of_a_shape_is_bounded_so_that_one_that_fails_costs_a_constant(shape: Shape) -> None:
    _, widest = re._parser.parse(shape.head).getwidth()  # type: ignore[attr-defined]  # nothing else tells it

    assert widest < 1000


def _examples(shape: Shape) -> list[str]:
    """Return texts in which attempts begin that cannot end: pieces of the shape itself, and what its runs are of."""
    literals = re.findall(r"[A-Za-z0-9_.%-]{3,}", re.sub(r"\\.|\{[^}]*\}|\(\?[a-zA-Z<!=:]+", " ", shape.head))
    return [literal + tail for literal, tail in product(literals or ["x"], ("", " ", "a", '"'))]


SINGLES = ["\\", '"', "'", " ", "\n", "a", "0", "%", "=", ":", "/", "-", ".", "+", "@"]
TRAPS = [
    *("-eyJaaaaaaaa", "hooks.slack.com/", "hooks.slack.com/\\\\", "%22token%22%3A", '\\"', "Bearer  ", "token="),
    *('"token"' + " " * 200, '"' + "a" * 40, "://", "%3A%2F%2F", "%3A%2F%2Fa@", "%25", "%5C", "-----BEGIN A ", "1234."),
    *("token: ", '"token":"\\', "a_token", "-token-", "\\n", "\\r\\n", "%5C%22token%5C%22", "authorization: \\"),
]


def _seconds(text: str, redactor: Redactor, runs: int) -> float:
    """Return the seconds of the quickest of some runs: what others do on this machine only ever adds to them."""
    found = []
    for _ in range(runs):
        began = time.process_time()
        redactor(text)
        found.append(time.process_time() - began)
    return min(found)


def _growth(short: str, long: str, redactor: Redactor, runs: int) -> float:
    return _seconds(long, redactor, runs) / max(_seconds(short, redactor, runs), 0.001)


@pytest.mark.parametrize(
    "family",
    sorted({*SINGLES, *TRAPS, *(each for shape in EVERY_SHAPE for each in _examples(shape))}),
    ids=repr,
)
@pytest.mark.slow
def test_the_time_grows_with_the_length_and_no_faster(family: str) -> None:
    secrets = ("xoxb-" + "4711" * 8, "https://watcher.example.com/" + "4711" * 8, r"\\4711\\" * 8)
    redactor = Redactor(secrets, EVERY_SHAPE)
    short, long = ((family * (size // len(family) + 1))[:size] for size in (4_000, 16_000))
    redactor(short)

    # Four times the text: four times as long. Were it quadratic, sixteen times, however often one looks.
    assert any(_growth(short, long, redactor, runs) < 9 for runs in (1, 4))


def test_a_line_of_any_length_takes_the_time_of_the_longest_that_is_read() -> None:
    redactor = Redactor()
    longest = "\\" * (LONGEST_LINE + LONGEST_SECRET)

    assert len(redactor.line("\\" * 10_000_000)) <= len(longest)
