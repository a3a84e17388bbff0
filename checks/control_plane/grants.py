"""Whether a policy lets a caller invoke a Cloud Run service: read as data, decided without asking anyone.

A grant is valid only where role and member stand in the *same* binding and the binding has no condition. A group may
hold the caller, which a policy does not say; those that the pipeline file says hold none count for nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from checks.ports.policies import Binding, Policy

INVOKER = "roles/run.invoker"

INVOKING_ROLES = frozenset(
    {
        INVOKER,
        "roles/owner",
        "roles/editor",
        "roles/run.admin",
        "roles/run.developer",
        "roles/run.editor",
        "roles/run.servicesInvoker",
        "roles/run.sourceDeveloper",
        "roles/cloudfunctions.admin",
        "roles/cloudfunctions.developer",
        "roles/cloudfunctions.editor",
        "roles/firebase.admin",
        "roles/firebase.developAdmin",
        "roles/iam.dataScientist",
        "roles/iam.devOps",
        "roles/iam.mlEngineer",
        "roles/aiplatform.serviceAgent",
        "roles/ces.serviceAgent",
        "roles/cloudfunctions.serviceAgent",
        "roles/dialogflow.serviceAgent",
        "roles/firebaseapphosting.serviceAgent",
        "roles/firebasedataconnect.serviceAgent",
        "roles/integrations.serviceAgent",
        "roles/monitoring.notificationServiceAgent",
        "roles/run.serviceAgent",
        "roles/serverless.serviceAgent",
        "roles/spanner.serviceAgent",
        "roles/visionai.serviceAgent",
    }
)
"""The predefined roles that hold the permission ``run.routes.invoke``, as of August 2026. Source: the
"Included in roles" column of https://cloud.google.com/iam/docs/roles-permissions/run."""

_EVERYONE = ("allusers", "allauthenticatedusers")
_COLLECTIVE = ("group:", "domain:", "principalset:", "projectowner:", "projecteditor:", "projectviewer:")
"""Members that stand for accounts which the policy does not list."""


class GrantStanding(StrEnum):
    """What a policy says about a caller; the values are codes of the check ``invoker``."""

    ALLOWED = "caller-allowed"
    INHERITED = "inherited-grant"
    PUBLIC = "public"
    UNDECIDABLE = "undecidable-grant"
    CONDITIONAL = "conditional-grant"
    DELETED = "deleted-member"
    REFUSED = "caller-refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """The decision, and the bindings it rests on: their roles, the members that matched, the conditions."""

    standing: GrantStanding
    roles: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    @property
    def callable(self) -> bool:
        """Whether the caller can certainly call."""
        return self.standing in (GrantStanding.ALLOWED, GrantStanding.INHERITED, GrantStanding.PUBLIC)


def spelled(member: str) -> str:
    """Return a member in one spelling: case does not matter, and a bare address is a service account."""
    lowered = member.strip().lower()
    return lowered if ":" in lowered or lowered in _EVERYONE else f"serviceaccount:{lowered}"


def member_of(caller: str) -> str:
    """Return a caller as gcloud wants its members: a bare address is a service account."""
    known = ":" in caller or caller.strip().lower() in _EVERYONE
    return caller.strip() if known else f"serviceAccount:{caller.strip()}"


def decide(
    policy: Policy | None, project_policy: Policy | None, caller: str, *, without_callers: Collection[str] = ()
) -> Grant:
    """Decide whether ``caller`` can invoke a service. ``without_callers`` are groups and domains that hold no caller.

    ``policy`` is the service's own, ``project_policy`` the project's, which it inherits; None where it is
    not known, which then counts as empty: whoever asks must not take a refusal for certain.

    A service that is open to everyone is ``PUBLIC`` also where the caller has a grant of its own, unless
    everyone is the caller that was asked about.
    """
    own, inherited = _bindings(policy), _bindings(project_policy)
    wanted = spelled(caller)
    known = {spelled(each) for each in without_callers}

    def named(member: str) -> bool:
        return member == wanted

    def everyone(member: str) -> bool:
        return member in _EVERYONE and wanted not in _EVERYONE

    def covering(member: str) -> bool:
        return named(member) or everyone(member) or (wanted == "allauthenticatedusers" and member == "allusers")

    def gone(member: str) -> bool:
        return member.startswith("deleted:") and spelled(member.removeprefix("deleted:").partition("?")[0]) == wanted

    def collective(member: str) -> bool:
        return member.startswith(_COLLECTIVE) and member not in known

    def possible(member: str) -> bool:
        return covering(member) or collective(member)

    every = own + inherited
    return (
        _found(GrantStanding.PUBLIC, every, everyone, conditional=False)
        or _found(GrantStanding.ALLOWED, own, covering, conditional=False)
        or _found(GrantStanding.INHERITED, inherited, covering, conditional=False)
        or _found(GrantStanding.UNDECIDABLE, every, collective, conditional=False)
        or _found(
            GrantStanding.UNDECIDABLE,
            every,
            possible,
            conditional=False,
            role=_is_custom,
        )
        or _found(GrantStanding.CONDITIONAL, every, possible, conditional=True)
        or _found(GrantStanding.CONDITIONAL, every, possible, conditional=True, role=_is_custom)
        or _found(GrantStanding.DELETED, every, gone, conditional=False)
        or Grant(standing=GrantStanding.REFUSED)
    )


def roles_of(policy: Policy | None, caller: str) -> tuple[str, ...]:
    """Return every role that a policy gives a caller by name, conditional ones included, sorted."""
    wanted = spelled(caller)
    return tuple(sorted({each.role for each in _bindings(policy) if wanted in map(spelled, each.members)}))


def _bindings(policy: Policy | None) -> tuple[Binding, ...]:
    return policy.bindings if policy is not None else ()


def _is_invoking(role: str) -> bool:
    return role in INVOKING_ROLES


def _is_custom(role: str) -> bool:
    """Whether only the project or organization knows what a role holds."""
    return role.startswith(("projects/", "organizations/"))


def _found(
    standing: GrantStanding,
    bindings: Iterable[Binding],
    member: Callable[[str], bool],
    *,
    conditional: bool,
    role: Callable[[str], bool] = _is_invoking,
) -> Grant | None:
    """Return the grant that the bindings with such a role and such a member make, None without one."""
    matching = [
        (binding, matched)
        for binding in bindings
        if role(binding.role) and bool(binding.condition) is conditional
        for matched in [[each for each in binding.members if member(spelled(each))]]
        if matched
    ]
    if not matching:
        return None
    return Grant(
        standing=standing,
        roles=tuple(sorted({binding.role for binding, _ in matching})),
        members=tuple(sorted({each for _, matched in matching for each in matched})),
        conditions=tuple(sorted({binding.condition for binding, _ in matching if binding.condition})),
    )
