"""What the handlers show, word for word. ``UPDATE_GOLDEN=1 pytest tests/handlers/test_golden.py`` writes the files
again; look at the difference before it is committed."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.render.alert_list import alert_list
from bot.render.home import Home, home_view, notice_view
from bot.render.json import report_document
from bot.store.model import AlertState, AuditEntry, SnoozeUntil, StoredReport
from checks.model import Severity, Verdict
from handlers.buttons import Pressed
from handlers.clicks import GONE
from handlers.commands import help_text
from handlers.modals import notice
from handlers.snooze_form import Origin, snooze_form
from handlers.views import details
from tests.bot.render import reports
from tests.handlers.rig import CHANNEL, NOW, an_alert, running

GOLDEN = Path(__file__).parents[1] / "golden_handlers"
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))

ZONE = reports.PIPELINE.zone
FORTNIGHT = [str(NOW.date() - timedelta(days=number)) for number in reversed(range(14))]
HOSTILE = "<!channel> & <https://evil.example|click> *bold*"
ALERTS = (
    an_alert(key="firing", severity=Severity.P0, title="Pub/Sub cannot call 4 orchestrators (a, b, c and d)"),
    an_alert(key="taken", title=HOSTILE, state=AlertState.ACKNOWLEDGED, owner="U0ANN"),
    an_alert(
        key="asleep",
        title="The cache is thin",
        severity=Severity.P2,
        state=AlertState.SNOOZED,
        owner="U0BOB",
        reason=HOSTILE,
        snoozed_until=NOW + timedelta(hours=2),
    ),
    an_alert(
        key="changing",
        title="A source is late",
        severity=Severity.P2,
        state=AlertState.SNOOZED,
        owner="U0BOB",
        snooze_ends_on=SnoozeUntil.CHANGE,
        opened_at=NOW - timedelta(days=4),
    ),
)


def report(days_ago: int, verdict: str, document: dict[str, Any]) -> StoredReport:
    at = NOW - timedelta(days=days_ago)
    previous = str(at.date() - timedelta(days=1))
    return StoredReport(
        key=f"{days_ago}", pipeline="nba", job="digest", previous=previous, at=at, verdict=verdict, document=document
    )


def home() -> Any:
    document = report_document(reports.blocked())
    last, *earlier = (report(0, "BLOCKED", document), report(1, "WATCH", document), report(3, "ALL CLEAR", document))
    verdicts = {str(each.at.date()): Verdict(each.verdict) for each in (last, *earlier)}
    digests = [(day, verdicts.get(day)) for day in FORTNIGHT]
    return home_view(Home(pipeline=reports.PIPELINE, now=NOW, last=last, digests=digests, alerts=ALERTS))


def empty_home() -> Any:
    return home_view(
        Home(pipeline=reports.PIPELINE, now=NOW, last=None, digests=[(day, None) for day in FORTNIGHT], alerts=())
    )


def form() -> Any:
    origin = Origin(target=Pressed(key="firing", version=3), channel=CHANNEL, thread="1770000000.000001")
    return snooze_form(ALERTS[0], origin, NOW, datetime(2026, 2, 12, 8, tzinfo=ZONE))


def shown_details() -> Any:
    entry = AuditEntry(key="1", at=NOW, actor="U0ANN", action="acknowledged", subject="taken", outcome=HOSTILE)
    with running() as rig:
        return details(rig.services, ALERTS[1], [entry])


CASES: dict[str, Callable[[], Any]] = {
    "home": home,
    "home-empty": empty_home,
    "home-refused": lambda: notice_view("You may not see the state of this pipeline. Ask <the data team>."),
    "alert-list": lambda: list(alert_list(reports.PIPELINE, ALERTS, NOW).blocks),
    "alert-list-empty": lambda: list(alert_list(reports.PIPELINE, (), NOW).blocks),
    "snooze-form": form,
    "details": shown_details,
    "notice": lambda: notice("Alert", GONE),
    "help": lambda: help_text().splitlines(),
}


@pytest.mark.parametrize("name", CASES)
def test_it_reads_as_the_golden_file_says(name: str) -> None:
    path = GOLDEN / f"{name}.json"

    text = json.dumps(CASES[name](), indent=2, ensure_ascii=False) + "\n"

    if UPDATE:
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: UPDATE_GOLDEN=1 writes it"
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_a_test() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(CASES)
