"""Running a scheduler job out of turn. What it does cannot be taken back."""

from __future__ import annotations

from bot.repairs.effects import Effect, EffectSeen
from bot.repairs.kind import Proposal, RepairKind, Wanted, digest
from bot.repairs.model import PlannedChange, RepairRefusal, RepairRefusedError
from bot.repairs.ports import JobRunWrite
from checks.actions import Gcloud
from checks.cells import in_words
from checks.control_plane.job_failures import WORDS
from checks.ports.scheduler import SchedulerJob


class JobRun(RepairKind[SchedulerJob]):
    """Its effect is judged by the job itself: a new attempt, and how that ended."""

    name = "run-job"
    section = "jobs"
    thing = "job"
    permission = "cloudscheduler.jobs.run"
    button = ("Run 1 job again…", "Run {} jobs again…")
    immediate = False
    lasts = False
    writes = JobRunWrite

    def read(self, target: str) -> SchedulerJob:
        found = self.platform.job(target)
        if found is None:
            raise RepairRefusedError(
                RepairRefusal.VANISHED,
                f"There is no scheduler job {target} in {self.pipeline.project}, {self.pipeline.region}.",
                advice="Nothing was run.",
                command=str(Gcloud("scheduler jobs", "list", "", self._where())),
            )
        return found

    def fingerprint(self, state: SchedulerJob) -> str:
        return digest([state.enabled, state.url, state.topic, _moment(state)])

    def plan(self, target: str, state: SchedulerJob) -> Proposal:
        paused = "" if state.enabled else f"{target} is paused; running it once does not resume it."
        return Proposal(
            title=f"Run the scheduler job {target} now",
            changes=(PlannedChange(subject=f"job {target}", before=self._last(state), after="runs now"),),
            command=str(Gcloud("scheduler jobs", "run", target, self._where())),
            wanted={"after": _moment(state)},
            warnings=tuple(filter(None, (paused, "What the job does cannot be taken back."))),
        )

    def undo(self, target: str, state: SchedulerJob, former: Wanted) -> Proposal:
        del state, former
        raise RepairRefusedError(RepairRefusal.NOT_POSSIBLE, f"That {target} ran cannot be taken back.")

    def write(self, target: str, state: SchedulerJob, wanted: Wanted) -> None:
        del state, wanted
        self.platform.run_job(target)

    def holds(self, state: SchedulerJob, wanted: Wanted) -> bool:
        return bool(_moment(state) != wanted["after"])

    def verify(self, state: SchedulerJob, *, held: bool) -> EffectSeen:
        # A negative code stands there while an attempt is under way.
        if not held or (state.status or 0) < 0:
            return EffectSeen(Effect.NOT_YET, f"{state.name} has not ended yet.")
        if state.status:
            words = f"{state.name} ran and ended with {status_word(state.status)}"
            return EffectSeen(Effect.NEVER, f"{words}: {state.message}." if state.message else f"{words}.")
        return EffectSeen(Effect.THERE, f"{state.name} ran and ended well.")

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
