"""What the parts of a pipeline file say of each other, and whether it is so.

Each rule yields the path of the key at fault and a sentence. They run after the file's own shape is right.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, time
from itertools import pairwise

from bot.definition.command_places import misplaced
from bot.definition.expectation_references import expectation_problems
from bot.definition.known_names import Fault, collections_of, misspelled, misspelled_table, unknown_tables, unless_known
from bot.definition.pipeline_queries import query_problems, words_in
from bot.definition.reconcile_references import reconcile_problems
from bot.definition.section_references import section_problems
from bot.nearest import nearest
from bot.yaml_tree import Path
from checks.catalog import PYTHON_CHECKS
from checks.context import INTERVAL_PARAMETERS
from checks.data.expectations import expectation_codes
from checks.data.reconciliation import reconciliation_codes
from checks.data.sql import codes_of
from checks.expansion import check_id, expansions
from checks.expansion.reconcile import reconciliation_id, reconciliations
from checks.file_model import LONGEST_IDENTIFIER
from checks.intervals import Offset, Timeline
from checks.notifications import DigestTimes
from checks.orchestration_spec import Run
from checks.pipeline import Pipeline
from checks.registry import COMMON_CODES
from checks.sql_check_spec import SqlCheck
from checks.table_names import (
    SUFFIX,
    is_foreign,
    is_sharded,
    is_table_name,
    names_shards,
    own_dataset,
    project_of,
    without_project,
)
from checks.templates import columns_in, has_stray_brace

TEMPLATE_NAMES = frozenset({"date", "interval", "project", "region"})

BUILT_IN = frozenset(check.id for check in PYTHON_CHECKS)

SAMPLE = date(2025, 2, 10)
"""A Monday of the shortest month, without a change of the clocks: offsets are compared on its interval."""
"""What every template may use beside the columns of its query."""


_SERVICE = re.compile(r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?")

PLACE = "make it an argument of its own, a part of one, or a text between quotes"


def reference_problems(pipeline: Pipeline) -> Iterator[Fault]:
    """Yield everything that does not fit together."""
    if unnamed := (*_names_of_tables(pipeline), *_names_of_checks(pipeline), *_unique_names(pipeline)):
        # Whatever reads such a table would be told in vain, no check can be made of such a name, and of two that have
        # one name nobody knows which is meant.
        yield from unnamed
        return
    for rule in _RULES:
        yield from rule(pipeline)


def _names_of_tables(pipeline: Pipeline) -> Iterator[Fault]:
    for name in pipeline.tables:
        here: Path = ("tables", name)
        if is_sharded(name) and not names_shards(name):
            short = re.sub(r"[0-9*]+", "", name.rpartition(".")[2]).strip("_") or "events"
            example = f"{next(iter(pipeline.datasets), 'shop')}.{short}_*"
            yield here, f"'*' stands for the whole date of a shard at the end of the name, such as '{example}'"
        elif pipeline.project and project_of(name) == pipeline.project:
            yield here, f"is a table of the file's own project; write '{without_project(name)}'"
        elif not is_table_name(name):
            short = re.sub(r"[^A-Za-z0-9_]+", "_", name.rpartition(".")[2]).strip("_") or "orders"
            dataset = next(iter(pipeline.datasets), "shop")
            form = "project.dataset.table" if is_foreign(name) else "dataset.table"
            example = f"{'other-project.' * is_foreign(name)}{dataset}.{short}"
            yield here, f"expected {form} of letters, digits and _, such as '{example}'"


def _names_of_checks(pipeline: Pipeline) -> Iterator[Fault]:
    own: list[tuple[Path, str]] = [
        (("tables", name, "expect", index, "check"), check_id(name, expect))
        for name, table in pipeline.tables.items()
        for index, expect in enumerate(table.expect)
    ]
    own += [(("reconcile", index, "check"), reconciliation_id(each)) for index, each in enumerate(pipeline.reconcile)]
    for path, name in own:
        if len(name) > LONGEST_IDENTIFIER:
            yield path, f"'{name}' is longer than {LONGEST_IDENTIFIER} characters; give it a shorter name with 'check'"


def _repeated(section: str, ids: Iterable[str]) -> Iterator[Fault]:
    seen: dict[str, int] = {}
    for index, each in enumerate(ids):
        if each in seen:
            yield (section, index), f"'{each}' is there twice; every one needs a name of its own"
        seen.setdefault(each, index)


def _unique_names(pipeline: Pipeline) -> Iterator[Fault]:
    yield from _repeated("phases", (phase.id for phase in pipeline.phases))
    yield from _repeated("transitions", (transition.id for transition in pipeline.transitions))
    yield from _repeated("services", (service.name for service in pipeline.services))
    yield from _repeated("run_jobs", (job.name for job in pipeline.run_jobs))
    yield from _repeated("checks", (check.id for check in pipeline.checks))
    for index, check in enumerate(pipeline.checks):
        if check.id in BUILT_IN:
            yield ("checks", index, "id"), f"'{check.id}' is the name of a built-in check; choose another"


def _phases_and_conditions(pipeline: Pipeline) -> Iterator[Fault]:
    phases = [phase.id for phase in pipeline.phases]
    conditions = list(pipeline.conditions)
    yield from unless_known(("calendar", "condition"), "condition", pipeline.calendar.condition, conditions)
    for name, condition in pipeline.conditions.items():
        for index, document in enumerate(condition.doubt.documents if condition.doubt is not None else ()):
            here: Path = ("conditions", name, "doubt", "documents", index)
            yield from misspelled(here, "collection", document, collections_of(pipeline))
    for index, transition in enumerate(pipeline.transitions):
        yield from unless_known(("transitions", index, "from"), "phase", transition.source, phases)
        yield from unless_known(("transitions", index, "to"), "phase", transition.target, phases)
        yield from unless_known(("transitions", index, "when"), "condition", transition.when, conditions)
    for index, service in enumerate(pipeline.services):
        yield from unless_known(("services", index, "phase"), "phase", service.phase, phases)
    for index, job in enumerate(pipeline.run_jobs):
        yield from unless_known(("run_jobs", index, "phase"), "phase", job.phase, phases)
    for index, check in enumerate(pipeline.checks):
        yield from unless_known(("checks", index, "phase"), "phase", check.phase, phases)
        yield from unless_known(("checks", index, "when"), "condition", check.when, conditions)
        for position, phase in enumerate(check.explains):
            yield from unless_known(("checks", index, "explains", position), "phase", phase, phases)


def _lineage(pipeline: Pipeline) -> Iterator[Fault]:
    """What has a point is a table, and its dataset is one of the file; what has none is a collection."""
    for table, spec in pipeline.tables.items():
        yield from unknown_tables(("tables", table, "reads"), spec.reads, pipeline)
    for index, service in enumerate(pipeline.services):
        yield from unknown_tables(("services", index, "writes"), service.writes, pipeline)
        yield from unknown_tables(("services", index, "reads"), service.reads, pipeline)
    for index, job in enumerate(pipeline.run_jobs):
        yield from unknown_tables(("run_jobs", index, "writes"), job.writes, pipeline)
        yield from unknown_tables(("run_jobs", index, "reads"), job.reads, pipeline)
    for index, check in enumerate(pipeline.checks):
        yield from unknown_tables(("checks", index, "reads"), check.reads, pipeline)
        for _, text in unknown_tables(("checks", index), (check.place or "",), pipeline):
            yield ("checks", index, "place"), text
        yield from misspelled_table(("checks", index, "subject"), check.subject, pipeline)


def _transitions(pipeline: Pipeline) -> Iterator[Fault]:
    after: dict[str, set[str]] = {}
    for index, transition in enumerate(pipeline.transitions):
        here: Path = ("transitions", index)
        if transition.source == transition.target:
            yield (*here, "to"), "is the phase that the transition comes from; expected the next one"
        elif transition.source in _following(transition.target, after):
            yield (
                (*here, "to"),
                f"'{transition.target}' comes before '{transition.source}' already; expected a later one",
            )
        after.setdefault(transition.source, set()).add(transition.target)
        yield from _orchestrator((*here, "orchestrator"), transition.orchestrator, pipeline)
        for name, run in transition.runs.items():
            documents_count = transition.state is not None and not transition.monitoring_only
            yield from _run((*here, "runs", name), run, pipeline.timeline, with_documents=documents_count)


def _orchestrator(here: Path, name: str | None, pipeline: Pipeline) -> Iterator[Fault]:
    """A service that nobody declares is a declared one with a slip; by a number alone, where that one moves nothing."""
    services = [each.name for each in pipeline.services]
    idle = set(services) - {each.orchestrator for each in pipeline.transitions}
    yield from misspelled(here, "service", name, services, numbers=idle)


def _following(phase: str, after: Mapping[str, Collection[str]]) -> frozenset[str]:
    """Return the phases that a phase leads to, however far."""
    found, waiting = set[str](), [phase]
    while waiting:
        new = {*after.get(waiting.pop(), ())} - found
        found |= new
        waiting += new
    return frozenset(found)


def _run(here: Path, run: Run, timeline: Timeline, *, with_documents: bool) -> Iterator[Fault]:
    sample = timeline.at(datetime.combine(SAMPLE, time(12), tzinfo=timeline.zone))
    if run.due.of(sample, timeline) < run.opens.of(sample, timeline):
        yield (*here, "due"), f"is {run.due}, before the window opens at {run.opens}; expected a later time"
    for processor in sorted(set(run.critical) & set(run.optional)):
        yield (*here, "optional"), f"'{processor}' is also critical; name it once"
    for name, processors in (("critical", run.critical), ("optional", run.optional)):
        yield from (((*here, *path), text) for path, text in _repeated(name, processors))
    if with_documents and run.expected == 0:
        yield (
            (*here, "expected"),
            "is 0 or missing, but the transition has a state document; expected how many complete it",
        )
    if 0 < run.expected < len(run.critical):
        yield (*here, "expected"), f"is {run.expected}, fewer than the {len(run.critical)} that are critical"
    for position, tier in enumerate(run.tiers):
        if tier.at_least > run.expected:
            yield (*here, "tiers", position, "at_least"), f"is {tier.at_least}, more than the {run.expected} expected"
    for position, (tier, later) in enumerate(pairwise(run.tiers), start=1):
        if later.after_minutes <= tier.after_minutes or later.at_least >= tier.at_least:
            yield (*here, "tiers", position), "expected to wait longer for fewer processors than the tier before"


def _tables(pipeline: Pipeline) -> Iterator[Fault]:
    yield from _repeated("datasets", pipeline.datasets)
    for name, table in pipeline.tables.items():
        here: Path = ("tables", name)
        yield from unless_known(here, "dataset", own_dataset(name), pipeline.datasets)
        if is_sharded(name) and table.partition != SUFFIX:
            yield (
                (*here, "partition"),
                f"a shard is read by its date; leave it out, or name '{table.partition}' with 'date'",
            )
        elif table.partition is not None and table.partition not in table.columns:
            yield (
                (*here, "partition"),
                f"'{table.partition}' is not one of its columns; {nearest(table.partition, table.columns)}",
            )
        if table.filter_required and table.partition is None:
            yield (*here, "filter_required"), "needs the partition column; add 'partition'"
        for place, column in enumerate(table.personal):
            yield from unless_known((*here, "personal", place), "column", column, list(table.columns))
    if pipeline.phase_log is not None:
        yield from unless_known(("phase_log", "table"), "table", pipeline.phase_log.table, list(pipeline.tables))


def _parameters(pipeline: Pipeline) -> Iterator[Fault]:
    for name in pipeline.parameters:
        if name in INTERVAL_PARAMETERS:
            yield ("parameters", name), f"@{name} is given by every run; choose another name"


def _required(pipeline: Pipeline) -> Iterator[Fault]:
    """Yield what a section needs of the top of the file that is not there, at the first section that needs it."""
    orchestrated = any(each.orchestrator is not None for each in pipeline.transitions)
    called = ["transitions"] * orchestrated + _there(pipeline, "messaging", "scheduler", "invocations")
    in_region = [*called, *_there(pipeline, "services", "run_jobs", "deployment", "repairs")]
    in_project = [*in_region, *_there(pipeline, "heartbeats", "staging")]
    in_project += ["transitions"] * any(each.state is not None for each in pipeline.transitions)
    written = {name for check in pipeline.checks for _, text in templates_of(check) for name in columns_in(text)}
    in_region += ["checks"] * ("region" in written)
    in_project += ["checks"] * ("project" in written)
    for value, sections, what in (
        (pipeline.project, in_project, "the Google Cloud project; add for example 'project: my-project'"),
        (pipeline.region, in_region, "the region of the services; add for example 'region: us-west2'"),
        (
            pipeline.invoker,
            [*called, *["services"] * any(each.callers is None for each in pipeline.services)],
            "the account that calls services; add 'invoker: serviceAccount:NAME@PROJECT.iam.gserviceaccount.com'",
        ),
        (
            pipeline.project_number,
            _there(pipeline, "messaging", "scheduler", "invocations"),
            "the project's number, which is in the addresses of services; add for example 'project_number: \"1234\"'",
        ),
    ):
        if sections and not value:
            yield (sections[0],), f"needs {what} at the top of the file"


def _there(pipeline: Pipeline, *sections: str) -> list[str]:
    return [section for section in sections if getattr(pipeline, section)]


def _names_of_services(pipeline: Pipeline) -> Iterator[Fault]:
    """Cloud Run's: https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services/create."""
    named = [(("services", index, "name"), each.name) for index, each in enumerate(pipeline.services)]
    named += [(("run_jobs", index, "name"), each.name) for index, each in enumerate(pipeline.run_jobs)]
    for path, name in named:
        if _SERVICE.fullmatch(name) is None:
            meant = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
            hint = f"; did you mean '{meant}'?" if _SERVICE.fullmatch(meant) else ""
            yield path, f"'{name}' is no name of Cloud Run: expected small letters, digits and -{hint}"


