"""The check of an alert once more, from its button or from the message shortcut."""

from __future__ import annotations

from dataclasses import dataclass

from bot.alerting.clicks import Click
from checks.model import Report
from handlers.buttons import Pressed
from handlers.clicks import GONE, Deed, click_of, refused
from handlers.errors import told
from handlers.replies import PrivateReply
from handlers.requests import LATER, Taken
from handlers.runs import RestartingError
from handlers.services import Services


@dataclass(frozen=True, slots=True, kw_only=True)
class Recheck:
    """Waits for the run of a re-check; the answer goes into the alert's thread."""

    services: Services
    click: Click
    reply: PrivateReply
    taken: Taken

    def progressed(self, done: int, total: int, awaited: str) -> None:
        """The thread hears of the end alone."""

    def finished(self, report: Report) -> None:
        try:
            self.services.incidents.rechecked(self.click, report)
        except Exception as error:  # noqa: BLE001 - whatever it is, who clicked must hear of it
            self.failed(error)
        else:
            self.services.wake()
            self.taken.done()

    def failed(self, error: Exception) -> None:
        if isinstance(error, RestartingError):
            self.reply.say(LATER)
            return
        self.reply.say(told(error))
        self.taken.done()


def recheck(services: Services, target: Pressed, reply: PrivateReply, key: str, taken: Taken) -> None:
    """Validate what an alert is about, and let the incidents decide again."""
    if refused(services, reply, Deed(name="recheck", subject=target.key, key=key)):
        taken.done()
        return
    try:
        request = services.incidents.recheck(target.key, services.clock())
    except LookupError:
        reply.say(GONE)
        taken.done()
        return
    click = click_of(services, target, reply.user, key)
    joined = services.runs.join(request, None, reply.user)
    reply.say("I check again. What I find comes in the thread of the alert.")
    joined.run.add(Recheck(services=services, click=click, reply=reply, taken=taken))
