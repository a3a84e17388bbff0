"""Pictures in the thread of a message: shown once, with their words, and never in the way of what they belong to."""

from __future__ import annotations

import logging
import os
import struct
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from bot.playground.slack.server import CHANNEL, SlackFault, SlackServer, refused, unreachable
from bot.render.chart import CHART
from bot.render.post import Chart, Picture, Post
from bot.render.webpage.pictures import pictures_of
from bot.sinks.slack.client import slack_client
from bot.sinks.slack.files import WORDS_AT_MOST
from bot.sinks.slack.format import formatted
from bot.sinks.slack.pictures import FONT, png_of
from bot.sinks.slack.poster import SlackPoster
from tests.bot.render.test_pictures import days
from tests.bot.render.test_webpage import NOW
from tests.fresh.serving import resident
from tests.pipelines.nba_world import NBA

PICTURES = pictures_of(days(28, 14), NBA, NOW)
UPLOAD = "files.getUploadURLExternal"


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as served:
        yield served


def send(slack: SlackServer, *pictures: Picture, thread: str | None = None, chart: bool = False) -> str:
    part = Chart("Predictions", ("3 Feb", "4 Feb"), (("Predictions", (1, 2)),))
    body = formatted(Post(("A digest",), (part,) if chart else (), pictures).document)
    return SlackPoster(slack_client(slack.token, slack.api_url)).post(CHANNEL, body, "key", thread).ts


@pytest.mark.parametrize("picture", PICTURES, ids=[each.name for each in PICTURES])
def test_a_picture_is_small_and_quick_to_draw_and_its_words_are_short_enough(picture: Picture) -> None:
    png_of(picture.svg)
    begin = time.process_time()
    data = png_of(picture.svg)
    seconds = time.process_time() - begin

    assert data.startswith(b"\x89PNG")
    assert struct.unpack(">I", data[16:20])[0] >= 800
    assert len(data) < 60_000
    assert seconds < 0.1
    assert len(picture.words) <= WORDS_AT_MOST


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="tells its memory only on Linux")
def test_twenty_digests_with_pictures_need_no_more_memory_than_the_first() -> None:
    def draw() -> int:
        for picture in PICTURES:
            png_of(picture.svg)
        return resident(os.getpid())

    first = draw()

    assert max(draw() for _ in range(20)) - first < 5


def test_letters_of_the_shipped_font_are_drawn() -> None:
    def drawn(words: str) -> bytes:
        text = f'<text x="5" y="20" font-family="DejaVu Sans">{words}</text>'
        return png_of(f'<svg xmlns="http://www.w3.org/2000/svg" width="90" height="30">{text}</svg>')

    assert len({drawn(""), drawn("Zürich"), drawn("Пермь"), drawn("Ωmega")}) == 4
    assert FONT.stat().st_size < 200_000


def test_they_stand_in_the_thread_of_the_message_with_their_words(slack: SlackServer) -> None:
    ts = send(slack, *PICTURES)

    files = list(slack.workspace.files.values())
    assert [each.name for each in files] == ["phases.png", "volume.png", "timeline.png"]
    assert {(each.channel, each.thread_ts) for each in files} == {(CHANNEL, ts)}
    assert [each.words for each in files] == [each.words for each in PICTURES]
    assert len(slack.called("files.completeUploadExternal")) == 1


def test_those_of_an_answer_stand_in_its_thread(slack: SlackServer) -> None:
    parent = send(slack)

    send(slack, *PICTURES, thread=parent)

    assert {each.thread_ts for each in slack.workspace.files.values()} == {parent}


def test_what_a_chart_of_slack_shows_is_not_drawn_again(slack: SlackServer) -> None:
    send(slack, *PICTURES, chart=True)

    assert [each.name for each in slack.workspace.files.values()] == ["phases.png", "timeline.png"]


def test_where_slack_refuses_the_chart_the_picture_stands_in_its_place(slack: SlackServer) -> None:
    slack.workspace.lacks.add(CHART)

    send(slack, *PICTURES, chart=True)

    assert len(slack.workspace.files) == 3


@pytest.mark.parametrize("method", [UPLOAD, "upload", "files.completeUploadExternal"])
@pytest.mark.parametrize("fault", [refused("missing_scope"), unreachable()], ids=["refused", "no answer"])
def test_a_refused_upload_loses_nothing_and_is_logged(
    slack: SlackServer, method: str, fault: SlackFault, caplog: pytest.LogCaptureFixture
) -> None:
    slack.tell(method, fault)

    with caplog.at_level(logging.WARNING):
        send(slack, *PICTURES)

    (message,) = slack.messages()
    assert message.text == "A digest"
    assert [each.levelname for each in caplog.records if "pictures of a digest" in each.message] == ["WARNING"]


def test_without_the_scope_the_message_comes_and_the_log_says_what_to_do(
    slack: SlackServer, caplog: pytest.LogCaptureFixture
) -> None:
    slack.workspace.scopes = slack.workspace.scopes - {"files:write"}

    send(slack, *PICTURES)

    assert len(slack.messages()) == 1
    assert "missing_scope" in caplog.text


def test_without_the_extra_the_message_comes(slack: SlackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "resvg_py", None)

    send(slack, *PICTURES)

    assert len(slack.messages()) == 1
    assert slack.called(UPLOAD) == []


def test_what_is_no_picture_is_left_out(slack: SlackServer) -> None:
    send(slack, Picture("bad", "Bad", "Bad", "no svg"))

    assert len(slack.messages()) == 1
    assert slack.called(UPLOAD) == []


def test_a_message_that_is_edited_gets_no_second_picture(slack: SlackServer) -> None:
    poster = SlackPoster(slack_client(slack.token, slack.api_url))
    body = formatted(Post(("A digest",), (), PICTURES).document)
    posted = poster.post(CHANNEL, body, "key", None)

    poster.update(CHANNEL, posted.ts, body, "key")

    assert len(slack.workspace.files) == len(PICTURES)


def test_the_font_has_its_licence_beside_it() -> None:
    assert "Bitstream" in (Path(FONT).parent / "LICENSE").read_text(encoding="utf-8")