def _members(pipeline: Pipeline) -> Iterator[Fault]:
    members: list[tuple[Path, str]] = [(("invoker",), pipeline.invoker)] if pipeline.invoker else []
    for index, service in enumerate(pipeline.services):
        members += [(("services", index, "callers", place), each) for place, each in enumerate(service.callers or ())]
    for path, member in members:
        if not re.fullmatch(r"(user|serviceAccount|group|domain|principal|principalSet):\S+", member):
            yield path, f"is {member!r}, expected a member such as serviceAccount:name@project.iam.gserviceaccount.com"


def _heartbeats(pipeline: Pipeline) -> Iterator[Fault]:
    heartbeats = pipeline.heartbeats
    if heartbeats is None:
        return
    try:
        re.compile(heartbeats.bad_id)
    except re.error as error:
        yield ("heartbeats", "bad_id"), f"is no regular expression: {error}"
    if heartbeats.dead_minutes <= heartbeats.stale_minutes:
        yield ("heartbeats", "dead_minutes"), f"expected more than the {heartbeats.stale_minutes} of stale_minutes"
    if heartbeats.too_many <= heartbeats.many:
        yield ("heartbeats", "too_many"), f"expected more than the {heartbeats.many} of many"


def _phase_gap(pipeline: Pipeline) -> Iterator[Fault]:
    if pipeline.phase_gap.act_minutes <= pipeline.phase_gap.watch_minutes:
        yield (
            ("phase_gap", "act_minutes"),
            f"expected more than the {pipeline.phase_gap.watch_minutes} of watch_minutes",
        )


