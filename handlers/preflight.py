"""``/reveille check``: what Reveille needs of Slack and of its sources, asked once, with what to do about each."""

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

NAME = "check"
USAGE = ""
DOES = "what I need of Slack and of my sources, and what to do where it is missing"


def check(services: Services, ack: Ack, body: Body) -> None:
    """Answer the command, to those who may act on alerts."""
    if said := not_alone(f"/reveille {NAME}", DOES, str(body.get("text") or "")):
        ack(text=said, response_type="ephemeral")
        return
    reply = PrivateReply.to(services.client, body)

    def work(taken: Taken) -> None:
        if refusal := services.permissions.refusal(reply.user, Role.ACTOR, reply.team):
            reply.say(escape(refusal))
        else:
            found = services.preflight()
            reply.say(found.text, found.blocks)
        taken.done()

    # Slack and each source are waited for.
    ask(services, ack, body, title_of(body), work, reply, lane=Lane.LONG)
