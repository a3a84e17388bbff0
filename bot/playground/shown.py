"""What somebody sees of the workspace: their channels, their modal, their home tab, as HTML."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from bot.playground.block_kit.blocks import blocks_html
from bot.playground.block_kit.markup import NAMES
from bot.playground.block_kit.posts import APP, ShownPost, modal_html, post_html
from bot.playground.slack.workspace import BOT_USER, PostedMessage, SlackWorkspace

SLACKBOT = "USLACKBOT"


@dataclass(frozen=True)
class Shown:
    """A workspace as one person sees it; whoever asks holds the server's lock."""

    workspace: SlackWorkspace
    user: str
    zone: ZoneInfo

    def roots(self, channel: str) -> list[PostedMessage]:
        """Return what stands in a channel itself, the oldest first."""
        found = [each for each in self._messages(channel) if each.thread_ts is None]
        return sorted(found, key=lambda each: each.ts)

    def root_html(self, channel: str, ts: str) -> str:
        """Return a message with its thread; empty for one that is gone, or that somebody else alone sees."""
        root = next((each for each in self.roots(channel) if each.ts == ts), None)
        return "" if root is None else post_html(self._post(root))

    def channel_html(self, channel: str) -> str:
        return "".join(post_html(self._post(each)) for each in self.roots(channel))

    def modal_html(self) -> str:
        """Return the uppermost modal; empty where none is open."""
        stack = self.workspace.stacks.get(self.user)
        return modal_html(self.workspace.views[stack[-1]]) if stack else ""

    def home_html(self) -> str:
        """Return the home tab; empty until the bot has drawn it."""
        view = self.workspace.homes.get(self.user)
        return "" if view is None else f'<div data-view="{view["id"]}">{blocks_html(view["blocks"])}</div>'

    def _messages(self, channel: str) -> Iterator[PostedMessage]:
        yield from self.workspace.channels[channel].messages.values()
        yield from (each for each in self.workspace.private if (each.channel, each.only_for) == (channel, self.user))

    def _post(self, message: PostedMessage) -> ShownPost:
        replies = [each for each in self._messages(message.channel) if each.thread_ts == message.ts]
        replies.sort(key=lambda each: each.ts)
        return ShownPost(
            body={"text": message.text, "blocks": message.blocks},
            time=self._time(message.ts),
            author={BOT_USER: APP, SLACKBOT: "Slackbot"}.get(message.user) or NAMES.get(message.user, message.user),
            edited=bool(message.history),
            replies=[self._post(each) for each in replies],
            ts=message.ts,
            private=message.only_for is not None,
            files=message.files,
        )

    def _time(self, ts: str) -> str:
        """The time, with its day where that is not the present one."""
        local = datetime.fromtimestamp(float(ts), self.zone)
        today = self.workspace.clock().astimezone(self.zone).date()
        return f"{local:%H:%M}" if local.date() == today else f"{local.day} {local:%b %H:%M}"
