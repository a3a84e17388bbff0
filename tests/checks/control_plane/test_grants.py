from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from checks.control_plane.grants import (
    INVOKER,
    INVOKING_ROLES,
    Grant,
    GrantStanding,
    decide,
    member_of,
    roles_of,
)
from checks.ports.policies import Binding, Policy

CALLER = "serviceAccount:invoker@example.com"
OTHER = "serviceAccount:other@example.com"
CUSTOM = "projects/example-project/roles/caller"
DELETED = "deleted:serviceAccount:invoker@example.com?uid=123456789012345678901"
CONDITION = "request.time < timestamp('2026-03-01T00:00:00Z')"


def binding(role: str, *members: str, condition: str = "") -> Binding:
    return Binding(role, frozenset(members), condition)


def policy(*bindings: Binding) -> Policy:
    return Policy(bindings)


def standing(own: Policy | None, project: Policy | None = None, caller: str = CALLER) -> GrantStanding:
    return decide(own, project, caller).standing


class TestAGroupThatHoldsNoCaller:
    ADMINS = "group:Admins@example.com"

    @pytest.mark.parametrize(
        ("member", "expected"),
        [
            pytest.param("group:admins@example.com", GrantStanding.REFUSED, id="counts for nothing"),
            pytest.param("group:others@example.com", GrantStanding.UNDECIDABLE, id="another one may let the caller in"),
        ],
    )
    def test_as_owner_of_the_project(self, member: str, expected: GrantStanding) -> None:
        project = policy(binding("roles/owner", member))

        assert decide(policy(), project, CALLER, without_callers=[self.ADMINS]).standing is expected

    def test_it_takes_no_grant_by_name_away(self) -> None:
        own = policy(binding(INVOKER, self.ADMINS, CALLER))

        assert decide(own, None, CALLER, without_callers=[self.ADMINS]).standing is GrantStanding.ALLOWED


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        pytest.param(policy(binding(INVOKER, CALLER)), GrantStanding.ALLOWED, id="role and member in one binding"),
        pytest.param(policy(binding(INVOKER, OTHER, CALLER)), GrantStanding.ALLOWED, id="among other members"),
        pytest.param(
            policy(binding(INVOKER, OTHER), binding("roles/viewer", CALLER)),
            GrantStanding.REFUSED,
            id="role and member in two bindings",
        ),
        pytest.param(policy(), GrantStanding.REFUSED, id="nothing in it"),
        pytest.param(policy(binding(INVOKER)), GrantStanding.REFUSED, id="a binding without members"),
        pytest.param(
            policy(binding("roles/run.viewer", CALLER)), GrantStanding.REFUSED, id="a role that cannot invoke"
        ),
        pytest.param(
            policy(binding("roles/run.invokers", CALLER)), GrantStanding.REFUSED, id="a role that only looks alike"
        ),
        pytest.param(
            policy(binding(INVOKER, CALLER + ".au")), GrantStanding.REFUSED, id="a member that only begins alike"
        ),
        pytest.param(
            policy(binding(INVOKER, "user:invoker@example.com")), GrantStanding.REFUSED, id="another type of member"
        ),
        pytest.param(
            policy(binding("roles/run.developer", CALLER)), GrantStanding.ALLOWED, id="another role that can invoke"
        ),
        pytest.param(
            policy(binding(INVOKER, CALLER, condition=CONDITION)), GrantStanding.CONDITIONAL, id="under a condition"
        ),
        pytest.param(
            policy(binding(INVOKER, CALLER, condition=CONDITION), binding(INVOKER, CALLER)),
            GrantStanding.ALLOWED,
            id="under a condition and without",
        ),
        pytest.param(policy(binding(INVOKER, DELETED)), GrantStanding.DELETED, id="deleted and made again"),
        pytest.param(policy(binding(INVOKER, DELETED, CALLER)), GrantStanding.ALLOWED, id="deleted, and granted again"),
        pytest.param(
            policy(binding(INVOKER, DELETED.replace("invoker", "other"))),
            GrantStanding.REFUSED,
            id="another that was deleted",
        ),
        pytest.param(policy(binding(INVOKER, "allUsers")), GrantStanding.PUBLIC, id="everyone"),
        pytest.param(policy(binding(INVOKER, "allAuthenticatedUsers")), GrantStanding.PUBLIC, id="every account"),
        pytest.param(policy(binding(INVOKER, "allUsers", CALLER)), GrantStanding.PUBLIC, id="everyone and the caller"),
        pytest.param(
            policy(binding(INVOKER, "allUsers", condition=CONDITION)),
            GrantStanding.CONDITIONAL,
            id="everyone, conditionally",
        ),
        pytest.param(policy(binding(INVOKER, "group:team@example.com")), GrantStanding.UNDECIDABLE, id="a group"),
        pytest.param(policy(binding(INVOKER, "domain:example.com")), GrantStanding.UNDECIDABLE, id="a domain"),
        pytest.param(
            policy(
                binding(INVOKER, "principalSet://cloudresourcemanager.googleapis.com/projects/1/type/ServiceAccount")
            ),
            GrantStanding.UNDECIDABLE,
            id="a set of principals",
        ),
        pytest.param(
            policy(binding(INVOKER, "projectEditor:example-project")),
            GrantStanding.UNDECIDABLE,
            id="the project's editors",
        ),
        pytest.param(policy(binding(CUSTOM, CALLER)), GrantStanding.UNDECIDABLE, id="a custom role"),
        pytest.param(
            policy(binding("organizations/1/roles/caller", "group:team@example.com")),
            GrantStanding.UNDECIDABLE,
            id="a custom role for a group",
        ),
        pytest.param(policy(binding(CUSTOM, OTHER)), GrantStanding.REFUSED, id="a custom role for another"),
        pytest.param(
            policy(binding("roles/viewer", "group:team@example.com")), GrantStanding.REFUSED, id="a group that may see"
        ),
        pytest.param(
            policy(binding(INVOKER, "domain:example.com", condition=CONDITION)),
            GrantStanding.CONDITIONAL,
            id="a domain under a condition",
        ),
        pytest.param(
            policy(binding(CUSTOM, CALLER, condition=CONDITION)),
            GrantStanding.CONDITIONAL,
            id="a custom role under a condition",
        ),
        pytest.param(
            policy(binding(INVOKER, "group:team@example.com", condition=CONDITION)),
            GrantStanding.CONDITIONAL,
            id="a group under a condition",
        ),
        pytest.param(
            policy(binding(INVOKER, "group:team@example.com"), binding(INVOKER, CALLER)),
            GrantStanding.ALLOWED,
            id="a group, and the caller by name",
        ),
        pytest.param(
            policy(binding(INVOKER, "group:team@example.com"), binding(INVOKER, CALLER, condition=CONDITION)),
            GrantStanding.UNDECIDABLE,
            id="a group may still let in whom a condition keeps out",
        ),
        pytest.param(
            policy(binding(INVOKER, "group:team@example.com"), binding(INVOKER, DELETED)),
            GrantStanding.UNDECIDABLE,
            id="a group may still let in whom a deletion keeps out",
        ),
    ],
)
def test_a_service_policy_is_read_as_data(own: Policy, expected: GrantStanding) -> None:
    assert standing(own) is expected


