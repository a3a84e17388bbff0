"""What a file deploys, and what runs before and after: the view on which the rules decide."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from bot.audit.shell.calls import CliCall
from bot.audit.shell.commands import Fate, ShellCommand
from bot.audit.shell.trace import Choice, Trace

_DEPLOYS = {
    "run deploy": True,
    "run services replace": True,
    "functions deploy": True,
    "run services update": True,
    "run jobs create": False,
    "run jobs deploy": False,
    "run jobs update": False,
    "run jobs replace": False,
    "run worker-pools deploy": False,
    "run worker-pools update": False,
    "run worker-pools replace": False,
}
"""Whether what is deployed serves requests, so that somebody must be allowed to call it."""
_UPDATES = frozenset(("run services update", "run jobs update", "run worker-pools update"))
"""They deploy only with --image; what they do not name, such as the account, stays as it is."""
_TRIGGERS = ("--trigger-topic", "--trigger-event-filters", "--trigger-event", "--trigger-resource")
_MATTERING = re.compile(
    r"run deploy|run services (replace|update|update-traffic|add-iam-policy-binding|set-iam-policy)"
    r"|run (jobs|worker-pools) (create|deploy|update|replace)"
    r"|functions (deploy|add-iam-policy-binding|add-invoker-policy-binding)"
    r"|builds submit|eventarc triggers (create|update)|pubsub subscriptions (create|update)"
    r"|scheduler jobs (create|update) (http|pubsub)"
)
_OFF = frozenset(("false", "off", "no", "0"))
_GENERATION = re.compile(r"\bCLOUDSDK_FUNCTIONS_GEN2=[\"']?(\w+)")
_FIRST_GENERATION_ONLY = ("--docker-registry", "--security-level")
_PLACEHOLDER = re.compile(r"\{\d*\}")
"""What `xargs -I{}` and `parallel` put a name in for."""
_OWN = ("iam ensure", "deploy verify", "env merge")


@dataclass(frozen=True)
class Deploy:
    """One command that deploys. ``name`` is normalised, and empty when it cannot be told."""

    call: CliCall
    run: Trace
    index: int
    on_some_ways: bool = False
    """Whether its line also is another deploy, on another way, that is not meant."""

    @property
    def command(self) -> ShellCommand:
        return self.run.commands[self.index]

    @property
    def name(self) -> str:
        """The service's name, as Cloud Run has it."""
        subject = self.call.subject
        return "" if self.described or _PLACEHOLDER.search(subject) else subject

    @property
    def shown(self) -> str:
        where = "" if not self.on_some_ways else self.run.conditionals.told(self.command.chosen)
        return (self.name or "the service") + (f" ({where})" if where else "")

    @property
    def serves(self) -> bool:
        """Whether it answers requests on Cloud Run, unlike a job or a first-generation function."""
        return _DEPLOYS[self.call.path] and not self._first_generation

    @property
    def keeps_account(self) -> bool:
        """Whether the account stays as it is, or stands in the description of the service."""
        return self.call.path in _UPDATES or self.described

    @property
    def described(self) -> bool:
        """Whether a file describes what is deployed, and no flag does."""
        return self.call.path.endswith(" replace")

    @cached_property
    def _first_generation(self) -> bool:
        """Whether it is a function outside Cloud Run, whose callers hold roles/cloudfunctions.invoker instead.

        Without a word on it gcloud makes the second generation since 492.0.0, and refuses the flags of the first.
        """
        if self.call.path != "functions deploy":
            return False
        flag = self.call.flag("--gen2", "--no-gen2")
        if flag is not None:
            return flag.name == "--no-gen2" or flag.value.lower() in _OFF
        prefix = _GENERATION.search(self.command.raw.partition("gcloud")[0])
        said = prefix[1] if prefix else next((one.texts[-1] for one in self._settings()), "")
        return said.lower() in _OFF or self.call.flag(*_FIRST_GENERATION_ONLY) is not None

    def _settings(self) -> Iterator[ShellCommand]:
        return reversed(list(self.before(_sets_the_generation)))

    @cached_property
    def called(self) -> bool:
        """Whether somebody must hold roles/run.invoker: not on what serves nothing, nor where everybody can call."""
        return self.serves and self.call.flag("--allow-unauthenticated", "--no-invoker-iam-check") is None

    @property
    def subscribes(self) -> bool:
        if self.call.path != "functions deploy":
            return False
        topic, events = self.call.flag("--trigger-topic"), self.call.all_flags(*_TRIGGERS[1:])
        return topic is not None or any("pubsub" in flag.value for flag in events)

    def is_about(self, call: CliCall) -> bool:
        """Whether a later call is about this service: by its name, and nowhere else by its region or project."""
        for name in ("--region", "--project"):
            mine, other = self.call.flag(name), call.flag(name)
            if mine and other and mine.known and other.known and mine.value != other.value:
                return False
        return self.is_named(call.subject)

    def is_named(self, subject: str) -> bool:
        """Whether this is the service's name. One whose name cannot be told may have any."""
        if subject.startswith("$("):
            # Such as the service that `gcloud functions describe NAME` tells.
            return self.name in subject.lower().replace("_", "-")
        return subject == self.name or not self.name

    def after(self, choice: Choice) -> Iterator[tuple[int, ShellCommand]]:
        """Yield the chosen commands that run after this deploy, when it went well."""
        return self.run.after(self.index, choice, self.name)

    def always(self, choice: Choice, suits: Callable[[ShellCommand, Deploy], bool]) -> bool:
        """Whether a command that suits runs on every path once this deploy went well."""
        return self.run.always(self.index, [index for index, one in self.after(choice) if suits(one, self)])

    def always_before(self, choice: Choice) -> bool:
        return self.run.always_earlier(self.index, choice)

    def before(self, choice: Choice) -> Iterator[ShellCommand]:
        return self.run.earlier(self.index, choice)


def _sets_the_generation(command: ShellCommand) -> bool:
    return command.texts[:4] == ("gcloud", "config", "set", "functions/gen2")


def is_deploy(call: CliCall) -> bool:
    return call.path in _DEPLOYS and (call.path not in _UPDATES or call.flag("--image") is not None)


def matters(command: ShellCommand) -> bool:
    own = command.own
    if own is not None:
        return own.path in _OWN
    call = command.gcloud
    if call is not None:
        return _MATTERING.match(call.path) is not None
    return command.name == "docker" and command.texts[1:2] in (("build",), ("push",), ("buildx",))


def asks_for_a_subscription(command: ShellCommand) -> bool:
    """Whether a command asks if a subscription is there, which a script may pass over only by making one."""
    call = command.gcloud
    return call is not None and call.path == "pubsub subscriptions describe"


def stops(command: ShellCommand) -> bool:
    return command.failure.fate is Fate.STOPS
