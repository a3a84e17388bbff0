"""Reports of any shape, for properties that must hold of all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from zoneinfo import ZoneInfo

from hypothesis import strategies as st

from bot.render.reading import Reading
from checks.facts import Unread, Values
from checks.model import Cause, CheckResult, Finding, FindingKey, Outcome, Severity
from checks.source import Problem
from tests.advice import advised
from tests.bot.render.reports import CHECKS, HOSTILE, NOW, all_clear
from tests.fakes import NIGHT, SLATE

ATTACKS = st.sampled_from(
    [
        HOSTILE,
        "<!channel>",
        "<https://evil.example|safe>",
        "&lt;!here&gt;",
        "```",
        "*_~`",
        "a\nb\r\nc",
        "\x1b]0;title\x07",
        "\ud83d",
        "x" * 3_500,
        "&" * 1_200,
        "<" * 4_000,
        "\u202e",
        " ",
        "",
        "😀" * 900,
    ]
)
TEXTS = st.one_of(st.text(max_size=80), ATTACKS)
DATES = st.sampled_from([NIGHT, SLATE, None])
ACTIONS = st.none() | st.builds(advised, text=TEXTS, command=st.none() | TEXTS, repair=TEXTS)
INSTANTS = st.datetimes(
    min_value=datetime(2000, 1, 1),  # noqa: DTZ001 - hypothesis adds the zone
    max_value=datetime(2100, 1, 1),  # noqa: DTZ001 - likewise
    timezones=st.just(ZoneInfo("UTC")),
)
SCALARS = st.one_of(TEXTS, st.integers(), st.floats(), st.booleans(), st.none(), INSTANTS, st.just(NIGHT.day))


VALUES = st.builds(Values, values=st.dictionaries(st.sampled_from(["rows", "at"]), SCALARS, max_size=2))
FACTS = VALUES | st.builds(Unread, source=TEXTS, problem=TEXTS | st.just(str(Problem.UNREACHABLE)))


@st.composite
def findings(draw: st.DrawFn) -> Finding:
    outcome = draw(st.sampled_from(Outcome))
    loud = outcome in (Outcome.FAILED, Outcome.UNKNOWN)
    return Finding(
        outcome=outcome,
        code=draw(st.sampled_from(["a-code", "source-unavailable", "suppressed", "not-configured"])),
        subject=draw(TEXTS),
        summary=draw(TEXTS),
        severity=draw(st.sampled_from(Severity)) if loud else None,
        phase=draw(st.sampled_from(["phase3", "phase5", None, "nowhere"])),
        interval=draw(DATES),
        facts=draw(FACTS),
        impact=draw(TEXTS),
        action=draw(ACTIONS),
        link=draw(st.none() | TEXTS | st.just("https://example.com/runbook")),
    )


@st.composite
def readings(draw: st.DrawFn) -> Reading:
    chosen = draw(st.lists(st.sampled_from(CHECKS), unique_by=lambda check: check.id, max_size=len(CHECKS)))
    results = tuple(
        CheckResult(
            check=check.id,
            title=draw(st.just(check.title) | TEXTS),
            phase=check.phase,
            findings=tuple(draw(st.lists(findings(), min_size=1, max_size=6))),
            started_at=NOW,
            duration=0.1,
        )
        for check in chosen
    )
    keys = [each.key(result.check) for result in results for each in result.findings]
    keys.append(FindingKey("gone", "nothing", None))
    causes = draw(
        st.lists(
            st.builds(
                Cause,
                code=st.just("invoker-lost"),
                subject=TEXTS,
                sentence=TEXTS,
                severity=st.sampled_from(Severity),
                facts=VALUES,
                action=ACTIONS,
                explains=st.lists(st.sampled_from(keys), max_size=4).map(tuple),
            ),
            max_size=2,
        )
    )
    report = replace(
        all_clear().report,
        title=draw(TEXTS),
        results=results,
        causes=tuple(causes),
        partial=draw(st.booleans()),
        current=draw(st.sampled_from([NIGHT, SLATE])),
    )
    return replace(all_clear(), report=report, full=draw(st.booleans()), again=draw(TEXTS))
