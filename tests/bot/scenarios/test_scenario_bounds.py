from __future__ import annotations

import pytest

from bot.definition.files import PipelineFileError, parse
from bot.scenarios.scenario import ScenarioFile

HEAD = "name: a\ntitle: A\nstory: B\nwhen: then\nexpect: {verdict: ACT}\n"


@pytest.mark.parametrize(
    ("now", "date", "key"),
    [
        pytest.param("1999-12-31T23:59:59", "2026-02-10", "now", id="just before the first year"),
        pytest.param("2101-01-01T00:00:00", "2026-02-10", "now", id="just after the last year"),
        pytest.param("2026-02-11T08:00:00", "9999-12-31", "interval", id="a date without a tomorrow"),
        pytest.param("2026-02-11T08:00:00", "0001-01-01", "interval", id="a date without a yesterday"),
    ],
)
def test_an_instant_beyond_which_no_day_can_be_reckoned_is_a_problem_of_the_file(now: str, date: str, key: str) -> None:
    with pytest.raises(PipelineFileError) as caught:
        parse(f"{HEAD}now: {now}\ninterval: {date}\n", "a.yaml", ScenarioFile)

    assert {problem.key for problem in caught.value.problems} == {key}


@pytest.mark.parametrize("now", ["2000-01-01T00:00:00", "2100-12-31T00:00:00"], ids=["the first year", "the last"])
def test_every_other_instant_is_taken(now: str) -> None:
    assert parse(f"{HEAD}now: {now}\ninterval: today\n", "a.yaml", ScenarioFile).content.requested == "today"
