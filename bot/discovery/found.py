"""What a first pipeline file is written from: one place, or several together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from bot.discovery.estate import DraftSection
from bot.discovery.guesses import Calculated, Guess, TableGuess
from bot.settings import SettingsError


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPlace:
    """What was found: tables, and what else the file says. ``read`` says what was read, ``called`` what it is called.

    ``problems`` are sentences about what could not be read, with the command that permits it.
    """

    called: str
    read: str
    common: Calculated
    tables: Sequence[TableGuess] = ()
    empty: Sequence[str] = ()
    left_out: Mapping[str, str] = field(default_factory=dict)
    top: Mapping[str, Guess] = field(default_factory=dict)
    sections: Mapping[str, DraftSection] = field(default_factory=dict)
    remarks: Sequence[str] = ()
    problems: Sequence[str] = ()
    data: Path | None = None
    """The data of this machine that the file judges, None for what is asked where it is."""


def together(places: Sequence[FoundPlace]) -> FoundPlace:
    """Return what several places say as one: of two that say the same thing the first, so what was read comes before
    what is described. Raises SettingsError where they are of several projects."""
    projects = dict.fromkeys(str(each.top["project"].value) for each in places if "project" in each.top)
    if len(projects) > 1:
        raise SettingsError(f"--from names the projects {' and '.join(projects)}: write a file for each.")
    tables: dict[str, TableGuess] = {}
    for table in chain.from_iterable(each.tables for each in places):
        tables.setdefault(table.name, table)
    read_tables = [each for each in places if each.tables and "dbt" not in each.top]
    return FoundPlace(
        called=places[0].called,
        read="; ".join(each.read for each in places),
        common=(read_tables or places)[0].common,
        tables=tuple(tables.values()),
        empty=[name for each in places for name in each.empty if name not in tables],
        left_out={name: why for each in places for name, why in each.left_out.items() if name not in tables},
        top={key: guess for each in reversed(places) for key, guess in each.top.items()},
        sections={key: section for each in reversed(places) for key, section in each.sections.items()},
        remarks=[remark for each in places for remark in each.remarks],
        problems=[problem for each in places for problem in each.problems],
        data=next((each.data for each in places if each.data is not None), None),
    )
