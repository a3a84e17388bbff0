"""A repair from an alert's thread on a scenario: the form, the confirmation, what the thread hears."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from bot.alerting.threads import AlertThreads
from bot.composition.repairs import repairs_of
from bot.composition.validation import Ready, on_scenario
from bot.definition.pipeline_file import shipped_pipeline
from bot.render.pages import Block
from bot.render.repair_changes import actor_of
from bot.render.repair_form import plan_blocks
from bot.render.repairs import begun_reply, made_reply, still_open_reply, verified_reply
from bot.repairs.model import RepairPlan
from bot.repairs.own_changes import own_changes
from bot.request import Request
from bot.scenarios.scenario import load_scenario
from bot.settings import Settings
from handlers.repairs import Confirmation, record_of, repair_form
from tests.preview.story import ALICE, Story
from tests.validated import validated

FOUND_OUT = timedelta(minutes=7)
"""Until somebody has read the alert."""

DAY = timedelta(days=1)

HAS_EFFECT = timedelta(minutes=3)
"""Until Google lets the callers in."""


class RepairStory(Story):
    """A story whose world can be repaired; begins with the alerts of its morning."""

    def __init__(self, ready: Ready) -> None:
        super().__init__()
        self._validation = ready.validation
        self._validation.own_changes = lambda now: own_changes(self.store, self.pipeline.name, now)
        self._repairs = repairs_of(ready.validation, self.store, Settings(), ready.interval)
        report = validated(ready.validation, Request(interval=ready.interval))
        self.now = report.now
        self.incidents.process(report, self.now)
        self.told()
        self.now += FOUND_OUT

    def plans(self) -> tuple[RepairPlan, ...]:
        """What Alice is shown when she presses Repair… on the gravest alert."""
        keys = self._repairs.offered(str(self.alert().details["repairs"]))
        made = self._repairs.plan_all(keys, actor_of(ALICE), self.now)
        return tuple(each for each in made if isinstance(each, RepairPlan))

    def form(self) -> Block:
        """The form with the exact difference."""
        plans = self.plans()
        confirmation = Confirmation.of(self.alert().key, plans)
        return repair_form("Repair", plan_blocks(plans, self.pipeline.zone), confirmation)

    def confirmed(self) -> None:
        """Alice confirms; some minutes later the effect is there."""
        key, plans = self.alert().key, self.plans()
        begun = begun_reply(plans, actor_of(ALICE), self.pipeline.zone)
        records = (record_of(plan, plans[0].id, key, ALICE, self.now) for plan in plans)
        self.incidents.tell(key, "begun", begun, self.now, *records)
        made = self._repairs.apply_all(plans, actor_of(ALICE), self.now)
        self.incidents.tell(key, "made", made_reply(made, key), self.now)
        self.told()
        runs = [self._repairs.run(plan.id, self.now) for plan in plans]
        self.now += HAS_EFFECT
        settled = [self._repairs.verify(run, self.now).run for run in runs if run is not None]
        self.incidents.tell(key, "verified", verified_reply(settled, self.pipeline.zone), self.now)
        AlertThreads(self.incidents, self._validation, self.told, still_open_reply).look_again(
            key, "repair", self.now, ALICE
        )

    def taken_back(self) -> None:
        """Alice takes back what was made last."""
        runs = [each for each in self._repairs.runs(self.now - DAY) if each.undoable(self.now)]
        undos = [self._repairs.plan_undo(each.id, actor_of(ALICE), self.now) for each in runs]
        self._repairs.apply_all(undos, actor_of(ALICE), self.now)

    def looked_again(self, key: str) -> None:
        """An alert is looked at again, by its own checks alone."""
        AlertThreads(self.incidents, self._validation, self.told, still_open_reply).look_again(key, "again", self.now)


@contextmanager
def repairing(scenario: str) -> Iterator[RepairStory]:
    """Yield the story of a scenario; what it repairs is gone when it ends."""
    with on_scenario(shipped_pipeline(), load_scenario(scenario)) as ready:
        yield RepairStory(ready)
