from __future__ import annotations

import pytest

from bot.delivery.troubles import Trouble
from bot.sinks.slack.errors import TROUBLES, remedy, trouble_of


@pytest.mark.parametrize(
    ("code", "status", "trouble"),
    [
        ("ratelimited", 429, Trouble.BUSY),
        ("words_of_a_proxy", 429, Trouble.BUSY),
        ("words_of_a_proxy", 502, Trouble.UNAVAILABLE),
        ("invalid_auth", 503, Trouble.UNAVAILABLE),
        ("invalid_auth", 499, Trouble.APP),
        ("never_heard_of", 200, Trouble.REFUSED),
    ],
)
def test_the_status_outranks_the_code(code: str, status: int, trouble: Trouble) -> None:
    assert trouble_of(code, status) is trouble


@pytest.mark.parametrize("code", ["fatal_error", "internal_error", "service_unavailable", "request_timeout"])
def test_what_may_have_been_done_in_part_is_in_doubt(code: str) -> None:
    assert TROUBLES[code] is Trouble.UNAVAILABLE


@pytest.mark.parametrize(
    "code", ["no_permission", "missing_scope", "team_access_not_granted", "ekm_access_denied", "access_denied"]
)
def test_what_may_be_one_channels_alone_is_no_trouble_of_the_app(code: str) -> None:
    assert TROUBLES[code] is Trouble.ACCESS


def test_every_code_has_a_remedy_of_whole_sentences() -> None:
    said = {code: remedy(code) for code in (*TROUBLES, "never_heard_of")}

    assert [code for code, text in said.items() if not (text.endswith(".") and text[0].isupper())] == []


@pytest.mark.parametrize("code", ["unknown_method", "never_heard_of", "fatal_error", "invalid_blocks"])
def test_what_is_no_matter_of_a_channel_is_no_advice_about_one(code: str) -> None:
    assert "channel" not in remedy(code)


def test_the_bot_that_is_no_member_is_invited() -> None:
    assert "/invite @Reveille" in remedy("not_in_channel")
