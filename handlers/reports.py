"""The draft of a post-mortem, from a button: a message in the thread of the alert, and a file beside it."""

from __future__ import annotations

import logging

from slack_sdk.errors import SlackClientError

from bot.alerting.chronicle import Chronicle, chronicle_in
from bot.alerting.clicks import ClickResult
from bot.render.incident_report import report_post
from bot.render.markdown import file_name, report_file
from bot.render.post import Code, Text
from bot.render.slack_text import escape
from bot.sinks.slack.errors import remedy
from bot.sinks.slack.files import share_text, why_not
from bot.store.model import Alert
from handlers.buttons import Body, Pressed
from handlers.clicks import GONE, Deed, action_key, click_of, refusal_of, settle
from handlers.modals import modal, section
from handlers.parents import parent_of
from handlers.patience import patiently
from handlers.replies import PrivateReply
from handlers.services import Services
from handlers.views import fill

log = logging.getLogger(__name__)

REPORT = "alert:report"
TITLE = "Report"
WRITTEN = "The draft of the post-mortem is in the thread of the alert."
COMMAND = "reveille report incident {} --markdown report.md"


def write(services: Services, target: Pressed, reply: PrivateReply, body: Body) -> None:
    """Write the report of an incident, resolved or so far."""
    key = action_key(body, "report")
    view = str((body.get("view") or {}).get("id") or "")
    if refusal := refusal_of(services, reply, Deed(name="report", subject=target.key, key=key)):
        _answer(services, reply, view, refusal)
        return
    alert = services.store.alert(target.key)
    if alert is None:
        _answer(services, reply, view, GONE)
        return
    chronicle = chronicle_in(services.store, alert, services.clock())
    where = _file(services, alert, chronicle, key)
    post = report_post(chronicle, services.validation.pipeline, where)
    clicked = services.incidents.reported(click_of(services, target, reply.user, key), post.document)
    settle(services, reply, clicked)
    if view:
        _answer(services, reply, view, WRITTEN if clicked.result is ClickResult.DONE else GONE)


def _file(services: Services, alert: Alert, chronicle: Chronicle, key: str) -> Text:
    """Put the file into the thread, once for each click; return where the report is as Markdown."""
    command = Code(COMMAND.format(alert.key))
    parent = parent_of(services.store, alert)
    if parent is None or parent.ts is None:
        return ("As Markdown: ", command)
    if not services.store.first_time(f"report-file:{key}", services.clock()):
        return ("As Markdown: the file beside this, or ", command)
    text = report_file(chronicle, services.validation.pipeline)
    channel, thread = parent.posted_channel or parent.channel, parent.ts
    try:
        patiently(
            lambda: share_text(services.client, channel, thread, file_name(alert), text),
            repeatable=False,
            sleep=services.sleep,
        )
    except (SlackClientError, OSError) as error:
        why = why_not(error)
        log.warning("the file of a report could not be shared: %s", why)
        fix = f" {remedy(why)}" if why == "missing_scope" else ""
        return (f"Slack did not take the Markdown file ({why}).{fix} Write it with ", command)
    return ("As Markdown: the file beside this, or ", command)


def _answer(services: Services, reply: PrivateReply, view: str, sentence: str) -> None:
    """Say it where the button was: in the details, or to the one who pressed it."""
    if view:
        fill(services, view, modal(TITLE, [section(escape(sentence))]))
    else:
        reply.say(escape(sentence))