def _notifications(pipeline: Pipeline) -> Iterator[Fault]:
    notifications = pipeline.notifications
    if notifications is None:
        return
    here: Path = ("notifications",)
    phases = [phase.id for phase in pipeline.phases]
    for phase in notifications.routes.phases:
        yield from unless_known((*here, "routes", "phases", phase), "phase", phase, phases)
    yield from (((*here, "digest", *path), text) for path, text in _digest_times(notifications.digest, pipeline))


def _digest_times(times: DigestTimes, pipeline: Pipeline) -> Iterator[Fault]:
    day_by_day = pipeline.cadence.kind in ("daily", "hourly")
    timeline = pipeline.digest_timeline
    sample = timeline.on(SAMPLE)
    earlier: Offset | None = None
    for path, offset in ((("post",), times.post), *((("refresh", at), each) for at, each in enumerate(times.refresh))):
        when = offset.of(sample, timeline)
        if day_by_day and not offset.is_clock:
            yield path, f"is {offset}; expected a time of the day, such as 08:00"
        elif not sample.start <= when < sample.end:
            yield (
                path,
                f"is {offset}, outside of the {pipeline.words.interval} that it belongs to; expected a time in it",
            )
        elif earlier is not None and when <= earlier.of(sample, timeline):
            yield path, f"is {offset}, not after {earlier}; expected a later time"
        earlier = offset


