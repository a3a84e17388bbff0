"""Granting roles/run.invoker again to those who must call a service."""

from __future__ import annotations

from collections.abc import Sequence

from bot.repairs import policy
from bot.repairs.kind import Proposal, RepairKind, Wanted, digest, vanished
from bot.repairs.model import PlannedChange, RepairRefusal, RepairRefusedError
from bot.repairs.ports import GrantCondition, IamPolicy, PolicyWrite
from checks.actions import lines
from checks.control_plane import service_commands
from checks.control_plane.callers import grantable
from checks.control_plane.grants import INVOKER, decide, member_of, spelled
from checks.facts.logs import GrantChange
from checks.pipeline import Pipeline
from checks.places import Place, PlaceKind


class InvokerGrant(RepairKind[IamPolicy]):
    """``members`` narrows what is granted to some of those whom the pipeline file allows."""

    name = "grant-invoker"
    section = "invoker"
    permission = "run.services.setIamPolicy"
    button = ("Grant on 1 service…", "Grant on {} services…")
    checks = ("invoker",)
    commutes = True
    note = "A grant may take up to seven minutes to have its effect."
    writes = PolicyWrite

    @classmethod
    def forbidden(cls, pipeline: Pipeline, write: PolicyWrite) -> str:
        """Grants of the role to allowed members, without a condition, may come and go, and nothing else."""
        allowed = {spelled(member_of(each)) for each in grantable(pipeline, write.target)}
        for role, member, condition in _grants(write.before) ^ _grants(write.policy):
            if role != INVOKER or condition is not None or spelled(member) not in allowed:
                return f"to change {role} of {member} on {write.target}"
        return f"to change what is audited of {write.target}" if _audits_differ(write) else ""

    def read(self, target: str) -> IamPolicy:
        # Whom the file does not allow is refused before anything is asked.
        self._allowed(target)
        found = self.platform.policy(target)
        if found is None:
            raise vanished(self.pipeline, target)
        return found

    def fingerprint(self, state: IamPolicy) -> str:
        return digest(
            sorted(
                [each.role, each.condition.expression if each.condition else "", *sorted(each.members)]
                for each in state.bindings
            )
        )

    def plan(self, target: str, state: IamPolicy) -> Proposal:
        members = self._allowed(target)
        missing = tuple(each for each in members if not policy.grants(state, INVOKER, each))
        try:
            policy.ensured(state, INVOKER, missing)
        except policy.PolicyFullError as error:
            raise RepairRefusedError(
                RepairRefusal.NOT_POSSIBLE,
                f"{target} cannot be opened to {missing[0]}. {error}",
                advice="Remove members that are no longer needed, or grant a group; nothing was written.",
            ) from None
        return Proposal(
            title=f"Grant {INVOKER} on {target}",
            changes=tuple(PlannedChange(subject=f"{INVOKER} on {target}", after=each) for each in missing),
            command=_commands(self.pipeline, "add", target, missing or members, state),
            wanted={"members": list(missing), "present": True},
            former={"members": list(missing), "present": False},
            warnings=_warnings(state, missing),
        )

    def undo(self, target: str, state: IamPolicy, former: Wanted) -> Proposal:
        members = tuple(each for each in former["members"] if policy.grants(state, INVOKER, each))
        return Proposal(
            title=f"Take {INVOKER} on {target} away again",
            changes=tuple(PlannedChange(subject=f"{INVOKER} on {target}", before=each) for each in members),
            command=_commands(self.pipeline, "remove", target, members or tuple(former["members"]), state),
            wanted=former,
            warnings=("Until somebody grants it again, their calls are refused.",),
        )

    def write(self, target: str, state: IamPolicy, wanted: Wanted) -> None:
        members = wanted["members"]
        try:
            new = (policy.ensured if wanted["present"] else policy.undone)(state, INVOKER, members)
        except policy.PolicyFullError as error:
            raise RepairRefusedError(RepairRefusal.NOT_POSSIBLE, f"{target}: {error} Nothing was written.") from None
        if new != state:
            self.platform.write_policy(target, new)

    def holds(self, state: IamPolicy, wanted: Wanted) -> bool:
        return all(policy.grants(state, INVOKER, each) == wanted["present"] for each in wanted["members"])

    @classmethod
    def changed(cls, target: str, wanted: Wanted) -> tuple[Place, tuple[GrantChange, ...]]:
        grants = (GrantChange(added=wanted["present"], role=INVOKER, member=each) for each in wanted["members"])
        return Place(PlaceKind.PERMISSION, target), tuple(grants)

    def _allowed(self, target: str) -> tuple[str, ...]:
        """Return whom to grant it to. Raises RepairRefusedError for somebody whom the file does not allow."""
        allowed = self._declared(target)
        if not allowed:
            raise RepairRefusedError(
                RepairRefusal.NOT_ALLOWED,
                f"The pipeline file names nobody who must be able to call {target}.",
                advice=f"Name them under 'callers' of the service, or under 'members: {{{target}: […]}}' of 'repairs'.",
            )
        known = {spelled(each): each for each in allowed}
        for member in self.members:
            self._must_allow(target, member, allowed)
        return tuple(known[spelled(each)] for each in self.members) or allowed

    def _declared(self, target: str) -> tuple[str, ...]:
        return tuple(member_of(each) for each in grantable(self.pipeline, target))

    @staticmethod
    def _must_allow(target: str, member: str, allowed: Sequence[str]) -> None:
        if spelled(member) not in map(spelled, allowed):
            raise RepairRefusedError(
                RepairRefusal.NOT_ALLOWED,
                f"The pipeline file does not allow {member} to call {target}: it allows {', '.join(allowed)}.",
                advice=f"To allow it, add it to 'callers' of the service, or to 'members: {{{target}: […]}}' of "
                "'repairs'.",
            )


def _grants(policy: IamPolicy) -> set[tuple[str, str, GrantCondition | None]]:
    return {(each.role, member, each.condition) for each in policy.bindings for member in each.members}


def _audits_differ(write: PolicyWrite) -> bool:
    return write.policy.audit_configs != write.before.audit_configs


def _commands(pipeline: Pipeline, verb: str, target: str, members: Sequence[str], state: IamPolicy) -> str:
    # gcloud asks for the condition as soon as the policy has any.
    extra = ["--condition=None"] if any(each.condition for each in state.bindings) else []
    return lines(
        service_commands.command(
            pipeline, f"{verb}-iam-policy-binding", target, f"--member={each}", f"--role={INVOKER}", *extra
        )
        for each in members
    )


def _warnings(state: IamPolicy, missing: Sequence[str]) -> tuple[str, ...]:
    words = []
    conditional = [each for each in missing if decide(policy.as_judged(state), None, each).conditions]
    if conditional:
        words.append(
            f"{', '.join(conditional)} has the role under a condition; that grant stays as it is beside the new one."
        )
    if missing:
        words.append("Calls may still be refused for up to seven minutes after a grant.")
    return tuple(words)
