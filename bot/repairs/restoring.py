"""Restoring required variables from Secret Manager: by reference, so that no value is ever seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from bot.repairs import bounds
from bot.repairs.granting import vanished
from bot.repairs.model import Change, Refusal, RepairRefusedError
from bot.repairs.ports import Configuration, Platform, Variable
from bot.repairs.remedies import Proposal, Wanted, digest
from checks.control_plane import services
from checks.pipeline import Pipeline


@dataclass(frozen=True, slots=True)
class Restoring:
    """Sets a variable that is missing or empty; one that has a value is never touched."""

    pipeline: Pipeline
    platform: Platform

    permission = "run.services.update, and iam.serviceAccounts.actAs on the account of the service"
    checks = ("service-environment", "service-ready", "service-traffic")
    immediate = True
    commutes = False

    def look(self, target: str) -> Configuration:
        found = self.platform.configuration(target)
        if found is None:
            raise vanished(self.pipeline, target)
        return found

    def fingerprint(self, state: Configuration) -> str:
        # Which revision is ready changes by itself, and the shares of traffic do not matter here.
        return digest({name: [each.secret, each.value] for name, each in state.variables.items()})

    def propose(self, target: str, state: Configuration) -> Proposal:
        secrets = bounds.secrets_of(self.pipeline, target)
        allowed = (self.pipeline.repairs.variables if self.pipeline.repairs is not None else {}).get(target, ())
        if unknown := [name for name in allowed if name not in secrets]:
            raise RepairRefusedError(
                Refusal.NOT_ALLOWED,
                f"The pipeline file does not say where {', '.join(unknown)} of {target} comes from.",
                advice="Name the secret under 'secrets' of the service.",
            )
        lost = {name: secret for name, secret in secrets.items() if not _has_value(state.variables.get(name))}
        references = ",".join(f"{name}={secret}" for name, secret in sorted((lost or secrets).items()))
        # A literal of that name, even an empty one, has to go first: gcloud refuses to change its kind.
        empty = ",".join(sorted(name for name in lost if name in state.variables))
        commands = [services.command(self.pipeline, "update", target, f"--remove-env-vars={empty}")] if empty else []
        commands.append(services.command(self.pipeline, "update", target, f"--update-secrets={references}"))
        return Proposal(
            title=f"Restore {', '.join(sorted(lost or secrets))} of {target} from Secret Manager",
            changes=tuple(
                Change(
                    subject=f"{name} of {target}",
                    before="empty" if name in state.variables else "not set",
                    after=f"the secret {secret}",
                )
                for name, secret in sorted(lost.items())
            ),
            command="\n".join(commands),
            wanted={"variables": {name: {"secret": secret} for name, secret in lost.items()}},
            former={
                "variables": {name: {"value": ""} if name in state.variables else None for name in lost},
                "left": {name: {"secret": secret} for name, secret in lost.items()},
            },
            warnings=("This makes a new revision; it becomes ready only if the service may read the secret.",)
            if lost
            else (),
        )

    def take_back(self, target: str, state: Configuration, former: Wanted) -> Proposal:
        left = _read(former["left"])
        if any(state.variables.get(name) != each for name, each in left.items()):
            raise RepairRefusedError(
                Refusal.CHANGED,
                f"{', '.join(sorted(left))} of {target} was set to something else since; nothing is taken back.",
            )
        removed = ",".join(sorted(left))
        return Proposal(
            title=f"Take {removed} of {target} away again",
            changes=tuple(
                Change(
                    subject=f"{name} of {target}",
                    before=f"the secret {former['left'][name]['secret']}",
                    after="" if former["variables"][name] is None else "empty",
                )
                for name in sorted(left)
            ),
            command=services.command(self.pipeline, "update", target, f"--remove-secrets={removed}"),
            wanted={"variables": {name: former["variables"][name] for name in left}},
            warnings=(f"{target} then lacks what it needs.",),
        )

    def write(self, target: str, state: Configuration, wanted: Wanted) -> None:
        self.platform.write_variables(target, _read(wanted["variables"]), state.etag)

    def holds(self, state: Configuration, wanted: Wanted) -> bool:
        return all(state.variables.get(name) == each for name, each in _read(wanted["variables"]).items())


def _read(variables: Mapping[str, Mapping[str, str] | None]) -> dict[str, Variable | None]:
    return {
        name: None if each is None else Variable(value=each.get("value", ""), secret=each.get("secret", ""))
        for name, each in variables.items()
    }


def _has_value(variable: Variable | None) -> bool:
    return variable is not None and bool(variable.secret or variable.value.strip())
