"""The stranger's test: ten alerts, three questions, answered in the words of the first screen and in no others.

``docs/explanation/first-screen.md`` holds the answers. That the first screen of a phone holds these words is measured
in ``tests/preview/test_screens.py``.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bot.render.screens import SCENARIOS, alerts_of
from tests.thoroughness import EVERY_DAY, spread

PAGE = Path(__file__).parents[3] / "docs" / "explanation" / "first-screen.md"
ROWS = [
    [cell.strip() for cell in line.strip("|\n ").split(" | ")]
    for line in PAGE.read_text(encoding="utf-8").splitlines()
    if line.startswith("| `")
]


def test_ten_alerts_are_asked_about() -> None:
    assert len({row[0] for row in ROWS}) == len(ROWS) == 10
    assert {row[0].strip("`") for row in ROWS} <= set(SCENARIOS)


@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=marks, id=row[0].strip("`")) for row, marks in spread(ROWS, EVERY_DAY)]
)
def test_what_is_broken_since_when_and_what_to_do_are_answered_by_the_message_alone(row: list[str]) -> None:
    scenario, *answers = row
    gravest = alerts_of(scenario.strip("`"))[0]

    assert [answer for answer in answers if answer.strip("*") not in gravest.text] == []
    assert all(answers)
