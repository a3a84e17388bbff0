"""Dispatch all traffic to the latest ready revision."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from bot.repairs import routing
from bot.repairs.granting import vanished
from bot.repairs.model import Change, Refusal, RepairRefusedError
from bot.repairs.ports import Configuration, Platform, TrafficTarget
from bot.repairs.remedies import Proposal, Wanted, digest
from checks.control_plane import services
from checks.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Rerouting:
    """Shares change, tags stay."""

    pipeline: Pipeline
    platform: Platform

    permission = "run.services.update, and iam.serviceAccounts.actAs on the account of the service"
    checks = ("service-traffic",)
    immediate = True
    commutes = False

    def look(self, target: str) -> Configuration:
        found = self.platform.configuration(target)
        if found is None:
            raise vanished(self.pipeline, target)
        return found

    def fingerprint(self, state: Configuration) -> str:
        return digest([[asdict(each) for each in state.targets], state.latest_ready, state.latest_created])

    def propose(self, target: str, state: Configuration) -> Proposal:
        if not state.latest_ready:
            raise RepairRefusedError(
                Refusal.NOT_POSSIBLE,
                f"No revision of {target} is ready, so there is none to send traffic to.",
                advice="Mend the deploy first.",
            )
        wanted = routing.to_latest(state.targets)
        change = Change(
            subject=f"traffic of {target}",
            before=routing.in_words(state.targets, state.latest_ready),
            after=routing.in_words(wanted, state.latest_ready),
        )
        warnings = []
        if state.latest_created != state.latest_ready:
            warnings.append(
                f"{state.latest_created} was created later and is not ready; traffic goes to {state.latest_ready}."
            )
        if state.reconciling:
            warnings.append(f"A change of {target} is under way; traffic may still move by itself.")
        return Proposal(
            title=f"Send all traffic of {target} to its latest ready revision, {state.latest_ready}",
            changes=() if not state.targets or routing.same(state.targets, wanted) else (change,),
            command=services.command(self.pipeline, "update-traffic", target, "--to-latest"),
            wanted={"targets": [asdict(each) for each in wanted]},
            former={
                "targets": [asdict(each) for each in state.targets],
                "left": [asdict(each) for each in wanted],
            },
            warnings=tuple(warnings),
        )

    def take_back(self, target: str, state: Configuration, former: Wanted) -> Proposal:
        if not routing.same(state.targets, _read(former["left"])):
            raise RepairRefusedError(
                Refusal.CHANGED, f"The traffic of {target} was sent elsewhere since; nothing is taken back."
            )
        targets = _read(former["targets"])
        shares = ",".join(f"{name or 'LATEST'}={share}" for name, share in routing.shares(targets).items())
        return Proposal(
            title=f"Send the traffic of {target} where it went before",
            changes=(
                Change(
                    subject=f"traffic of {target}",
                    before=routing.in_words(state.targets, state.latest_ready),
                    after=routing.in_words(targets, state.latest_ready),
                ),
            ),
            command=services.command(self.pipeline, "update-traffic", target, f"--to-revisions={shares}"),
            wanted={"targets": former["targets"]},
            warnings=(f"{target} then runs old code again.",),
        )

    def write(self, target: str, state: Configuration, wanted: Wanted) -> None:
        self.platform.write_traffic(target, _read(wanted["targets"]), state.etag)

    def holds(self, state: Configuration, wanted: Wanted) -> bool:
        return routing.same(state.targets, _read(wanted["targets"]))


def _read(targets: list[dict[str, str | int]]) -> tuple[TrafficTarget, ...]:
    return tuple(
        TrafficTarget(revision=str(each["revision"]), percent=int(each["percent"]), tag=str(each["tag"]))
        for each in targets
    )
