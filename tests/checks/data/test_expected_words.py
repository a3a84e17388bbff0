"""What is expected of a table, in words."""

from __future__ import annotations

import pytest

from checks.expansion.words import and_words, expected_of
from checks.expectations_spec import Expect


@pytest.mark.parametrize(
    ("after", "said"),
    [
        ("12:00", "12:00"),
        ("-1d 16:00", "16:00 the day before"),
        ("+1d 06:30", "06:30 the day after"),
        ("+3d 06:30", "06:30 3 days after"),
        ("+1bd 04:00", "04:00 the business day after"),
        ("+20m", "20 min after its end"),
    ],
)
def test_a_time_that_counts_from_the_interval_is_said_as_people_do(after: str, said: str) -> None:
    expect = Expect.model_validate({"renewed": {"after": after}})

    assert [*expected_of(expect)] == [f"The newest row was loaded no earlier than {said}"]


@pytest.mark.parametrize(
    ("names", "said"), [((), ""), (("a",), "a"), (("a", "b"), "a and b"), (("a", "b", "c"), "a, b and c")]
)
def test_columns_are_a_list_in_words(names: tuple[str, ...], said: str) -> None:
    assert and_words(names) == said