@pytest.mark.parametrize(
    ("project", "expected"),
    [
        pytest.param(None, GrantStanding.REFUSED, id="not known"),
        pytest.param(policy(), GrantStanding.REFUSED, id="nothing in it"),
        pytest.param(policy(binding(INVOKER, CALLER)), GrantStanding.INHERITED, id="the role itself"),
        pytest.param(policy(binding("roles/editor", CALLER)), GrantStanding.INHERITED, id="a basic role"),
        pytest.param(
            policy(binding("roles/viewer", CALLER)), GrantStanding.REFUSED, id="a basic role that cannot invoke"
        ),
        pytest.param(
            policy(binding("roles/editor", "group:team@example.com")), GrantStanding.UNDECIDABLE, id="a group"
        ),
        pytest.param(
            policy(binding("roles/editor", CALLER, condition=CONDITION)), GrantStanding.CONDITIONAL, id="conditional"
        ),
        pytest.param(policy(binding("roles/editor", DELETED)), GrantStanding.DELETED, id="deleted"),
    ],
)
def test_the_project_policy_is_inherited(project: Policy | None, expected: GrantStanding) -> None:
    assert standing(policy(binding(INVOKER, OTHER)), project) is expected


def test_the_services_own_grant_goes_before_the_inherited_one() -> None:
    own, project = policy(binding(INVOKER, CALLER)), policy(binding("roles/owner", CALLER))

    assert decide(own, project, CALLER) == Grant(standing=GrantStanding.ALLOWED, roles=(INVOKER,), members=(CALLER,))


@pytest.mark.parametrize(
    "caller",
    [
        "serviceAccount:Invoker@Example.com",
        "serviceaccount:invoker@example.com",
        "invoker@example.com",
        " serviceAccount:invoker@example.com ",
    ],
)
def test_the_spelling_of_a_member_does_not_matter(caller: str) -> None:
    assert (
        standing(policy(binding(INVOKER, "serviceAccount:invoker@EXAMPLE.com")), caller=caller) is GrantStanding.ALLOWED
    )


@pytest.mark.parametrize(
    ("caller", "member", "expected"),
    [
        ("allUsers", "allUsers", GrantStanding.ALLOWED),
        ("allAuthenticatedUsers", "allUsers", GrantStanding.ALLOWED),
        ("allUsers", "allAuthenticatedUsers", GrantStanding.REFUSED),
    ],
)
def test_a_service_may_be_meant_for_everyone(caller: str, member: str, expected: GrantStanding) -> None:
    assert standing(policy(binding(INVOKER, member)), caller=caller) is expected


