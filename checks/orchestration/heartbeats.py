"""Are the running processors alive, and is their collection clean?

Every running processor refreshes one document. A document that says running and is no longer refreshed is a
processor that hangs or died without a word. Too many documents, or ids with a date or ``None`` in them, are
a leak: each run writes a document of its own, and reading them slows everything that looks. A leak alone stops no
pipeline, so that it is never P0. A heartbeat that lies in the future proves nothing: it was written by a clock or in
a time zone that is wrong. A document without a readable status may be that of a processor that runs, unless its
heartbeat is fresh. Reading stops at a bound; what lies behind it is said to be unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from checks.actions import Action
from checks.context import Context, not_configured
from checks.effects import FailureEffect
from checks.facts.orchestration import CountFacts, DocumentsFacts, HeartbeatFacts, ReadUpToFacts, RunningFacts
from checks.model import Finding, Judgement, Outcome, Severity
from checks.orchestration.completion import CLOCKS_DIFFER, described, moment_of
from checks.orchestration.gathering import local_time
from checks.orchestration_spec import Heartbeats
from checks.places import Place, PlaceKind
from checks.ports.documents import Document, read_collection
from checks.registry import check
from checks.source import SourceError
from checks.unanswered import attempt

SHOWN = 20
"""Processors that get a finding of their own, the longest silent first; the rest is counted."""

READ = 5_000
"""Documents that are read at most where a leak has filled the collection: a second or two, and a third of a cent."""

EXAMPLES = 3
"""Bad ids that are named."""

CODES: Mapping[str, str] = {
    "count-usual": "The collection has a usual number of documents.",
    "many-documents": "More documents than there are processors: something leaks.",
    "too-many-documents": "So many documents that reading them is a burden.",
    "bad-ids": "Ids that no processor should have, such as one with a date in it.",
    "stale": "A running processor has not refreshed its heartbeat for some minutes.",
    "dead": "A running processor has not refreshed its heartbeat for so long that it must be dead.",
    "heartbeat-ahead": "A running processor's last heartbeat lies in the future, so that it proves nothing.",
    "heartbeat-unreadable": "A running processor's last heartbeat is not a time.",
    "status-unreadable": "A document has neither a readable status nor a fresh heartbeat.",
    "more-silent": "Further silent processors that are not listed one by one.",
    "not-all-read": "Reading stopped at a bound; whether the processors behind it are alive is unknown.",
    "all-alive": "No running processor is silent.",
}


ALIVE = Judgement("all-alive", Outcome.PASSED)

STATUS_UNREADABLE = Judgement("status-unreadable", Outcome.UNKNOWN, Severity.P2)

_RUN_AGAIN = "Read the log of {name}; if it is dead, run it again for its date."
_ADVICE = {
    "heartbeat-ahead": "Read the log of {name} to see whether it lives; then let it write its heartbeat in UTC.",
    "status-unreadable": "Read the log of {name}; if no processor writes the document any more, delete it.",
}
_IMPACTS = {
    "heartbeat-ahead": "If {name} dies, its heartbeat does not show it.",
    "heartbeat-unreadable": "",
    "status-unreadable": "",
}


def judge_count(count: int, spec: Heartbeats) -> Judgement:
    """Judge the size of the collection."""
    if count > spec.too_many:
        return Judgement("too-many-documents", Outcome.FAILED, Severity.P1)
    if count > spec.many:
        return Judgement("many-documents", Outcome.FAILED, Severity.P1)
    if count == 0:
        return Judgement("no-evidence", Outcome.UNKNOWN, Severity.P2)
    return Judgement("count-usual", Outcome.PASSED)


def judge_heartbeat(last_at: datetime | None, now: datetime, spec: Heartbeats) -> Judgement:
    """Judge a running processor by its last heartbeat, None when that is not a time."""
    if last_at is None:
        return Judgement("heartbeat-unreadable", Outcome.UNKNOWN, Severity.P1)
    silent = now - last_at
    if silent < -CLOCKS_DIFFER:
        return Judgement("heartbeat-ahead", Outcome.FAILED, Severity.P1)
    if silent > timedelta(minutes=spec.dead_minutes):
        return Judgement("dead", Outcome.FAILED, Severity.P1)
    if silent > timedelta(minutes=spec.stale_minutes):
        return Judgement("stale", Outcome.FAILED, Severity.P2)
    return ALIVE


@check(
    id="heartbeats",
    place=PlaceKind.TASK,
    facts=HeartbeatFacts,
    short="heartbeats",
    effect=FailureEffect.STOPS,
    worst=Severity.P1,
    codes=CODES,
    expected="One heartbeat document a processor, refreshed while it runs.",
    unwanted="Running processors without a pulse; a collection that grows.",
    quick=True,
)
def heartbeats(context: Context) -> Iterator[Finding]:
    spec = context.pipeline.heartbeats
    if spec is None:
        yield not_configured(
            "heartbeats", "The pipeline file has no section 'heartbeats'", configure="name their collection there"
        )
        return
    yield from attempt(lambda: _judge_collection(context, spec), subject=spec.collection, severity=Severity.P1)


def _judge_collection(context: Context, spec: Heartbeats) -> Iterator[Finding]:
    documents, whole = _read(context, spec)
    yield _count_finding(context, spec, len(documents), whole=whole)
    bad_id = re.compile(spec.bad_id)
    leaked = [each for each in documents if bad_id.search(_id_of(each))]
    if leaked:
        yield _bad_ids(context, spec, [_id_of(each) for each in leaked])
    yield from _judge_processors(
        context, spec, [each for each in documents if not bad_id.search(_id_of(each))], whole=whole
    )
    if not whole:
        yield _not_all_read(context, spec, documents)


def _read(context: Context, spec: Heartbeats) -> tuple[Sequence[Document], bool]:
    """Return the documents, and whether these are all.

    One document more than too many tells that there are too many. Only then it is worth reading on: the ids of a leak
    may come before those of the processors. What was read counts where reading on fails.
    """
    first = spec.too_many + 1
    documents = read_collection(context.reads, spec.collection, first).result()
    if len(documents) < first:
        return documents, True
    bound = max(READ, first + 1)
    try:
        documents = read_collection(context.reads, spec.collection, bound).result()
    except SourceError:
        return documents, False
    return documents, len(documents) < bound


def _id_of(document: Document) -> str:
    return document.path.rpartition("/")[2]


def _count_finding(context: Context, spec: Heartbeats, count: int, *, whole: bool) -> Finding:
    judgement = judge_count(count, spec)
    failed = judgement.outcome is Outcome.FAILED
    shown = f"{count:,}" if whole else f"{count:,} or more"
    sentence = f"{spec.collection} holds {shown} document{'' if count == 1 else 's'}"
    tail = {
        "count-usual": ".",
        "no-evidence": ": whether anything runs cannot be told.",
    }.get(judgement.code, f"; above {spec.many:,} something writes a document for each run.")
    return Finding(
        outcome=judgement.outcome,
        code=judgement.code,
        severity=judgement.severity,
        subject=spec.collection,
        summary=sentence + tail,
        place=_collection(spec),
        facts=DocumentsFacts(count=count, all_counted=whole),
        impact="Every read of the heartbeats gets slower and dearer, and real ones are hard to find." if failed else "",
        action=Action(text="Find the program that writes a new id for each run, then delete the stray documents.")
        if failed
        else None,
        link=_link(context, spec),
    )


def _bad_ids(context: Context, spec: Heartbeats, ids: Sequence[str]) -> Finding:
    examples = ", ".join(sorted(ids)[:EXAMPLES])
    return Finding(
        outcome=Outcome.FAILED,
        code="bad-ids",
        severity=Severity.P2,
        subject=f"{spec.collection}/ids",
        summary=f"{len(ids)} id{' is' if len(ids) == 1 else 's are'} not a processor's name, such as {examples}.",
        place=_collection(spec, "ids"),
        facts=CountFacts(count=len(ids), examples=tuple(sorted(ids)[:EXAMPLES])),
        impact="The collection grows with every run.",
        action=Action(text="Find the program that puts a date or None into the id, then delete these documents."),
        link=_link(context, spec),
    )


def _not_all_read(context: Context, spec: Heartbeats, documents: Sequence[Document]) -> Finding:
    last = _id_of(documents[-1])
    return Finding(
        outcome=Outcome.UNKNOWN,
        code="not-all-read",
        severity=Severity.P1,
        subject=f"{spec.collection}/unread",
        summary=f"{spec.collection} was read up to the document {last}, the first {len(documents)} by id. Whether "
        "processors with a later id are alive is unknown.",
        place=_collection(spec, "unread"),
        facts=ReadUpToFacts(read=len(documents), last_id=last),
        action=Action(text="Delete the stray documents first; then this check sees every processor again."),
        link=_link(context, spec),
    )


def _judge_processors(
    context: Context, spec: Heartbeats, documents: Sequence[Document], *, whole: bool
) -> Iterator[Finding]:
    running = [each for each in documents if is_running(each.data.get("status"), spec) is not False]
    silent = []
    for document in running:
        last_at = moment_of(document.data.get("last_heartbeat"))
        judgement = judge_heartbeat(last_at, context.now, spec)
        if judgement is not ALIVE:
            known = is_running(document.data.get("status"), spec)
            silent.append((judgement if known else STATUS_UNREADABLE, document, last_at))
    # Those whose heartbeat proves nothing come first, then the longest silent: what is left out is the least of it.
    silent.sort(key=lambda item: (_is_past(item[2], context), item[2] or context.now, _id_of(item[1])))
    for judgement, document, last_at in silent[:SHOWN]:
        yield _silent(context, spec, judgement, document, last_at)
    if len(silent) > SHOWN:
        yield _rest(context, spec, [judgement for judgement, _, _ in silent[SHOWN:]])
    if documents and whole and not silent:
        yield Finding(
            outcome=ALIVE.outcome,
            code=ALIVE.code,
            subject="running processors",
            summary=f"{len(running)} running, none of them silent." if running else "Nothing is running.",
            facts=RunningFacts(running=len(running)),
        )


def _is_past(last_at: datetime | None, context: Context) -> bool:
    return last_at is not None and last_at <= context.now


def is_running(status: Any, spec: Heartbeats) -> bool | None:
    """Whether a status says that its processor runs, however it is capitalised; None where it says nothing."""
    if not isinstance(status, str) or not status.strip():
        return None
    return status.strip().casefold() in {each.casefold() for each in spec.running}


def _silent(
    context: Context, spec: Heartbeats, judgement: Judgement, document: Document, last_at: datetime | None
) -> Finding:
    name = _id_of(document)
    if judgement is STATUS_UNREADABLE:
        shown = described(document.data.get("status"))
        last = (
            f"its last heartbeat was at {local_time(context, last_at)}"
            if last_at is not None
            else "it has no heartbeat"
        )
        sentence = f"Whether {name} runs is unknown: its status is {shown}, and {last}."
    elif last_at is None:
        shown = described(document.data.get("last_heartbeat"))
        sentence = f"{name} says that it is running, but its last_heartbeat is {shown} instead of a time."
    elif judgement.code == "heartbeat-ahead":
        sentence = (
            f"{name} says that it is running, but its last heartbeat, {local_time(context, last_at)}, lies in the "
            "future. Whether it is alive is unknown."
        )
    else:
        sentence = f"{name} says that it is running, but was last heard of at {local_time(context, last_at)}."
    return Finding(
        outcome=judgement.outcome,
        code=judgement.code,
        severity=judgement.severity,
        subject=name,
        summary=sentence,
        facts=HeartbeatFacts(
            last_heartbeat=last_at,
            silent_minutes=int((context.now - last_at).total_seconds() // 60)
            if last_at is not None and _is_past(last_at, context)
            else None,
            data_date=str(document.data.get("data_date", "")),
            run_id=str(document.data.get("run_id", "")),
        ),
        impact=_IMPACTS.get(judgement.code, "What waits for {name} does not start.").format(name=name),
        action=Action(text=_ADVICE.get(judgement.code, _RUN_AGAIN).format(name=name)),
        link=_link(context, spec, name),
    )


def _rest(context: Context, spec: Heartbeats, judgements: Sequence[Judgement]) -> Finding:
    worst = min(each.severity for each in judgements if each.severity is not None)
    return Finding(
        outcome=Outcome.FAILED,
        code="more-silent",
        severity=worst,
        subject="other processors",
        summary=f"{len(judgements)} more running processor{' is' if len(judgements) == 1 else 's are'} silent.",
        facts=CountFacts(count=len(judgements)),
        impact="So many silent processors have one reason in common.",
        action=Action(text="Start with the longest silent; they are listed above."),
        link=_link(context, spec),
    )


def _collection(spec: Heartbeats, part: str = "") -> Place:
    return Place(PlaceKind.TABLE, spec.collection, part)


def _link(context: Context, spec: Heartbeats, document: str = "") -> str:
    where = f"{spec.collection}/{document}" if document else spec.collection
    return (
        "https://console.cloud.google.com/firestore/databases/-default-/data/panel/"
        f"{where}?project={context.pipeline.project}"
    )
