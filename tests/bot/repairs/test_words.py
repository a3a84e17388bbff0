"""What plans and runs are in words, and what comes back from the store."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.repairs.kinds import KINDS
from bot.repairs.model import (
    PlannedChange,
    Recurrence,
    RepairOutcome,
    RepairPlan,
    RepairRefusal,
    RepairRefusedError,
    RepairRun,
)
from bot.repairs.records import plan_json, plan_of
from bot.repairs.words import difference_lines, named, note_lines, plan_lines, recurrence_words, refusal_lines, run_line
from checks.actions import RepairKey

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
texts = st.text(max_size=12)
moments = st.datetimes(timezones=st.just(UTC))
plans = st.builds(
    RepairPlan,
    id=texts,
    key=st.builds(
        RepairKey,
        kind=st.sampled_from([each.name for each in KINDS]),
        target=st.from_regex(r"[a-z][a-z0-9-]{0,10}", fullmatch=True),
    ),
    actor=texts,
    created_at=moments,
    title=texts,
    changes=st.lists(st.builds(PlannedChange, subject=texts, before=texts, after=texts), max_size=3).map(tuple),
    command=texts,
    fingerprint=texts,
    wanted=st.dictionaries(texts, st.lists(texts, max_size=2), max_size=2),
    former=st.none() | st.dictionaries(texts, st.booleans(), max_size=2),
    warnings=st.lists(texts, max_size=2).map(tuple),
    recurrence=st.none()
    | st.builds(
        Recurrence,
        repaired_at=moments,
        repaired_by=texts,
        revision=texts,
        deployed_at=st.none() | moments,
        deployed_by=texts,
    ),
    undoes=st.none() | texts,
)


def plan(**fields: object) -> RepairPlan:
    described = {
        "id": "1",
        "key": RepairKey("grant-invoker", "worker"),
        "actor": "U1",
        "created_at": NOW,
        "title": "Grant it",
        "changes": (PlannedChange(subject="role", after="caller"),),
        "command": "gcloud one\ngcloud two",
        "fingerprint": "f",
        "wanted": {},
    }
    return RepairPlan(**{**described, **fields})  # type: ignore[arg-type]


@given(plans)
def test_a_plan_comes_back_from_the_store_as_it_was(each: RepairPlan) -> None:
    assert plan_of(plan_json(each)) == each


@given(plans)
def test_every_plan_can_be_told(each: RepairPlan) -> None:
    assert list(plan_lines(each, ZONE))


@pytest.mark.parametrize(
    ("change", "sign"),
    [
        (PlannedChange(subject="s", after="a"), "+"),
        (PlannedChange(subject="s", before="b"), "-"),
        (PlannedChange(subject="s", before="b", after="a"), "~"),
    ],
    ids=["added", "removed", "replaced"],
)
def test_a_difference_says_what_it_does(change: PlannedChange, sign: str) -> None:
    (line,) = difference_lines(plan(changes=(change,)))

    assert line.startswith(f"{sign} s: ")


def test_a_repair_that_returns_names_the_deploy_before_anything_else() -> None:
    recurrence = Recurrence(
        repaired_at=NOW, repaired_by="U1", revision="worker-7", deployed_at=NOW + timedelta(hours=1), deployed_by="ci"
    )

    first, *rest = note_lines(plan(recurrence=recurrence, warnings=("careful",)), ZONE)

    assert "worker-7, 11 Feb 09:00 EST by ci" in first
    assert rest == ["careful"]


@pytest.mark.parametrize("outcome", list(RepairOutcome))
def test_every_outcome_has_its_words(outcome: RepairOutcome) -> None:
    line = run_line(RepairRun(plan=plan(), actor="U2", begun_at=NOW, outcome=outcome), ZONE, NOW)

    assert line.startswith("11 Feb 08:00 EST  Grant it, by the Slack user U2: ")


@pytest.mark.parametrize("outcome", list(RepairOutcome))
@pytest.mark.parametrize("detail", ["", "Slack was slow"])
def test_why_is_told_of_what_is_not_simply_done(outcome: RepairOutcome, detail: str) -> None:
    run = RepairRun(plan=plan(), actor="U2", begun_at=NOW, outcome=outcome, detail=detail)

    is_told = bool(detail) and outcome is not RepairOutcome.APPLIED
    bare = run_line(replace(run, detail=""), ZONE, NOW)

    assert run_line(run, ZONE, NOW) == (f"{bare}: {detail}" if is_told else bare)
    assert not bare.endswith(": ")


@pytest.mark.parametrize(
    ("actor", "name"),
    [
        ("slack:U0EXAMPLE1", "the Slack user U0EXAMPLE1"),
        ("U0EXAMPLE1", "the Slack user U0EXAMPLE1"),
        ("shell:ann", "ann in a shell"),
        ("shell", "somebody in a shell"),
        ("reveille", "reveille"),
    ],
)
def test_outside_of_slack_an_actor_is_named_in_words(actor: str, name: str) -> None:
    refused = RepairRefusedError(RepairRefusal.NOT_POSSIBLE, "It was taken back already.", by=actor)

    assert named(actor) == name
    assert list(refusal_lines(refused)) == [f"It was taken back already, by {name}."]


def test_a_run_without_an_end_is_unfinished_after_its_lease() -> None:
    run = RepairRun(plan=plan(), actor="U2", begun_at=NOW)

    assert "unfinished" not in run_line(run, ZONE, NOW + timedelta(minutes=3))
    assert "unfinished" in run_line(run, ZONE, NOW + timedelta(minutes=3, seconds=1))
    assert "taken back by the Slack user U3" in run_line(
        replace(run, outcome=RepairOutcome.VERIFIED, undone_by="slack:U3"), ZONE, NOW
    )


def test_a_repair_and_a_deploy_of_another_year_are_told_with_their_year() -> None:
    recurrence = Recurrence(
        repaired_at=NOW, repaired_by="U1", revision="worker-7", deployed_at=NOW + timedelta(hours=1), deployed_by="ci"
    )

    said = recurrence_words(recurrence, ZONE, NOW + timedelta(days=365))

    assert said.count("11 Feb 2026") == 2
