"""A cause in words: one sentence or a few with times and evidence, and what to do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from checks.changes import Change
from checks.diagnosis.board import BY_CHANGE, MISSING, WITHOUT_REASON, Board, Suspect
from checks.diagnosis.evidence import (
    action_of,
    broken_since,
    facts_of,
    last_good_trigger,
    latest,
    redeploy_of,
    removed_by,
)
from checks.diagnosis.lineage import judged, place_of
from checks.diagnosis.platform_sentences import TELL_PLATFORM
from checks.diagnosis.symptom import Symptom, days
from checks.diagnosis.titles import Tense, title_of
from checks.diagnosis.words import capitalised, listed, phase_title
from checks.effects import FailureEffect
from checks.facts.control_plane import (
    DeployFacts,
    InvokerFacts,
    ReadyFacts,
    RevisionsFacts,
    ServiceFacts,
    TrafficFacts,
    VariablesFacts,
)
from checks.facts.orchestration import HeartbeatFacts, TriggerFacts, UnfinishedFacts
from checks.model import Cause, FindingKey, Outcome
from checks.places import Place, PlaceKind

MOST_TABLES = 5
MOST_FAULTS = 4
"""Sentences about one table, a kind of fault each."""


def cause(board: Board, suspect: Suspect) -> Cause:
    """Return the finished cause."""
    lead = f"{_lost(board, suspect)}:" if suspect.code in BY_CHANGE else ""
    mechanism = " ".join(
        filter(None, (_taken(board, suspect.taken, suspect.taken_of), TELL[suspect.code](board, suspect)))
    )
    effect, doubt = _effect(board, suspect), _doubt(board, suspect)
    found = suspect.code not in WITHOUT_REASON
    unsaid = "" if found or doubt else "The reason was not found."
    explains = tuple(sorted({each.key for each in suspect.everything}, key=_order))
    return Cause(
        code=suspect.code,
        subject=suspect.subject,
        sentence=" ".join(filter(None, (lead, mechanism, effect, _explained(board, suspect), doubt, unsaid))),
        title=title_of(board, suspect),
        past=title_of(board, suspect, Tense.PAST),
        mechanism=mechanism,
        effect=effect,
        doubt=doubt,
        found=found,
        severity=suspect.severity,
        phase=_phase(board, suspect),
        place=_place(board, suspect),
        facts=facts_of(board, suspect),
        transitions=tuple(dict.fromkeys(each.place.name for each in suspect.triggers)),
        intervals=days(suspect.triggers or suspect.primary),
        broken_since=broken_since(board, suspect),
        action=action_of(board, suspect),
        explains=explains,
    )


def _place(board: Board, suspect: Suspect) -> Place:
    """Where it is; of a check on data the table that it judges, with the row that failed as its facet."""
    if suspect.code in BY_CHANGE:
        return suspect.established.place
    first = suspect.everything[0]
    if suspect.code == "trigger-without-effect":
        # The transition did its part: what it started wrote nothing.
        return Place(PlaceKind.PHASE, board.transitions[suspect.subject].target)
    spec = board.sql_checks.get(first.check)
    if first.place.kind is PlaceKind.CONDITION:
        return place_of(board.pipeline, board.sql_checks, first) or first.place
    table = judged(spec, first.finding.subject) if spec is not None else first.place
    if spec is None or first.place.kind is not PlaceKind.DATA or table.kind is not PlaceKind.TABLE:
        return first.place
    row = first.place.name
    return replace(table, facet="" if row == table.name.rpartition(".")[2] else row)


def _order(key: FindingKey) -> tuple[str, str, str]:
    return key.check, key.subject, key.interval or ""


def _phase(board: Board, suspect: Suspect) -> str | None:
    """The first phase that suffers, else the one to which the cause belongs."""
    shown = suspect.triggers or suspect.primary or suspect.consequences
    return min(shown, key=board.order).finding.phase


# What each cause says.


def _shut_out(board: Board, suspect: Suspect) -> str:
    shown = sorted(suspect.primary, key=board.order)
    refused = list(dict.fromkeys(each.place.name for each in shown))
    callers = suspect.primary[0].of(InvokerFacts).caller
    who = "Pub/Sub's account" if callers == (board.pipeline.invoker,) else ", ".join(callers) or "The caller"
    deploy = removed_by(board, suspect)
    if deploy is not None:
        good = last_good_trigger(board, deploy.place.name)
        first = "" if len(refused) == 1 else ", first"
        return (
            f"{who} lost roles/run.invoker on {listed(refused, most=4)}{first} with {_removing(board, deploy)}."
            f" Last good trigger {board.local(good)}."
        )
    return f"{who} cannot call {_counted(board, refused)} ({listed(refused)}){_since(board, suspect)}."


def _counted(board: Board, names: list[str]) -> str:
    """Count services by what they are: "4 orchestrators", "5 services, 3 of them orchestrators"."""
    orchestrators = sum(name in board.orchestrators for name in names)
    if orchestrators == len(names):
        return "1 orchestrator" if orchestrators == 1 else f"{orchestrators} orchestrators"
    total = "1 service" if len(names) == 1 else f"{len(names)} services"
    return f"{total}, {orchestrators} of them orchestrators" if orchestrators else total


def _since(board: Board, suspect: Suspect) -> str:
    codes = {each.finding.code for each in suspect.primary}
    if codes == {"conditional-grant"}:
        return ": the only grant has a condition"
    if codes == {"deleted-member"}:
        return ": the grant names an account that was deleted"
    if suspect.taken is not None:
        return ""
    return _last_deploy(board, suspect.primary[0], lead="; last deploy: ")


def _not_ready(board: Board, suspect: Suspect) -> str:
    first = suspect.primary[0]
    missing = next((each for each in suspect.primary if each.finding.code in MISSING), None)
    if missing is not None:
        called = missing.finding.code != "service-missing"
        return missing.finding.summary if called else f"The service {suspect.subject} does not exist."
    reason = first.of(ReadyFacts).reason.rstrip(".")
    state = "is not ready" if first.finding.code != "stuck-reconciling" else "is in the middle of a change that hangs"
    return (
        f"{suspect.subject} {state}{f': {reason}' if reason else ''}"
        f"{_last_deploy(board, first, lead='; last deploy: ')}."
    )


def _stale(board: Board, suspect: Suspect) -> str:
    parts = [_stale_service(board, each) for each in suspect.primary]
    if len(parts) == 1:
        return f"{suspect.subject} does not run its latest revision: {parts[0]}."
    named = listed([f"{each.place.name} ({part})" for each, part in zip(suspect.primary, parts, strict=True)])
    return f"{len(parts)} services do not run their latest revision: {named}."


def _stale_service(board: Board, symptom: Symptom) -> str:
    facts, deploy = symptom.of(TrafficFacts), _deploy(symptom)
    deployed = board.local(deploy.deployed_at)
    latest = facts.latest_created or deploy.revision or "the latest"
    return f"{latest}{f' of {deployed}' if deployed else ''}, but traffic goes to {facts.traffic or 'another'}"


def _deploy(symptom: Symptom) -> DeployFacts:
    """Return the last deploy of a service, an empty one where it is not known."""
    return symptom.of(ServiceFacts).deploy or DeployFacts()


def _without_variables(board: Board, suspect: Suspect) -> str:
    first = suspect.primary[0]
    facts = first.of(VariablesFacts)
    faults = [f"lacks {', '.join(facts.missing)}"] if facts.missing else []
    faults += [f"has no value in {', '.join(facts.empty)}"] if facts.empty else []
    return (
        f"{suspect.subject} {' and '.join(faults) or 'lacks a required variable'}"
        f"{_last_deploy(board, first, lead='; last deploy: ')}."
    )


def _removed_variables(board: Board, suspect: Suspect) -> str:
    facts = suspect.primary[0].of(RevisionsFacts)
    deploy = latest(facts) or DeployFacts()
    lost = (*facts.removed, *facts.emptied)
    them = "it" if len(lost) == 1 else "them"
    by, before = deploy.deployed_by, facts.revisions[1].name if len(facts.revisions) > 1 else ""
    which = " of ".join(filter(None, (deploy.revision, board.local(deploy.deployed_at)))) + (f" by {by}" if by else "")
    return (
        f"{suspect.subject} lacks {', '.join(lost) or 'a variable'}: revision {which} removed {them}"
        f"{f'; {before} still had {them}' if before else ''}."
    )


def _broken_by_deploy(board: Board, suspect: Suspect) -> str:
    change = suspect.established
    good = f" Last good {board.local(suspect.last_good)}." if suspect.last_good is not None else ""
    by = f" by {change.actor}" if change.actor else ""
    which = (
        f"revision {change.what} of {board.local(change.at)}"
        if change.what
        else f"its deploy of {board.local(change.at)}"
    )
    came = _came_with(board, change) if change.what else ""
    return f"{suspect.subject} has failed since {which}{by}{came}.{good}"


def _broken_by_change(board: Board, suspect: Suspect) -> str:
    good = f" Last good {board.local(suspect.last_good)}." if suspect.last_good is not None else ""
    return f"{_taken(board, suspect.established)}{good}"


def _taken(board: Board, change: Change | None, names: Sequence[str] = ()) -> str:
    """Who did what to what, and when, as a sentence; nothing for no change."""
    if change is None:
        return ""
    where = listed(sorted(names)) if names else change.place.name
    done = f"{change.what} on" if change.kind == "policy" else change.what
    return f"{capitalised(change.actor or 'somebody')} {done} {where} {board.local(change.at)}."


def _came_with(board: Board, change: Change) -> str:
    """What a deploy did to the variables, where its revision is the newest and that is known."""
    shown = board.revisions(change.place.name)
    facts = shown.of(RevisionsFacts) if shown is not None else RevisionsFacts()
    if not facts.revisions or facts.revisions[0].name != change.what:
        return ""
    done = {"removed": (*facts.removed, *facts.emptied), "added": facts.added, "changed": facts.changed}
    said = [f"{word} {listed(names, most=3)}" for word, names in done.items() if names]
    return f"; it {listed(said)}" if said else ""


def _lost(board: Board, suspect: Suspect) -> str:
    """What people lose, without a stop at the end."""
    if suspect.triggers:
        first = min(suspect.triggers, key=board.order)
        title = phase_title(board.pipeline, board.transitions[first.place.name].target)
        return f"{title} wrote nothing{board.dates(suspect.triggers)}"
    shown = [*suspect.primary, *board.ranked(each for each in suspect.consequences if each.check in board.sql_checks)]
    return capitalised((shown or suspect.consequences)[0].finding.summary.rstrip("."))


def _stale_trigger(board: Board, suspect: Suspect) -> str:
    first = suspect.triggers[0]
    at = board.local(first.of(TriggerFacts).triggered_at)
    return (
        f"{board.transitions[first.place.name].title} was not triggered{board.dates([first])}: its flag was already"
        f" set{f' on {at}' if at else ''} by an earlier run, so this run considered itself done."
    )


def _upstream(board: Board, suspect: Suspect) -> str:
    """What the check found: the worst, and what else is wrong with rows that are there: none follows from another."""
    worst, *others = sorted(suspect.primary, key=lambda each: (each.finding.severity or 0, board.order(each)))
    told = {worst.finding.code: _sentence(worst.finding.summary)}
    for each in others:
        if board.effect(worst) is board.effect(each) is FailureEffect.HARMS:
            told.setdefault(each.finding.code, _sentence(each.finding.summary))
    tables = dict.fromkeys(each.place.name for each in (worst, *others) if each.place.kind is PlaceKind.TABLE)
    as_well = f"The same is true of {listed([*tables][1:], most=MOST_TABLES)}." if len(tables) > 1 else ""
    return (
        " ".join(filter(None, [*[*told.values()][:MOST_FAULTS], as_well]))
        or f"{suspect.subject} failed{board.dates(suspect.primary)}."
    )


def _stalled(board: Board, suspect: Suspect) -> str:
    first = suspect.primary[0]
    started = board.local(first.of(UnfinishedFacts).started_at or first.of(HeartbeatFacts).last_heartbeat)
    named = sorted({each.place.name for each in suspect.primary if each.finding.count == 1})
    names = listed(named, more=sum(each.finding.count for each in suspect.primary if each.finding.count > 1))
    return f"{names} did not finish{f'; started {started}' if started else ''}."


def _missing(board: Board, suspect: Suspect) -> str:
    first = suspect.triggers[0]
    facts = first.of(TriggerFacts)
    critical = facts.critical_missing
    note = f" (critical: {', '.join(critical)})" if critical else ""
    names = listed(facts.missing)
    waiting = board.transitions[first.place.name].title
    return f"{waiting} waits for {names}{note}, not reported{board.dates([first])}."


def _without_effect(board: Board, suspect: Suspect) -> str:
    first = suspect.triggers[0]
    transition = board.transitions[first.place.name]
    at = board.local(first.of(TriggerFacts).triggered_at)
    who = transition.orchestrator or transition.title
    return (
        f"{who} says that it triggered{f' on {at}' if at else ''}, but"
        f" {phase_title(board.pipeline, transition.target)} wrote nothing{board.dates([first])}."
    )


def _unexplained(board: Board, suspect: Suspect) -> str:
    del board
    return " ".join(dict.fromkeys(_sentence(each.finding.summary) for each in suspect.triggers))


def _broken_flag(board: Board, suspect: Suspect) -> str:
    titles = list(dict.fromkeys(board.transitions[each.place.name].title for each in suspect.triggers))
    return f"Only the flag of {listed(titles)} is wrong: the pipeline wrote its data."


TELL: Mapping[str, Callable[[Board, Suspect], str]] = {
    "invoker-removed-by-deploy": _shut_out,
    "invoker-missing": _shut_out,
    "service-not-ready": _not_ready,
    "stale-revision": _stale,
    "variable-removed-by-deploy": _removed_variables,
    "variable-missing": _without_variables,
    "broken-by-deploy": _broken_by_deploy,
    "broken-by-change": _broken_by_change,
    "stale-trigger": _stale_trigger,
    "upstream-check": _upstream,
    "processor-stalled": _stalled,
    "processor-missing": _missing,
    "service-not-called": _upstream,
    "trigger-without-effect": _without_effect,
    "unexplained": _unexplained,
    "broken-flag": _broken_flag,
    **TELL_PLATFORM,
}
"""The sentence of each cause; what its code means is in ``codes``."""


# What they share.


def _revision(board: Board, symptom: Symptom) -> str:
    deploy = _deploy(symptom)
    at = board.local(deploy.deployed_at)
    return " of ".join(filter(None, (f"revision {deploy.revision}" if deploy.revision else "", at)))


def _removing(board: Board, symptom: Symptom) -> str:
    """Name the first revision after the last good trigger, else the last that is known."""
    first = redeploy_of(board, symptom)
    if first is None:
        deploy = _deploy(symptom)
        return f"{_revision(board, symptom)}{f' by {deploy.deployed_by}' if deploy.deployed_by else ''}"
    unsure = "" if first.certain else ", or one before it"
    return f"revision {first.revision} of {board.local(first.at)}{f' by {first.by}' if first.by else ''}{unsure}"


def _last_deploy(board: Board, symptom: Symptom, *, lead: str) -> str:
    return f"{lead}{_revision(board, symptom)}" if _deploy(symptom).deployed_at is not None else ""


def _effect(board: Board, suspect: Suspect) -> str:
    """Say what became of the data: blocked where it is absent, running all the same where it is not."""
    absent = [each for each in suspect.triggers if each.data_present is False]
    blocked_days = {each.finding.interval for each in absent}
    present = [each for each in suspect.triggers if each.data_present and each.finding.interval not in blocked_days]
    parts = []
    if present and suspect.code != "broken-flag":
        ones = {board.transitions[each.place.name].orchestrator for each in present}
        orchestrators = "its orchestrator" if len(ones) == 1 else "its orchestrators"
        parts.append(
            f"The data{board.dates(present, word='of')} arrived all the same: "
            f"the pipeline is running without {orchestrators}."
        )
    if absent:
        first = min(absent, key=board.order)
        missing_from = phase_title(board.pipeline, first.finding.phase)
        parts.append(f"The pipeline is blocked: no data{board.dates(absent)} from {missing_from} on.")
    return " ".join(parts)


def _explained(board: Board, suspect: Suspect) -> str:
    """Name the checks on data that failed for it, where their data is not absent altogether."""
    failed = dict.fromkeys(
        each.check
        for each in suspect.consequences
        if each.check in board.sql_checks and each.finding.outcome is Outcome.FAILED
    )
    if not failed or suspect.blocked:
        return ""
    titles = [f"“{board.sql_checks[check].title}”" for check in failed]
    return f"That explains why {listed(titles)} failed."


def _doubt(board: Board, suspect: Suspect) -> str:
    """What could not be read and might show a reason, and the changes that may be one: an unknown reason must not pass
    for an unfindable one."""
    said = []
    if suspect.unread:
        looked = listed(list(suspect.unread), most=3)
        is_known = suspect.code not in WITHOUT_REASON
        said.append(
            f"Could not check whether there is another reason: {looked}." if is_known else f"Could not check: {looked}."
        )
    if suspect.changes and suspect.code not in BY_CHANGE:
        said.append(f"Nearest changes: {listed([_change(board, each) for each, _ in suspect.changes])}.")
    return " ".join(said)


def _change(board: Board, change: Change) -> str:
    done = "deployed" if change.kind == "deploy" else change.what or f"{change.kind} changed"
    return f"{change.place.name} {done} {board.local(change.at)}{f' by {change.actor}' if change.actor else ''}"


def _sentence(text: str) -> str:
    return capitalised(text if text.endswith((".", "!", "?")) else f"{text}.") if text else ""
