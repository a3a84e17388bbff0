"""Reports made by hand, for the renderers to read: one for each kind of morning."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from bot.render.reading import Reading
from checks.context import Context
from checks.facts import Values
from checks.facts.control_plane import DeployFacts, InvokerFacts
from checks.intervals import Words
from checks.model import Cause, CheckResult, Finding, FindingKey, Interval, Outcome, Report, Severity
from checks.orchestration_spec import Phase
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.registry import Check
from checks.source import Problem, ReadRecord, SourceError
from checks.sql_check_spec import Rule, SqlCheck
from checks.tolerated_spec import KnownIssue
from checks.unanswered import could_not_check
from tests.advice import advised
from tests.fakes import NIGHT, SLATE

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 2, 11, 8, 0, tzinfo=ZONE)
CALLER = "756957797294-compute@developer.gserviceaccount.com"
ORCHESTRATORS = (
    "phase3-to-phase4-orchestrator",
    "phase4-to-phase5-orchestrator",
    "phase5-to-phase6-orchestrator",
    "phase3-to-grading",
)

PIPELINE = Pipeline(
    name="nba",
    words=Words(previous="last night"),
    title="NBA player props",
    timezone="America/New_York",
    project="nba-props-platform",
    project_number="756957797294",
    region="us-west2",
    invoker=f"serviceAccount:{CALLER}",
    datasets=("nba_analytics",),
    tables={},
    phases=(
        Phase(id="phase3", title="Analytics"),
        Phase(id="phase4", title="Precompute"),
        Phase(id="phase5", title="Predictions"),
        Phase(id="grading", title="Grading"),
    ),
    transitions=(),
    known_issues=(
        KnownIssue(text="A RED signal is a caution for bettors, not a failure of the pipeline."),
        KnownIssue(text="bdl- jobs are off between seasons.", until=date(2026, 2, 1)),
    ),
)


def _silent(context: Context) -> Iterator[Finding]:
    del context
    yield from ()


def python_check(check_id: str, title: str, worst: Severity, expected: str, unwanted: str) -> Check:
    return Check(
        id=check_id,
        title=title,
        rationale=f"{title}, since nobody else looks.",
        worst=worst,
        run=_silent,
        expected=expected,
        unwanted=unwanted,
        place=PlaceKind.TRANSITION if check_id == "trigger" else PlaceKind.SERVICE,
        always_shown=check_id == "invoker",
        short={"service-ready": "readiness"}.get(check_id, ""),
    )


def data_check(check_id: str, title: str, phase: str | None, *rules: Rule) -> Check:
    spec = SqlCheck(
        id=check_id,
        title=title,
        rationale=f"{title}, since a flag proves nothing.",
        phase=phase,
        query="SELECT 1 AS number",
        subject="rows",
        summary="{number}",
        expected="Rows for every game.",
        unwanted="A game without a row.",
        rules=rules,
    )
    return Check(
        id=spec.id,
        title=spec.title,
        rationale=spec.rationale,
        worst=spec.worst,
        run=_silent,
        phase=spec.phase,
        expected=spec.expected,
        unwanted=spec.unwanted,
        spec=spec,
    )


NONE_AT_ALL = Rule.model_validate({"if": {"number": {"equals": 0}}, "severity": "P0", "code": "none-at-all"})

CHECKS = (
    python_check(
        "invoker",
        "Every service can be called by those who must call it",
        Severity.P0,
        "Every caller of a service can call it.",
        "A binding that a deploy has removed.",
    ),
    python_check(
        "service-ready", "Every service is ready", Severity.P0, "The latest revision is ready.", "A failed revision."
    ),
    python_check(
        "trigger",
        "Each orchestrator triggered on its own",
        Severity.P0,
        "The next phase was triggered, and wrote rows.",
        "A flag without rows; rows without a trigger.",
    ),
    data_check("games-last-night", "Games of the night", None),
    data_check("games-tonight", "Games of the slate", None),
    data_check("analytics-coverage", "Analytics cover the final games", "phase3", NONE_AT_ALL),
    data_check("precompute-rows", "Precompute wrote its cache", "phase4", NONE_AT_ALL),
    data_check("predictions-exist", "Predictions exist for every game", "phase5", NONE_AT_ALL),
    data_check("grading", "Predictions are graded", "grading", NONE_AT_ALL),
)

Findings = dict[str, Sequence[Finding]]


def passed(summary: str, subject: str, interval: Interval | None = NIGHT, **values: str | int) -> Finding:
    return Finding(
        outcome=Outcome.PASSED,
        code="as-expected",
        subject=subject,
        summary=summary,
        interval=interval,
        facts=Values(values=values),
    )


def finding(outcome: Outcome, code: str, subject: str, summary: str, **more: Any) -> Finding:
    """A finding of the night, unless ``interval`` says otherwise."""
    return Finding(outcome=outcome, code=code, subject=subject, summary=summary, **{"interval": NIGHT, **more})


def reading_of(findings: Findings, causes: tuple[Cause, ...] = (), *, full: bool = False) -> Reading:
    """Read a report of the checks that have findings, in the order of ``CHECKS``."""
    results = tuple(
        CheckResult(
            check=check.id,
            title=check.title,
            phase=check.phase,
            findings=tuple(map(check.placed, findings[check.id])),
            started_at=NOW,
            duration=0.25,
        )
        for check in CHECKS
        if check.id in findings
    )
    report = Report(
        pipeline=PIPELINE.name,
        title=PIPELINE.title,
        previous=NIGHT,
        current=SLATE,
        now=NOW,
        trigger="shell",
        partial=False,
        results=results,
        causes=causes,
        reads=(
            ReadRecord(source="BigQuery", key="a query", depth=1, started=0.0, duration=0.2, cpu=0.01, answered=True),
        ),
        duration=1.234,
    )
    return Reading(report=report, pipeline=PIPELINE, checks=CHECKS, full=full)


def healthy() -> Findings:
    return {
        "invoker": [passed(f"{CALLER} can call {name}.", name, None) for name in ORCHESTRATORS],
        "service-ready": [passed(f"{name} is ready.", name, None) for name in ORCHESTRATORS],
        "trigger": [
            replace(passed("Triggered at 06:12, and precompute wrote 137 rows.", "phase3_to_phase4"), phase="phase4"),
            replace(passed("Triggered at 06:31, and 230 predictions are there.", "phase4_to_phase5"), phase="phase5"),
            finding(
                Outcome.WAITING,
                "not-started-yet",
                "phase3_to_phase4",
                "Precompute of today is due at 11:00.",
                phase="phase4",
                interval=SLATE,
            ),
        ],
        "games-last-night": [passed("4 games, all final", "games")],
        "games-tonight": [passed("14 games", "games", SLATE)],
        "analytics-coverage": [passed("4 of 4 games have player records (139 players).", "games")],
        "precompute-rows": [passed("137 players are in the cache.", "nba_precompute.player_daily_cache")],
        "predictions-exist": [
            passed("230 predictions for 4 games.", "catboost_v9"),
            passed("267 predictions for 14 games.", "catboost_v9", SLATE),
        ],
        "grading": [passed("catboost_v9: 98 % of 120 gradable predictions are graded.", "catboost_v9")],
    }


def all_clear(*, full: bool = False) -> Reading:
    return reading_of(healthy(), full=full)


def grant(service: str) -> str:
    return (
        f"gcloud run services add-iam-policy-binding {service} --region=us-west2 --project=nba-props-platform "
        f"--member=serviceAccount:{CALLER} --role=roles/run.invoker"
    )


def blocked(*, full: bool = False) -> Reading:
    """The orchestrators lost their invoker; the schedulers moved the data all the same."""
    findings = healthy()
    findings["invoker"] = [
        finding(
            Outcome.FAILED,
            "caller-refused",
            name,
            f"{CALLER} cannot call {name}: no binding grants roles/run.invoker.",
            severity=Severity.P0,
            interval=None,
            facts=InvokerFacts(
                caller=(CALLER,), deploy=DeployFacts(deployed_at=datetime(2026, 2, 10, 2, 13, tzinfo=ZONE))
            ),
            impact=f"Every message for {name} is refused; the next phase starts only if something else starts it.",
            action=advised(text="Grant the permission again.", command=grant(name), repair=f"grant-invoker:{name}"),
        )
        for name in ORCHESTRATORS
    ]
    bypassed = finding(
        Outcome.FAILED,
        "bypassed",
        "phase3_to_phase4",
        "The flag is false with 5 of 5 processors in; 137 rows are there, so something else moved the data.",
        severity=Severity.P2,
        phase="phase4",
    )
    findings["trigger"] = [bypassed, *findings["trigger"][1:]]
    findings["grading"] = [
        finding(
            Outcome.FAILED,
            "partly-graded",
            "catboost_v8",
            "catboost_v8: 71 % of 90 gradable predictions are graded, 80 % are expected.",
            severity=Severity.P2,
            impact="Yesterday's hit rate is judged on a part of the picks.",
            action=advised(
                text="Run the grading job once more.",
                command="gcloud scheduler jobs run grading-daily --location=us-west2",
            ),
        )
    ]
    cause = Cause(
        code="invoker-lost",
        subject="phase3-to-phase4-orchestrator",
        sentence="Pub/Sub cannot call 4 orchestrators since the deploy of 10 Feb 02:13",
        severity=Severity.P0,
        facts=Values(
            values={
                "services": ", ".join(ORCHESTRATORS),
                "last_deploy": datetime(2026, 2, 10, 2, 13, tzinfo=ZONE),
                "last_good_trigger": datetime(2026, 2, 4, 6, 12, tzinfo=ZONE),
            }
        ),
        action=advised(
            text="Grant the permission again, then let the deploy bind and verify it each time.",
            command="\n".join(grant(name) for name in ORCHESTRATORS),
        ),
        explains=(
            *(FindingKey("invoker", name, None) for name in ORCHESTRATORS),
            FindingKey("trigger", "phase3_to_phase4", NIGHT.name),
        ),
    )
    return reading_of(findings, (cause,), full=full)


SLOW = SourceError(
    "BigQuery",
    Problem.TIMED_OUT,
    "no answer within 30 s",
    advice="Run the check again; if it stays slow, check the status of BigQuery.",
    retryable=True,
)
DENIED = SourceError(
    "Resource Manager",
    Problem.DENIED,
    "the account cannot read the project's policy",
    advice="Grant it resourcemanager.projects.getIamPolicy.",
)


def unknown() -> Reading:
    """BigQuery hangs, and the project's policy may not be read."""
    findings = healthy()
    for check in CHECKS:
        if check.spec is not None:
            findings[check.id] = [could_not_check(SLOW, subject=check.id, severity=check.worst, interval=NIGHT)]
    findings["invoker"] = [
        *findings["invoker"][1:],
        could_not_check(DENIED, subject=ORCHESTRATORS[0], severity=Severity.P0),
    ]
    return reading_of(findings)


