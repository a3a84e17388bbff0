"""What people do on the page, as Slack's client tells an app: commands, messages, clicks, forms."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from urllib.error import URLError
from zoneinfo import ZoneInfo

from bot.playground.block_kit.blocks import Block, named
from bot.playground.shown import SLACKBOT
from bot.playground.slack.requests import Acknowledgement, SignedRequest
from bot.playground.slack.server import SlackServer
from bot.playground.slack.workspace import BOT_USER, PostedMessage

NOT_REACHED = "Reveille did not answer in time. It may be starting again; try once more in a moment."
REQUIRED = "Please fill this in."
OK = 200


class NotPossibleError(ValueError):
    """What somebody wants to do cannot be done; the message says why."""


class Client:
    """Slack's client for everybody on the page; ``app`` is where the bot listens."""

    def __init__(self, slack: SlackServer, zone: ZoneInfo) -> None:
        self.app = ""
        self._slack = slack
        self._zone = zone

    def say(self, user: str, channel: str, text: str) -> None:
        """Write into a channel: a command, or a message that the bot hears of where it is meant."""
        name, _, rest = text.strip().partition(" ")
        if name.startswith("/"):
            self._command(user, channel, name, rest.strip())
            return
        with self._slack.lock:
            said = self._slack.workspace.say(user, channel, text.strip())
        self._slack.announce("message", {"channel": channel, "ts": said.ts})
        about: dict[str, Any] = {"user": user, "text": text.replace("@Reveille", f"<@{BOT_USER}>"), "ts": said.ts}
        if channel == user:
            self._send(self._slack.requests.event("message", channel=channel, channel_type="im", **about))
        elif "@reveille" in text.lower():
            self._send(self._slack.requests.event("app_mention", channel=channel, **about))

    def act(self, user: str, where: Mapping[str, str], action: str, value: Any) -> None:
        """Use an element of a message, a modal or the home tab. Raises NotPossibleError."""
        with self._slack.lock:
            if view := self._view(user, where.get("view", "")):
                found = _element(view["blocks"], where.get("block", ""), action)
                request = self._slack.requests.act_in_view(view, _used(found, value, where, self._zone), user=user)
            else:
                message = self._message(where.get("channel", ""), where.get("ts", ""), user)
                found = _element(message.blocks, where.get("block", ""), action)
                request = self._slack.requests.act(message, _used(found, value, where, self._zone), user=user)
        self._send(request)

    def submit(self, user: str, view_id: str, given: Mapping[str, Any]) -> Mapping[str, str]:
        """Send a modal; return what is wrong, by block. Raises NotPossibleError."""
        with self._slack.lock:
            view = self._view(user, view_id)
            if view is None:
                raise NotPossibleError("This form was closed.")
            inputs = {name: block for name, block in named(view["blocks"]).items() if block["type"] == "input"}
            values = {name: _state(block["element"], given.get(name), self._zone) for name, block in inputs.items()}
            missing = {
                name: REQUIRED
                for name, block in inputs.items()
                if not block.get("optional") and not any(_given(each) for each in values[name].values())
            }
            request = self._slack.requests.submission(view, values, user=user)
        if missing:
            return missing
        answer = self._send(request)
        return {} if answer is None else self._after(user, view_id, answer)

    def close(self, user: str) -> None:
        """Close the uppermost modal."""
        with self._slack.lock:
            stack = self._slack.workspace.stacks.get(user) or []
            if stack:
                stack.pop()
        self._slack.announce("view", {"user": user})

    def open_home(self, user: str) -> None:
        """Open the home tab, which the bot draws."""
        view = self._slack.workspace.homes.get(user)
        shown: dict[str, Any] = {"user": user, "tab": "home", **({} if view is None else {"view": view})}
        self._send(self._slack.requests.event("app_home_opened", **shown))

    def suggest(self, user: str, view_id: str, block: str, action: str, typed: str) -> list[Mapping[str, str]]:
        """Ask the bot for the options of a select, as value and text."""
        view = self._view(user, view_id)
        if view is None:
            return []
        answer = self._send(self._slack.requests.suggestion(view, action, block, typed, user=user))
        options = {} if answer is None else _read(answer)
        return [{"value": each["value"], "text": each["text"]["text"]} for each in options.get("options", [])]

    def tell(self, user: str, channel: str, text: str) -> None:
        """Say something to one person in Slack's own name."""
        with self._slack.lock:
            workspace = self._slack.workspace
            ts = workspace.next_ts()
            workspace.private.append(PostedMessage(channel, ts, text, [], only_for=user, user=SLACKBOT))
        self._slack.announce("message", {"channel": channel, "ts": ts})

    def _command(self, user: str, channel: str, name: str, rest: str) -> None:
        answer = self._send(self._slack.requests.command(name, rest, user=user, channel=channel))
        if answer is None or answer.status != OK:
            self.tell(user, channel, f"`{name}` failed: {NOT_REACHED}" if answer is None else _unknown(name))
            return
        said = _read(answer)
        if said.get("text"):
            with self._slack.lock:
                workspace = self._slack.workspace
                message = workspace.respond(workspace.issue_response(channel, user), dict(said))
            if message is not None:
                self._slack.announce("message", {"channel": channel, "ts": message.ts})

    def _after(self, user: str, view_id: str, answer: Acknowledgement) -> Mapping[str, str]:
        """Do with a modal what its acknowledgement says."""
        if answer.status != OK:
            raise NotPossibleError(NOT_REACHED)
        said = _read(answer)
        workspace = self._slack.workspace
        with self._slack.lock:
            stack = workspace.stacks.setdefault(user, [])
            match said.get("response_action"):
                case "errors":
                    return dict(said["errors"])
                case "update":
                    workspace.update_view({"view_id": view_id, "view": said["view"]})
                case "push":
                    workspace.push_view({"trigger_id": workspace.issue_trigger(user), "view": said["view"]})
                case "clear":
                    stack.clear()
                case _ if stack:
                    stack.pop()
        self._slack.announce("view", {"user": user})
        return {}

    def _send(self, request: SignedRequest) -> Acknowledgement | None:
        """Send a request to the bot; None where it does not answer."""
        try:
            return request.send(self.app)
        except (URLError, OSError):
            return None

    def _view(self, user: str, view_id: str) -> Mapping[str, Any] | None:
        workspace = self._slack.workspace
        is_own = view_id in workspace.stacks.get(user, ()) or view_id == workspace.homes.get(user, {}).get("id")
        return workspace.views.get(view_id) if is_own else None

    def _message(self, channel: str, ts: str, user: str) -> PostedMessage:
        workspace = self._slack.workspace
        own = (each for each in workspace.private if (each.ts, each.only_for) == (ts, user))
        found = workspace.channels[channel].messages.get(ts) if channel in workspace.channels else None
        message = found or next(own, None)
        if message is None:
            raise NotPossibleError("This message is gone.")
        return message


