"""``/reveille status``: how Reveille itself is."""

from __future__ import annotations

from slack_bolt import Ack

from bot.permissions import Role
from bot.render.slack_text import escape
from handlers.buttons import Body
from handlers.command_words import not_alone
from handlers.replies import PrivateReply
from handlers.requests import Taken, ask, title_of
from handlers.services import Services
from handlers.workers import Lane

NAME = "status"
USAGE = ""
DOES = "when I last looked and look next, what I may do, which sources answer, what waits to be sent"


def status(services: Services, ack: Ack, body: Body) -> None:
    """Answer the command."""
    if said := not_alone(f"/reveille {NAME}", DOES, str(body.get("text") or "")):
        ack(text=said, response_type="ephemeral")
        return
    reply = PrivateReply.to(services.client, body)

    def work(taken: Taken) -> None:
        if refusal := services.permissions.refusal(reply.user, Role.VIEWER, reply.team):
            reply.say(escape(refusal))
        else:
            tell(services, reply)
        taken.done()

    # A source that hangs keeps it waiting, so it stands in nobody's way who clicks.
    ask(services, ack, body, title_of(body), work, reply, lane=Lane.LONG)


def tell(services: Services, reply: PrivateReply) -> None:
    """Say how one pipeline is."""
    found = services.status()
    reply.say(found.text, found.blocks)
