"""The message that a command leaves: it shows how far the run is, and becomes its result."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

from slack_sdk.errors import SlackApiError, SlackClientError

from bot.delivery.decisions import Adaptation, Attempt, Form
from bot.delivery.troubles import Trouble
from bot.render.alert_links import thread_link
from bot.render.blocks import slack_messages
from bot.render.pages import Block, SlackMessage
from bot.render.partial import partial_message, without_a_word
from bot.render.reading import Reading
from bot.render.report import message_of
from bot.render.slack_text import fitted
from bot.render.words import interval_title, shortened
from bot.request import Plan
from bot.sinks.slack.errors import TROUBLES
from bot.sinks.slack.format import said
from bot.sinks.slack.poster import keyed
from bot.store.model import Alert, StoreError
from checks.model import Report
from handlers.command_words import Asked
from handlers.errors import told
from handlers.one_service import is_answered, not_answered, only_about
from handlers.parents import parent_of
from handlers.patience import LONGEST_WAIT, patiently, retry_after
from handlers.replies import PrivateReply
from handlers.requests import Taken
from handlers.services import Services
from handlers.workers import Job, Lane

log = logging.getLogger(__name__)

PACE = 1.0
"""Seconds between two edits of a progress message."""

TITLE_TEXT = 200

NAMED_AT_MOST = 3
"""Phases and checks that the progress names; more are counted."""

CLOSED_DOORS = (Trouble.CHANNEL, Trouble.ACCESS, Trouble.RESTRICTED)
"""Why a channel takes no message of ours, though the command came from it."""


class AnswerMessage:
    """Watches a run for one person and keeps a message up to date.

    Edits happen on the quick lane, never on the thread of the run, one at a time, and never after the result.
    """

    def __init__(
        self,
        services: Services,
        asked: Asked,
        planned: Plan,
        reply: PrivateReply,
        taken: Taken,
        *,
        seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        self._services = services
        self._asked = asked
        self._reply = reply
        self._taken = taken
        self._seconds = seconds
        self._title = _title(services, asked, planned)
        self._channel = ""
        self._ts = ""
        self._next_edit = 0.0
        self._editing = False
        self._over = False
        self._state = threading.Lock()
        self._edits = threading.Lock()

    def open(self) -> None:
        """Post the message: in the channel, or to the user where it is private or the channel is closed to us.

        Where even that fails, the result is said privately once it is there. A service that may not exist appears in
        no channel before it is found.
        """
        if not self._asked.unsure:
            self._appear()

    def _appear(self) -> None:
        text = self._progress_text(0, 0, "")
        try:
            if self._asked.private or self._reply.channel is None:
                self._post(self._reply.user, text)
                if self._reply.channel not in (None, self._channel):
                    self._reply.say("The answer comes in our direct messages, where you alone see it.")
            elif not self._posted_in(self._reply.channel, text):
                self._post(self._reply.user, text)
                self._reply.say(
                    "I cannot write in this channel, so the answer is in our direct messages."
                    " `/invite` me here to see it in the channel."
                )
        except (SlackClientError, OSError) as error:
            log.warning("a progress message could not be posted: %s", type(error).__name__)

    def progressed(self, done: int, total: int, awaited: str) -> None:
        """Edit the message, at most once a second; what comes in between is in the next edit."""
        with self._state:
            now = self._seconds()
            if not self._ts or self._over or self._editing or now < self._next_edit:
                return
            self._editing, self._next_edit = True, now + PACE
        job = Job(lambda: self._edit(done, total, awaited))
        if not self._services.workers.submit(Lane.QUICK, job):
            with self._state:
                self._editing = False

    def finished(self, report: Report) -> None:
        """Turn the message into the result; what does not fit into one goes on in its thread."""
        declared = {each.name for each in self._services.validation.pipeline.services}
        service = self._asked.service
        if service is not None and not is_answered(report, service, declared):
            self._not_answered(not_answered(report, service, declared))
            return
        if self._asked.unsure:
            self._appear()
        first, *others = result_messages(self._services, self._asked, report, self._reply.user)
        self._close(first.text, first.blocks)
        for number, message in enumerate(others, start=2):
            try:
                self._continue(message)
            except (SlackClientError, OSError) as error:
                log.warning("a result could not be continued: %s", type(error).__name__)
                self._reply.say(
                    f"Slack took only {number - 1} of {len(others) + 1} messages of this result."
                    f" To see everything: `{again(self._asked, report)}`"
                )
                return

    def _not_answered(self, text: str) -> None:
        """Say to the one who asked that there is no such service: a slip is nobody else's business."""
        if self._ts:
            self._close(text, [_section(text)])
        else:
            self._reply.say(text)
            self._taken.done()

    def failed(self, error: Exception) -> None:
        """Say in the message itself that nothing came of it."""
        text = f"⚠️ {self._title}: no result. {told(error)}"
        self._close(text, [_section(text)])

    def _posted_in(self, channel: str, text: str) -> bool:
        """Post in a channel; False when it takes no message of ours. Raises SlackClientError, OSError."""
        try:
            self._post(channel, text)
        except SlackApiError as error:
            if TROUBLES.get(str(error.response.get("error"))) in CLOSED_DOORS:
                return False
            raise
        return True

    def _post(self, channel: str, text: str) -> None:
        # With the key it can be found where the process is killed before it knows where the message stands.
        answer = patiently(
            lambda: self._services.client.chat_postMessage(
                channel=channel,
                text=text,
                blocks=[_section(text)],
                metadata=keyed(self._taken.key),
                thread_ts=self._reply.thread if channel == self._reply.channel else None,
            ),
            repeatable=False,
        )
        self._channel, self._ts = str(answer["channel"]), str(answer["ts"])
        self._taken.show(self._channel, self._ts)

    def _continue(self, message: SlackMessage) -> None:
        if not self._ts:
            self._reply.say(message.text, message.blocks)
            return
        patiently(
            lambda: self._services.client.chat_postMessage(
                channel=self._channel,
                thread_ts=(self._reply.thread if self._channel == self._reply.channel else None) or self._ts,
                text=message.text,
                blocks=list(message.blocks),
            ),
            repeatable=False,
            longest=LONGEST_WAIT,
        )

    def _edit(self, done: int, total: int, awaited: str) -> None:
        text = self._progress_text(done, total, awaited)
        pause = 0.0
        with self._edits:
            if not self._over:
                try:
                    self._services.client.chat_update(
                        channel=self._channel, ts=self._ts, text=text, blocks=[_section(text)]
                    )
                except (SlackClientError, OSError) as error:
                    # Progress is worth no second attempt; after a 429 it is silent for as long as Slack wants.
                    pause = retry_after(error) or PACE
        with self._state:
            self._editing = False
            if pause:
                self._next_edit = self._seconds() + pause

    def _close(self, text: str, blocks: Sequence[Block]) -> None:
        """Make the last edit. Where the message cannot be edited any more, the answer is posted again."""
        with self._state:
            self._over = True
        # An edit of the progress that is under way must land before the result does.
        with self._edits:
            if not self._edited(text, blocks):
                self._reply.say(text, blocks)
        self._taken.done()

    def _edited(self, text: str, blocks: Sequence[Block]) -> bool:
        if not self._ts:
            return False
        try:
            in_words_at_least(
                lambda words, shown: patiently(
                    lambda: self._services.client.chat_update(
                        channel=self._channel, ts=self._ts, text=words, blocks=shown
                    ),
                    repeatable=True,
                    longest=LONGEST_WAIT,
                ),
                text,
                blocks,
            )
        except (SlackClientError, OSError) as error:
            log.warning("a result could not replace its progress message: %s", type(error).__name__)
            return False
        return True

    def _progress_text(self, done: int, total: int, awaited: str) -> str:
        count = f"{done} of {total} checks" if total else "starting"
        waiting = f" · waiting for: {fitted(awaited, TITLE_TEXT)}" if awaited else ""
        return f"⏳ Validating {self._title} for <@{self._reply.user}> · {count}{waiting}"


