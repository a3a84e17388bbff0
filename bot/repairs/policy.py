"""Policies in, policies out: a grant more, or that grant less, and nothing else touched."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bot.repairs.ports import IamPolicy, RoleBinding
from checks.control_plane.grants import spelled
from checks.ports.policies import Binding, Policy

MOST_PRINCIPALS = 1_500
"""Principals that a policy may hold, each counted as often as it stands there. Source: IAM's quotas,
https://cloud.google.com/iam/quotas."""


class PolicyFullError(Exception):
    """A policy holds as many principals as IAM allows; the message says so."""


def grants(policy: IamPolicy, role: str, member: str) -> bool:
    """Whether role and member stand in one binding that has no condition."""
    return any(_is_plain(each, role) and _stands_in(each, member) for each in policy.bindings)


def ensure(policy: IamPolicy, role: str, member: str) -> IamPolicy:
    """Return the policy with exactly this grant more, or itself where it is there already.

    The member joins the binding of the role that has no condition; where there is none, one is made. Nothing else
    changes, neither order nor conditions. Raises PolicyFullError.
    """
    if grants(policy, role, member):
        return policy
    if principals(policy) >= MOST_PRINCIPALS:
        message = f"The policy holds {principals(policy):,} principals, and IAM allows {MOST_PRINCIPALS:,}."
        raise PolicyFullError(message)
    bindings = list(policy.bindings)
    for index, binding in enumerate(bindings):
        if _is_plain(binding, role) and binding.members:
            bindings[index] = replace(binding, members=(*binding.members, member))
            break
    else:
        bindings.append(RoleBinding(role=role, members=(member,)))
    return replace(policy, bindings=tuple(bindings))


def undo(policy: IamPolicy, role: str, member: str) -> IamPolicy:
    """Return the policy without this grant; a binding that it leaves empty goes with it. The rest stays."""
    bindings = []
    for binding in policy.bindings:
        if not (_is_plain(binding, role) and _stands_in(binding, member)):
            bindings.append(binding)
        elif rest := tuple(each for each in binding.members if spelled(each) != spelled(member)):
            bindings.append(replace(binding, members=rest))
    return replace(policy, bindings=tuple(bindings))


def ensured(policy: IamPolicy, role: str, members: Sequence[str]) -> IamPolicy:
    """Return the policy with a grant for each member. Raises PolicyFullError."""
    for member in members:
        policy = ensure(policy, role, member)
    return policy


def undone(policy: IamPolicy, role: str, members: Sequence[str]) -> IamPolicy:
    """Return the policy without the grants of these members; the last one that was made goes first."""
    for member in reversed(members):
        policy = undo(policy, role, member)
    return policy


def principals(policy: IamPolicy) -> int:
    """Return how many principals IAM counts."""
    return sum(len(binding.members) for binding in policy.bindings)


def as_judged(policy: IamPolicy) -> Policy:
    """Return the policy as the checks read it."""
    return Policy(
        bindings=tuple(
            Binding(
                each.role,
                frozenset(each.members),
                ""
                if each.condition is None
                else each.condition.expression or each.condition.title or "an empty condition",
            )
            for each in policy.bindings
        )
    )


def _is_plain(binding: RoleBinding, role: str) -> bool:
    return binding.role == role and binding.condition is None


def _stands_in(binding: RoleBinding, member: str) -> bool:
    wanted = spelled(member)
    return any(spelled(each) == wanted for each in binding.members)
