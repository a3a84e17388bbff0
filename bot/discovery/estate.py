"""From what runs in a project to the sections of a pipeline file, each entry with its reason. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from bot.discovery.guesses import Guess
from checks.ports.builds import BuildTrigger
from checks.ports.messaging import Subscription
from checks.ports.run_jobs import RunJob
from checks.ports.scheduler import SchedulerJob
from checks.ports.services import Service

_NUMBER = re.compile(r"-(\d{6,})\.[a-z0-9-]+\.run\.app$")
_ACCOUNT = re.compile(r"^(\d{6,})-compute@developer\.gserviceaccount\.com$")

NAMED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundEstate:
    """What was found in a region of a project. None is what could not be read."""

    services: Sequence[Service] | None = None
    subscriptions: Sequence[Subscription] | None = None
    jobs: Sequence[SchedulerJob] | None = None
    run_jobs: Sequence[RunJob] | None = None
    triggers: Sequence[BuildTrigger] | None = None
    number: str = ""

    @property
    def counted(self) -> str:
        """How much of each there is, in words."""
        words = {
            "services": self.services,
            "subscriptions": self.subscriptions,
            "scheduler jobs": self.jobs,
            "Cloud Run jobs": self.run_jobs,
            "build triggers": self.triggers,
        }
        return ", ".join(f"{len(each):,} {word}" for word, each in words.items() if each is not None)


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftSection:
    """A section of a pipeline file: entries of a list, or values by key."""

    why: str
    entries: Sequence[Guess] = ()
    values: Mapping[str, Guess] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class EstateDraft:
    """What a file says of an estate: its top, its sections, and what the first comment remarks."""

    top: Mapping[str, Guess]
    sections: Mapping[str, DraftSection]
    remarks: Sequence[str]


def drafted(found: FoundEstate, project: str, region: str) -> EstateDraft:
    """Return what a pipeline file says of an estate. What takes a value that nothing tells is left out and remarked."""
    callers = callers_of(found)
    number = found.number or number_of(found)
    accounts = Counter(account for _, account in _calls(found) if account)
    invoker = next((name for name, _ in accounts.most_common(1)), "")
    top = {"project": Guess(project, "--from", "observed"), "region": Guess(region, "--region", "observed")}
    if number:
        top["project_number"] = Guess(number, "an address or an account names it", "observed")
    if invoker:
        top["invoker"] = Guess(f"serviceAccount:{invoker}", "most subscriptions and jobs call as it")
    sections = {name: each for name, each in _sections(found, callers, invoker) if each.entries or each.values}
    remarks = []
    lost = [] if number and invoker else [each for each in ("messaging", "scheduler") if sections.pop(each, None)]
    if lost:
        told = f"gcloud projects describe {project} --format='value(projectNumber)'"
        what = f"the project's number ({told})" if not number else "the account that calls services"
        remarks.append(f"Left out: {' and '.join(lost)}, since nothing names {what}. Add project_number and invoker.")
    if found.triggers:
        named = ", ".join(each.name for each in found.triggers[:NAMED])
        more = f" and {len(found.triggers) - NAMED} more" if len(found.triggers) > NAMED else ""
        remarks.append(f"Build triggers: {named}{more}. A section 'deployment' has builds and old code judged as well.")
    return EstateDraft(top=top, sections=sections, remarks=tuple(remarks))


def callers_of(found: FoundEstate) -> Mapping[str, Sequence[str]]:
    """Return the accounts that call each service, the most frequent first: those of push subscriptions and of scheduler
    jobs whose address is the service's."""
    hosts = {
        host: each.name
        for each in found.services or ()
        for address in (each.uri, *each.urls)
        if (host := urlsplit(address).hostname)
    }
    numbered = {each.name for each in found.services or ()}
    counted: dict[str, Counter[str]] = {}
    for address, account in _calls(found):
        host = urlsplit(address).hostname or ""
        name = hosts.get(host) or _NUMBER.sub("", host)
        if name in numbered and account:
            counted.setdefault(name, Counter())[account] += 1
    return {name: [account for account, _ in each.most_common()] for name, each in counted.items()}


def _calls(found: FoundEstate) -> Iterator[tuple[str, str]]:
    """Yield the address and the account of each call that subscriptions and jobs make."""
    yield from ((each.endpoint, each.account) for each in found.subscriptions or () if not each.detached)
    yield from ((each.url, each.account) for each in found.jobs or () if each.enabled)


def number_of(found: FoundEstate) -> str:
    """Return the number of the project as addresses and accounts name it; empty where none does."""
    addresses = [
        *(address for each in found.services or () for address in (each.uri, *each.urls)),
        *(each.url for each in found.jobs or ()),
        *(each.endpoint for each in found.subscriptions or ()),
    ]
    accounts = [
        *(each.account for each in found.subscriptions or ()),
        *(each.account for each in found.jobs or ()),
    ]
    numbers = Counter(
        match[1]
        for match in (
            *(_NUMBER.search(urlsplit(each).hostname or "") for each in addresses),
            *(_ACCOUNT.match(each) for each in accounts),
        )
        if match is not None
    )
    return next((number for number, _ in numbers.most_common(1)), "")


def _sections(
    found: FoundEstate, callers: Mapping[str, Sequence[str]], invoker: str
) -> Iterator[tuple[str, DraftSection]]:
    services = [_service(each, callers.get(each.name, ()), invoker) for each in found.services or ()]
    yield "services", DraftSection(why="Cloud Run, as it is deployed", entries=services)
    executed = [
        Guess({"name": each.name}, f"its latest execution {each.state}" if each.state else "never executed", "observed")
        for each in found.run_jobs or ()
    ]
    yield "run_jobs", DraftSection(why="Cloud Run jobs", entries=executed)
    pushed = Counter(
        each.topic
        for each in found.subscriptions or ()
        if each.endpoint and not each.detached and not each.topic_project and each.topic != "_deleted-topic_"
        if not each.topic.endswith("-dlq") and not each.name.endswith("-dlq")
    )
    if pushed:
        topics = Guess(dict(sorted(pushed.items())), "push subscriptions of each topic", "observed")
        yield "messaging", DraftSection(why="Pub/Sub, as it is subscribed", values={"topics": topics})
    enabled = sorted(each.name for each in found.jobs or () if each.enabled)
    if enabled:
        names = Guess(enabled, f"the {len(enabled):,} jobs that are enabled", "observed")
        yield "scheduler", DraftSection(why="Cloud Scheduler", values={"expected": names})


def _service(service: Service, callers: Sequence[str], invoker: str) -> Guess:
    entry: dict[str, Any] = {"name": service.name}
    if not callers or service.invoker_check_disabled:
        entry["callers"] = []
        return Guess(entry, "no subscription and no job calls it as an account", "observed")
    if list(callers) != [invoker]:
        entry["callers"] = [f"serviceAccount:{each}" for each in callers]
    return Guess(entry, "what subscriptions and jobs call", "observed")
