"""Sending all traffic to the latest ready revision; the addresses of tags are kept."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace

from bot.repairs.kind import Proposal, RepairKind, Wanted, configuration_of, digest
from bot.repairs.model import PlannedChange, RepairRefusal, RepairRefusedError
from bot.repairs.ports import Configuration, TrafficTarget, TrafficWrite
from checks.control_plane import service_commands
from checks.pipeline import Pipeline

ALL = 100


class LatestTraffic(RepairKind[Configuration]):
    """Shares change, tags stay."""

    name = "route-to-latest"
    section = "traffic"
    permission = "run.services.update, and iam.serviceAccounts.actAs on the account of the service"
    button = ("Send traffic to latest…", "Send traffic of {} to latest…")
    checks = ("service-traffic",)
    writes = TrafficWrite

    @classmethod
    def forbidden(cls, pipeline: Pipeline, write: TrafficWrite) -> str:
        """All traffic may be shared out among revisions; no tag moves to another revision."""
        del pipeline
        if any(each.percent < 0 for each in write.targets) or sum(each.percent for each in write.targets) != ALL:
            return f"shares of the traffic of {write.target} that are not {ALL} % together"
        moved = _pinned(write.targets) - _pinned(write.before.targets)
        return f"to move the tag {min(moved)[0]} of {write.target}" if moved else ""

    def read(self, target: str) -> Configuration:
        return configuration_of(self.pipeline, self.platform, target)

    def fingerprint(self, state: Configuration) -> str:
        return digest([[asdict(each) for each in state.targets], state.latest_ready, state.latest_created])

    def plan(self, target: str, state: Configuration) -> Proposal:
        if not state.latest_ready:
            raise RepairRefusedError(
                RepairRefusal.NOT_POSSIBLE,
                f"No revision of {target} is ready, so there is none to send traffic to.",
                advice="Fix the deploy first.",
            )
        wanted = to_latest(state.targets)
        change = PlannedChange(
            subject=f"traffic of {target}",
            before=in_words(state.targets, state.latest_ready),
            after=in_words(wanted, state.latest_ready),
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
            changes=() if not state.targets or same(state.targets, wanted) else (change,),
            command=str(service_commands.command(self.pipeline, "update-traffic", target, "--to-latest")),
            wanted={"targets": [asdict(each) for each in wanted]},
            former={
                "targets": [asdict(each) for each in state.targets],
                "left": [asdict(each) for each in wanted],
            },
            warnings=tuple(warnings),
        )

    def undo(self, target: str, state: Configuration, former: Wanted) -> Proposal:
        if not same(state.targets, _read(former["left"])):
            raise RepairRefusedError(
                RepairRefusal.CHANGED, f"The traffic of {target} was sent elsewhere since; nothing is taken back."
            )
        targets = _read(former["targets"])
        split = ",".join(f"{name or 'LATEST'}={share}" for name, share in shares(targets).items())
        return Proposal(
            title=f"Send the traffic of {target} where it went before",
            changes=(
                PlannedChange(
                    subject=f"traffic of {target}",
                    before=in_words(state.targets, state.latest_ready),
                    after=in_words(targets, state.latest_ready),
                ),
            ),
            command=str(service_commands.command(self.pipeline, "update-traffic", target, f"--to-revisions={split}")),
            wanted={"targets": former["targets"]},
            warnings=(f"{target} then runs old code again.",),
        )

    def write(self, target: str, state: Configuration, wanted: Wanted) -> None:
        self.platform.write_traffic(target, _read(wanted["targets"]), state.etag)

    def holds(self, state: Configuration, wanted: Wanted) -> bool:
        return same(state.targets, _read(wanted["targets"]))


def _pinned(targets: Iterable[TrafficTarget]) -> set[tuple[str, str]]:
    """Return the tags that name a revision, with it; those of the latest follow it wherever it is."""
    return {(each.tag, each.revision) for each in targets if each.tag and each.revision}


def _read(targets: list[dict[str, str | int]]) -> tuple[TrafficTarget, ...]:
    return tuple(
        TrafficTarget(revision=str(each["revision"]), percent=int(each["percent"]), tag=str(each["tag"]))
        for each in targets
    )


def to_latest(targets: Sequence[TrafficTarget]) -> tuple[TrafficTarget, ...]:
    """Return targets that send everything to the latest ready revision; every tag keeps its revision.

    A target carries one tag, so that further tags of the latest revision are targets of their own.
    """
    tagged = [replace(each, percent=0) for each in targets if each.tag]
    first = next((each for each in tagged if not each.revision), TrafficTarget(percent=0))
    return (replace(first, percent=ALL), *(each for each in tagged if each is not first))


def same(first: Sequence[TrafficTarget], second: Sequence[TrafficTarget]) -> bool:
    """Whether two lists of targets mean the same: neither their order nor a target without share and tag counts."""
    return _meaning(first) == _meaning(second)


def _meaning(targets: Sequence[TrafficTarget]) -> set[tuple[str, int, str]]:
    shares: dict[tuple[str, str], int] = {}
    for each in targets:
        key = (each.revision, each.tag)
        shares[key] = shares.get(key, 0) + each.percent
    return {(revision, share, tag) for (revision, tag), share in shares.items() if share or tag}


def shares(targets: Sequence[TrafficTarget]) -> dict[str, int]:
    """Return the percent of each revision that gets any, the greatest first; the latest ready one has no name.

    A revision with several tags may stand in several targets.
    """
    found: dict[str, int] = {}
    for each in targets:
        found[each.revision] = found.get(each.revision, 0) + each.percent
    return dict(sorted(((name, share) for name, share in found.items() if share), key=lambda one: (-one[1], one[0])))


def in_words(targets: Sequence[TrafficTarget], latest: str) -> str:
    """Return the shares, the greatest first: "worker-00007 100 % (latest)"."""
    words = [f"{revision or f'{latest} (latest)'} {share} %" for revision, share in shares(targets).items()]
    return ", ".join(words) or f"{latest} (latest) {ALL} %"
