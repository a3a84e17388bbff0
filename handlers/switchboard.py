"""Several pipelines behind one app of Slack: each request goes to the one that it names, by a word or by its alert.

Each pipeline has its own listeners, with its own permissions, checks and alerts. In front of them stands this: what a
command or a message names with a word, and what a button or a form names with the key of its alert, is handed on as
if there were no other. What is about all of them is answered for those that a person may see.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

from slack_bolt import Ack, App, BoltRequest
from slack_bolt.response import BoltResponse

from bot.nearest import either
from bot.permissions import Role
from bot.render.home import REFRESH
from bot.render.slack_text import code, escape
from bot.render.words import joined
from handlers.buttons import Body, read_object
from handlers.command_words import HELP_WORDS, bare
from handlers.mentions import asked_in
from handlers.replies import PrivateReply
from handlers.requests import Taken, ask, submit, title_of
from handlers.services import Services
from handlers.workers import Lane

WORD_TEXT = 60

Tell = Callable[[Services, PrivateReply], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """What people can say: ``name`` is the command that takes every other as its first word, ``words`` are those that
    mean something in every pipeline, ``of_all`` what is answered for all of them where none is named."""

    name: str
    words: Collection[str]
    of_all: Mapping[str, tuple[Lane, Tell]]


NOT_SERVED = "That belongs to the pipeline {}, which I do not serve any more."


@dataclass(frozen=True, slots=True)
class PipelineWords:
    """The pipeline that words name, None for none, and the words without its name."""

    pipeline: str | None
    rest: str


def named_in(text: str, names: Collection[str]) -> PipelineWords:
    """Return which pipeline a text names: by its first word that is a name, in any place."""
    words = text.split()
    for place, word in enumerate(words):
        if (name := bare(word).lower()) in names:
            return PipelineWords(name, " ".join((*words[:place], *words[place + 1 :])))
    return PipelineWords(None, text)


def pipeline_of(body: Body) -> str | None:
    """Return the pipeline that a button or a form brings back: its own name, or that in the key of its alert; None
    where it brings none."""
    actions = body.get("actions") or [{}]
    view = body.get("view") or {}
    for text in (actions[0].get("value"), view.get("private_metadata")):
        content = read_object(text)
        for part in ("pipeline", "key", "alert"):
            if isinstance(content.get(part), str):
                return str(content[part]).partition(":")[0]
    return None


def register(app: App, apps: Mapping[str, App], every: Sequence[Services], said: Vocabulary) -> None:
    """Put the switchboard in front of the listeners of each pipeline; ``app`` itself has those of all of them."""
    first = next(iter(apps.values()))

    @app.use
    def switch(req: BoltRequest, next_: Callable[[], BoltResponse], ack: Ack, body: Body) -> BoltResponse:
        def hand_on(to: App, changed: Mapping[str, Any]) -> BoltResponse:
            return to.dispatch(BoltRequest(body=dict(changed), headers=req.headers, mode="socket_mode"))

        if "command" in body:
            named = named_in(str(body.get("text") or ""), apps)
            if named.pipeline is not None:
                return hand_on(apps[named.pipeline], {**body, "text": named.rest})
            return _unnamed(every, said, ack, body, body) or hand_on(first, body)
        event = body.get("event")
        if isinstance(event, Mapping) and event.get("type") in ("app_mention", "message"):
            asked = asked_in(event, body, said.name)
            if asked is None:
                return hand_on(first, body)
            named = named_in(str(asked["text"]), apps)
            if named.pipeline is not None:
                return hand_on(apps[named.pipeline], {**body, "event": {**event, "text": named.rest}})
            return _unnamed(every, said, ack, asked, body) or hand_on(first, body)
        if body.get("type") not in ("block_actions", "view_submission") or _is_of_all(body):
            return next_()
        pipeline = pipeline_of(body)
        if pipeline is not None and pipeline not in apps:
            return _refuse(every[0], ack, body, NOT_SERVED.format(code(pipeline, WORD_TEXT)))
        return hand_on(first if pipeline is None else apps[pipeline], body)


def _is_of_all(body: Body) -> bool:
    return any(each.get("action_id") == REFRESH for each in body.get("actions") or ())


def _refuse(services: Services, ack: Ack, body: Body, sentence: str) -> BoltResponse:
    reply = PrivateReply.to(services.client, body)
    submit(services, body, lambda: _say(reply, sentence), reply)
    return ack()


def _unnamed(every: Sequence[Services], said: Vocabulary, ack: Ack, asked: Body, body: Body) -> BoltResponse | None:
    """Answer what names no pipeline: for all of them, or by asking which; None for what is about none."""
    command, *words = _words(asked, said)
    if command in ("", *HELP_WORDS) or HELP_WORDS & set(words):
        return None
    if f"/{command}" in said.of_all and not words:
        return _of_all(every, ack, asked, said.of_all[f"/{command}"])
    names = [services.pipeline for services in every]
    near = {each for word in (command, *words) for each in get_close_matches(word, names, n=1, cutoff=0.5)}
    if command not in said.words and not near:
        return None
    reply = PrivateReply.to(every[0].client, asked)
    submit(every[0], body, lambda: _ask_which(every, reply, asked, near), reply)
    return ack()


def _words(asked: Body, said: Vocabulary) -> Sequence[str]:
    """Return the name of a command without its slash, empty for none, and its words."""
    words = [bare(word).lower() for word in str(asked.get("text") or "").split()]
    if asked["command"] != said.name:
        return (str(asked["command"]).lstrip("/"), *words)
    return (words[0].lstrip("/"), *words[1:]) if words else ("",)


def _of_all(every: Sequence[Services], ack: Ack, asked: Body, how: tuple[Lane, Tell]) -> BoltResponse:
    reply = PrivateReply.to(every[0].client, asked)
    lane, tell = how

    def work(taken: Taken) -> None:
        for services in _seen_by(every, reply):
            tell(services, reply)
        taken.done()

    ask(every[0], ack, asked, title_of(asked), work, reply, lane=lane)
    return ack.response or BoltResponse(status=200, body="")


def _ask_which(every: Sequence[Services], reply: PrivateReply, asked: Body, near: Collection[str]) -> None:
    """Say which pipelines there are, to one who may see them: their names are nobody else's business."""
    seen = _seen_by(every, reply)
    if not seen:
        return
    names = [each.pipeline for each in seen]
    guessed = sorted(set(names) & set(near))
    hint = f" Did you mean {either([code(each, WORD_TEXT) for each in guessed])}?" if guessed else ""
    example = f"{asked['command']} {asked.get('text') or ''}".strip()
    there = joined([f"{code(each.pipeline, WORD_TEXT)} ({escape(each.validation.pipeline.title)})" for each in seen])
    reply.say(
        f"Which pipeline? There are {there}.{hint}"
        f" Add its name: {code(f'{example} {(guessed or names)[0]}', 3 * WORD_TEXT)}."
    )


def _seen_by(every: Sequence[Services], reply: PrivateReply) -> Sequence[Services]:
    """Return the pipelines that a person may see; who may see none hears why."""
    refusals = [(each, each.permissions.refusal(reply.user, Role.VIEWER, reply.team)) for each in every]
    seen = [each for each, refusal in refusals if refusal is None]
    if not seen:
        reply.say(escape(str(refusals[0][1])))
    return seen


def _say(reply: PrivateReply, sentence: str) -> None:
    reply.say(sentence)
