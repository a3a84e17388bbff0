"""What a cause is called: what people lose, and of what, in a line that a notification holds.

Each code has one template. It yields what is wrong from the fullest words to the shortest, and the first that fits
beside the loss is taken. It is written once for both tenses: what is over is called by what was wrong.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from enum import Enum

from checks.diagnosis.board import BY_CHANGE, MISSING, Board, Suspect
from checks.diagnosis.evidence import failing_since, lag_of, latest, redeploy_of, removed_by
from checks.diagnosis.symptom import Symptom
from checks.diagnosis.words import capitalised, phase_title
from checks.facts.control_plane import (
    CallFacts,
    DeliveryFacts,
    ErrorRateFacts,
    InvokerFacts,
    JobsFacts,
    ReadyFacts,
    RevisionsFacts,
    RulesFacts,
    TrafficFacts,
    VariablesFacts,
)
from checks.facts.orchestration import ProcessorFacts, TriggerFacts
from checks.model import Severity
from checks.places import PlaceKind

TITLE_TEXT = 73
"""Characters of a title: with its light and its severity it is a line of 80."""

UNCERTAIN = ("cause not found", "cause not certain")

Said = Iterator[str]


class Tense(Enum):
    """Whether something is so, or was: the verbs differ, and what was has its time beside the title."""

    NOW = "now"
    PAST = "past"

    def __call__(self, now: str, past: str) -> str:
        """Return the verb of this tense."""
        return now if self is Tense.NOW else past


def title_of(board: Board, suspect: Suspect, tense: Tense = Tense.NOW) -> str:
    """Return the title of a cause: the loss and what is wrong, as far as both fit, without a stop at the end.

    In the past it is empty where only the findings say what is wrong: their words know no tense.
    """
    losses = _losses(board, suspect, tense)
    wrong = [each for each in TITLES[suspect.code](board, suspect, tense) if each]
    reasons = [*wrong, *_in_short(suspect, wrong)] if losses else []
    places = _places(suspect)
    beside = [f"{loss}{_behind_loss(loss, each, places)}" for each in reasons for loss in losses]
    told = [*beside, *losses, *wrong]
    if not told:
        # A summary of a pipeline file may come out empty.
        return f"{suspect.subject} failed" if tense is Tense.NOW else ""
    fitting = next((each for each in told if 0 < len(each) <= TITLE_TEXT), None)
    return capitalised(fitting if fitting is not None else f"{told[0][:TITLE_TEXT].rpartition(' ')[0].rstrip(' ,;:')}…")


def _behind_loss(loss: str, wrong: str, places: list[str]) -> str:
    """What is wrong, as it stands behind what is lost: a place that the loss names is not named again."""
    told = next((wrong.removeprefix(f"{each}: ") for each in places if each in loss), wrong)
    return f"{', ' if wrong in UNCERTAIN else ': '}{told}"


def _losses(board: Board, suspect: Suspect, tense: Tense) -> list[str]:
    """What is not there for it: all of a phase, else what the gravest check on data says that follows from it. What
    names no place has it behind, where there is room."""
    absent = [each for each in suspect.triggers if each.data_present is False]
    if absent:
        return [f"{made_by(board, absent)}{board.dates(absent)}"]
    grave = (Severity.P0, Severity.P1)
    data = [each for each in suspect.consequences if each.check in board.sql_checks and each.finding.severity in grave]
    if not data or suspect.code in BY_CHANGE or tense is Tense.PAST:
        return []
    worst = min(data, key=lambda each: (each.finding.severity or 0, board.order(each)))
    said, place = clause(worst.finding.summary), worst.finding.place
    table = place.name if place is not None and place.kind is PlaceKind.TABLE else ""
    placed = [f"{said} in {table}"] if table and said.startswith("No ") and table not in said else []
    return [each for each in (*placed, said) if each]


def _in_short(suspect: Suspect, wrong: list[str]) -> Said:
    """What is wrong, behind a loss that leaves no room for all of it: without where it is, or the words of its code."""
    places = _places(suspect)
    yield from (each.removeprefix(f"{place}: ") for place in places[:1] for each in wrong)
    if len(places) > 1:
        yield f"{len(places)} of its sources failed"
    elif places:
        words = suspect.primary[0].finding.code.replace("-", " ")
        yield f"{words} ({places[0]})"
        yield words


def made_by(board: Board, absent: list[Symptom]) -> str:
    """Say what the first phase without data did not make: "No predictions", or "Predictions wrote nothing"."""
    first = min(absent, key=board.order)
    target = board.transitions[first.place.name].target
    made = next((each.makes for each in board.pipeline.phases if each.id == target), None)
    return f"No {made}" if made else f"{phase_title(board.pipeline, target)} wrote nothing"


_LEADING_DATE = re.compile(r"^\d\d? [A-Z][a-z]{2}(?: \d{4})?: ")
_BRACKETS = re.compile(r" \([^()]*\)")


def clause(summary: str) -> str:
    """Return the part of a summary that says what is wrong: without its date, its brackets and the list behind it."""
    said = _BRACKETS.sub("", _LEADING_DATE.sub("", summary)).rstrip(".")
    # A name alone before a colon says whose figures they are, and not what is wrong.
    name, _, rest = said.partition(": ")
    said = rest if rest and " " not in name else said
    return said.partition("; ")[0].partition(": ")[0].partition(". ")[0]


def _times(board: Board, at: datetime | None) -> tuple[str, ...]:
    """An instant as a title says it, in the pipeline's zone: to the minute, and the day alone; nothing for none."""
    if at is None:
        return ()
    minute = board.local(at).rpartition(" ")[0]
    return minute, minute.rpartition(" ")[0] or minute


