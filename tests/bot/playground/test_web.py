"""The page's server: who may ask, what it hands out, and that nothing that was said can become a script."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest

from bot.playground.feed import Changed
from bot.playground.people import ALEX, CHANNEL
from bot.playground.play import ALL, WORLD
from bot.playground.web import FILES, LARGEST_BODY, STYLES, may_ask, said_to
from tests.bot.playground.visiting import Visitor, visiting

HEAVIEST = 300_000


@pytest.fixture(scope="module")
def visitor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    with visiting(tmp_path_factory.mktemp("playground")) as someone:
        yield someone


def test_the_page_and_all_that_it_loads_are_light_and_its_own(visitor: Visitor) -> None:
    page = visitor.get()[2]
    loaded = re.findall(rb'(?:src|href)="([^"#]+)"', page)
    parts = [each.name for each in FILES.iterdir() if each.suffix in (".js", ".css")] + [*STYLES]

    answers = [visitor.get(name) for name in parts]

    assert {each for each in loaded if not each.startswith(b"data:")} <= {name.encode() for name in parts}
    assert {status for status, _, _ in answers} == {200}
    assert len(page) + sum(len(body) for _, _, body in answers) < HEAVIEST
    for _, _, body in answers:
        assert not re.search(rb"https?://", body)


def test_scripts_come_from_this_server_alone(visitor: Visitor) -> None:
    _, headers, page = visitor.get()

    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["Referrer-Policy"] == "no-referrer"  # or a link would give the token away
    assert b"style=" not in page
    assert not re.search(rb"<script(?! type=\"module\" src=)|\son\w+=", page)


@pytest.mark.parametrize("path", ["", "do", "events", "main.js", "breakable"])
def test_without_the_token_there_is_nothing(visitor: Visitor, path: str) -> None:
    other = Visitor(visitor.play, re.sub(r"/[^/]+/$", "/guessed/", visitor.address))

    assert other.get(path)[0] == 404
    assert other.post(b"{}")[0] == 404


def test_another_site_is_not_answered(visitor: Visitor) -> None:
    assert visitor.get(Host="attacker.example.com")[0] == 404
    assert visitor.post(b"{}", Origin="https://attacker.example.com")[0] == 404
    assert visitor.post(b"{}", **{"Content-Type": "text/plain"})[0] == 400


@pytest.mark.parametrize(
    ("headers", "may"),
    [
        ({"Host": "127.0.0.1:8765"}, True),
        ({"Host": "localhost:8765", "Origin": "http://localhost:8765"}, True),
        ({"Host": "127.0.0.1:80"}, False),
        ({"Host": "example.com:8765"}, False),
        ({"Host": "127.0.0.1:8765", "Origin": "null"}, False),
        ({"Host": "127.0.0.1:8765", "Origin": "http://example.com"}, False),
        ({}, False),
    ],
)
def test_host_and_origin_decide_who_may_ask(headers: dict[str, str], may: bool) -> None:
    assert may_ask(headers, 8765) is may


@pytest.mark.parametrize(
    "name", ["../web.py", "..%2fweb.py", "page.py", "style.css/..", "files/F0", "/etc/passwd", "."]
)
def test_only_the_page_s_own_files_are_handed_out(visitor: Visitor, name: str) -> None:
    assert visitor.get(name)[0] == 404


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"[]",
        b"{",
        b"[" * 50_000,
        b'{"do": "fly", "as": "U0ALEX001"}',
        b'{"do": "go", "as": "U0ALEX001", "to": "noon"}',
        b'{"do": "act", "as": "U0ALEX001", "action": "alert:repair", "channel": "C0OTHER", "ts": "1"}',
        b'{"do": "break", "as": "U0ALEX001", "key": "the moon"}',
        b'{"do": "play", "as": "U0ALEX001", "scene": "/etc/passwd"}',
        b'{"do": "wait", "as": "U0ALEX001", "minutes": "soon"}',
        b'{"do": "submit", "as": "U0ALEX001", "view": "V0", "given": {}}',
    ],
)
@pytest.mark.sampled(4)
def test_what_the_page_never_asks_gets_a_sentence(visitor: Visitor, body: bytes) -> None:
    status, _, said = visitor.post(body)

    answer = json.loads(said)
    assert (status, answer["ok"]) == (200, False)
    assert answer["why"]


def test_a_body_that_is_too_large_is_not_read(visitor: Visitor) -> None:
    assert visitor.post(b"x" * (LARGEST_BODY + 1))[0] == 400


@pytest.mark.parametrize("length", ["-5", "five", "9" * 5000, "1_0"])
def test_a_length_that_is_none_is_refused(visitor: Visitor, length: str) -> None:
    assert visitor.post(b"{}", **{"Content-Length": length})[0] == 400


def test_a_body_without_a_length_is_refused(visitor: Visitor) -> None:
    assert visitor.post(b"", **{"Transfer-Encoding": "chunked"})[0] == 400


def test_what_people_write_stays_text(visitor: Visitor) -> None:
    visitor.do("say", text="<img src=x onerror=alert(1)> <script>alert(2)</script> & <javascript:alert(3)|open>")

    html = visitor.play.shown_to(ALEX.id).channel_html("C0EXAMPLE1")
    assert "<script>" not in html
    assert "<img" not in html
    assert 'href="javascript' not in html


def test_every_open_page_is_told(visitor: Visitor) -> None:
    with visitor.play.feed.watching() as first, visitor.play.feed.watching() as second:
        visitor.do("say", text="Hello, both of you")

        assert "post" in {each.what for each in first.wait(5)}
        assert "post" in {each.what for each in second.wait(5)}


READ_OF = {"all": ("channels", "name", "home", "view", "world"), "view": ("html",), "home": ("html",)}
"""What the page's scripts read of what they are told, by what it is about."""


@pytest.mark.parametrize("what", READ_OF)
def test_a_page_is_told_all_that_its_scripts_read(visitor: Visitor, what: str) -> None:
    told = said_to(visitor.play, ALEX.id, Changed(what))

    assert told["what"] == what
    assert all(isinstance(told[each], dict | str) for each in READ_OF[what])


def test_a_page_that_opens_is_shown_the_channel_and_the_world(visitor: Visitor) -> None:
    told = said_to(visitor.play, ALEX.id, ALL)

    assert set(told["channels"]) == {CHANNEL, ALEX.id}
    assert "<article" in told["channels"][CHANNEL]
    assert {f'id="{part}"' for part in told["world"]} <= set(re.findall(r'id="[^"]*"', visitor.get()[2].decode()))
    assert said_to(visitor.play, ALEX.id, WORLD) == {"what": "world", **told["world"]}


def test_pictures_and_the_page_share_one_style() -> None:
    assert "prefers-color-scheme: dark" in STYLES["style.css"].read_text(encoding="utf-8")
