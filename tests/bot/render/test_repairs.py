"""Every message about a repair: word for word, within Slack's limits, and harmless whatever the data say.

``UPDATE_GOLDEN=1 pytest tests/bot/render/test_repairs.py`` writes the golden files again; look at the difference.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.playground.slack.limits import check_message, check_view
from bot.render.repair_changes import actor_of
from bot.render.repair_form import plan_blocks
from bot.render.repairs import UNDO, begun_reply, made_reply, verified_reply
from bot.repairs.model import (
    PlannedChange,
    Recurrence,
    RepairOutcome,
    RepairPlan,
    RepairRefusal,
    RepairRefusedError,
    RepairRun,
)
from bot.sinks.slack.format import formatted
from checks.actions import RepairKey
from tests.bot.render.strategies import TEXTS

GOLDEN = Path(__file__).parents[2] / "golden_repairs"
UPDATE = bool(os.environ.get("UPDATE_GOLDEN"))

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 2, 11, 13, 5, tzinfo=UTC)
USER = actor_of("U0000001")
MEMBER = "serviceAccount:invoker@example-project.iam.gserviceaccount.com"
ALERT = "nba:invoker:phase3-to-phase4-orchestrator:-"
WAIT = "Calls may still be refused for up to seven minutes after a grant."
HOSTILE = "<!channel> *x* & `y`\u202e\n" * 40


def grant(service: str = "phase3-to-phase4-orchestrator", **changes: Any) -> RepairPlan:
    plan = RepairPlan(
        id=f"id-of-{service}",
        key=RepairKey("grant-invoker", service),
        actor=USER,
        created_at=NOW,
        title=f"Grant roles/run.invoker on {service}",
        changes=(PlannedChange(subject=f"roles/run.invoker on {service}", after=MEMBER),),
        command=f"gcloud run services add-iam-policy-binding {service} --member={MEMBER} --role=roles/run.invoker",
        fingerprint="f",
        wanted={},
        former={},
        warnings=(WAIT,),
    )
    return replace(plan, **changes)


THREE = tuple(grant(f"{name}-orchestrator") for name in ("phase3-to-phase4", "phase4-to-phase5", "phase5-to-phase6"))
TAKEN_BACK = grant(
    title="Take roles/run.invoker on phase3-to-phase4-orchestrator away again",
    changes=(PlannedChange(subject="roles/run.invoker on phase3-to-phase4-orchestrator", before=MEMBER),),
    warnings=("Until somebody grants it again, their calls are refused.",),
    former=None,
    undoes="another",
)
TRAFFIC = grant(
    key=RepairKey("route-to-latest", "live-export"),
    title="Send all traffic of live-export to its latest ready revision, live-export-00058-qov",
    changes=(
        PlannedChange(subject="traffic of live-export", before="100 % live-export-00057-bap", after="100 % latest"),
    ),
    command="gcloud run services update-traffic live-export --to-latest",
    warnings=(),
)
JOB = grant(
    key=RepairKey("run-job", "line-enrichment"),
    title="Run the scheduler job line-enrichment now",
    changes=(PlannedChange(subject="job line-enrichment", before="ran 11 Feb 13:40 EST, INTERNAL", after="runs now"),),
    command="gcloud scheduler jobs run line-enrichment",
    warnings=("What the job does cannot be taken back.",),
    former=None,
)
AGAIN = grant(
    recurrence=Recurrence(
        repaired_at=NOW - timedelta(hours=9),
        repaired_by=USER,
        revision="phase3-to-phase4-orchestrator-00043-wam",
        deployed_at=NOW - timedelta(hours=2),
        deployed_by="deployer@example.com",
    )
)
DENIED = RepairRefusedError(
    RepairRefusal.DENIED,
    "This account cannot change who calls phase5-to-phase6-orchestrator.",
    advice="It needs run.services.setIamPolicy; an administrator can run this:",
    command="gcloud run services add-iam-policy-binding phase5-to-phase6-orchestrator",
)
BUSY = RepairRefusedError(RepairRefusal.BUSY, "Somebody else is repairing phase3-to-phase4-orchestrator right now.")


def run(
    plan: RepairPlan, outcome: RepairOutcome = RepairOutcome.APPLIED, detail: str = "Written, and read back as written."
) -> RepairRun:
    done = RepairRun(plan=plan, actor=USER, begun_at=NOW, ended_at=NOW, outcome=outcome, detail=detail)
    return replace(done, verified_at=NOW + timedelta(minutes=1)) if outcome in VERIFIED else done


VERIFIED = (RepairOutcome.VERIFIED, RepairOutcome.UNVERIFIED)


def proved(plan: RepairPlan) -> RepairRun:
    return run(plan, RepairOutcome.VERIFIED, f"{MEMBER} can call {plan.key.target} (roles/run.invoker).")


REFUSED = f"{MEMBER} cannot call phase4-to-phase5-orchestrator: a policy above it denies that."

FORMS: dict[str, list[Any]] = {
    "form-one": plan_blocks([grant()], ZONE),
    "form-three": plan_blocks(THREE, ZONE),
    "form-traffic": plan_blocks([TRAFFIC], ZONE),
    "form-job": plan_blocks([JOB], ZONE),
    "form-undo": plan_blocks([TAKEN_BACK], ZONE),
    "form-comes-back": plan_blocks([AGAIN], ZONE),
    "form-mixed": plan_blocks([grant(), grant("live-export", changes=()), DENIED], ZONE),
}
REPLIES: dict[str, dict[str, Any]] = {
    "begun-one": begun_reply([grant()], USER, ZONE),
    "begun-three": begun_reply(THREE, USER, ZONE),
    "begun-comes-back": begun_reply([AGAIN], "shell:operator", ZONE),
    "begun-undo": begun_reply([TAKEN_BACK], USER, ZONE),
    "done-one": made_reply((run(grant()),), ALERT),
    "done-three": made_reply(tuple(map(run, THREE)), ALERT),
    "done-traffic": made_reply((run(TRAFFIC),), ALERT),
    "done-job": made_reply((run(JOB, detail=""),), ALERT),
    "done-undo": made_reply((run(TAKEN_BACK),), ALERT),
    "done-already": made_reply((run(grant(), RepairOutcome.ALREADY, "Nothing was written."),), ALERT),
    "done-unrecorded": made_reply((replace(run(grant()), recorded=False),), ALERT),
    "failed": made_reply((run(grant(), RepairOutcome.FAILED, "Somebody else wrote at once."),), ALERT),
    "refused": made_reply((DENIED,), ALERT),
    "refused-in-part": made_reply((run(THREE[0]), run(THREE[1]), DENIED), ALERT),
    "refused-busy": made_reply((BUSY,), ALERT),
    "verified-one": verified_reply([proved(grant())], ZONE),
    "verified-three": verified_reply([proved(plan) for plan in reversed(THREE)], ZONE),
    "verified-undo": verified_reply([run(TAKEN_BACK, RepairOutcome.VERIFIED, "Everything is as it was before.")], ZONE),
    "without-effect": verified_reply([run(THREE[1], RepairOutcome.UNVERIFIED, REFUSED)], ZONE),
    "without-effect-in-part": verified_reply(
        [proved(THREE[0]), run(THREE[1], RepairOutcome.UNVERIFIED, REFUSED)], ZONE
    ),
}
REPLIES = {name: dict(formatted(body)) for name, body in REPLIES.items()}
MESSAGES: dict[str, Any] = {**FORMS, **REPLIES}


@pytest.mark.parametrize("name", MESSAGES)
def test_it_reads_as_the_golden_file_says(name: str) -> None:
    path = GOLDEN / f"{name}.json"
    text = json.dumps(MESSAGES[name], indent=2, ensure_ascii=True) + "\n"

    if UPDATE:
        GOLDEN.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert path.exists(), f"{path.name} is missing: UPDATE_GOLDEN=1 writes it"
    assert text == path.read_text(encoding="utf-8")


def test_every_golden_file_belongs_to_a_message() -> None:
    assert {path.stem for path in GOLDEN.iterdir()} == set(MESSAGES)


@pytest.mark.parametrize("name", MESSAGES)
def test_slack_takes_it(name: str) -> None:
    if name in FORMS:
        check_view(modal(FORMS[name]))
    else:
        check_message(REPLIES[name]["text"], REPLIES[name]["blocks"])


def modal(blocks: list[Any]) -> dict[str, Any]:
    return {"type": "modal", "title": {"type": "plain_text", "text": "Repair"}, "blocks": blocks}


@pytest.mark.parametrize(
    ("made", "offered"),
    [
        pytest.param((run(grant()),), True, id="what was written"),
        pytest.param((run(grant()), DENIED), True, id="what was written beside a refusal"),
        pytest.param((run(TAKEN_BACK),), False, id="what took a repair back"),
        pytest.param((run(JOB),), False, id="a job that ran"),
        pytest.param((run(grant(), RepairOutcome.ALREADY),), False, id="what somebody else did"),
        pytest.param((run(grant(), RepairOutcome.FAILED),), False, id="what failed"),
        pytest.param((DENIED,), False, id="what was refused"),
    ],
)
def test_only_what_was_written_and_can_be_taken_back_has_a_button_for_it(made: Any, offered: bool) -> None:
    body = made_reply(made, ALERT)

    assert (UNDO.action in json.dumps(body)) is offered


def test_what_holds_for_every_repair_is_said_once_and_what_holds_for_one_beside_it() -> None:
    other = replace(THREE[1], warnings=(WAIT, "The grant under a condition stays."))

    text = json.dumps(plan_blocks([THREE[0], other], ZONE))

    assert text.count(WAIT) == 1
    assert text.count("under a condition") == 1


def test_a_name_is_written_out_where_it_is_asked_about_and_short_where_it_is_proved() -> None:
    assert MEMBER in json.dumps(plan_blocks([grant()], ZONE))
    assert MEMBER in json.dumps(begun_reply([grant()], USER, ZONE))
    assert "invoker can call" in str(verified_reply([proved(grant())], ZONE)["notice"])


def hostile(text: str) -> list[Any]:
    """Every message with a text that others have written in every place that takes one."""
    change = PlannedChange(subject=text, before=text, after=text)
    recurrence = Recurrence(repaired_at=NOW, repaired_by=text, revision=text, deployed_at=NOW, deployed_by=text)
    plan = grant(title=text, changes=(change,) * 20, warnings=(text,), command=text, recurrence=recurrence)
    error = RepairRefusedError(RepairRefusal.UNREACHABLE, text, advice=text, command=text)
    outcomes = [run(plan, outcome, text) for outcome in RepairOutcome]
    return [
        plan_blocks([plan, plan, error], ZONE),
        begun_reply([plan, plan], text, ZONE),
        made_reply((*outcomes, error), ALERT),
        verified_reply(outcomes, ZONE),
    ]


def check(message: Any) -> None:
    """Slack takes it, and nothing that others have written is markup in it."""
    if isinstance(message, list):
        check_view(modal(message))
    else:
        message = formatted(message)
        check_message(message["text"], message["blocks"])
    shown = json.dumps(message, ensure_ascii=False)
    assert not re.search(r"<(?!@U)", shown)
    assert "\u202e" not in shown


def test_texts_of_others_call_nobody() -> None:
    for message in hostile(HOSTILE):
        check(message)


@given(TEXTS)
def test_slack_takes_whatever_others_write(text: str) -> None:
    for message in hostile(text or "x"):
        check(message)


@given(st.integers(1, 30))
def test_however_many_repairs_there_are_slack_takes_them(count: int) -> None:
    plans = [grant(f"service-{number}") for number in range(count)]

    check(plan_blocks(plans, ZONE))
    check(begun_reply(plans, USER, ZONE))
    check(made_reply(tuple(map(run, plans)), ALERT))
    check(verified_reply(list(map(proved, plans)), ZONE))
