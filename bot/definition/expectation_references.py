"""What the expectations of a table say of its columns and of the rest of a pipeline file, and whether it is so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from bot.definition.known_names import Fault, unless_known
from bot.nearest import nearest
from bot.yaml_tree import Path
from checks.column_types import NUMBERS
from checks.dated import COMPARING, LOADING, compared, date_column, dates_of, load_column, loads_of
from checks.expansion import check_id
from checks.expansion.rules import volume_name
from checks.expectations_spec import Expect
from checks.pipeline import Pipeline, Table
from checks.reconcile_spec import Reconciliation
from checks.table_names import SUFFIX
from checks.templates import columns_in, has_stray_brace

NO_KEYS = ("FLOAT64", "JSON", "GEOGRAPHY")
"""Types by which BigQuery does not partition, beside arrays and structs."""

NO_GROUPS = ("JSON", "GEOGRAPHY")
"""Types by which it does not group."""

NAMES = ("columns", "interval", "table")
"""What ``impact`` and ``action`` may name."""


def expectation_problems(pipeline: Pipeline, built_in: Iterable[str]) -> Iterator[Fault]:
    """Yield what does not fit together; ``built_in`` are the names of the checks that are no pipeline's own."""
    taken = dict.fromkeys(built_in, "a built-in check")
    taken |= {check.id: "one of 'checks'" for check in pipeline.checks}
    for name, table in pipeline.tables.items():
        here: Path = ("tables", name)
        yield from _own_columns(here, table)
        for index, expect in enumerate(table.expect):
            there: Path = (*here, "expect", index)
            own = check_id(name, expect)
            if own in taken:
                yield (*there, "check"), f"'{own}' is the name of {taken[own]}; give it another with 'check'"
            taken[own] = f"the expectations of {name}"
            for path, text in _of_one(pipeline, name, table, expect):
                yield (*there, *path), text


def _own_columns(here: Path, table: Table) -> Iterator[Fault]:
    if table.date is not None:
        yield from column_problems((*here, "date"), table, table.date, ("DATE", "TIMESTAMP"))
    if table.loaded is not None:
        yield from column_problems((*here, "loaded"), table, table.loaded, ("TIMESTAMP",))


def column_problems(here: Path, table: Table, column: str, kinds: Sequence[str] = ()) -> Iterator[Fault]:
    """Yield that a table has no such column, or one of none of these types."""
    kind = table.columns.get(column)
    if kind is None:
        yield here, f"'{column}' is not one of the table's columns; {nearest(column, table.columns)}"
    elif kinds and kind not in kinds:
        yield here, f"'{column}' is {kind}, expected {' or '.join(kinds)}"


def apart(here: Path, table: Table, column: str, others: Sequence[str] = NO_GROUPS) -> Iterator[Fault]:
    """Yield that a column is of a type whose values BigQuery does not tell apart."""
    kind = table.columns.get(column, "")
    if kind.startswith(("ARRAY", "STRUCT", *others)):
        yield here, f"'{column}' is {kind}, by which BigQuery cannot tell rows apart"


def _of_one(pipeline: Pipeline, name: str, table: Table, expect: Expect) -> Iterator[Fault]:
    yield from _dates(pipeline, name, table, expect)
    yield from stated_problems(pipeline, expect)
    yield from _volumes(pipeline, table, expect)
    yield from _values(table, expect)
    yield from _figures(pipeline, name, table, expect)


def stated_problems(pipeline: Pipeline, stated: Expect | Reconciliation) -> Iterator[Fault]:
    """Yield what is wrong with what every check may say of itself."""
    yield from unless_known(("phase",), "phase", stated.phase, [phase.id for phase in pipeline.phases])
    when = None if stated.when == "always" else stated.when
    yield from unless_known(("when",), "condition", when, pipeline.conditions)
    for key, text in (("impact", stated.impact), ("action", stated.action)):
        if has_stray_brace(text) or not set(columns_in(text)) <= set(NAMES):
            yield (key,), f"may name {', '.join(f'{{{each}}}' for each in NAMES)} and nothing else in braces"


