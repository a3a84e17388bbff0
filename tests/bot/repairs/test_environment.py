"""What a merge changes, what it refuses, and how two environments differ."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.repairs.environment import MergeRefusedError, difference, merge, merged, secret_reason
from bot.repairs.ports import Variable

names = st.sampled_from(["A", "B", "C", "D", "E"])
variables = st.builds(Variable, value=st.sampled_from(["", " ", "1", "2"])) | st.builds(
    Variable, secret=st.sampled_from(["x:latest", "x:1", "y:latest"])
)
environments = st.dictionaries(names, variables)


@given(environments, environments)
def test_a_merge_never_removes_or_touches_another_variable(
    current: dict[str, Variable], wanted: dict[str, Variable]
) -> None:
    after = merged(current, wanted)

    assert {name: each for name, each in after.items() if name not in wanted} == {
        name: each for name, each in current.items() if name not in wanted
    }
    assert {name: after[name] for name in wanted} == wanted


@given(environments, environments)
def test_a_merge_says_exactly_what_it_changes(current: dict[str, Variable], wanted: dict[str, Variable]) -> None:
    change = merge(current, wanted, replace_secret=True)

    assert {*change.added, *change.changed, *change.unchanged} == set(wanted)
    assert change.needed == (merged(current, wanted) != current)
    assert not merge(merged(current, wanted), wanted, replace_secret=True).needed


@given(environments, environments)
def test_a_value_from_a_secret_is_never_replaced_in_clear_unless_asked(
    current: dict[str, Variable], wanted: dict[str, Variable]
) -> None:
    clashes = [name for name in wanted if name in current and current[name].secret and not wanted[name].secret]

    if clashes:
        with pytest.raises(MergeRefusedError):
            merge(current, wanted)
    else:
        merge(current, wanted)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BDL_API_KEY", "d41d8cd98f00b204"),
        ("DB_PASSWORD", "hunter2hunter2"),
        ("TOKEN", "abcdef"),
        ("GOOGLE_CREDENTIALS", "eyxyz"),
        ("NOTE", "-----BEGIN " + "PRIVATE KEY-----"),
        ("URL", "postgres://user:pass@db.example.com/x"),
        ("NOTE", "xoxb-" + "1234567890-abc"),
        ("NOTE", "AIza" + "x" * 35),
    ],
)
def test_what_looks_like_a_secret_is_refused_and_not_repeated(name: str, value: str) -> None:
    with pytest.raises(MergeRefusedError) as caught:
        merge({}, {name: Variable(value=value)})

    assert value not in str(caught.value)
    assert f"--secret {name}=" in str(caught.value)
    assert merge({}, {name: Variable(value=value)}, not_secret=frozenset({name})).added == (name,)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GCP_PROJECT_ID", "example-project"),
        ("TOKEN_LIMIT", "500"),
        ("API_KEY", ""),
        ("USE_TOKEN", "true"),
        ("KEYBOARD", "qwerty"),
        ("CATBOOST_V9_MODEL_PATH", "gs://models/catboost_v9.cbm"),
    ],
)
def test_what_is_harmless_is_written(name: str, value: str) -> None:
    assert secret_reason(name, value) == ""


@pytest.mark.parametrize("name", ["", "1A", "A-B", "A B", "PORT", "K_SERVICE"])
def test_a_name_that_cloud_run_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(MergeRefusedError):
        merge({}, {name: Variable(value="1")})


def test_a_reference_to_a_secret_needs_no_leave() -> None:
    current = {"API_KEY": Variable(secret="key:1")}

    assert merge(current, {"API_KEY": Variable(secret="key:2")}).changed == ("API_KEY",)


def test_the_value_of_a_variable_never_prints() -> None:
    assert "hunter2" not in repr(Variable(value="hunter2"))


def test_environments_differ_by_name_alone() -> None:
    before = {"LOST": "1", "KEPT": "1", "CHANGED": "1", "EMPTIED": "1", "BLANK": ""}
    after = {"KEPT": "1", "CHANGED": "2", "EMPTIED": " ", "NEW": "1", "BLANK": "x"}

    found = difference(before, after)

    assert (found.added, found.removed, found.emptied, found.changed) == (
        ("NEW",),
        ("LOST",),
        ("EMPTIED",),
        ("BLANK", "CHANGED"),
    )
    assert found.any
    assert not difference(before, before).any
