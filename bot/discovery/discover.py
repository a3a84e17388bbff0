"""From tables to a draft of a pipeline file: a profile of each, what holds for all, and then what is expected."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from bot.discovery.guesses import Calculated, Guess, TableGuess, calculated, candidates, guesses_of, is_sparse
from bot.discovery.names import IDENTIFIER, INSTANTS, USABLE, date_columns, is_creation, loaded_column
from bot.discovery.profile import (
    Grain,
    KeyReference,
    Profile,
    Subject,
    counted,
    profile_of,
    query_of,
    references_query,
)
from checks.amounts import cut_text
from checks.column_types import column_type
from checks.ports.warehouse import Warehouse
from checks.source import Problem, SourceError
from checks.table_names import is_foreign, is_table_name

LONGEST_NAME = 60
"""Characters of a column's name that is shown: of a file that is no table it may be a whole line."""

LONG_OVER = timedelta(days=60)

AT_ONCE = 4
"""Tables that are read at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTable:
    """A table as the source lists it."""

    columns: Mapping[str, str]
    partition: str | None = None
    filter_required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundTables:
    """What was found. ``empty`` tables have no rows; ``left_out`` ones say why."""

    common: Calculated
    tables: Sequence[TableGuess]
    empty: Sequence[str] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    rows: int = 0


def as_instants(columns: Mapping[str, str]) -> Mapping[str, str]:
    """Return the columns as a file declares them: a time without a zone that says when is taken for UTC, so that it can
    tell an interval."""
    named = {loaded_column(columns), *date_columns(columns)}
    return {name: "TIMESTAMP" if kind in INSTANTS and name in named else kind for name, kind in columns.items()}


def why_not(name: str, columns: Mapping[str, str]) -> str | None:
    """Say why a table cannot stand in a pipeline file."""
    dataset, _, short = name.rpartition(".")
    if not (is_table_name(name) if is_foreign(name) else IDENTIFIER.fullmatch(dataset) and USABLE.fullmatch(short)):
        return "its name cannot be written in a query of a pipeline file"
    if any(USABLE.fullmatch(each) for each in columns):
        return None
    return f"none of its columns can be named in a query, such as '{cut_text(next(iter(columns), ''), LONGEST_NAME)}'"


class Discoverer:
    """Reads tables through the port. ``since`` bounds what is read; ``tell`` hears how many of how many are read."""

    def __init__(
        self,
        warehouse: Warehouse,
        zone: ZoneInfo,
        today: date,
        *,
        since: date | None = None,
        tell: Callable[[int, int], None],
    ) -> None:
        self._warehouse = warehouse
        self._zone = zone
        self._today = today
        self._since = since
        self._tell = tell

    def discover(self, found: Mapping[str, FoundTable]) -> FoundTables:
        """Return what can be said of tables. One that cannot be read is left out, with the reason."""
        left_out = {name: why for name, each in found.items() if (why := why_not(name, each.columns)) is not None}
        subjects = [self.subject(name, each) for name, each in found.items() if name not in left_out]
        read = self._all(subjects, self._profile, left_out)
        read = self._whole(read, [each for each in read if _is_over(each, read)], left_out)
        common = calculated(read, self._zone, self._today)
        if common.grain == "hour":
            read = self._all([each.subject for each in read], self._by_hour, left_out)
        sparse = [each for each in read if is_creation(each.subject.date) and is_sparse(each, common)]
        profiles = [each for each in self._whole(read, sparse, left_out) if each.rows]
        tables = [self._guessed(each, profiles, common, found, left_out) for each in profiles]
        return FoundTables(
            common=common,
            tables=tables,
            empty=[each.subject.name for each in read if not each.rows],
            left_out=left_out,
            rows=sum(each.rows for each in profiles),
        )

    def _whole(self, read: list[Profile], undated: Sequence[Profile], left_out: dict[str, str]) -> list[Profile]:
        """Return the profiles, of some of them that of the table as a whole."""
        subjects = [replace(each.subject, date=None) for each in undated]
        whole = {each.subject.name: each for each in self._all(subjects, self._profile, left_out)}
        return [whole.get(each.subject.name, each) for each in read]

    def subject(self, name: str, table: FoundTable) -> Subject:
        """Return what is to be read of a table."""
        columns = {each: kind for each, kind in table.columns.items() if USABLE.fullmatch(each) and _is_known(kind)}
        loaded = loaded_column(columns)
        dates = date_columns(columns, loaded)
        preferred = table.partition if table.partition in dates or table.filter_required else None
        return Subject(
            name=name,
            columns=columns,
            date=preferred or next(iter(dates), None),
            loaded=loaded,
            partition=table.partition,
            filter_required=table.filter_required,
            since=self._since,
        )

    def _all(
        self, subjects: Sequence[Subject], read: Callable[[Subject], Profile], left_out: dict[str, str]
    ) -> list[Profile]:
        def one(subject: Subject) -> Profile | SourceError:
            try:
                return read(subject)
            except SourceError as error:
                return error

        profiles = []
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for done, (subject, answer) in enumerate(zip(subjects, pool.map(one, subjects), strict=True), start=1):
                self._tell(done, len(subjects))
                if isinstance(answer, SourceError):
                    left_out[subject.name] = str(answer)
                else:
                    profiles.append(answer)
        return profiles

    def _profile(self, subject: Subject) -> Profile:
        profile = self._by(subject, "day")
        others = [each for each in date_columns(subject.columns, subject.loaded) if each != subject.date]
        if profile.undated * 2 > profile.rows and others and not subject.filter_required:
            return self._by(replace(subject, date=others[0]), "day")
        return profile

    def _by_hour(self, subject: Subject) -> Profile:
        return self._by(subject, "hour")

    def _by(self, subject: Subject, grain: Grain) -> Profile:
        try:
            rows = self._warehouse.query(query_of(subject, self._zone.key, grain))
        except SourceError as error:
            if error.problem not in (Problem.INVALID, Problem.UNSUPPORTED) or not subject.lists:
                raise
            return self._by(replace(subject, lists=False), grain)
        return profile_of(subject, rows, self._today)

    def _guessed(
        self,
        profile: Profile,
        others: Sequence[Profile],
        common: Calculated,
        found: Mapping[str, FoundTable],
        left_out: dict[str, str],
    ) -> TableGuess:
        subject = profile.subject
        references: Sequence[KeyReference] = candidates(profile, others)
        if references:
            try:
                query = references_query(subject, references, self._zone.key, common.grain)
                references = counted(references, self._warehouse.query(query))
            except SourceError as error:
                left_out[f"references of {subject.name}"] = str(error)
                references = ()
        unnamed = [each for each in found[subject.name].columns if each not in subject.columns]
        notes = [f"{len(unnamed)} columns are left out, which a query cannot name or the file has no type for"]
        guess = guesses_of(profile, references, common, notes if unnamed else ())
        return replace(
            guess,
            date=_guess(subject.date, _why_date(subject)),
            loaded=_guess(subject.loaded, "its name and type say when a row was loaded"),
            partition=_guess(subject.partition, "the partition column", "observed"),
            filter_required=Guess(True, "BigQuery refuses a query without it", "observed")
            if subject.filter_required
            else None,
        )


def _is_over(profile: Profile, read: Sequence[Profile]) -> bool:
    """Whether the dates of a table end long before those of the others: it has no runs, and says nothing of theirs."""
    newest = [_ends(each) for each in read if each.subject.date is not None and each.periods]
    dated = profile.subject.date is not None and profile.periods and not profile.subject.filter_required
    return bool(dated) and max(newest) - _ends(profile) > LONG_OVER


def _ends(profile: Profile) -> date:
    start = profile.periods[0].start
    return start.date() if isinstance(start, datetime) else start or date.min


def _guess(column: str | None, why: str, how: Literal["observed", "guessed"] = "guessed") -> Guess | None:
    return None if column is None else Guess(column, why, how)


def _why_date(subject: Subject) -> str:
    others = [each for each in date_columns(subject.columns, subject.loaded) if each != subject.date]
    beside = f"; other columns that could: {', '.join(others)}" if others else ""
    return f"its name and type say to which interval a row belongs{beside}"


def _is_known(kind: str) -> bool:
    try:
        column_type(kind)
    except ValueError:
        return False
    return True
