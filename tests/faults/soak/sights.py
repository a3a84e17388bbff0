"""What a bot says of each fault, alone in a world where all else is well: which alert, and after which look."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from bot.alerting.incidents import Incidents
from bot.drill.fault import PutFault
from bot.drill.faults import sampled
from bot.render.alert import AlertMessages
from bot.request import Request
from bot.store.sqlite import SqliteStore
from bot.timetable.slots import watched
from bot.validation import Validation
from checks.ports.scheduler import SchedulerJob
from tests.faults.soak.inhabited import Inhabited
from tests.faults.soak.passing_world import PassingWorld

LASTING = ("services", "jobs", "subscriptions", "builds")
"""Kinds of faults that last until somebody ends them, whatever day it is."""

OUTAGE = "sources down"

NEXT = timedelta(hours=5)
"""Between two looks, so that each falls on another part of the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sight:
    """How a fault is told. ``by_digest`` and ``healed_by_digest`` as in the ledger."""

    fault: str
    alert: str
    by_digest: bool
    healed_by_digest: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sights:
    """Faults that are told as one incident each, and the keys of the outages of sources."""

    told: Sequence[Sight]
    outages: Sequence[str]


def sights_of(inhabitant: Inhabited, count: int, seed: int, kinds: Collection[str] | None = None) -> Sights:
    """Draw so many faults, of some kinds alone where these are named, and see how each is told. One alert may tell
    several of them, at different times."""
    world = inhabitant.world()
    try:
        faults = world.faults()
        drawn = sampled([each for each in faults if _lasts(each, kinds)], count, seed)
        found = [sight for each in drawn if (sight := _sight(inhabitant, world, each)) is not None]
        outages = [each.key for each in faults if each.key.startswith(OUTAGE)]
        return Sights(told=tuple(found), outages=outages)
    finally:
        world.close()


def _lasts(fault: PutFault, kinds: Collection[str] | None) -> bool:
    return fault.kind in LASTING and fault.loud and (kinds is None or f"{fault.kind} {fault.name}" in kinds)


def _sight(inhabitant: Inhabited, world: PassingWorld, fault: PutFault) -> Sight | None:
    """Return how a fault is told, None where it is told as several incidents or as none."""
    store = SqliteStore(":memory:")
    incidents = Incidents(store, inhabitant.pipeline, AlertMessages(inhabitant.pipeline))
    broken, healed = frozenset({fault.key}), frozenset[str]()
    jobs: Sequence[SchedulerJob] = ()

    def look(broken: frozenset[str], depth: str) -> set[str]:
        nonlocal jobs
        world.live_on(world.clock() + NEXT, broken)
        validation = Validation(inhabitant.pipeline, world.stage, world.clock, jobs_before=lambda _: jobs)
        for request in _requests(inhabitant, world, depth):
            report = validation.run(validation.plan(request))
            jobs = jobs or report.jobs
            incidents.process(report, world.clock())
        return {each.key for each in store.open_alerts(inhabitant.pipeline.name)}

    try:
        before = look(healed, "full")
        watches = [look(broken, "quick"), look(broken, "quick")]
        digest = look(broken, "full")
        after = look(healed, "quick")
        if before or len(digest) != 1 or any(each not in (set(), digest) for each in watches) or look(healed, "full"):
            return None
        return Sight(fault=fault.key, alert=digest.pop(), by_digest=not all(watches), healed_by_digest=bool(after))
    finally:
        store.close()


def _requests(inhabitant: Inhabited, world: PassingWorld, depth: str) -> Iterator[Request]:
    if depth == "full":
        yield Request(interval="previous", trigger="digest")
        return
    for each in watched(inhabitant.pipeline, world.clock()):
        yield Request(interval=each.interval, checks=each.checks, depth="quick", trigger="watch")