def _suppressions(pipeline: Pipeline) -> Iterator[Fault]:
    codes: dict[str, Mapping[str, str]] = {check.id: check.codes for check in PYTHON_CHECKS}
    codes |= {check.id: codes_of(check) for check in pipeline.checks}
    codes |= {each.spec.id: expectation_codes(each.spec) for each in expansions(pipeline)}
    codes |= {each.spec.id: reconciliation_codes(each.spec) for each in reconciliations(pipeline)}
    for index, each in enumerate(pipeline.suppressions):
        yield from unless_known(("suppressions", index, "check"), "check", each.check, sorted(codes))
        if each.check in codes:
            known = sorted({*codes[each.check], *COMMON_CODES})
            yield from unless_known(("suppressions", index, "code"), f"code in '{each.check}' called", each.code, known)


def _checks(pipeline: Pipeline) -> Iterator[Fault]:
    for index, check in enumerate(pipeline.checks):
        here: Path = ("checks", index)
        yield from (((*here, *path), text) for path, text in (*_one_check(check), *_operands(check, pipeline)))


def _one_check(check: SqlCheck) -> Iterator[Fault]:
    words = words_in(check.query)
    for path, template in templates_of(check):
        if has_stray_brace(template):
            yield path, "has a brace that belongs to no {column}; write {{ or }} for a brace itself"
        for column in columns_in(template):
            if column not in words | TEMPLATE_NAMES:
                yield path, f"names {{{column}}}, which the query does not select"
    yield from _command(check)
    for position, rule in enumerate(check.rules):
        for column in rule.condition:
            if column not in words:
                yield ("rules", position, "if", column), f"the query does not select a column '{column}'"
        for earlier, other in enumerate(check.rules[:position]):
            if rule.implies(other):
                yield ("rules", position), f"can never decide: rule {earlier} ({other.test}) matches whenever it does"
                break