def _after(board: Board, at: datetime | None, tense: Tense) -> tuple[str, ...]:
    """After which deploy it is so, from the minute to nothing at all; of what was its span says it."""
    times = _times(board, at) if tense is Tense.NOW else ()
    return *(f" after the {time} deploy" for time in times), ""


def _named(names: list[str], one: str) -> str:
    return names[0] if len(names) == 1 else f"{len(names)} {one}s"


def _places(suspect: Suspect) -> list[str]:
    return list(dict.fromkeys(each.place.name for each in suspect.primary))


def _refusing(board: Board, suspect: Suspect, tense: Tense) -> Said:
    refused = _places(suspect)
    every = all(name in board.orchestrators for name in refused)
    who = _named(refused, "orchestrator" if every else "service")
    callers = suspect.primary[0].of(InvokerFacts).caller
    caller = "Pub/Sub" if callers == (board.pipeline.invoker,) else "its caller" if len(refused) == 1 else "a caller"
    removing = removed_by(board, suspect)
    redeploy = redeploy_of(board, removing) if removing is not None else None
    taken = _times(board, suspect.taken.at) if suspect.taken is not None and tense is Tense.NOW else ()
    verb = tense("refuses" if len(refused) == 1 else "refuse", "refused")
    have = "has" if len(refused) == 1 else "have"
    yield from (f"{who} {have} refused {caller} since {time}" for time in taken)
    for after in _after(board, redeploy.at if redeploy is not None else None, tense):
        yield f"{who} {verb} {caller}{after}"


def _without_identity(board: Board, suspect: Suspect, tense: Tense) -> Said:
    del board
    who, is_one = _named(sorted(suspect.services), "service"), len(suspect.services) == 1
    are = tense("is", "was") if is_one else tense("are", "were")
    yield f"{who} {are} called without a valid identity"
    yield f"{who} {tense('refuses' if is_one else 'refuse', 'refused')} unidentified calls"


def _not_ready(board: Board, suspect: Suspect, tense: Tense) -> Said:
    if any(each.finding.code in MISSING for each in suspect.primary):
        for callers in dict.fromkeys(each.of(CallFacts).callers for each in suspect.primary):
            yield (
                f"{callers} {tense('calls', 'called')} {suspect.subject}, which {tense('does', 'did')} not exist"
                if callers
                else ""
            )
        yield f"{suspect.subject} {tense('does', 'did')} not exist"
        return
    facts = suspect.primary[0].of(ReadyFacts)
    for after in _after(board, facts.deploy.deployed_at if facts.deploy is not None else None, tense):
        yield f"{suspect.subject} {tense('does', 'did')} not start{after}"


def _stale(board: Board, suspect: Suspect, tense: Tense) -> Said:
    names = _places(suspect)
    facts = suspect.primary[0].of(TrafficFacts)
    if len(names) > 1:
        old = f"{len(names)} services {tense('run', 'ran')} old revisions"
        yield f"{old}: their last deploys {tense('take', 'took')} no traffic"
        yield old
        return
    for time in _times(board, facts.deploy.deployed_at if facts.deploy is not None else None):
        yield f"{names[0]} {tense('runs', 'ran')} old code: its {time} deploy {tense('takes', 'took')} no traffic"
        yield f"{names[0]} {tense('runs', 'ran')} without its {time} deploy"
    yield f"{names[0]} {tense('runs', 'ran')} an old revision"


