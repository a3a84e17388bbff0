"""One Slack workspace in memory: channels, messages, threads, people and views, with Slack's refusals."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from bot.playground.slack.limits import Refusal, check_message, check_view

SCOPES = frozenset(
    {
        *("channels:history", "chat:write", "commands", "files:write", "groups:history"),
        *("usergroups:read", "users:read", "app_mentions:read", "im:history"),
    }
)
"""What an app has that was made from our manifest."""

BOT_USER, BOT, TEAM = "U0REVEILLE", "B0REVEILLE", "T0EXAMPLE"

TRIGGER_LIFE = timedelta(seconds=3)
RESPONSE_LIFE, RESPONSE_USES = timedelta(minutes=30), 5
VIEWS_AT_ONCE = 3

Arguments = Mapping[str, Any]
Answer = dict[str, Any]


@dataclass(slots=True)
class SharedFile:
    """A file as it is uploaded: its content comes before the channel where it is shown."""

    name: str
    length: int
    words: str = ""
    content: bytes | None = None
    title: str = ""
    channel: str = ""
    thread_ts: str | None = None

    @property
    def is_picture(self) -> bool:
        return self.name.endswith(".png")


@dataclass(slots=True)
class PostedMessage:
    """``blocks`` are those of the last edit; ``history`` the texts that it had before."""

    channel: str
    ts: str
    text: str
    blocks: list[Any]
    metadata: Mapping[str, Any] | None = None
    thread_ts: str | None = None
    only_for: str | None = None
    user: str = BOT_USER
    broadcast: bool = False
    """An answer that shows in the channel, too."""
    history: list[str] = field(default_factory=list)
    files: dict[str, SharedFile] = field(default_factory=dict)
    """What was uploaded with it, by id."""

    @property
    def key(self) -> str | None:
        """The delivery key that travelled in the metadata."""
        key: str | None = (self.metadata or {}).get("event_payload", {}).get("key")
        return key


@dataclass(slots=True)
class SlackChannel:
    id: str
    archived: bool = False
    has_bot: bool = True
    messages: dict[str, PostedMessage] = field(default_factory=dict)


@dataclass(slots=True)
class _Ticket:
    """A trigger_id or a response_url."""

    until: datetime
    uses: int
    channel: str = ""
    user: str = ""
    thread_ts: str | None = None


class SlackWorkspace:
    """Everything that the server knows. Not safe from threads by itself: the server holds a lock."""

    def __init__(
        self, clock: Callable[[], datetime], channels: Sequence[str], timer: Callable[[], datetime] | None = None
    ) -> None:
        self.clock = clock
        self._timer = timer or clock
        self.channels = {name: SlackChannel(name) for name in channels}
        self.scopes = SCOPES
        self.lacks: set[str] = set()
        """Types of blocks that it does not take."""
        self.users: dict[str, Answer] = {}
        self.groups: dict[str, list[str]] = {}
        self.views: dict[str, Answer] = {}
        self.stacks: dict[str, list[str]] = {}
        """The modals that a person has open, the uppermost last."""
        self.homes: dict[str, Answer] = {}
        self.files: dict[str, SharedFile] = {}
        self.ephemerals: list[PostedMessage] = []
        self.responses: list[Answer] = []
        self.private: list[PostedMessage] = []
        """What only one person can see, in order."""
        self._tickets: dict[str, _Ticket] = {}
        self._last = 0

    def issue_trigger(self, user: str = "U0PERSON") -> str:
        """Return a trigger_id: good for 3 seconds and one use."""
        return self._issue("trigger", _Ticket(self._timer() + TRIGGER_LIFE, 1, user=user))

    def issue_response(self, channel: str, user: str, thread_ts: str | None = None) -> str:
        """Return the secret part of a response_url: good for 30 minutes and five uses."""
        until = self._timer() + RESPONSE_LIFE
        return self._issue("response", _Ticket(until, RESPONSE_USES, channel, user, thread_ts))

    def _issue(self, kind: str, ticket: _Ticket) -> str:
        name = f"{kind}.{secrets.token_hex(8)}"
        self._tickets[name] = ticket
        return name

    def _use(self, name: str, missing: str, expired: str, used: str) -> _Ticket:
        ticket = self._tickets.get(name)
        if ticket is None:
            raise Refusal(missing)
        if self._timer() > ticket.until:
            raise Refusal(expired)
        if ticket.uses == 0:
            raise Refusal(used)
        ticket.uses -= 1
        return ticket

    def next_ts(self) -> str:
        """Return a time stamp that no other message has."""
        self._last = max(self._last + 1, round(self.clock().timestamp() * 1_000_000))
        return f"{self._last // 1_000_000}.{self._last % 1_000_000:06d}"

    def _channel(self, arguments: Arguments) -> SlackChannel:
        channel = self.channels.get(arguments.get("channel", ""))
        if channel is None:
            raise Refusal("channel_not_found")
        return channel

    def _readable(self, arguments: Arguments) -> SlackChannel:
        channel = self._channel(arguments)
        if not channel.has_bot:
            raise Refusal("not_in_channel")
        return channel

    def _writable(self, arguments: Arguments) -> SlackChannel:
        if "chat:write" not in self.scopes:
            raise Refusal("missing_scope")
        channel = self._channel(arguments)
        if channel.archived:
            raise Refusal("is_archived")
        return self._readable(arguments)

    def auth_test(self, arguments: Arguments) -> Answer:
        return {
            "url": "https://example.slack.com/",
            "team": "Example",
            "team_id": TEAM,
            "user": "bot",
            "user_id": BOT_USER,
            "bot_id": BOT,
        }

    def info(self, arguments: Arguments) -> Answer:
        if not self.scopes & {"channels:read", "groups:read"}:
            raise Refusal("missing_scope")
        channel = self._channel(arguments)
        return {"channel": {"id": channel.id, "is_archived": channel.archived, "is_member": channel.has_bot}}

    def post(self, arguments: Arguments) -> Answer:
        channel = self._writable(arguments)
        message = self._message(channel.id, arguments)
        # A thread whose parent is gone takes no answers: they land in the channel, and no error says so.
        parent = channel.messages.get(arguments.get("thread_ts") or "")
        message.thread_ts = None if parent is None else parent.thread_ts or parent.ts
        message.broadcast = parent is not None and bool(_truth(arguments.get("reply_broadcast")))
        channel.messages[message.ts] = message
        return {"channel": channel.id, "ts": message.ts, "message": self._shown(message, metadata=True)}

    def update(self, arguments: Arguments) -> Answer:
        channel = self._writable(arguments)
        message = channel.messages.get(arguments.get("ts", ""))
        if message is None:
            raise Refusal("message_not_found")
        new = self._message(channel.id, arguments)
        message.history.append(message.text)
        message.text, message.blocks = new.text, new.blocks
        # Metadata that is not sent stays; an empty object takes it away.
        if "metadata" in arguments:
            message.metadata = new.metadata or None
        return {"channel": channel.id, "ts": message.ts, "text": message.text, "message": self._shown(message)}

    def delete(self, arguments: Arguments) -> Answer:
        channel = self._channel(arguments)
        if channel.messages.pop(arguments.get("ts", ""), None) is None:
            raise Refusal("message_not_found")
        return {"channel": channel.id, "ts": arguments["ts"]}

    def post_ephemeral(self, arguments: Arguments) -> Answer:
        channel = self._writable(arguments)
        if not arguments.get("user"):
            raise Refusal("user_not_in_channel")
        message = self._message(channel.id, arguments)
        message.only_for = arguments["user"]
        message.thread_ts = arguments.get("thread_ts")
        self.ephemerals.append(message)
        self.private.append(message)
        return {"message_ts": message.ts}

    def _message(self, channel: str, arguments: Arguments) -> PostedMessage:
        text, blocks, metadata = arguments.get("text") or "", *map(_read, _two(arguments))
        check_message(text, blocks or [])
        if unknown := self.lacks & {each["type"] for each in blocks or []}:
            raise Refusal("invalid_blocks", [f"unsupported type: {each}" for each in unknown])
        return PostedMessage(channel, self.next_ts(), text, blocks or [], metadata)

    def history(self, arguments: Arguments) -> Answer:
        messages = self._readable(arguments).messages.values()
        top = [each for each in messages if each.thread_ts is None or each.broadcast]
        return self._page(sorted(top, key=lambda each: each.ts, reverse=True), arguments)

    def replies(self, arguments: Arguments) -> Answer:
        channel = self._readable(arguments)
        parent = arguments.get("ts", "")
        thread = [each for each in channel.messages.values() if parent in (each.ts, each.thread_ts)]
        if not thread:
            raise Refusal("thread_not_found")
        return self._page(sorted(thread, key=lambda each: each.ts), arguments)

    def _page(self, messages: Sequence[PostedMessage], arguments: Arguments) -> Answer:
        # Like Slack's own: without ``inclusive`` the bounds themselves are left out.
        oldest, latest = float(arguments.get("oldest") or 0), float(arguments.get("latest") or "inf")
        found = [each for each in messages if oldest < float(each.ts) < latest]
        start, size = int(arguments.get("cursor") or 0), int(arguments.get("limit") or 100)
        if size > 999:
            raise Refusal("invalid_limit")
        page, more = found[start : start + size], len(found) > start + size
        metadata = _truth(arguments.get("include_all_metadata"))
        return {
            "messages": [self._shown(each, metadata=metadata) for each in page],
            "has_more": more,
            "response_metadata": {"next_cursor": str(start + size) if more else ""},
        }

    def _shown(self, message: PostedMessage, *, metadata: bool = False) -> Answer:
        shown: Answer = {"type": "message", "user": message.user, "ts": message.ts, "text": message.text}
        if message.user == BOT_USER:
            shown["bot_id"] = BOT
        shown["blocks"] = message.blocks
        if message.files:
            shown["files"] = [
                {"id": name, "name": each.name, "title": each.title} for name, each in message.files.items()
            ]
        others = self.channels[message.channel].messages.values()
        if message.thread_ts is not None or any(each.thread_ts == message.ts for each in others):
            # A parent with answers is shown with its own time stamp.
            shown["thread_ts"] = message.thread_ts or message.ts
        if metadata and message.metadata is not None:
            shown["metadata"] = message.metadata
        return shown

    def user(self, arguments: Arguments) -> Answer:
        """Whoever was not described in ``users`` is an ordinary member; what is no ID of a person is nobody."""
        user = arguments.get("user", "")
        if user not in self.users and user[:1] not in ("U", "W"):
            raise Refusal("user_not_found")
        ordinary = {"id": user, "team_id": TEAM, "is_bot": False, "deleted": False, "is_restricted": False}
        return {"user": {**ordinary, **self.users.get(user, {})}}

    def group(self, arguments: Arguments) -> Answer:
        if arguments.get("usergroup") not in self.groups:
            raise Refusal("no_such_subteam")
        return {"users": self.groups[arguments["usergroup"]]}

    def offer_upload(self, arguments: Arguments, address: str) -> Answer:
        if "files:write" not in self.scopes:
            raise Refusal("missing_scope")
        name = f"F{secrets.token_hex(5).upper()}"
        self.files[name] = SharedFile(
            str(arguments["filename"]), int(arguments["length"]), str(arguments.get("alt_txt") or "")
        )
        return {"file_id": name, "upload_url": f"{address}/upload/{name}"}

    def upload(self, name: str, content: bytes) -> None:
        """Take the bytes of a file."""
        if len(content) != self.files[name].length:
            raise Refusal("file_corrupted")
        self.files[name].content = content

    def complete_upload(self, arguments: Arguments) -> Answer:
        """Show what was uploaded, in a message of its own."""
        files = _read(arguments["files"])
        channel = self._writable({"channel": arguments.get("channel_id", "")})
        message = PostedMessage(channel.id, self.next_ts(), "", [], thread_ts=arguments.get("thread_ts"))
        for each in files:
            file = self.files.get(each["id"])
            if file is None or file.content is None:
                raise Refusal("file_not_found")
            file.title, file.channel, file.thread_ts = each.get("title", ""), channel.id, message.thread_ts
            message.files[each["id"]] = file
        channel.messages[message.ts] = message
        return {"files": files}

    def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> PostedMessage:
        """Post what a person says."""
        message = PostedMessage(channel, self.next_ts(), text, [], thread_ts=thread_ts, user=user)
        self.channels[channel].messages[message.ts] = message
        return message

    def open_view(self, arguments: Arguments) -> Answer:
        ticket = self._trigger(arguments)
        answer = self._keep(f"V{secrets.token_hex(5).upper()}", arguments)
        self.stacks[ticket.user] = [answer["view"]["id"]]
        return answer

    def push_view(self, arguments: Arguments) -> Answer:
        """Lay a modal over those that are open, of which there may be three."""
        stack = self.stacks.setdefault(self._trigger(arguments).user, [])
        if len(stack) >= VIEWS_AT_ONCE:
            raise Refusal("push_limit_reached")
        answer = self._keep(f"V{secrets.token_hex(5).upper()}", arguments)
        stack.append(answer["view"]["id"])
        return answer

    def _trigger(self, arguments: Arguments) -> _Ticket:
        name = arguments.get("trigger_id", "")
        return self._use(name, "invalid_trigger_id", "expired_trigger_id", "exchanged_trigger_id")

    def update_view(self, arguments: Arguments) -> Answer:
        view = self.views.get(arguments.get("view_id", ""))
        if view is None:
            raise Refusal("not_found")
        _must_match(view, arguments)
        return self._keep(view["id"], arguments)

    def publish_home(self, arguments: Arguments) -> Answer:
        user = arguments.get("user_id", "")
        _must_match(self.homes.get(user), arguments)
        answer = self._keep(f"V0HOME{user}", arguments)
        self.homes[user] = answer["view"]
        return answer

    def _keep(self, name: str, arguments: Arguments) -> Answer:
        view = _read(arguments.get("view")) or {}
        check_view(view)
        kept = {**view, "id": name, "hash": f"{self.next_ts()}.{secrets.token_hex(4)}", "team_id": TEAM}
        self.views[name] = kept
        return {"view": kept}

    def respond(self, name: str, body: Answer) -> PostedMessage | None:
        """Take what was sent to a response_url, and return the message that came of it."""
        ticket = self._use(name, "invalid_url", "expired_url", "used_url")
        if not body.get("delete_original"):
            check_message(body.get("text") or "", body.get("blocks") or [])
        self.responses.append({"channel": ticket.channel, "user": ticket.user, **body})
        if body.get("delete_original"):
            return None
        message = self._message(ticket.channel, body)
        message.thread_ts = ticket.thread_ts
        if body.get("response_type") == "in_channel":
            self.channels[ticket.channel].messages[message.ts] = message
        else:
            message.only_for = ticket.user
            self.private.append(message)
        return message


def _two(arguments: Arguments) -> tuple[Any, Any]:
    return arguments.get("blocks"), arguments.get("metadata")


def _read(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value else value


def _truth(value: Any) -> bool:
    return value in (True, "1", "true", "True")


def _must_match(view: Answer | None, arguments: Arguments) -> None:
    if view is not None and arguments.get("hash") not in (None, view["hash"]):
        raise Refusal("hash_conflict")
