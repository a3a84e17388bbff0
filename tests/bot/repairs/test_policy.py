"""What granting does to a policy: exactly one grant more, and that grant less."""

from dataclasses import replace

import pytest
from google.iam.v1.policy_pb2 import Policy as PolicyMessage  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from bot.repairs.policy import (
    MOST_PRINCIPALS,
    PolicyFullError,
    as_judged,
    ensure,
    ensured,
    grants,
    principals,
    undo,
    undone,
)
from bot.repairs.ports import GrantCondition, IamPolicy, RoleBinding
from bot.sources.services.messages import policy_message, policy_of
from checks.control_plane.grants import GrantStanding, decide, spelled

INVOKER = "roles/run.invoker"

roles = st.sampled_from([INVOKER, "roles/run.admin", "projects/example/roles/custom"])
members = st.sampled_from(
    [
        "serviceAccount:a@example.com",
        "serviceAccount:b@example.com",
        "serviceAccount:A@Example.com",
        "user:c@example.com",
        "allUsers",
        "deleted:serviceAccount:a@example.com?uid=1",
        "group:g@example.com",
    ]
)
conditions = st.none() | st.builds(
    GrantCondition, expression=st.text(max_size=8), title=st.text(max_size=4), description=st.text(max_size=4)
)
bindings = st.builds(
    RoleBinding, role=roles, members=st.lists(members, max_size=4, unique=True).map(tuple), condition=conditions
)
policies = st.builds(IamPolicy, bindings=st.lists(bindings, max_size=6).map(tuple), etag=st.binary(max_size=8))


def grants_of(policy: IamPolicy) -> list[tuple[str, str, GrantCondition | None]]:
    return [(each.role, member, each.condition) for each in policy.bindings for member in each.members]


@given(policies, roles, members)
def test_ensuring_adds_exactly_the_one_grant_and_removes_nothing(policy: IamPolicy, role: str, member: str) -> None:
    after = ensure(policy, role, member)

    assert grants(after, role, member)
    added = [] if grants(policy, role, member) else [(role, member, None)]
    before = grants_of(policy)
    assert sorted(map(repr, grants_of(after))) == sorted(map(repr, [*before, *added]))


@given(policies, roles, members)
def test_ensuring_twice_is_ensuring_once(policy: IamPolicy, role: str, member: str) -> None:
    once = ensure(policy, role, member)

    assert ensure(once, role, member) is once


@given(policies, roles, members)
def test_conditional_bindings_and_other_roles_stay_as_they_are(policy: IamPolicy, role: str, member: str) -> None:
    after = ensure(policy, role, member)

    def untouched(each: IamPolicy) -> list[RoleBinding]:
        return [binding for binding in each.bindings if binding.condition is not None or binding.role != role]

    assert untouched(after) == untouched(policy)
    assert after.etag == policy.etag


@given(policies, roles, members)
def test_undoing_what_was_added_gives_the_former_policy_back(policy: IamPolicy, role: str, member: str) -> None:
    if not grants(policy, role, member):
        assert undo(ensure(policy, role, member), role, member) == policy


@given(policies, roles, st.lists(members, max_size=4, unique_by=spelled))
def test_undoing_several_grants_gives_the_former_policy_back(policy: IamPolicy, role: str, wanted: list[str]) -> None:
    missing = [member for member in wanted if not grants(policy, role, member)]

    assert undone(ensured(policy, role, missing), role, missing) == policy


@given(policies)
def test_a_policy_goes_to_google_and_back_byte_for_byte(policy: IamPolicy) -> None:
    message = policy_message(policy)

    assert policy_of(message) == policy
    again = policy_message(policy_of(PolicyMessage.FromString(message.SerializeToString(deterministic=True))))
    assert again.SerializeToString(deterministic=True) == message.SerializeToString(deterministic=True)


def test_audit_settings_and_conditions_of_a_message_are_kept() -> None:
    message = PolicyMessage(version=3, etag=b"7")
    binding = message.bindings.add(role=INVOKER, members=["user:c@example.com"])
    binding.condition.expression = "request.time < timestamp('2027-01-01T00:00:00Z')"
    binding.condition.location = "here"
    message.audit_configs.add(service="run.googleapis.com").audit_log_configs.add(log_type=2)

    after = policy_message(ensure(policy_of(message), INVOKER, "user:d@example.com"))

    assert after.bindings[0] == message.bindings[0]
    assert list(after.audit_configs) == list(message.audit_configs)
    assert (after.version, after.etag) == (3, b"7")


def test_an_empty_condition_still_is_a_condition() -> None:
    message = PolicyMessage()
    message.bindings.add(role=INVOKER, members=["user:c@example.com"]).condition.SetInParent()

    policy = policy_of(message)

    assert not grants(policy, INVOKER, "user:c@example.com")
    assert policy_message(policy).bindings[0].HasField("condition")


@pytest.mark.parametrize("condition", [None, GrantCondition(expression="true")], ids=["plain", "conditional"])
def test_a_policy_with_as_many_principals_as_iam_allows_takes_no_other(condition: GrantCondition | None) -> None:
    crowd = tuple(f"user:u{number}@example.com" for number in range(MOST_PRINCIPALS))
    policy = IamPolicy(bindings=(RoleBinding(role=INVOKER, members=crowd, condition=condition),))

    with pytest.raises(PolicyFullError):
        ensure(policy, INVOKER, "user:one-more@example.com")


def test_one_place_in_a_full_policy_can_be_taken() -> None:
    crowd = tuple(f"user:u{number}@example.com" for number in range(MOST_PRINCIPALS - 1))
    policy = IamPolicy(bindings=(RoleBinding(role="roles/run.admin", members=crowd),))

    assert principals(ensure(policy, INVOKER, "user:one-more@example.com")) == MOST_PRINCIPALS


def test_a_full_policy_that_grants_it_already_needs_no_place() -> None:
    crowd = tuple(f"user:u{number}@example.com" for number in range(MOST_PRINCIPALS))
    policy = IamPolicy(bindings=(RoleBinding(role=INVOKER, members=crowd),))

    assert ensure(policy, INVOKER, crowd[0]) is policy


def test_a_deleted_account_of_the_same_name_is_no_grant() -> None:
    binding = RoleBinding(role=INVOKER, members=("deleted:serviceAccount:a@example.com?uid=1",))
    policy = IamPolicy(bindings=(binding,))

    after = ensure(policy, INVOKER, "serviceAccount:a@example.com")

    assert after.bindings == (replace(binding, members=(*binding.members, "serviceAccount:a@example.com")),)


@pytest.mark.parametrize(
    "condition",
    [
        pytest.param(GrantCondition(expression="false", title="", description=""), id="an expression alone"),
        pytest.param(GrantCondition(expression="", title="never", description=""), id="a title alone"),
        pytest.param(GrantCondition(expression="", title="", description=""), id="nothing in it"),
    ],
)
def test_a_binding_with_any_condition_is_judged_as_conditional(condition: GrantCondition) -> None:
    member = "serviceAccount:a@example.com"
    policy = IamPolicy(bindings=(RoleBinding(role=INVOKER, members=(member,), condition=condition),))

    assert decide(as_judged(policy), None, member).standing is GrantStanding.CONDITIONAL


def test_a_condition_is_judged_by_its_expression_before_its_title() -> None:
    condition = GrantCondition(expression="request.time < x", title="soon", description="")
    policy = IamPolicy(bindings=(RoleBinding(role=INVOKER, members=(), condition=condition),))

    assert [each.condition for each in as_judged(policy).bindings] == ["request.time < x"]
