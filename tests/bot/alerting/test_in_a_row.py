"""A source that cannot be asked is told after so many runs in a row: of the runs that made a check, not of all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from bot.alerting.alerts import decide
from bot.alerting.observations import observe
from bot.store.model import Alert, AlertState
from checks.model import Report
from tests.bot.alerting.incident_reports import NOTIFICATIONS, PIPELINE, blind, only, report_of
from tests.bot.alerting.test_covers import BLIND_KEY, followed, is_open
from tests.bot.render.alert_states import MINUTE
from tests.bot.render.reports import NOW, healthy

OFTEN, SELDOM, ALSO = "grading", "predictions-exist", "games-tonight"
AFTER = NOTIFICATIONS.alerts.unknown_runs

Run = tuple[str, str]
"""The checks that a run makes, and those of them that the source does not answer, by their first letters."""

NAMES = {"o": OFTEN, "s": SELDOM, "a": ALSO}


def report(run: Run) -> Report:
    made, in_vain = ([NAMES[each] for each in letters] for letters in run)
    return only(report_of({**healthy(), **blind(checks=in_vain)}), *made)


def counted(runs: Sequence[Run]) -> list[bool]:
    """Whether it is told, after each run."""
    return [is_open(alerts) for alerts in followed([report(each) for each in runs])]


@pytest.mark.parametrize(
    ("runs", "told"),
    [
        pytest.param([("o", "o")] * 3, True, id="three runs in a row"),
        pytest.param([("os", "os"), ("o", ""), ("o", "o"), ("o", ""), ("o", "o")], False, id="answered in between"),
        pytest.param([("os", "s"), ("o", ""), ("os", "s"), ("o", ""), ("os", "s")], True, id="three that made it"),
        pytest.param([("os", "s"), ("o", "o"), ("o", ""), ("o", "o")], False, id="another check, and not in a row"),
        pytest.param([("os", "os"), ("o", "o"), ("a", ""), ("o", "o")], True, id="a run in between without it"),
        pytest.param([("os", "os"), ("os", "s"), ("o", "o"), ("o", "o")], False, id="each of two is twice"),
    ],
)
def test_only_runs_that_made_the_check_are_in_a_row(runs: Sequence[Run], told: bool) -> None:
    assert counted(runs)[-1] == told


def runs_of() -> st.SearchStrategy[list[Run]]:
    return st.lists(
        st.sets(st.sampled_from("osa"), min_size=1).flatmap(
            lambda made: st.tuples(
                st.just("".join(sorted(made))), st.sets(st.sampled_from(sorted(made))).map(sorted).map("".join)
            )
        ),
        max_size=12,
    )


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(runs_of())
@example([("os", "os"), ("o", ""), ("o", "o"), ("o", ""), ("o", "o")])
@example([("os", "s"), ("o", ""), ("os", "s"), ("o", ""), ("os", "s")])
def test_it_is_told_exactly_when_a_check_was_made_so_often_in_vain(runs: list[Run]) -> None:
    in_vain = dict.fromkeys("osa", 0)
    for told, (made, blind_ones) in zip(counted(runs), runs, strict=True):
        in_vain.update({each: in_vain[each] + 1 if each in blind_ones else 0 for each in made})
        assert told == (max(in_vain.values()) >= AFTER)
        if told:
            return


@given(st.integers(1, 2))
def test_a_count_of_a_version_before_goes_on(before: int) -> None:
    alerts = followed([report(("os", "os"))] * before)[-1]
    former = alerts[BLIND_KEY]
    former = replace(former, details={name: each for name, each in former.details.items() if name != "in_a_row"})

    current: Alert = former
    for number in range(AFTER - before):
        (observation,) = observe(report(("o", "o")), PIPELINE, [current])
        decided = decide(current, observation, NOW + (number + before) * 15 * MINUTE, NOTIFICATIONS.alerts)
        assert decided.alert is not None
        current = decided.alert

    assert current.state is AlertState.FIRING