def _unknown(name: str) -> str:
    return f"`{name}` is no command of this workspace. Type `/` to see those there are."


def _read(answer: Acknowledgement) -> Mapping[str, Any]:
    """Read what came back: an object, or words."""
    try:
        said = json.loads(answer.text or "{}")
    except ValueError:
        return {"text": answer.text}
    return said if isinstance(said, dict) else {"text": answer.text}


def _element(blocks: list[Block], block: str, action: str) -> Block:
    """Return an element with the name of its block. Raises NotPossibleError."""
    found = _all_blocks(blocks).get(block, {})
    elements = [*found.get("elements", ()), found.get("accessory"), found.get("element")]
    for each in elements:
        if each and each.get("action_id", "") == action:
            return {**each, "block_id": block}
    raise NotPossibleError("This button is gone: the message has changed.")


def _all_blocks(blocks: list[Block]) -> Mapping[str, Block]:
    """Return blocks by name, those in containers too."""
    found = dict(named(blocks))
    for each in blocks:
        if each["type"] == "container":
            found |= named(each["child_blocks"])
    return found


def _used(element: Block, value: Any, where: Mapping[str, str], zone: ZoneInfo) -> Mapping[str, Any]:
    """Return what somebody did with an element, as ``actions`` names it."""
    about = {"action_id": element.get("action_id", ""), "block_id": where.get("block", "")}
    if element["type"] == "button":
        return {**about, "type": "button", "value": element.get("value", ""), "text": element["text"]}
    (state,) = _state(element, value, zone).values()
    return {**about, **state}


def _state(element: Block, value: Any, zone: ZoneInfo) -> dict[str, dict[str, Any]]:
    """Return what stands in an element, as ``view.state.values`` has it."""
    kind = element["type"]
    state: dict[str, Any] = {"type": kind}
    match kind:
        case "static_select" | "external_select" | "overflow" | "radio_buttons":
            state["selected_option"] = _option(element, value)
        case "checkboxes":
            chosen = [_option(element, each) for each in value or ()]
            state["selected_options"] = [each for each in chosen if each is not None]
        case "datepicker":
            state["selected_date"] = value or None
        case "timepicker":
            state["selected_time"] = value or None
        case "datetimepicker":
            state["selected_date_time"] = _seconds(value, zone)
        case "users_select":
            state["selected_user"] = value or None
        case "multi_users_select":
            state["selected_users"] = [value] if value else []
        case _:
            state["value"] = value or None
    return {element.get("action_id", ""): state}


def _option(element: Block, value: Any) -> Any:
    known = next((each for each in element.get("options", ()) if each["value"] == value), None)
    if known is None and value and element["type"] == "external_select":
        return {"text": {"type": "plain_text", "text": str(value)}, "value": str(value)}
    return known


def _seconds(value: Any, zone: ZoneInfo) -> int | None:
    """Read what a field of date and time holds, which is a time of the pipeline's zone."""
    try:
        return int(datetime.fromisoformat(str(value)).replace(tzinfo=zone).timestamp())
    except ValueError:
        return None


def _given(state: Mapping[str, Any]) -> bool:
    return any(value not in (None, "", []) for name, value in state.items() if name != "type")
