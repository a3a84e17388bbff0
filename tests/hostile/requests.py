"""Requests that no honest client sends, each as the bytes of its connection; the same for the same seed."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
import time
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

CANARY = "canary-in-an-unsigned-body"
"""Stands in bodies that nobody signed, so that a log can be searched for it."""

LARGE = 790_000
"""Bytes of the largest bodies, just within what is read."""

FORM, JSON = "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True, slots=True)
class Hostile:
    """One connection: what is sent, and what kind of mischief it is."""

    kind: str
    data: bytes


def hostile_requests(signing_secret: str, count: int, seed: int = 1) -> Iterator[Hostile]:
    """Yield so many, of every kind in turn."""
    chance = random.Random(seed)
    kinds = (*_UNSIGNED, *_SIGNED, *_MANGLED, *_OTHERS)
    for number in range(count):
        make = kinds[number % len(kinds)]
        yield Hostile(make.__name__.strip("_"), make(_Author(signing_secret, chance)))


class _Author:
    """Writes requests, and signs those that are to be signed."""

    def __init__(self, secret: str, chance: random.Random) -> None:
        self.secret = secret
        self.chance = chance

    def post(
        self, body: bytes, headers: Mapping[str, str] = {}, path: str = "/slack/events", kind: str = FORM
    ) -> bytes:
        """A request in good order, whatever stands in its body and headers."""
        lines = {"Host": "x", "Content-Type": kind, "Content-Length": str(len(body)), **headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"POST {path} HTTP/1.1\r\n{head}\r\n".encode("latin-1", "replace") + body

    def signed(self, body: bytes, kind: str = FORM, age: float = 0.0) -> bytes:
        """A request that Slack's secret has signed."""
        stamp = str(int(time.time() - age))
        digest = hmac.new(self.secret.encode(), b"v0:%b:%b" % (stamp.encode(), body), hashlib.sha256).hexdigest()
        return self.post(body, {**_stamped(stamp), "X-Slack-Signature": f"v0={digest}"}, kind=kind)

    def command(self, **fields: str) -> dict[str, str]:
        """The fields of an honest command."""
        names = ("/validate-daily", "/orchestrators", "/iam-check", "/drift", "/deploys", "/alerts", "/reveille", "/x")
        honest = {"command": self.chance.choice(names), "text": "help", "user_id": "U0HOSTILE", "team_id": "T0HOSTILE"}
        return {**honest, "channel_id": "C0HOSTILE", "trigger_id": f"{self.chance.random()}", **fields}

    def junk(self) -> Any:
        """A value where something else is expected."""
        return self.chance.choice(
            (
                *(None, True, 0, -1, 10**30, 1e308, float("nan"), "", "x", "\x00", "\ud800", "x" * 5000, [], [1], [[]]),
                *({"id": 5}, {"id": None}, {"": {}}, [None], {}, "{}", "[", "<!channel>", "../../etc", "9" * 400, "💥"),
            )
        )


def _stamped(stamp: str) -> dict[str, str]:
    return {"X-Slack-Request-Timestamp": stamp}


def _now() -> str:
    return str(int(time.time()))


# Not signed by Slack.


def _no_signature(author: _Author) -> bytes:
    return author.post(urlencode(author.command(text=CANARY)).encode())


def _forged_signature(author: _Author) -> bytes:
    body = urlencode(author.command(text=CANARY)).encode()
    return author.post(body, {**_stamped(_now()), "X-Slack-Signature": f"v0={author.chance.randbytes(32).hex()}"})