def cut_off() -> Reading:
    """Nothing can be reached: no network."""
    findings = healthy()
    for number, check in enumerate(CHECKS):
        source = "Cloud Run" if number % 2 else "BigQuery"
        error = SourceError(source, Problem.UNREACHABLE, f"question {number}: it cannot be reached from here")
        findings[check.id] = [could_not_check(error, subject=f"service-{number}", severity=check.worst)]
    return reading_of(findings)


def off_day() -> Reading:
    """No games on either date; one failure is suppressed."""
    findings = healthy()
    findings["trigger"] = [
        finding(Outcome.SKIPPED, "off-day", "phase3_to_phase4", "No games on that date.", phase="phase4", interval=day)
        for day in (NIGHT, SLATE)
    ]
    for check in CHECKS:
        if check.spec is not None:
            findings[check.id] = [finding(Outcome.SKIPPED, "off-day", check.id, "No games on that date.")]
    findings["games-last-night"] = [passed("no games", "games")]
    findings["games-tonight"] = [passed("no games", "games", SLATE)]
    findings["service-ready"] = [
        finding(
            Outcome.SKIPPED,
            "suppressed",
            "phase3-to-grading",
            "phase3-to-grading is not ready. Suppressed until 2026-02-20: it is being moved.",
            interval=None,
        )
    ]
    return reading_of(findings)


HOSTILE = (
    "<!channel> & <https://evil.example|click> *bold* `tick` ``` \x1b[31mred\x1b[0m \u202ereversed\x00 \ud800 @here"
)


def monstrous() -> Reading:
    """500 failures, each with text that attacks the reader."""
    findings: Findings = {
        "predictions-exist": [
            finding(
                Outcome.FAILED,
                f"code-{index % 50}",
                f"{HOSTILE} {index}",
                f"#{index:03} {HOSTILE} " + "x" * (4_000 if index % 50 == 0 else 0),
                severity=Severity(index % 4),
                impact=HOSTILE,
                action=advised(text=HOSTILE, command=f"echo {index} {HOSTILE}"),
            )
            for index in range(500)
        ]
    }
    return reading_of(findings)


READINGS = {
    "all-clear": all_clear(),
    "all-clear-full": all_clear(full=True),
    "blocked": blocked(),
    "blocked-full": blocked(full=True),
    "unknown": unknown(),
    "off-day": off_day(),
    "monstrous": monstrous(),
}
