"""The home tab: drawn when somebody opens it, and again when something changed while they look."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from slack_bolt import Ack, App
from slack_sdk.errors import SlackApiError, SlackClientError

from bot.alerting.holds import current
from bot.permissions import Role
from bot.render.alert_links import thread_link
from bot.render.alert_list import gravest_first
from bot.render.home import ALERTS_AT_MOST, REFRESH, Home, home_view, homes_view, notice_view
from bot.render.pages import Block
from bot.store.model import AlertState, StoreError
from bot.timetable.digest_deliveries import interval_in
from bot.timetable.history import newest_report
from bot.timetable.slots import JOB, DigestCalendar
from checks.model import Verdict
from handlers.buttons import Body
from handlers.errors import told
from handlers.parents import parent_of
from handlers.patience import patiently
from handlers.replies import PrivateReply
from handlers.requests import ask, submit, to_its_end
from handlers.services import Services

log = logging.getLogger(__name__)

DIGESTS = 14
"""Digests whose verdicts are shown: two weeks of a daily pipeline."""

HEADS_AT_MOST = 200
"""Reports of these digests that are read for their verdicts: one each, and one more for each time it was asked for."""


def register(app: App, every: Sequence[Services]) -> None:
    """Register what draws the home tab, of every pipeline at once: opening it, and its button."""
    first = every[0]

    @app.event("app_home_opened")
    def opened(event: Mapping[str, Any], body: Body) -> None:
        user = event.get("user")
        if event.get("tab", "home") != "home" or not isinstance(user, str):
            return
        known = (event.get("view") or {}).get("hash")
        # The team of an event is the one that the app is installed in, whoever opens the tab.
        reply = PrivateReply(client=first.client, user=str(event["user"]))
        submit(first, body, lambda: publish(every, reply, known), reply)

    @app.action(REFRESH)
    def refresh(ack: Ack, body: Body) -> None:
        known = (body.get("view") or {}).get("hash")
        reply = PrivateReply.to(first.client, body)
        ask(first, ack, body, "Refresh", to_its_end(lambda: publish(every, reply, known)), reply)


def redraw(every: Sequence[Services]) -> None:
    """Redraw the tab for those who opened it lately; whoever it fails for opens it again."""
    first, drawn = every[0], {each.pipeline: _read(each) for each in every}

    for user, team in first.viewers.current(first.clock()).items():
        reply = PrivateReply(client=first.client, user=user, team=team)
        try:
            _publish(every, reply, None, lambda each: drawn[each.pipeline])
        except (SlackClientError, OSError) as error:
            log.warning("a home tab could not be redrawn: %s", type(error).__name__)


def publish(every: Sequence[Services], reply: PrivateReply, known_hash: str | None) -> None:
    """Draw the tab for somebody who opened it, unless a newer drawing is there already."""
    every[0].viewers.looked(reply.user, reply.team, every[0].clock())
    _publish(every, reply, known_hash, _read)


def _publish(
    every: Sequence[Services], reply: PrivateReply, known_hash: str | None, read: Callable[[Services], Home | str]
) -> None:
    refusals = [(each, each.permissions.refusal(reply.user, Role.VIEWER, reply.team)) for each in every]
    seen = [each for each, refusal in refusals if refusal is None]
    view = _view([read(each) for each in seen]) if seen else notice_view(str(refusals[0][1]))
    try:
        patiently(
            lambda: every[0].client.views_publish(user_id=reply.user, view=view, hash=known_hash), repeatable=True
        )
    except SlackApiError as error:
        if error.response.get("error") != "hash_conflict":
            raise
        log.info("the home tab was drawn by somebody faster")


def _view(found: Sequence[Home | str]) -> Block:
    """Return the tab of all that could be read, or why none could: they lie in one store."""
    homes = [each for each in found if isinstance(each, Home)]
    if homes:
        return home_view(homes[0]) if len(found) == 1 else homes_view(homes)
    return notice_view(next(each for each in found if isinstance(each, str)))


def _read(services: Services) -> Home | str:
    """Return what the tab shows of a pipeline, or the sentence that says why that cannot be read."""
    try:
        return _home(services)
    except StoreError as error:
        return told(error)


def _home(services: Services) -> Home:
    now, pipeline, store = services.clock(), services.validation.pipeline, services.store
    shown = DigestCalendar(pipeline).last(DIGESTS, now)
    since = shown[0].start
    last = newest_report(store, pipeline, since, now)
    verdicts: dict[str, Verdict] = {}
    for head in store.report_heads(pipeline.name, JOB, since, HEADS_AT_MOST):
        verdicts.setdefault(interval_in(head.key), Verdict(head.verdict))
    alerts = tuple(store.open_alerts(pipeline.name))
    told = gravest_first(alerts)[:ALERTS_AT_MOST]
    links = {each.key: thread_link(parent_of(store, each), services.workspace()) for each in told}
    calendar = DigestCalendar(pipeline)
    recent = () if last is None else store.recent_alerts(pipeline.name, last.at)
    return Home(
        pipeline=pipeline,
        now=now,
        last=last,
        digests=tuple((each.name, verdicts.get(each.name)) for each in shown),
        alerts=alerts,
        threads=links,
        next_look=calendar.next_slot(calendar.at(now), now),
        resolved=tuple(each for each in recent if each.state is AlertState.RESOLVED),
        hold=current(store, pipeline, now),
    )
