"""How a request is taken: written down, acknowledged, worked at once, and forgotten when it is done.

Three kinds: what *changes* something is done by the next process where this one is killed, and what cannot be written
down is not acknowledged. What is only *asked*, or must not be done twice, is answered without the store, too; the next
process says that nothing came of it. The rest is nothing that anybody would miss.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus

from slack_bolt import Ack
from slack_bolt.response import BoltResponse

from bot.render.slack_text import code
from bot.store.kept import Kept
from bot.store.model import StoreError
from handlers.buttons import Body
from handlers.errors import BUSY, guarded, told
from handlers.modals import modal, section
from handlers.replays import essence, is_kept, once, request_key
from handlers.replies import PrivateReply
from handlers.services import Services
from handlers.workers import Job, Lane

log = logging.getLogger(__name__)

OUTDATED = "This button is not one of mine any more. The alert's own message has current ones."
LATER = "I am being restarted. What you pressed is done as soon as I am back."

TITLE_TEXT = 80

AGAIN_WITHIN = timedelta(minutes=30)
"""What somebody pressed longer ago is not done any more, but said: by then they may want something else."""


def is_still_wanted(left: Kept, now: datetime) -> bool:
    """Whether what a former process has left undone is done now."""
    return left.again and now - left.at <= AGAIN_WITHIN


@dataclass(frozen=True, slots=True)
class Taken:
    """A request that is worked at. ``done`` is called when it has had its effect, or its answer."""

    services: Services
    kept: Kept

    @property
    def key(self) -> str:
        """Return what a message carries that shows how far it is, so that it can be found again."""
        return self.kept.request

    def show(self, channel: str, ts: str) -> None:
        """Let the next process know of the message that shows how far this is."""
        try:
            self.services.journal.show(self.kept, (channel, ts), self.services.clock())
        except StoreError as error:
            log.warning("a progress message could not be remembered: %s", error)

    def done(self) -> None:
        """Nobody need do this again, or say that nothing came of it."""
        try:
            self.services.journal.end(self.kept, self.services.clock())
        except StoreError as error:
            log.warning("a request that is done could not be forgotten: %s", error)


def title_of(body: Body) -> str:
    """Return what people are told that a slash command was."""
    return code(f"{body.get('command', '')} {body.get('text', '')}".strip(), TITLE_TEXT)


Work = Callable[[Taken], None]
"""Works at a request; what it does not call ``done`` for, others that it handed it to will."""


def to_its_end(run: Callable[[], object]) -> Work:
    """Return work that is done when it comes back."""

    def work(taken: Taken) -> None:
        run()
        taken.done()

    return work


def change(
    services: Services, ack: Ack, body: Body, title: str, work: Work, reply: PrivateReply
) -> BoltResponse | None:
    """Take what changes something; return a refusal where it cannot be written down: Slack shows that it failed."""
    kept = _kept(services, body, title, reply, again=True)
    if is_kept(body):
        services.journal.take_over(kept)
    else:
        try:
            services.journal.keep(kept)
        except StoreError as error:
            return _refuse(services, ack, body, told(error), reply)
    ack()
    taken = Taken(services, kept)
    job = replace(_job(taken, body, work, reply), abandoned=lambda: _say(reply, LATER))
    _hand_over(services, job, taken, reply, Lane.QUICK)
    return None


def ask(
    services: Services,
    ack: Ack,
    body: Body,
    title: str,
    work: Work,
    reply: PrivateReply,
    *,
    lane: Lane = Lane.QUICK,
) -> None:
    """Take what only asks for something, or what must not be done twice."""
    kept = _kept(services, body, title, reply, again=False)
    try:
        services.journal.keep(kept)
    except StoreError as error:
        log.warning("a request is worked at that could not be written down: %s", error)
    taken = Taken(services, kept)
    job = _job(taken, body, work, reply)

    def abandoned() -> None:
        job.abandoned()
        taken.done()

    if "command" not in body:
        ack()
        _hand_over(services, replace(job, abandoned=abandoned), taken, reply, lane)
    elif services.workers.submit(lane, replace(job, abandoned=abandoned)):
        ack()
    else:
        ack(text=BUSY, response_type="ephemeral")
        taken.done()


def submit(services: Services, body: Body, run: Callable[[], None], reply: PrivateReply) -> None:
    """Work after the acknowledgement, once for each request, at what nobody misses where the process is killed."""
    if not services.workers.submit(Lane.QUICK, guarded(once(services.store, services.clock, body, run), reply)):
        _say_busy(services, reply, Lane.QUICK)


def submit_outdated(services: Services, body: Body, reply: PrivateReply) -> None:
    """Tell somebody that what they pressed or sent is nothing of ours, or no longer."""
    submit(services, body, lambda: _say(reply, OUTDATED), reply)


def _kept(services: Services, body: Body, title: str, reply: PrivateReply, *, again: bool) -> Kept:
    return Kept(
        request=request_key(body),
        actor=reply.user,
        at=services.clock(),
        title=title,
        again=again,
        body=essence(body),
    )


def _job(taken: Taken, body: Body, work: Work, reply: PrivateReply) -> Job:
    def run() -> None:
        try:
            work(taken)
        except Exception:
            taken.done()  # who asked hears of it, and asks again
            raise

    return guarded(once(taken.services.store, taken.services.clock, body, run), reply)


def _hand_over(services: Services, job: Job, taken: Taken, reply: PrivateReply, lane: Lane) -> None:
    if not services.workers.submit(lane, job):
        _say_busy(services, reply, lane)
        taken.done()


def _say_busy(services: Services, reply: PrivateReply, lane: Lane) -> None:
    """When too much waits the user is told, by another lane."""
    other = Lane.LONG if lane is Lane.QUICK else Lane.QUICK
    services.workers.submit(other, Job(lambda: _say(reply, BUSY)))


def _refuse(services: Services, ack: Ack, body: Body, sentence: str, reply: PrivateReply) -> BoltResponse | None:
    """Say in the answer itself that nothing was done. That of a button has no place for words: they come after it."""
    if body.get("type") == "view_submission":
        ack(response_action="update", view=modal("Not done", [section(sentence)]))
        return None
    services.workers.submit(Lane.QUICK, Job(lambda: _say(reply, sentence)))
    return BoltResponse(status=HTTPStatus.SERVICE_UNAVAILABLE, body="")


def _say(reply: PrivateReply, text: str) -> None:
    reply.say(text)
