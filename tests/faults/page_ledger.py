"""Holds what a pager took against what was decided: each event once, whatever came twice has the id that it had."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from bot.alerting.pages import PageAction, wanted
from bot.store.model import Alert, StateStore
from tests.faults.ledger import Difference
from tests.faults.story import PAGER, PIPELINE

VERSIONS = 60


def compare_pages(taken: Sequence[tuple[str, str]], store: StateStore, since: datetime) -> Difference:
    """Compare the ids of events and the keys of their incidents, in the order in which they were taken."""
    difference = Difference()
    once = list(dict.fromkeys(taken))
    for alert in store.recent_alerts(PIPELINE.name, since):
        threads = [f"alert:{alert.key}:{generation}" for generation in range(alert.generation + 1)]
        for thread in threads:
            ids = [each for each, key in once if key == thread]
            decided = _decided(thread, store)
            difference.lost += [f"{each} was never taken" for each in decided if each not in ids]
            difference.double += [f"{each} was never decided" for each in ids if each not in decided]
            if ids != [each for each in decided if each in ids]:
                difference.misplaced.append(f"{ids} should be {decided}")
        last = next((each for each, key in reversed(once) if key == alert.thread), "")
        difference.stale += _stale(alert, last.rpartition(":")[2])
    return difference


def _decided(thread: str, store: StateStore) -> list[str]:
    names = [
        f"page:{PAGER.name}:{thread}:v{version}:{action}"
        for version in range(1, VERSIONS)
        for action in (PageAction.ACKNOWLEDGE, PageAction.RESOLVE, PageAction.TRIGGER)
    ]
    return [each for each in names if store.delivery(each) is not None]


def _stale(alert: Alert, last: str) -> list[str]:
    """An incident that is over must be so for the pager, too; one that is open there must be open here."""
    wish = wanted(alert, PAGER.severities)
    if last and (wish is PageAction.RESOLVE) != (last == PageAction.RESOLVE):
        return [f"{alert.thread} should be at {wish}, and the pager heard {last} last"]
    return []
