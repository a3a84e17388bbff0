from __future__ import annotations

import pytest

from bot.render.words import without_date


@pytest.mark.parametrize(
    ("text", "rest"),
    [
        pytest.param("15 Feb: no games.", "no games.", id="as people write it"),
        pytest.param("2 Jan 2026: no games.", "no games.", id="with a year"),
        pytest.param("2026-02-15: no games.", "no games.", id="as reports of before wrote it"),
        pytest.param("14 games: ATL at CHA", "14 games: ATL at CHA", id="a number of games"),
        pytest.param("Due 11 Feb 11:30 EST.", "Due 11 Feb 11:30 EST.", id="a time inside"),
    ],
)
def test_a_date_that_leads_a_sentence_in_is_left_out(text: str, rest: str) -> None:
    assert without_date(text) == rest
