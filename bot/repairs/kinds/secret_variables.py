"""Restoring required variables from Secret Manager: by reference, so that no value is ever seen."""

from __future__ import annotations

from collections.abc import Mapping

from bot.repairs.environment import spec_of
from bot.repairs.kind import Proposal, RepairKind, Wanted, configuration_of, digest
from bot.repairs.model import PlannedChange, RepairRefusal, RepairRefusedError
from bot.repairs.ports import Configuration, Variable, VariablesWrite
from checks.actions import lines
from checks.control_plane import service_commands
from checks.pipeline import Pipeline


class SecretVariables(RepairKind[Configuration]):
    """Sets a variable that is missing or empty; one that has a value is never touched."""

    name = "restore-variables"
    section = "variables"
    permission = "run.services.update, and iam.serviceAccounts.actAs on the account of the service"
    button = ("Restore variables…", "Restore variables of {}…")
    checks = ("service-environment", "service-ready", "service-traffic")
    writes = VariablesWrite

    @classmethod
    def forbidden(cls, pipeline: Pipeline, write: VariablesWrite) -> str:
        """Allowed variables may be set from their own secret, or be taken away again."""
        secrets = secrets_of(pipeline, write.target)
        for name, variable in write.changes.items():
            if name not in secrets:
                return f"to change {name} of {write.target}"
            if variable is not None and variable not in (Variable(secret=secrets[name]), Variable()):
                return f"to set {name} of {write.target} to anything but the secret {secrets[name]}"
        return ""

    def read(self, target: str) -> Configuration:
        return configuration_of(self.pipeline, self.platform, target)

    def fingerprint(self, state: Configuration) -> str:
        # Which revision is ready changes by itself, and the shares of traffic do not matter here.
        return digest({name: [each.secret, each.value] for name, each in state.variables.items()})

    def plan(self, target: str, state: Configuration) -> Proposal:
        secrets = secrets_of(self.pipeline, target)
        allowed = (self.pipeline.repairs.variables if self.pipeline.repairs is not None else {}).get(target, ())
        if unknown := [name for name in allowed if name not in secrets]:
            raise RepairRefusedError(
                RepairRefusal.NOT_ALLOWED,
                f"The pipeline file does not say where {', '.join(unknown)} of {target} comes from.",
                advice="Name the secret under 'secrets' of the service.",
            )
        lost = {name: secret for name, secret in secrets.items() if not _has_value(state.variables.get(name))}
        shown = dict(sorted((lost or secrets).items()))
        commands = service_commands.from_secrets(
            self.pipeline, target, shown, [name for name in lost if name in state.variables]
        )
        return Proposal(
            title=f"Restore {', '.join(shown)} of {target} from Secret Manager",
            changes=tuple(
                PlannedChange(
                    subject=f"{name} of {target}",
                    before="empty" if name in state.variables else "not set",
                    after=f"the secret {secret}",
                )
                for name, secret in sorted(lost.items())
            ),
            command=lines(commands),
            wanted={"variables": {name: {"secret": secret} for name, secret in lost.items()}},
            former={
                "variables": {name: {"value": ""} if name in state.variables else None for name in lost},
                "left": {name: {"secret": secret} for name, secret in lost.items()},
            },
            warnings=("This makes a new revision; it becomes ready only if the service may read the secret.",)
            if lost
            else (),
        )

    def undo(self, target: str, state: Configuration, former: Wanted) -> Proposal:
        left = _read(former["left"])
        if any(state.variables.get(name) != each for name, each in left.items()):
            raise RepairRefusedError(
                RepairRefusal.CHANGED,
                f"{', '.join(sorted(left))} of {target} was set to something else since; nothing is taken back.",
            )
        removed = ",".join(sorted(left))
        return Proposal(
            title=f"Take {removed} of {target} away again",
            changes=tuple(
                PlannedChange(
                    subject=f"{name} of {target}",
                    before=f"the secret {former['left'][name]['secret']}",
                    after="" if former["variables"][name] is None else "empty",
                )
                for name in sorted(left)
            ),
            command=str(service_commands.command(self.pipeline, "update", target, f"--remove-secrets={removed}")),
            wanted={"variables": {name: former["variables"][name] for name in left}},
            warnings=(f"{target} then lacks what it needs.",),
        )

    def write(self, target: str, state: Configuration, wanted: Wanted) -> None:
        self.platform.write_variables(target, _read(wanted["variables"]), state.etag)

    def holds(self, state: Configuration, wanted: Wanted) -> bool:
        return all(state.variables.get(name) == each for name, each in _read(wanted["variables"]).items())


def secrets_of(pipeline: Pipeline, service: str) -> dict[str, str]:
    """Return the variables that may be restored, each with its secret as ``name:version``."""
    allowed = pipeline.repairs.variables.get(service, ()) if pipeline.repairs is not None else ()
    spec = spec_of(pipeline, service)
    known = spec.secrets if spec is not None else {}
    return {name: service_commands.versioned(known[name]) for name in allowed if name in known}


def _read(variables: Mapping[str, Mapping[str, str] | None]) -> dict[str, Variable | None]:
    return {
        name: None if each is None else Variable(value=each.get("value", ""), secret=each.get("secret", ""))
        for name, each in variables.items()
    }


def _has_value(variable: Variable | None) -> bool:
    return variable is not None and bool(variable.secret or variable.value.strip())