def _operands(check: SqlCheck, pipeline: Pipeline) -> Iterator[Fault]:
    """Yield columns and parameters that a rule compares with, and that are not there."""
    words = words_in(check.query)
    known = [f"@{name}" for name, each in pipeline.parameters.items() if not isinstance(each.value, tuple)]
    for position, rule in enumerate(check.rules):
        for column, comparison in rule.condition.items():
            for bound, name in comparison.operands.items():
                here: Path = ("rules", position, "if", column, bound)
                if name.startswith("@"):
                    yield from unless_known(here, "parameter with one value", name, known)
                elif name not in words:
                    yield here, f"the query does not select a column '{name}'"


def _command(check: SqlCheck) -> Iterator[Fault]:
    template = check.action.command if check.action is not None else None
    for column, place in misplaced(template or ""):
        yield ("action", "command"), f"has {{{column}}} {place}, where a value could be run; {PLACE}"


def templates_of(check: SqlCheck) -> Iterator[tuple[Path, str]]:
    """Yield every template of a check with its path."""
    yield ("subject",), check.subject
    yield ("summary",), check.summary
    yield ("impact",), check.impact
    for position, rule in enumerate(check.rules):
        if rule.summary is not None:
            yield ("rules", position, "summary"), rule.summary
    if check.action is not None:
        yield ("action", "text"), check.action.text
        if check.action.command is not None:
            yield ("action", "command"), check.action.command


def _expectations(pipeline: Pipeline) -> Iterator[Fault]:
    yield from expectation_problems(pipeline, BUILT_IN)
    yield from reconcile_problems(pipeline, BUILT_IN)


_RULES: tuple[Callable[[Pipeline], Iterator[Fault]], ...] = (
    _phases_and_conditions,
    _transitions,
    _tables,
    _lineage,
    _parameters,
    _required,
    _names_of_services,
    _members,
    _heartbeats,
    _phase_gap,
    _notifications,
    _suppressions,
    _checks,
    _expectations,
    query_problems,
    section_problems,
)