def _lacks_variable(board: Board, suspect: Suspect, tense: Tense) -> Said:
    revisions, facts = suspect.primary[0].of(RevisionsFacts), suspect.primary[0].of(VariablesFacts)
    lost = list(revisions.removed + revisions.emptied or facts.missing + facts.empty)
    deploy = latest(revisions)
    for what in (", ".join(lost) or "a variable", _named(lost or ["a variable"], "variable")):
        for after in _after(board, deploy.deployed_at if deploy is not None else None, tense):
            yield f"{suspect.subject} {tense('lacks', 'lacked')} {what}{after}"


def _other_value(board: Board, suspect: Suspect, tense: Tense) -> Said:
    facts = suspect.primary[0].of(RevisionsFacts)
    deploy = latest(facts)
    for what in (", ".join(facts.required_changed), _named(list(facts.required_changed), "variable")):
        for after in _after(board, deploy.deployed_at if deploy is not None else None, tense):
            yield f"{suspect.subject} {tense('has', 'had')} another value in {what}{after}"


def _misspelled(board: Board, suspect: Suspect, tense: Tense) -> Said:
    facts = suspect.primary[0].of(RevisionsFacts)
    deploy = latest(facts)
    for after in _after(board, deploy.deployed_at if deploy is not None else None, tense):
        yield f"{suspect.subject} {tense('has', 'had')} {_named(list(facts.misspelled), 'variable')} misspelled{after}"
    yield f"{suspect.subject} {tense('has', 'had')} a misspelled variable"
    yield f"a misspelled variable of {suspect.subject}"


def _dead_address(board: Board, suspect: Suspect, tense: Tense) -> Said:
    del board
    yield f"{suspect.subject} {tense('calls', 'called')} an address that no service {tense('has', 'had')}"
    yield f"{suspect.subject} {tense('calls', 'called')} a dead address"


def _failing(board: Board, suspect: Suspect, tense: Tense) -> Said:
    rates = [each.of(ErrorRateFacts) for each in suspect.primary]
    rate = next((each for each in rates if each.requests), ErrorRateFacts())
    deploy = failing_since(suspect)
    after = _after(board, deploy.deployed_at if deploy is not None else None, tense)
    if rate.requests:
        share = f"{rate.server_errors:,} of {rate.requests:,} requests"
        yield from (f"{suspect.subject} {tense('fails on', 'failed on')} {share}{at}" for at in after)
    yield from (f"{suspect.subject} {tense('fails', 'failed')}{at}" for at in after[:-1])
    does = tense("fails on", "failed on") + " requests" if rate.requests else tense("logs", "logged") + " errors"
    yield f"{suspect.subject} {does}"


def _not_taken(board: Board, suspect: Suspect, tense: Tense) -> Said:
    del board
    first = suspect.primary[0]
    facts = first.of(DeliveryFacts)
    who = facts.service or suspect.subject
    verb = {
        "refused": tense("refuses", "refused"),
        "failing": tense("fails on", "failed on"),
        "often-failing": tense("often fails on", "often failed on"),
        "dead-letters": tense("gives up", "gave up"),
    }.get(first.finding.code, tense("does not keep up with", "did not keep up with"))
    yield f"{who} {verb} messages of {facts.topic}" if facts.topic else ""
    yield f"{who} {verb} its messages"


def _unheard(board: Board, suspect: Suspect, tense: Tense) -> Said:
    del board
    topics = _places(suspect)
    known = [name for name in suspect.behind if name not in topics]
    if known:
        who = _named(known, "service")
        get = tense("gets" if len(known) == 1 else "get", "got")
        gone = f"its subscription {tense('is', 'was')} missing"
        if len(topics) > 1:
            gone = f"{len(topics)} subscriptions {tense('are', 'were')} missing"
        yield f"{who} {get} no messages: {gone}"
        yield f"{who} {get} no messages"
    lost = f"messages of {_named(topics, 'topic')} {tense('are', 'were')} lost"
    yield f"{lost}: no subscription"
    yield lost


def _surplus(board: Board, suspect: Suspect, tense: Tense) -> Said:
    del board
    topics = _places(suspect)
    if len(topics) > 1:
        yield f"{len(topics)} topics {tense('deliver', 'delivered')} every message more than once"
        return
    yield f"{topics[0]} {tense('delivers', 'delivered')} every message more than once"
    yield f"{topics[0]} {tense('delivers', 'delivered')} twice"


def _failed_build(board: Board, suspect: Suspect, tense: Tense) -> Said:
    del board
    who = _named(_places(suspect), "service")
    yield f"The last build of {who} failed: merged code {tense('does', 'did')} not run"
    yield f"The last build of {who} failed"


