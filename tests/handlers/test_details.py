"""The details of an alert list what its message only counts."""

from __future__ import annotations

import pytest

from bot.alerting.incident import MEMBERS_KEPT, members_of
from bot.render.limits import SECTION_TEXT
from handlers.views import findings_of
from tests.bot.render.alert_states import alert_of, follow, many


@pytest.mark.parametrize("number", [6, 30, MEMBERS_KEPT, MEMBERS_KEPT + 1])
def test_every_finding_is_listed_and_what_is_not_kept_is_counted(number: int) -> None:
    alert = alert_of(follow(many(number)))

    texts = list(findings_of(alert))

    shown = "\n".join(texts)
    assert all(member.summary.replace("_", "") in shown.replace("_", "") for member in members_of(alert))
    assert f"{number} findings" in texts[0]
    assert all(len(text) <= SECTION_TEXT for text in texts)
    assert ("and 1 more: " in texts[-1]) is (number > MEMBERS_KEPT)


def test_an_alert_about_one_finding_needs_no_list() -> None:
    alert = alert_of(follow(many(1)))

    assert list(findings_of(alert)) == []