@pytest.mark.parametrize(
    ("caller", "expected"),
    [
        ("invoker@example.com", CALLER),
        (CALLER, CALLER),
        ("allUsers", "allUsers"),
        ("user:a@example.com", "user:a@example.com"),
    ],
)
def test_gcloud_gets_a_member_with_its_type(caller: str, expected: str) -> None:
    assert member_of(caller) == expected


def test_the_roles_of_a_caller_are_listed_once_each() -> None:
    held = policy(
        binding("roles/viewer", CALLER), binding(INVOKER, OTHER), binding("roles/viewer", CALLER, condition="x")
    )

    assert roles_of(held, CALLER) == ("roles/viewer",)
    assert roles_of(None, CALLER) == ()


roles = st.sampled_from([INVOKER, "roles/run.developer", "roles/owner", "roles/viewer", "roles/run.viewer", CUSTOM])
members = st.sampled_from(
    [
        CALLER,
        CALLER.upper(),
        OTHER,
        DELETED,
        "allUsers",
        "allAuthenticatedUsers",
        "group:team@example.com",
        "domain:example.com",
    ]
)
bindings = st.builds(Binding, roles, st.frozensets(members, max_size=3), st.sampled_from(["", CONDITION]))
policies = st.builds(Policy, st.lists(bindings, max_size=5).map(tuple))
LETS_IN = frozenset({CALLER.lower(), "allusers", "allauthenticatedusers"})


@given(policies, st.none() | policies)
def test_a_caller_is_let_in_exactly_where_one_unconditional_binding_holds_role_and_member(
    own: Policy, project: Policy | None
) -> None:
    every = own.bindings + (project.bindings if project else ())
    lets_in = any(
        each.role in INVOKING_ROLES and not each.condition and LETS_IN & {member.lower() for member in each.members}
        for each in every
    )

    assert decide(own, project, CALLER).callable is lets_in


@given(st.lists(bindings.filter(lambda each: not each.condition), max_size=4), st.none() | policies)
def test_member_and_role_in_different_bindings_never_grant(others: list[Binding], project: Policy | None) -> None:
    apart = policy(
        *(
            Binding(each.role, each.members - {CALLER, CALLER.upper(), "allUsers", "allAuthenticatedUsers"})
            for each in others
        ),
        binding("roles/viewer", CALLER),
    )

    assert not decide(apart, None, CALLER).callable
    assert decide(apart, project, CALLER).standing is not GrantStanding.ALLOWED


unrelated = st.one_of(
    st.builds(Binding, roles, st.just(frozenset({OTHER})), st.sampled_from(["", CONDITION])),
    st.builds(Binding, st.just("roles/viewer"), st.frozensets(members, max_size=3), st.just("")),
    st.builds(Binding, roles, st.just(frozenset[str]()), st.just("")),
)


@given(policies, st.lists(unrelated, max_size=4), st.randoms(use_true_random=False))
def test_unrelated_bindings_and_their_order_never_change_the_decision(own: Policy, more: list[Binding], random) -> None:  # type: ignore[no-untyped-def]  # noqa: ANN001 - Hypothesis gives a Random of its own
    mixed = [*own.bindings, *more]
    random.shuffle(mixed)

    assert decide(Policy(tuple(mixed)), None, CALLER) == decide(own, None, CALLER)


@pytest.mark.parametrize(
    ("member", "caller", "expected"),
    [
        pytest.param("allUsers", CALLER, GrantStanding.PUBLIC, id="everyone, for one account"),
        pytest.param("allAuthenticatedUsers", CALLER, GrantStanding.PUBLIC, id="every account, for one account"),
        pytest.param("allUsers", "allUsers", GrantStanding.ALLOWED, id="everyone, for everyone"),
        pytest.param("allUsers", "allAuthenticatedUsers", GrantStanding.ALLOWED, id="everyone, for every account"),
        pytest.param(
            "allAuthenticatedUsers", "allAuthenticatedUsers", GrantStanding.ALLOWED, id="every account, for it"
        ),
        pytest.param("allAuthenticatedUsers", "allUsers", GrantStanding.REFUSED, id="every account, for everyone"),
        pytest.param(CALLER, "allUsers", GrantStanding.REFUSED, id="one account, for everyone"),
        pytest.param(CALLER, "allAuthenticatedUsers", GrantStanding.REFUSED, id="one account, for every account"),
    ],
)
def test_who_is_asked_about_decides_what_a_public_grant_is(member: str, caller: str, expected: GrantStanding) -> None:
    assert standing(policy(binding(INVOKER, member)), caller=caller) is expected


@pytest.mark.parametrize(
    "member",
    [
        "group:team@example.com",
        "domain:example.com",
        "principalSet://iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/ci/*",
        "projectOwner:example-project",
        "projectEditor:example-project",
        "projectViewer:example-project",
    ],
)
def test_who_belongs_to_many_is_not_known_from_the_policy(member: str) -> None:
    assert standing(policy(binding(INVOKER, member))) is GrantStanding.UNDECIDABLE