def _behind(board: Board, suspect: Suspect, tense: Tense) -> Said:
    """Of drift and of old builds: what runs, or was built, is old."""
    names = _places(suspect)
    who = _named(names, "service")
    built = suspect.code == "stale-build"
    does = tense("runs" if len(names) == 1 else "run", "ran")
    if built:
        does = "was built from" if len(names) == 1 else "were built from"
    lag = lag_of(suspect.primary[0])
    if lag is not None and lag.behind and len(names) == 1:
        behind = f"{lag.behind} commit{'' if lag.behind == 1 else 's'} behind"
        for day in _times(board, lag.behind_since)[1:] if tense is Tense.NOW else ():
            yield f"{who} {does} old code, {behind} since {day}"
        yield f"{who} {does} old code, {behind}"
    yield f"{who} {does} old code"


_UNSTARTED = {
    "PAUSED": ("is paused and was due", "was paused when it was due"),
    "DELETED": ("was deleted and was due", "was deleted and was due"),
    "NOT_ATTEMPTED": ("was due and not started", "was due and not started"),
    "NEVER_RAN": ("was never started", "had never been started"),
}
"""Words of jobs that nobody started."""


def _jobs(board: Board, suspect: Suspect, tense: Tense) -> Said:
    """The scheduler's jobs: a single one by its name and its answer."""
    facts = suspect.primary[0].of(JobsFacts)
    if facts.failing_count == 1 and facts.failing:
        job = facts.failing[0]
        answered = (f"fails with {job.word}", f"failed with {job.word}")
        yield f"job {job.name} {tense(*_UNSTARTED.get(job.word, answered))}"
        yield f"job {job.name} {'was not started' if job.word in _UNSTARTED else tense('fails', 'failed')}"
        return
    if facts.failing_count:
        yield f"{facts.failing_count} of {facts.enabled_count} scheduler jobs {tense('fail', 'failed')}"
        yield f"{facts.failing_count} scheduler jobs {tense('fail', 'failed')}"
    yield from _as_found(board, suspect, tense)


def _as_found(board: Board, suspect: Suspect, tense: Tense) -> Said:
    """The gravest of the findings says it itself, of what is so; without what it is about where both are too long."""
    if tense is Tense.PAST:
        return
    shown = suspect.primary or suspect.triggers
    worst = min(shown, key=lambda each: (each.finding.severity or 0, board.order(each)))
    whole = _LEADING_DATE.sub("", worst.finding.summary).rstrip(".")
    bare = _BRACKETS.sub("", whole)
    about = worst.place.name if worst.place.kind is PlaceKind.TABLE else worst.finding.subject
    ways = tuple(dict.fromkeys((whole, bare, whole.partition("; ")[0], bare.partition("; ")[0], clause(whole))))
    for said in ways:
        yield said if _names(said, worst) else f"{about}: {said[:1].lower()}{said[1:]}"
    yield from ways


def _names(said: str, symptom: Symptom) -> bool:
    """Whether a sentence names what it is about, in one word at least; of a condition it is the date that is named."""
    if symptom.place.kind is PlaceKind.CONDITION:
        return True
    about = {word for word in re.split(r"\W+|_", symptom.finding.subject.lower()) if len(word) > 2}  # noqa: PLR2004
    return not about or not about.isdisjoint(re.split(r"\W+|_", said.lower()))


def _processor_failed(board: Board, suspect: Suspect, tense: Tense) -> Said:
    facts = suspect.primary[0].of(ProcessorFacts)
    if facts.records == 0:
        yield f"{suspect.subject} wrote no records"
    if facts.status:
        yield f"{suspect.subject} reported {facts.status}"
    yield from _as_found(board, suspect, tense)


def _stalled(board: Board, suspect: Suspect, tense: Tense) -> Said:
    del board, tense
    yield f"{_named(_places(suspect), 'processor')} did not finish"


def _waiting(board: Board, suspect: Suspect, tense: Tense) -> Said:
    facts = suspect.triggers[0].of(TriggerFacts)
    missing = [*facts.critical_missing, *(each for each in facts.missing if each not in facts.critical_missing)]
    title = board.transitions[suspect.triggers[0].place.name].title
    who = _named(missing, "processor") if missing else "a processor"
    yield f"{who} did not report"
    yield f"{title} {tense('waits', 'waited')} for {who}"


