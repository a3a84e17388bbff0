"""A sentence that counts one thing speaks of one thing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.agreement import ONE, agreeing, counted
from checks.templates import fill
from tests.pipelines.nba_world import NBA


def filled(template: str, **values: int) -> str:
    return fill(template, values, NBA.zone)


@pytest.mark.parametrize(
    ("final", "games", "said"),
    [
        (1, 1, "1 of 1 game is final"),
        (1, 4, "1 of 4 games is final"),
        (0, 1, "0 of 1 game is final"),
        (11, 21, "11 of 21 games are final"),
    ],
)
def test_noun_and_verb_agree_with_their_numbers(final: int, games: int, said: str) -> None:
    assert filled("{final} of {games} games are final", final=final, games=games) == said


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{n} active predictions cover {n} of {n} games", "1 active prediction covers 1 of 1 game"),
        ("{n} entries of {n} accounts", "1 entry of 1 account"),
        ("{n} processes have ended", "1 process has ended"),
        ("{n} values of account are not one of a, b", "1 value of account is not one of a, b"),
        ("{n} still at status 2, in progress", "1 still at status 2, in progress"),
        ("{n} has no predictions", "1 has no predictions"),
        ("{n} predictions, {n} active", "1 prediction, 1 active"),
        ("in season {n}, games are final", "in season 1, games are final"),
        ("Both teams of {n} games have records", "Both teams of 1 game have records"),
        ("Each of {n} games that were played has grades", "The one game that was played has grades"),
        ("here each of the {n} rows is there once", "here the one row is there once"),
        ("All {n} games are final", "The one game is final"),
        ("{n} of 4 games that were played", "1 of 4 games that were played"),
    ],
)
def test_of_one_only_what_is_counted_changes(template: str, said: str) -> None:
    assert filled(template, n=1) == said


@given(st.text(), st.integers(min_value=2), st.text())
def test_what_is_not_one_stays_as_it_is(before: str, number: int, after: str) -> None:
    said = f"{before}{counted(number)}{after}".replace(ONE, "")

    assert agreeing(said) == said


@given(st.text(), st.text())
def test_no_mark_is_left(before: str, after: str) -> None:
    assert ONE not in agreeing(f"{before}{counted(1)}{after}")
