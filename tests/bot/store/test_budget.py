"""A record is as long as it may be at most, whatever it is about, and what is cut is said."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bot.store.budget import BUDGETS, LONGEST, weight_of
from bot.store.codec import decode, encode
from bot.store.cuts import cut_lists, cut_texts
from bot.store.firestore_documents import LARGEST_DOCUMENT, document_size
from bot.store.firestore_fields import report_fields
from bot.store.model import Alert, AuditEntry, Changes, Delivery, StateStore, StoredReport, StoreError
from bot.store.report_cuts import LEVELS, shortened
from checks.amounts import cut_text
from checks.model import Outcome, Severity
from tests.bot.store.records import a_post, a_report, an_alert, an_entry
from tests.thoroughness import examples

SLOW = settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))


@cache
def noise(length: int, seed: int = 0) -> str:
    """Text that does not compress."""
    return random.Random(seed).randbytes(length // 2 + 1).hex()[:length]


def a_finding(outcome: str, severity: str | None, subject: str, text: str = "", **more: Any) -> dict[str, Any]:
    return {
        "outcome": outcome,
        "severity": severity,
        "code": "no-team",
        "subject": subject,
        "summary": f"{subject} has no team. {text}",
        "phase": "phase3",
        "interval": "2026-02-10",
        "evidence": {"players": text},
        "impact": text,
        "action": {"text": text, "command": text, "repair": None},
        "link": None,
        **more,
    }


def a_cause(subject: str, text: str = "", explains: int = 1) -> dict[str, Any]:
    keys = [{"check": "every-player", "subject": f"row {each}", "interval": "2026-02-10"} for each in range(explains)]
    return {
        "code": "upstream-check",
        "subject": subject,
        "sentence": f"{subject} failed. {text}",
        "severity": "P1",
        "phase": "phase3",
        "evidence": {"text": text},
        "action": None,
        "explains": keys,
    }


def a_document(findings: list[dict[str, Any]], causes: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    return {
        "schema_version": 2,
        "pipeline": "nba",
        "title": "NBA",
        "verdict": "ACT",
        "headline": "Players have no team.",
        "previous": "2026-02-10",
        "current": "2026-02-11",
        "now": "2026-02-11T08:10:00-05:00",
        "trigger": "digest",
        "partial": False,
        "duration_seconds": 1.0,
        "counts": {each.value: sum(one["outcome"] == each for one in findings) for each in Outcome},
        "causes": causes or [],
        "results": [{"check": "every-player", "title": "Players", "phase": "phase3", "findings": findings}],
        "sources": [],
    }


def kept(document: dict[str, Any]) -> dict[str, Any]:
    report = a_report(document=document)
    text = encode(report)
    assert weight_of(text, BUDGETS[StoredReport]) <= BUDGETS[StoredReport]
    assert document_size("x/documents/r/k", report_fields(report)) <= LARGEST_DOCUMENT
    return dict(decode(StoredReport, text).document)


@pytest.mark.slow
def test_what_is_cut_keeps_to_the_schema_of_reports() -> None:
    schema = json.loads((files("bot.render") / "report.schema.json").read_text(encoding="utf-8"))
    whole = a_document([a_finding("failed", "P1", noise(300, each), noise(900, each)) for each in range(20)])
    whole["results"][0] |= {"outcome": "failed", "severity": "P1", "started_at": whole["now"], "duration_seconds": 0.1}
    whole["causes"] = [a_cause("every-player", noise(900), explains=50)]

    for level in range(1, LEVELS + 1):
        jsonschema.validate(shortened(whole, level, 2_000_000), schema)


def listed(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [finding for result in document["results"] for finding in result["findings"]]


def test_a_report_within_its_budget_stays_as_it_is() -> None:
    document = a_document([a_finding("failed", "P1", "row 1", noise(100_000))])

    assert kept(document) == document


def test_a_finding_of_a_megabyte_is_cut_and_says_so() -> None:
    document = kept(a_document([a_finding("failed", "P1", "row 1", noise(1_000_000))]))

    (finding,) = listed(document)
    assert finding["evidence"]["players"].endswith(
        "… (cut: 999 kB of 1.0 MB; `reveille validate 2026-02-10 --format json` shows all)"
    )
    assert document["cut"]["bytes"] > 1_000_000
    assert document["cut"]["findings"] == 0


def test_what_passed_is_cut_before_what_failed_and_a_note_before_what_is_grave() -> None:
    findings = [
        a_finding("passed", None, "passed", noise(300_000, 1)),
        a_finding("failed", "P3", "note", noise(300_000, 2)),
        a_finding("failed", "P0", "grave", noise(300_000, 3)),
    ]

    whole = {each["subject"]: each in findings for each in listed(kept(a_document(findings)))}

    assert whole == {"passed": False, "note": False, "grave": True}


@pytest.mark.slow
def test_findings_are_left_out_last_and_counted_and_the_worst_of_each_place_stays() -> None:
    many = [a_finding("passed", None, f"{noise(250, each)}") for each in range(8_000)]
    grave = a_finding("failed", "P1", "grave", "It is bad.")

    document = kept(a_document([*many, grave]))

    assert [each["subject"] for each in listed(document)] == ["grave"]
    assert document["results"][0]["left_out"] == document["cut"]["findings"] == 8_000
    assert document["counts"]["passed"] == 8_000


@pytest.mark.slow
def test_the_verdict_and_the_gravest_causes_outlast_everything() -> None:
    causes = [a_cause(noise(300, each), noise(400, each)) for each in range(8_000)]

    document = kept(a_document([a_finding("failed", "P1", noise(300, each)) for each in range(2_000)], causes))

    assert (document["verdict"], document["headline"]) == ("ACT", "Players have no team.")
    assert document["counts"]["failed"] == 2_000
    assert [each["code"] for each in document["causes"]] == ["upstream-check"] * 100
    assert document["cut"]["causes"] == 7_900


shapes = st.tuples(
    st.sampled_from(
        [
            *((outcome, each.name) for outcome in ("failed", "unknown") for each in Severity),
            ("passed", None),
            ("waiting", None),
            ("skipped", None),
        ]
    ),
    st.text(max_size=300),
    st.sampled_from([0, 10, 10_000, 200_000, 900_000]),
)
"""Outcome and severity, subject, characters of each text."""


@SLOW
@given(st.lists(shapes, max_size=6), st.integers(0, 3))
def test_any_report_is_within_its_budget_and_keeps_what_counts(
    drawn: list[tuple[tuple[str, str | None], str, int]], causes: int
) -> None:
    found = [
        a_finding(outcome, severity, subject, noise(length, number))
        for number, ((outcome, severity), subject, length) in enumerate(drawn)
    ]
    document = a_document(found, [a_cause(f"check {each}", noise(50_000, each)) for each in range(causes)])

    after = kept(document)

    essence = ("outcome", "severity", "code", "subject", "interval")
    assert [[each[name] for name in essence] for each in listed(after)] == [
        [each[name] for name in essence] for each in found
    ]
    assert (after["verdict"], after["counts"]) == (document["verdict"], document["counts"])
    for was, became in zip(document["causes"], after["causes"], strict=True):
        assert [became[name] for name in ("code", "subject", "severity")] == [
            was[name] for name in ("code", "subject", "severity")
        ]
    assert after == document or "cut" in after
    for was, became in zip(found, listed(after), strict=True):
        assert became["summary"] == was["summary"] or "… (cut: " in became["summary"]


def test_an_alert_keeps_its_lead_and_the_gravest_findings_and_counts_the_others() -> None:
    members = [
        {"check": "c", "subject": f"row {each}", "code": "no-team", "severity": "P1", "summary": noise(400, each)}
        for each in range(1_000)
    ]
    repairs = " ".join(f"grant-invoker:service-{each}" for each in range(100))
    alert = an_alert(
        details={"what": noise(80_000), "findings": members, "more": 5, "repairs": repairs, "extent": 1_005}
    )

    text = encode(alert)

    details = decode(Alert, text).details
    assert len(text) <= BUDGETS[Alert]
    assert details["findings"][0]["subject"] == "row 0"
    assert len(details["findings"]) + details["more"] == 1_005
    assert (details["extent"], details["repairs"]) == (1_005, repairs)
    assert "… (cut: " in details["what"]


def members(count: int, *, subject: int = 5, summary: int = 5) -> list[dict[str, Any]]:
    """Findings of an alert; a subject is never cut."""
    return [{"subject": noise(subject, each), "summary": noise(summary, each)} for each in range(count)]


@pytest.mark.parametrize(
    ("texts", "findings", "longest", "kept_findings"),
    [
        pytest.param([noise(200_000)], members(99), 16_000, 99, id="one very long text"),
        pytest.param([noise(20_000)] * 10, members(101), 4_000, 100, id="ten long texts"),
        pytest.param([noise(5_000)] * 40, members(101), 1_000, 100, id="forty texts"),
        pytest.param([], members(150, summary=1_100), 1_000, 20, id="many findings"),
        pytest.param([], members(20, subject=4_200, summary=1_100), 250, 20, id="findings that are long themselves"),
        pytest.param([], members(20, subject=5_000, summary=1_100), 250, 5, id="a few of them"),
        pytest.param([], members(5, subject=25_000, summary=1_100), 50, 1, id="only the lead"),
    ],
)
def test_an_alert_loses_no_more_than_it_must(
    texts: list[str], findings: list[dict[str, Any]], longest: int, kept_findings: int
) -> None:
    details = {**{f"text {number}": text for number, text in enumerate(texts)}, "findings": findings}

    after = decode(Alert, encode(an_alert(details=details))).details

    assert [after[f"text {number}"] for number in range(len(texts))] == [cut_text(each, longest) for each in texts]
    assert after["findings"] == [
        {**each, "summary": cut_text(each["summary"], longest)} for each in findings[:kept_findings]
    ]
    assert after["more"] == len(findings) - kept_findings


def nested(*counts: int, length: int, seed: int = 0) -> Any:
    """Lists in lists of texts that do not compress, none like another."""
    first, *rest = counts
    seeds = range(seed * first, (seed + 1) * first)
    return [nested(*rest, length=length, seed=each) if rest else noise(length, each) for each in seeds]


@pytest.mark.parametrize(
    ("changes", "longest", "parts"),
    [
        pytest.param([noise(3_000_000), *["x"] * 1_200], 16_000, 1_000, id="one very long text"),
        pytest.param(nested(300, length=17_000), 4_000, 200, id="hundreds of texts"),
        pytest.param(nested(60, 20, length=5_000), 1_000, 50, id="a thousand texts"),
        pytest.param(nested(60, 60, length=1_100), 250, 10, id="thousands of texts"),
        pytest.param(nested(11, 11, 11, 11, length=300), 50, 3, id="ten thousand texts"),
    ],
)
def test_a_record_of_the_audit_loses_no_more_than_it_must(changes: Any, longest: int, parts: int) -> None:
    after = decode(AuditEntry, encode(an_entry(details={"changes": changes}))).details

    assert after["changes"] == cut_lists(cut_texts(changes, longest), parts)


@pytest.mark.parametrize(
    ("length", "kept_parts"), [(2_100, 40), (3_000, 20), (6_000, 10), (12_000, 5), (30_000, 2), (60_000, 0)]
)
def test_a_message_loses_no_more_parts_than_it_must(length: int, kept_parts: int) -> None:
    parts = [{"is": "paragraph", "text": [noise(length, each)]} for each in range(60)]

    after = decode(Delivery, encode(a_post(body={"notice": ["n"], "parts": parts}))).body["parts"]

    assert after[:-1] == parts[:kept_parts]
    assert f" {60 - kept_parts} more parts" in after[-1]["text"][0]


def test_half_a_key_of_a_repair_is_never_kept() -> None:
    repairs = " ".join(f"grant-invoker:service-{each}" for each in range(20_000))

    kept_keys = decode(Alert, encode(an_alert(details={"repairs": repairs}))).details["repairs"].split()

    assert set(kept_keys) <= set(repairs.split())
    assert kept_keys


def test_a_message_that_is_too_long_says_that_parts_are_missing() -> None:
    parts = [{"is": "paragraph", "text": [noise(3_000, each)]} for each in range(60)]
    delivery = a_post(body={"notice": [noise(5_000)], "parts": parts}, error=noise(50_000))

    text = encode(delivery)

    body = decode(Delivery, text).body
    assert len(text) <= BUDGETS[Delivery]
    assert body["parts"][0] == parts[0]
    assert "cut here: 40 more parts" in body["parts"][-1]["text"][0]


def test_what_was_done_is_recorded_however_long_it_is_told() -> None:
    entry = an_entry(
        details={"detail": noise(LONGEST), "changes": [{"now": noise(500, each)} for each in range(9_000)]}
    )

    text = encode(entry)

    assert weight_of(text, BUDGETS[AuditEntry]) <= BUDGETS[AuditEntry]
    assert "… (cut: " in decode(AuditEntry, text).details["detail"]


@pytest.mark.parametrize("name", ["plan", "snapshot"])
def test_a_plan_is_kept_whole_or_refused(name: str) -> None:
    small, large = ({name: noise(length), "detail": noise(2_000_000)} for length in (500_000, 2_000_000))

    assert decode(AuditEntry, encode(an_entry(details=small))).details[name] == small[name]
    with pytest.raises(StoreError) as refusal:
        encode(an_entry(details=large))
    assert not refusal.value.retryable


def test_every_record_that_is_too_long_is_kept_by_both_stores(store: StateStore) -> None:
    report = a_report(document=a_document([a_finding("failed", "P1", "row 1", noise(3_000_000))]))
    alert = an_alert(details={"what": noise(1_200_000)})
    delivery = a_post(body={"text": noise(1_200_000), "blocks": []})
    entry = an_entry(details={"detail": noise(2_000_000)})

    store.commit(Changes(alerts=[alert], deliveries=[delivery], reports=[report], audit=[entry]))

    assert store.report(report.key) == decode(StoredReport, encode(report))
    assert store.alert(alert.key) == replace(decode(Alert, encode(alert)), version=1)
    assert store.delivery(delivery.key) == decode(Delivery, encode(delivery))
    assert [each.key for each in store.audit(entry.at, 10)] == [entry.key]


def test_what_is_cut_is_still_json() -> None:
    text = encode(an_alert(details={"what": "🔴\\" * 200_000}))

    assert json.loads(text)["details"]["what"]