def _by_deploy(board: Board, suspect: Suspect, tense: Tense) -> Said:
    lost = ""
    shown = [*suspect.primary, *board.ranked(each for each in suspect.consequences if each.check in board.sql_checks)]
    if not suspect.blocked and shown and tense is Tense.NOW:
        lost = f"{clause(shown[0].finding.summary)}: "
    for after in _after(board, suspect.established.at, tense):
        yield f"{lost}{suspect.subject} {tense('fails', 'failed')}{after}"
    for after in _after(board, suspect.established.at, tense):
        yield f"{suspect.subject} {tense('fails', 'failed')}{after}"


def _by_change(board: Board, suspect: Suspect, tense: Tense) -> Said:
    del tense
    change = suspect.established
    what = "the policy of the project" if change.place.name == board.pipeline.project else change.place.name
    done = "changed" if change.kind == "policy" else change.what
    yield from (f"{what} was {done} {time}" for time in _times(board, change.at))
    yield f"{what} was {done}"
    yield f"a {change.kind} was {done}"


def _not_called(board: Board, suspect: Suspect, tense: Tense) -> Said:
    del board, tense
    names = _places(suspect)
    yield f"{_named(names, 'service')} {'was' if len(names) == 1 else 'were'} not called"


def _stale_trigger(board: Board, suspect: Suspect, tense: Tense) -> Said:
    title = board.transitions[suspect.triggers[0].place.name].title
    yield f"the flag {tense('was', 'had been')} set by an earlier run" if suspect.blocked else ""
    set_before = tense("was already set", "had already been set")
    yield f"{title} was not triggered{board.dates(suspect.triggers)}: its flag {set_before}"
    yield f"{title} was not triggered{board.dates(suspect.triggers)}"


def _not_certain(board: Board, suspect: Suspect, tense: Tense) -> Said:
    if suspect.blocked:
        triggered = suspect.code == "trigger-without-effect"
        yield UNCERTAIN[0] if triggered and not suspect.changes else UNCERTAIN[1]
        return
    yield from _as_found(board, suspect, tense)


def _unsafe(board: Board, suspect: Suspect, tense: Tense) -> Said:
    del board
    files = _places(suspect)
    rules = suspect.primary[0].of(RulesFacts).rules
    which = f" {rules[0]}" if len(rules) == 1 else f" {len(rules)} rules" if rules else " a rule"
    if len(files) == 1:
        yield f"The next deploy by {files[0]} {tense('is', 'was')} unsafe: it {tense('breaks', 'broke')}{which}"
        yield f"The next deploy by {files[0]} {tense('is', 'was')} unsafe"
    yield f"The next deploys by {len(files)} files {tense('are', 'were')} unsafe"


def _broken_flag(board: Board, suspect: Suspect, tense: Tense) -> Said:
    titles = list(dict.fromkeys(board.transitions[each.place.name].title for each in suspect.triggers))
    dates = board.dates(suspect.triggers, word="of")
    which = titles[0] if len(titles) == 1 else f"{len(titles)} transitions"
    have = tense("has", "had") if len(titles) == 1 else tense("have", "had")
    yield f"{which} {have} a wrong flag; the data{dates} arrived"
    yield f"{which} {have} a wrong flag"


TITLES: Mapping[str, Callable[[Board, Suspect, Tense], Said]] = {
    "invoker-removed-by-deploy": _refusing,
    "invoker-missing": _refusing,
    "identity-missing": _without_identity,
    "service-not-ready": _not_ready,
    "stale-revision": _stale,
    "variable-removed-by-deploy": _lacks_variable,
    "variable-missing": _lacks_variable,
    "address-missing": _dead_address,
    "service-failing": _failing,
    "messages-not-taken": _not_taken,
    "subscription-missing": _unheard,
    "subscription-surplus": _surplus,
    "variable-misspelled": _misspelled,
    "variable-changed": _other_value,
    "build-failed": _failed_build,
    "stale-build": _behind,
    "not-deployed": _as_found,
    "drift": _behind,
    "run-job-failing": _as_found,
    "job-failing": _jobs,
    "jobs-missing": _as_found,
    "deploy-unsafe": _unsafe,
    "broken-by-deploy": _by_deploy,
    "broken-by-change": _by_change,
    "stale-trigger": _stale_trigger,
    "upstream-check": _as_found,
    "task-failed": _as_found,
    "processor-failed": _processor_failed,
    "processor-stalled": _stalled,
    "processor-missing": _waiting,
    "service-not-called": _not_called,
    "trigger-without-effect": _not_certain,
    "unexplained": _not_certain,
    "broken-flag": _broken_flag,
}
"""What is or was wrong, by the code of the cause; what its code means is in ``codes``."""