def _dates(pipeline: Pipeline, name: str, table: Table, expect: Expect) -> Iterator[Fault]:
    date = date_column(table)
    several = dates_of(table)
    key = next((each for each in COMPARING if getattr(expect, each)), None) if several else compared(expect)
    if date is None and key is not None:
        needs = f"needs the column that says to which {pipeline.words.interval} a row belongs"
        fixed = "" if several else ", or take at_least alone" if key == "volume" else ", or take between alone"
        yield (key,), f"{needs}; add 'date' to {name}{_of(several)}{fixed}"
    elif date is not None:
        yield from undated((), pipeline, table, date)
    for key in LOADING:
        if getattr(expect, key) is not None and load_column(table) is None:
            needs = "needs the column that says when a row was loaded"
            yield (key,), f"{needs}; add 'loaded' to {name}{_of(loads_of(table))}"


def undated(here: Path, pipeline: Pipeline, table: Table, date: str) -> Iterator[Fault]:
    """Yield that the column that is taken for the date of a row cannot tell its interval."""
    if table.date is None and date != SUFFIX:
        yield from column_problems(here, table, date, ("DATE", "TIMESTAMP"))
    if not pipeline.cadence.has_dates and (date == SUFFIX or table.columns.get(date) == "DATE"):
        what = "a shard is of a day" if date == SUFFIX else f"'{date}' is a DATE"
        yield here, f"{what}, and an interval of this pipeline an hour; name a TIMESTAMP with 'date'"


def _of(columns: Sequence[str]) -> str:
    """Name the columns that can be meant."""
    return f": {' or '.join(columns)}" if columns else ""


def _volumes(pipeline: Pipeline, table: Table, expect: Expect) -> Iterator[Fault]:
    seen: set[str] = set()
    for index, volume in enumerate(expect.volume):
        here: Path = ("volume", index)
        for position, column in enumerate(volume.by):
            yield from column_problems((*here, "by", position), table, column)
            yield from apart((*here, "by", position), table, column)
        if isinstance(volume.per, str):
            yield from unless_known((*here, "per"), "condition", volume.per, pipeline.conditions)
            condition = pipeline.conditions.get(volume.per)
            if condition is not None and condition.history is None:
                yield (*here, "per"), f"the condition '{volume.per}' has no 'history'; add one"
        if volume_name(volume) in seen:
            yield here, f"'{volume_name(volume)}' is there twice; put the second into another set of expectations"
        seen.add(volume_name(volume))


def _values(table: Table, expect: Expect) -> Iterator[Fault]:
    for index, unique in enumerate(expect.unique):
        for position, column in enumerate(unique.key):
            here: Path = ("unique", index, "key", position)
            yield from column_problems(here, table, column)
            yield from apart(here, table, column, NO_KEYS)
    for key in ("not_null", "not_constant"):
        for column in getattr(expect, key):
            yield from column_problems((key, column), table, column)
    for column in expect.not_constant:
        yield from apart(("not_constant", column), table, column)
    for column, allowed in expect.values.items():
        is_text = any(isinstance(each, str) for each in allowed.among)
        kinds = () if not allowed.among else ("STRING",) if is_text else ("INT64",)
        kinds = ("STRING",) if allowed.matches is not None else kinds
        yield from column_problems(("values", column), table, column, kinds or NUMBERS)


def _figures(pipeline: Pipeline, name: str, table: Table, expect: Expect) -> Iterator[Fault]:
    for column in expect.mean:
        yield from column_problems(("mean", column), table, column, NUMBERS)
    for column, sides in expect.not_one_sided.items():
        yield from column_problems(("not_one_sided", column), table, column, NUMBERS)
        if isinstance(sides.around, str):
            yield from column_problems(("not_one_sided", column, "around"), table, sides.around, NUMBERS)
    for column, reference in expect.references.items():
        there: Path = ("references", column)
        yield from column_problems(there, table, column)
        yield from apart(there, table, column)
        if reference.by is not None:
            yield from column_problems((*there, "by"), table, reference.by)
            yield from apart((*there, "by"), table, reference.by, NO_KEYS)
        other, _, key = reference.to.rpartition(".")
        if other == name and date_column(table) is None:
            yield there, f"compares rows with those of earlier dates; add 'date' to {name}"
        yield from unless_known((*there, "to"), "table", other, pipeline.tables)
        if other in pipeline.tables:
            kinds = [table.columns[column]] if column in table.columns else []
            yield from column_problems((*there, "to"), pipeline.tables[other], key, kinds)