def _forged_and_large(author: _Author) -> bytes:
    letter = author.chance.choice((b"\\", b'"', b"%22", b"token=", b"a", b"\x00", b"\xff", b"{"))
    body = CANARY.encode() + letter * ((LARGE // 40) // len(letter))
    return author.post(body, {**_stamped(_now()), "X-Slack-Signature": f"v0={'a' * 64}"})


def _strange_signature(author: _Author) -> bytes:
    signature = author.chance.choice(
        ("", "v0=", "v1=" + "a" * 64, "ä" * 67, "v0=" + "A" * 64, "v0=" + "é" * 64, "," * 99)
    )
    return author.post(CANARY.encode(), {**_stamped(_now()), "X-Slack-Signature": signature})


def _strange_timestamp(author: _Author) -> bytes:
    stamp = author.chance.choice(("", "now", "-1", "9" * 400, "1e9", "٣", "0x10", "1.5", " ", "NaN", "²", "1_000"))
    return author.post(CANARY.encode(), {**_stamped(stamp), "X-Slack-Signature": f"v0={'a' * 64}"})


def _old_signature(author: _Author) -> bytes:
    honest = urlencode(author.command(text=CANARY)).encode()
    return author.signed(honest, age=author.chance.choice((301, 10_000, -302, 2**31)))


def _claims_to_be_exempt(author: _Author) -> bytes:
    return author.post(f"ssl_check=1&token={CANARY}".encode(), {"X-Slack-Bolt-Lazy-Only": "1"})


# Signed, and nothing that Slack says.


def _broken_json(author: _Author) -> bytes:
    honest = json.dumps(author.chance.choice(_PAYLOADS))
    cut = honest[: author.chance.randrange(len(honest))]
    text = author.chance.choice(
        (cut, "{" + cut, "[]", "null", "5", '"x"', "NaN", "{}", "\ufeff{}", '{"type":' + "9" * 5000)
    )
    return author.signed(text.encode(), JSON)


def _broken_form(author: _Author) -> bytes:
    bodies = (
        *(b"", b"&&&", b"=", b"payload=", b"payload=%", b"payload=5", b"payload=null", b"payload=[]", b"payload={}"),
        *(b"command=%ff%fe", b"\xff\xfe\x00", b"command", b"command=/x&command=/y", b"a=1&" * 5000, b"payload=%00"),
        *(b"command=%2Freveille&text=" + b"%F0%9F" * 999, b"payload=%7B%22type%22%3A%22" + b"x" * 50_000),
    )
    return author.signed(author.chance.choice(bodies))


def _strange_type(author: _Author) -> bytes:
    kinds = (
        "",
        "application/json; charset=utf-7",
        "text/plain",
        "multipart/form-data",
        "application/xml",
        "a" * 500,
        ";",
    )
    body = author.chance.choice(
        (urlencode(author.command()).encode(), json.dumps(_PAYLOADS[0]).encode(), b"\xef\xbb\xbf{}")
    )
    return author.signed(body, author.chance.choice(kinds))


def _other_charset(author: _Author) -> bytes:
    text = json.dumps(author.chance.choice(_PAYLOADS))
    return author.signed(text.encode(author.chance.choice(("utf-16", "utf-32", "utf-7", "cp037"))), JSON)


def _deep(author: _Author) -> bytes:
    levels = author.chance.choice((61, 500, 5_000, 100_000))
    opening, closing = author.chance.choice((("[", "]"), ('{"a":', "}")))
    inner = opening * levels + ("1" if opening != "[" else "") + closing * levels
    text = author.chance.choice((inner, f'{{"type":"event_callback","event":{{"type":"x","deep":{inner}}}}}'))
    return author.signed(text.encode(), JSON)


def _wrong_field(author: _Author) -> bytes:
    """An honest payload in which one value is another, or missing."""
    payload = deepcopy(author.chance.choice(_PAYLOADS))
    for _ in range(author.chance.choice((1, 1, 2, 5))):
        parent, key = author.chance.choice(list(_places(payload)) or [(payload, "type")])
        if author.chance.random() < 0.3 and isinstance(parent, dict):
            parent.pop(key, None)
        else:
            parent[key] = author.junk()
    text = json.dumps(payload)
    return (
        author.signed(text.encode(), JSON)
        if author.chance.random() < 0.5
        else author.signed(f"payload={quote(text)}".encode())
    )


def _wrong_word(author: _Author) -> bytes:
    field = author.chance.choice(("text", "user_id", "channel_id", "trigger_id", "response_url", "command", "team_id"))
    return author.signed(urlencode(author.command(**{field: str(author.junk())}), errors="replace").encode())


def _many_words(author: _Author) -> bytes:
    word = author.chance.choice(("today ", "1 ", "a ", "\u2018", "private ", "help? ", "\u200b"))
    return author.signed(urlencode(author.command(text=word * 20_000)).encode())


_PAYLOADS: tuple[dict[str, Any], ...] = (
    {
        "type": "block_actions",
        "user": {"id": "U0HOSTILE", "team_id": "T0HOSTILE"},
        "team": {"id": "T0HOSTILE"},
        "channel": {"id": "C0HOSTILE"},
        "trigger_id": "1.2.3",
        "message": {"ts": "1.2", "thread_ts": "1.2", "blocks": [{"type": "actions", "elements": [{"action_id": "a"}]}]},
        "container": {"type": "message"},
        "actions": [{"action_id": "alert:acknowledge", "value": '{"key": "k", "version": 1}', "action_ts": "1.2"}],
    },
    {
        "type": "view_submission",
        "user": {"id": "U0HOSTILE"},
        "team": {"id": "T0HOSTILE"},
        "view": {
            "id": "V1",
            "type": "modal",
            "callback_id": "alert:snooze",
            "private_metadata": '{"key": "k", "version": 1, "channel": "C0HOSTILE", "thread": "1.2"}',
            "state": {
                "values": {
                    "until": {"choice": {"selected_option": {"value": "date"}}},
                    "date": {"at": {"selected_date_time": 1}},
                    "reason": {"words": {"value": "x"}},
                }
            },
        },
    },
    {
        "type": "view_submission",
        "user": {"id": "U0HOSTILE"},
        "view": {
            "id": "V1",
            "type": "modal",
            "callback_id": "repair:confirmed",
            "private_metadata": '{"alert": "a", "plans": ["p"]}',
        },
    },
    {
        "type": "message_action",
        "callback_id": "recheck",
        "user": {"id": "U0HOSTILE"},
        "channel": {"id": "C0HOSTILE"},
        "trigger_id": "1.2.3",
        "message": {"ts": "1.2", "blocks": [{"elements": [{"action_id": "alert:recheck", "value": "{}"}]}]},
    },
    {
        "type": "event_callback",
        "event_id": "Ev1",
        "authorizations": [{"team_id": "T0HOSTILE", "enterprise_id": None}],
        "event": {"type": "app_home_opened", "user": "U0HOSTILE", "tab": "home", "view": {"hash": "1"}},
    },
    {"type": "event_callback", "event": {"type": "message", "channel": "C1", "message": {"user": "U1"}, "item": {}}},
    {"type": "url_verification", "challenge": "4711"},
    {"type": "block_suggestion", "action_id": "x", "block_id": "b", "value": "y", "user": {"id": "U1"}},
    {"type": "shortcut", "callback_id": "x", "user": {"id": "U1"}, "trigger_id": "1.2"},
    {"type": "function_executed", "function_data": {"execution_id": "F1", "inputs": {}}, "bot_access_token": "x"},
)


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Every place of a document where a value stands."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in list(pairs):
        yield value, key
        yield from _places(inner)


# No HTTP, or HTTP that two servers would read in two ways.


def _two_lengths(author: _Author) -> bytes:
    return (
        _lines("POST /slack/events HTTP/1.1", "Content-Length: 6", "Transfer-Encoding: chunked")
        + b"0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n"
    )


def _strange_length(author: _Author) -> bytes:
    length = author.chance.choice(
        ("-1", "+5", "5, 5", "5\r\nContent-Length: 6", "0x5", "5.0", "", " ", "\u0665", "9" * 5000, "9" * 30)
    )
    return _lines("POST /slack/events HTTP/1.1", f"Content-Length: {length}") + b"12345"


def _strange_chunk(author: _Author) -> bytes:
    size = author.chance.choice(
        (b"-1", b"+5", b"zz", b"0x5", b"", b"5 5", b"f" * 5000, b"5;" + b"x" * 9000, b'5;a="', b"\xff")
    )
    return _lines("POST /slack/events HTTP/1.1", "Transfer-Encoding: chunked") + size + b"\r\nhello\r\n0\r\n\r\n"


def _endless_trailer(author: _Author) -> bytes:
    return _lines("POST /slack/events HTTP/1.1", "Transfer-Encoding: chunked") + b"0\r\n" + b"X: y\r\n" * 20_000


def _strange_encoding(author: _Author) -> bytes:
    name = author.chance.choice(
        ("gzip", "identity", "chunked, gzip", "gzip, chunked", "xchunked", "chunked, chunked", "\x0bchunked")
    )
    version = author.chance.choice(("1.0", "1.1"))
    return _lines(f"POST /slack/events HTTP/{version}", f"Transfer-Encoding: {name}") + b"0\r\n\r\n"


def _strange_line(author: _Author) -> bytes:
    lines = (
        *("GET", "GET /", "get / HTTP/1.1", "GET / HTTP/9.9", "GET  / HTTP/1.1", "GET / HTTP/1.1 x", "PRI * HTTP/2.0"),
        *("GET http://[::1/ HTTP/1.1", "GET //[/ HTTP/1.1", "GET a://" + "1" * 15_000 + " x", "GET /\x00 HTTP/1.1"),
        *("GET /" + "%" * 9000 + " HTTP/1.1", "GET /%zz%00%ff HTTP/1.1", "OPTIONS * HTTP/1.1", "\x16\x03\x01\x02", "/"),
        *("GET /" + "a" * 20_000 + " HTTP/1.1", "CONNECT x:443 HTTP/1.1", "GET /é HTTP/1.1", "G\tET / HTTP/1.1"),
        *("TRACE / HTTP/1.1", "DELETE /slack/events HTTP/1.1", "GET /" + "../" * 900 + "etc/passwd HTTP/1.1"),
    )
    return _lines(author.chance.choice(lines))


def _strange_header(author: _Author) -> bytes:
    headers = (
        *("X", ": x", "X : y", "X: \x00", "X: \x7f", "\xff: y", " folded", "X: y\n", "X: y\rZ: z", "X_Y: z", "é: é"),
        *("Host: a\r\nHost: b", "Expect: 100-continue", "Expect: 200-ok", "Connection: close, x", "X: " + "y" * 20_000),
        *("Content-Type: " + "é" * 300, "Upgrade: h2c", "Cookie: " + "a=b;" * 3000, "X: " + " \t" * 4000 + "\x00"),
    )
    return _lines("GET /health HTTP/1.1", author.chance.choice(headers))


def _many_headers(author: _Author) -> bytes:
    name = author.chance.choice(("X", "Host", "Content-Length", "X-Slack-Signature"))
    return _lines("GET /health HTTP/1.1", *(f"{name}: {number}" for number in range(author.chance.choice((101, 1500)))))


def _pipelined(author: _Author) -> bytes:
    return _lines("GET /health HTTP/1.1") * author.chance.choice((2, 50, 300))


def _noise(author: _Author) -> bytes:
    return author.chance.randbytes(author.chance.choice((1, 100, 9000))) + b"\r\n\r\n"


def _too_large(author: _Author) -> bytes:
    return _lines("POST /slack/events HTTP/1.1", f"Content-Length: {10 ** author.chance.choice((6, 9, 18))}") + b"x"


def _lines(*lines: str) -> bytes:
    return ("\r\n".join((lines[0], "Host: x", *lines[1:])) + "\r\n\r\n").encode("latin-1", "replace")


# Other routes.


def _other_path(author: _Author) -> bytes:
    paths = (
        "/",
        "/slack/events/",
        "/slack//events",
        "/metrics",
        "/ready",
        "/tasks/digest",
        "/tasks/../metrics",
        "/.env",
        "/%2e",
    )
    return author.post(CANARY.encode(), path=author.chance.choice(paths))


def _stranger_reads(author: _Author) -> bytes:
    token = author.chance.choice(("", "Bearer", "Bearer x", "Bearer é", "Basic eDp5", "Bearer " + "a" * 9000))
    path = author.chance.choice(("/metrics", "/metrics?x=1", "/ready?x=" + "y" * 4000))
    return _lines(f"GET {path} HTTP/1.1", f"Authorization: {token}")


_Make = Callable[[_Author], bytes]
_UNSIGNED: tuple[_Make, ...] = (
    *(_no_signature, _forged_signature, _forged_and_large, _strange_signature, _strange_timestamp, _old_signature),
    _claims_to_be_exempt,
)
_SIGNED: tuple[_Make, ...] = (
    *(_broken_json, _broken_form, _strange_type, _other_charset, _deep, _wrong_field, _wrong_field, _wrong_field),
    *(_wrong_field, _wrong_word, _many_words),
)
_MANGLED: tuple[_Make, ...] = (
    *(
        _two_lengths,
        _strange_length,
        _strange_chunk,
        _endless_trailer,
        _strange_encoding,
        _strange_line,
        _strange_header,
    ),
    *(_many_headers, _pipelined, _noise, _too_large),
)
_OTHERS: tuple[_Make, ...] = (_other_path, _stranger_reads)
