"""Tells which commands let somebody call what was deployed."""

from __future__ import annotations

from bot.audit.commands import Command, read_call, read_reveille
from bot.audit.deploys import Deploy

_BINDING = (
    "run services set-iam-policy",
    "run services add-iam-policy-binding",
    "functions add-invoker-policy-binding",
    "functions add-iam-policy-binding",
)


def may_bind(command: Command) -> bool:
    """Whether a command binds somebody to something."""
    own, call = read_reveille(command), read_call(command)
    return (own is not None and own.path == "iam ensure") or (call is not None and call.path in _BINDING)


def binds(command: Command, deploy: Deploy) -> bool:
    """Whether a command binds an invoker to the service that was deployed."""
    own = read_reveille(command)
    if own is not None:
        return own.path == "iam ensure" and deploy.is_named(own.subject)
    call = read_call(command)
    if call is None or not deploy.is_named(call.subject):
        return False
    if call.path in {"run services set-iam-policy", "functions add-invoker-policy-binding"}:
        return True
    if call.path not in {"run services add-iam-policy-binding", "functions add-iam-policy-binding"}:
        return False
    role = call.flag("--role")
    if role is None or call.flag("--member") is None:
        return call.open_ended
    return role.value == "roles/run.invoker" or not role.known
