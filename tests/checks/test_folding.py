"""Many findings of one kind are told as a few and one that counts the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from checks.amounts import SENTENCE, cut_text, size_words
from checks.facts import EVIDENCE, NOTHING, Unread, Values
from checks.folding import COMMAND, LISTED, NAME, Folding, bounded, kind_of
from checks.model import Finding, Outcome, Severity, verdict_of
from tests.advice import advised
from tests.fakes import NIGHT

ROW = Finding(
    outcome=Outcome.FAILED,
    code="no-team",
    subject="row",
    summary="A player has no team.",
    severity=Severity.P1,
    phase="phase3",
    interval=NIGHT,
)


def folded(findings: Sequence[Finding], places: Sequence[str] = ()) -> tuple[Finding, ...]:
    folding = Folding("every-player", frozenset(places))
    for each in findings:
        folding.add(each)
    return folding.findings()


def rows(number: int, first: int = 0) -> list[Finding]:
    return [replace(ROW, subject=f"row {each}") for each in range(first, first + number)]


def test_as_many_as_are_listed_stay_as_they_are() -> None:
    assert folded(rows(LISTED)) == tuple(rows(LISTED))


def test_one_more_is_counted() -> None:
    *listed, rest = folded(rows(LISTED + 1))

    assert listed == rows(LISTED)
    assert (rest.count, rest.code, rest.severity, rest.interval, rest.phase) == (
        1,
        "no-team",
        Severity.P1,
        NIGHT,
        "phase3",
    )


def test_the_one_that_counts_the_others_has_the_same_subject_whichever_they_are() -> None:
    before, after = folded(rows(100)), folded(rows(5000, first=200))

    assert before[-1].subject == after[-1].subject
    assert (before[-1].count, after[-1].count) == (100 - LISTED, 5000 - LISTED)
    assert after[-1].evidence["examples"] == "row 220, row 221, row 222"


def test_what_the_pipeline_file_names_is_never_folded() -> None:
    services = [replace(ROW, subject=f"service-{each}") for each in range(3 * LISTED)]

    assert folded(services, [each.subject for each in services]) == tuple(services)


def test_an_action_for_all_stays_and_one_for_the_first_alone_does_not() -> None:
    alike = [replace(each, action=advised(text="Load the teams again.", command="bin/load")) for each in rows(100)]
    unlike = [replace(each, action=advised(text="Load it.", command=f"bin/load {each.subject}")) for each in rows(100)]

    assert folded(alike)[-1].action == alike[0].action
    assert folded(unlike)[-1].action is None


def test_what_could_not_be_read_is_told_by_its_source() -> None:
    unread = [
        replace(each, outcome=Outcome.UNKNOWN, code="source-unavailable", facts=Unread(source=source, problem="down"))
        for each in rows(LISTED + 5)
        for source in ("Cloud Run", "Pub/Sub")
    ]

    assert {each.evidence["source"]: each.count for each in folded(unread)[-2:]} == {"Cloud Run": 5, "Pub/Sub": 5}


kinds = st.sampled_from(
    [
        ROW,
        replace(ROW, code="no-points"),
        replace(ROW, severity=Severity.P3),
        replace(ROW, outcome=Outcome.PASSED, severity=None, code="as-expected"),
        replace(ROW, outcome=Outcome.UNKNOWN, code="no-value"),
    ]
)


@settings(deadline=None)
@given(st.lists(kinds, max_size=150))
def test_no_finding_and_no_severity_is_lost(kind: list[Finding]) -> None:
    findings = [replace(each, subject=f"row {number}") for number, each in enumerate(kind)]

    result = folded(findings)

    counted: Counter[object] = Counter()
    for each in result:
        counted[replace_source(each)] += each.count
    assert counted == Counter(map(replace_source, findings))
    assert verdict_of(result) == verdict_of(findings)
    assert len({each.subject for each in result}) == len(result)
    assert len(result) <= 5 * (LISTED + 1)


def replace_source(finding: Finding) -> object:
    return kind_of(replace(finding, facts=NOTHING))


def test_a_cell_of_a_megabyte_is_cut_and_says_so() -> None:
    cell = "x" * 1_000_000

    finding = bounded(replace(ROW, facts=Values(values={"players": cell, "n": 7})))

    assert finding.evidence["n"] == 7
    assert str(finding.evidence["players"]).endswith("… (cut: 936 kB of 1.0 MB)")
    assert len(str(finding.evidence["players"])) <= EVIDENCE


def test_half_a_command_is_never_suggested() -> None:
    finding = bounded(replace(ROW, action=advised(text="Repair.", command="x" * (COMMAND + 1), repair="grant:x")))

    assert finding.action == advised(
        text="Repair. The command is left out: it has 16 kB.", command=None, repair="grant:x"
    )


@settings(deadline=None)
@given(st.text(), st.text(), st.dictionaries(st.text(max_size=5), st.text() | st.integers()), st.integers(1, 40_000))
def test_every_text_of_a_finding_is_bounded_and_what_is_short_stays(
    subject: str, summary: str, evidence: dict[str, str | int], times: int
) -> None:
    finding = replace(ROW, subject=subject, summary=summary, facts=Values(values=evidence))
    long = replace(
        finding,
        subject=subject * times,
        summary=summary * times,
        impact=summary * times,
        facts=Values(
            values={name: value * times if isinstance(value, str) else value for name, value in evidence.items()}
        ),
    )

    cut = bounded(long)

    assert bounded(finding) is finding
    assert len(cut.subject) <= NAME
    assert len(cut.summary) <= SENTENCE >= len(cut.impact)
    assert sum(len(each) for each in cut.evidence.values() if isinstance(each, str)) <= EVIDENCE
    assert (cut.outcome, cut.severity, cut.code, cut.interval) == (
        long.outcome,
        long.severity,
        long.code,
        long.interval,
    )


def test_long_names_that_differ_at_the_end_stay_different() -> None:
    names = [bounded(replace(ROW, subject=f"{'x' * NAME}{end}")).subject for end in "ab"]

    assert names[0] != names[1]


@pytest.mark.parametrize(
    ("size", "words"),
    [(0, "0 B"), (999, "999 B"), (1_000, "1.0 kB"), (9_960, "10 kB"), (812_345, "812 kB"), (999_600, "1.0 MB")],
)
def test_an_amount_is_said_as_people_say_it(size: int, words: str) -> None:
    assert size_words(size) == words


@given(st.text(), st.integers(0, 80))
def test_a_text_that_is_cut_is_within_its_bound_and_shows_it(text: str, most: int) -> None:
    cut = cut_text(text, most)

    assert len(cut) <= most or cut == text
    assert cut == text or "…" in cut or most == 0


@given(st.integers(1_001, 1_100_000))
def test_a_page_of_text_is_always_cut_with_the_amount(length: int) -> None:
    assert cut_text("x" * length, 1_000).endswith(f" of {size_words(length)})")