def in_words_at_least(send: Callable[[str, list[Block] | None], object], text: str, blocks: Sequence[Block]) -> None:
    """Send a text with its blocks; where Slack does not take the blocks, the text alone, which then says so."""
    try:
        send(text, list(blocks))
    except SlackApiError as error:
        code = str(error.response.get("error"))
        if TROUBLES.get(code) is not Trouble.CONTENT:
            raise
        words = said({"text": text}, Attempt(channel="", form=Form.WORDS).noting(Adaptation.WORDS, code))
        send(words["text"], None)


def _title(services: Services, asked: Asked, planned: Plan) -> str:
    request = asked.request
    what = fitted(services.validation.pipeline.title, TITLE_TEXT)
    chosen = (*request.phases, *request.checks)
    scope = asked.service or (shortened(chosen, NAMED_AT_MOST) if chosen else request.depth)
    scope = "" if scope == "normal" else f" ({fitted(scope, TITLE_TEXT)})"
    today = planned.now.astimezone(services.validation.pipeline.zone).date()
    return f"{what}, {interval_title(planned.previous.name, today)}{scope}"


def result_messages(services: Services, asked: Asked, report: Report, user: str) -> list[SlackMessage]:
    """Return the messages of a result; the first says who asked."""
    shown = report if asked.service is None else only_about(report, asked.service)
    reading = Reading(
        report=shown,
        pipeline=services.validation.pipeline,
        checks=services.validation.checks,
        full=asked.full,
        again=again(asked, report),
    )
    message = message_of(reading)
    if report.partial:
        ran = (len(shown.results), len(services.validation.checks))
        alerts = _open_alerts(services)
        links = {each.key: _link(services, each) for each in alerts or ()}
        message = partial_message(message, reading, _name(services, asked), ran, alerts, links)
        if asked.service is not None:
            silent = [each.title for each in report.results if each.check not in {kept.check for kept in shown.results}]
            message = without_a_word(message, asked.service, silent)
    first, *others = slack_messages(message)
    by = {"type": "context", "elements": [{"type": "mrkdwn", "text": f"Asked by <@{user}>"}]}
    return [SlackMessage(text=first.text, blocks=(*first.blocks, by)), *others]


def _name(services: Services, asked: Asked) -> str:
    """Return what the answer of a few checks is called: the command, and the service, or the phases and checks."""
    if asked.name:
        return f"{asked.name} of {asked.service}" if asked.service else asked.name
    titles = {phase.id: phase.title for phase in services.validation.pipeline.phases}
    asked_for = [*(titles[each] for each in asked.request.phases), *asked.request.checks]
    return ", ".join(asked_for) or "Quick checks"


def _open_alerts(services: Services) -> Sequence[Alert] | None:
    try:
        return services.store.open_alerts(services.validation.pipeline.name)
    except StoreError as error:
        log.warning("the open alerts could not be read: %s", error)
        return None


def _link(services: Services, alert: Alert) -> str:
    try:
        return thread_link(parent_of(services.store, alert), services.workspace())
    except StoreError:
        return ""


def again(asked: Asked, report: Report) -> str:
    """Return the shell command that shows the whole of a result."""
    checks = "".join(f" --check {check}" for check in asked.request.checks)
    phases = "".join(f" --phase {phase}" for phase in asked.request.phases)
    return f"reveille validate {report.previous}{phases}{checks} --full"


def _section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": text, "verbatim": False}}
