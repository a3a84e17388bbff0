"""The names that somebody may have meant."""

from __future__ import annotations

import pytest

from bot.nearest import meant, nearest


def test_the_nearest_are_asked_for_each_once_and_no_more_than_wanted() -> None:
    known = ("orders", "orders", "order_items", "odours", "customers")

    assert meant("ordres", known, "none.") == "did you mean orders, odours or order_items?"
    assert meant("ordres", known, "none.", most=1) == "did you mean orders?"


def test_where_none_is_near_the_rest_is_said() -> None:
    assert meant("weather", ("orders",), "there are: orders.") == "there are: orders."
    assert meant("", (), "there are none.") == "there are none."


@pytest.mark.parametrize(
    ("known", "hint"),
    [
        ((), "there are none"),
        (("grading", "signal"), "did you mean 'grading'?"),
        (("signal", "retry-queue"), "expected 'signal' or 'retry-queue'"),
    ],
)
def test_a_name_that_does_not_exist_gets_the_nearest(known: tuple[str, ...], hint: str) -> None:
    assert nearest("gradin", known) == hint
