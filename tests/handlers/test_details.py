"""The details of an alert list what its message only counts."""

from __future__ import annotations

import pytest

from bot.alerting.incident import MEMBERS_KEPT, members_of
from bot.render.alert_details import detail_parts
from bot.render.message import Line
from tests.bot.alerting.incident_reports import PIPELINE
from tests.bot.render.alert_states import alert_of, follow, many
from tests.bot.render.reports import NOW


@pytest.mark.parametrize("number", [6, 30, MEMBERS_KEPT, MEMBERS_KEPT + 1])
def test_every_finding_is_listed_and_what_is_not_kept_is_counted(number: int) -> None:
    alert = alert_of(follow(many(number)))

    parts = list(detail_parts(alert, PIPELINE, NOW))

    listed = [each.text for each in parts if isinstance(each, Line) and each.code]
    assert listed == [member.summary for member in members_of(alert)]
    assert f"All of it: {number} findings" in str(parts)
    assert ("and 1 more:" in str(parts)) is (number > MEMBERS_KEPT)


def test_an_alert_about_one_finding_needs_no_list() -> None:
    alert = alert_of(follow(many(1)))

    assert "All of it" not in str([*detail_parts(alert, PIPELINE, NOW)])
