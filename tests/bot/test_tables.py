"""Constant tables by the members of an enumeration: one that lacks a member breaks on the day that the member comes."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

import bot
import checks
import handlers
from bot.commands.staging_shell import SIGNS
from bot.staging.steps import StepMark

PARTIAL = {
    "_WEAK": "what is verified well, or not at all, is told otherwise",
    "_THE_CHANNELS": "errors by trouble, in four tables",
    "_THE_APPS": "likewise",
    "_THE_MESSAGES": "likewise",
    "_LATER": "likewise",
    "_DETAILS": "the other problems are told by their own words",
    "_KINDS": "the other places are called what they are",
    "_FAULTS": "the other states are none",
    "_AGES": "of the other states a source says nothing",
    "_TEXTS": "types of other dialects",
    "ROOMS": "what is resolved has a layout of its own",
    "STATE_WORDS": "failures are told by their severity",
    "GRAVEST": "the other verdicts allow for any",
    "SIGNS": "failures are told by their severity",
    "SIGNS_ASCII": "likewise",
    "_STATUS": "the others are 400",
    "_PROBLEMS": "the others are outages",
}
"""Tables that have no entry for some members, and why."""


def tables() -> Iterator[tuple[str, Mapping[Any, Any]]]:
    for package in (bot, checks, handlers):
        for each in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if not each.name.endswith("__main__"):
                yield from vars(importlib.import_module(each.name)).items()


def by_members() -> dict[str, tuple[Mapping[Enum, Any], type[Enum]]]:
    """Return the tables whose keys are members of one enumeration, by name."""
    found = {}
    for name, value in tables():
        if isinstance(value, Mapping):
            kinds = {type(key) for key in value}
            if len(kinds) == 1 and issubclass(kind := kinds.pop(), Enum):
                found[name] = (value, kind)
    return found


COMPLETE = {name: found for name, found in by_members().items() if name not in PARTIAL}


def test_a_table_has_an_entry_for_every_member() -> None:
    lacking = [(name, each) for name, (table, kind) in COMPLETE.items() for each in kind if each not in table]

    assert lacking == []


def test_the_tables_that_people_see_are_among_them() -> None:
    assert {"VERDICT_EMOJI", "VERDICT_STYLES", "BUTTONS", "STYLES", "_OUTCOMES", "_SUMMARIES"} <= COMPLETE.keys()


def test_every_step_of_staging_has_a_sign() -> None:
    assert SIGNS.keys() == {each.value for each in StepMark}
