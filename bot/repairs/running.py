"""Running a scheduler job out of turn. What it does cannot be taken back."""

from __future__ import annotations

from dataclasses import dataclass

from bot.repairs.model import Change, Refusal, RepairRefusedError
from bot.repairs.ports import Platform
from bot.repairs.remedies import Proposal, Wanted, digest
from checks.cells import in_words
from checks.control_plane.job_failures import WORDS
from checks.pipeline import Pipeline
from checks.ports.scheduler import SchedulerJob
from checks.shell_words import command_line


@dataclass(frozen=True, slots=True)
class Running:
    """Its effect is judged by the job itself: a new attempt, and how that ended."""

    pipeline: Pipeline
    platform: Platform

    permission = "cloudscheduler.jobs.run"
    checks = ()
    immediate = False
    commutes = False

    def look(self, target: str) -> SchedulerJob:
        found = self.platform.job(target)
        if found is None:
            raise RepairRefusedError(
                Refusal.VANISHED,
                f"There is no scheduler job {target} in {self.pipeline.project}, {self.pipeline.region}.",
                advice="Nothing was run.",
                command=" ".join(["gcloud scheduler jobs list", *self._where()]),
            )
        return found

    def fingerprint(self, state: SchedulerJob) -> str:
        return digest([state.enabled, state.url, state.topic, _moment(state)])

    def propose(self, target: str, state: SchedulerJob) -> Proposal:
        paused = "" if state.enabled else f"{target} is paused; running it once does not resume it."
        return Proposal(
            title=f"Run the scheduler job {target} now",
            changes=(Change(subject=f"job {target}", before=self._last(state), after="runs now"),),
            command=command_line("gcloud scheduler jobs run", [target], self._where()),
            wanted={"after": _moment(state)},
            warnings=tuple(filter(None, (paused, "What the job does cannot be taken back."))),
        )

    def take_back(self, target: str, state: SchedulerJob, former: Wanted) -> Proposal:
        del state, former
        raise RepairRefusedError(Refusal.NOT_POSSIBLE, f"That {target} ran cannot be taken back.")

    def write(self, target: str, state: SchedulerJob, wanted: Wanted) -> None:
        del state, wanted
        self.platform.run_job(target)

    def holds(self, state: SchedulerJob, wanted: Wanted) -> bool:
        return bool(_moment(state) != wanted["after"])

    def _where(self) -> tuple[str, str]:
        return f"--location={self.pipeline.region}", f"--project={self.pipeline.project}"

    def _last(self, state: SchedulerJob) -> str:
        if state.last_attempt is None:
            return "never ran"
        when = in_words(state.last_attempt, self.pipeline.zone)
        return f"ran {when}, {status_word(state.status)}"


def status_word(status: int | None) -> str:
    """Return how an attempt ended, in the word that the scheduler has for it."""
    return "OK" if not status else WORDS.get(status, f"CODE_{status}")


def _moment(state: SchedulerJob) -> str:
    return "" if state.last_attempt is None else state.last_attempt.isoformat()
