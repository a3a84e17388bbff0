"""From pydantic's errors to sentences that name line, key, what was wrong and what was expected."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from difflib import get_close_matches
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from bot.nearest import either, nearest
from bot.yaml_tree import FileProblem, Key, Node, Path
from checks.values import DATASET

LONGEST_SHOWN = 60
"""Characters of a wrong value that a message repeats."""


_TYPOGRAPHIC = frozenset("“”„‟‘’‚«»")  # noqa: RUF001 - they are the slip

ALIKE = 0.75
"""Of 1: from here on a key is taken for a slip, and not for one of another place."""

MOST_PLACES = 3
"""Places that a sentence names for a key; one that stands nearly everywhere says nothing."""


def problems_of(error: ValidationError, model: type[BaseModel], root: Node, file: str) -> tuple[FileProblem, ...]:
    """Return one problem for each place that is wrong, in the order of the file."""
    places: dict[Path, list[ErrorDetails]] = {}
    for details in error.errors(include_url=False):
        found, _, _ = root.find(tuple(details["loc"]))
        missing = details["loc"][-1:] if details["type"] == "missing" else ()
        places.setdefault(found + missing, []).append(details)
    meant = _meant(places)
    problems = (
        problem_at(root, file, path, _sentence(path, details, model) if path not in meant else _means(meant[path]))
        for path, details in places.items()
        if path not in meant.values() and path not in _said_before(meant) and not _is_rest_of_type(path, places)
    )
    return tuple(sorted(problems, key=lambda problem: problem.line))


def _meant(places: Mapping[Path, Sequence[ErrorDetails]]) -> Mapping[Path, Path]:
    """Return which missing key each unknown one beside it stands for: one slip is one problem."""
    missing = [path for path, errors in places.items() if errors[0]["type"] == "missing"]
    unknown = [path for path, errors in places.items() if errors[0]["type"] == "extra_forbidden"]
    meant: dict[Path, Path] = {}
    for path in unknown:
        siblings = [each for each in missing if each[:-1] == path[:-1]]
        same = [each for each in siblings if _also_called(str(path[-1]), [str(each[-1])])]
        beside = same or [each for each in siblings if each not in meant.values()]
        near = [str(each[-1]) for each in same] or get_close_matches(
            str(path[-1]), [str(each[-1]) for each in beside], n=1, cutoff=0.5
        )
        only = len(beside) == 1 and sum(each[:-1] == path[:-1] for each in unknown) == 1
        if near or only:
            meant[path] = next(each for each in beside if not near or each[-1] == near[0])
    return meant


def _is_rest_of_type(path: Path, places: Mapping[Path, object]) -> bool:
    """Whether a key is what a comma split off from the one before it, as of ``{amount: DECIMAL(10,2)}``."""
    cut = isinstance(path[-1], str) and re.fullmatch(r"[0-9]+ *\)", path[-1]) is not None
    return cut and sum(each[:-1] == path[:-1] for each in places) > 1


def _said_before(meant: Mapping[Path, Path]) -> set[Path]:
    """Return the unknown keys that stand for a missing one which another stands for, too."""
    first = {missing: path for path, missing in reversed(list(meant.items()))}
    return {path for path, missing in meant.items() if first[missing] != path}


def _means(path: Path) -> str:
    return f"is not a key here; did you mean '{path[-1]}', which is missing?"


def problem_at(
    root: Node, file: str, path: Path, text: str, *, undecided: bool = False, line_of_text: int = 0
) -> FileProblem:
    """Return a problem of a key; ``path`` may end in a key that is missing.

    ``line_of_text`` counts from 1 within a text of several lines, where that is known.
    """
    _, line, node = root.find(path)
    if line_of_text and node.block:
        line = node.line + line_of_text
    return FileProblem(file=file, text=text, key=key_text(root, path), line=line, undecided=undecided)


def key_text(root: Node, path: Path) -> str:
    """Write a path as people do: ``checks[grading].rules[0].severity``, items by their id where they have one."""
    text = ""
    node: Node | None = root
    for key in path:
        if node is not None and node.is_alone(key):
            continue
        node = node.children.get(key) if node is not None else None
        if isinstance(key, int):
            text += f"[{_item_name(node) or key}]"
        else:
            text += f".{key}" if text else key
    return text


def _item_name(node: Node | None) -> str:
    value = node.value if node is not None else None
    names = (value.get(key) for key in ("id", "name", "check")) if isinstance(value, dict) else ()
    return next((name for name in names if isinstance(name, str) and name), "")


_CALLED: Sequence[tuple[str, Sequence[str]]] = (
    ("at_least", ("min", "minimum", "min_value", "lower", "lowest")),
    ("at_most", ("max", "maximum", "max_value", "upper", "highest")),
    ("volume", ("rows", "row_count", "count")),
    ("matches", ("regex", "pattern", "like")),
    ("values", ("accepted_values", "allowed")),
    ("references", ("relationships", "foreign_key", "foreign_keys")),
    ("unique", ("primary_key", "distinct")),
    ("by", ("group_by", "per_group", "partition_by")),
    ("below", ("lt", "less_than", "smaller")),
    ("above", ("gt", "greater_than", "greater", "more_than")),
    ("at_most", ("le", "lte")),
    ("at_least", ("ge", "gte")),
    ("equals", ("eq", "is", "equal", "equal_to")),
    ("to", ("table", "column", "field", "ref")),
    ("expect", ("tests", "data_tests", "assertions", "expectations", "quality")),
    ("date", ("date_column", "timestamp_column", "event_time", "time_column")),
    ("loaded", ("loaded_at_field", "loaded_at", "ingested_at")),
    ("tables", ("sources", "models", "datasets_and_tables")),
    ("notifications", ("slack", "alerts", "channels")),
    ("actors", ("admins", "users", "operators", "editors")),
    ("project", ("project_id", "gcp_project", "gcp_project_id")),
    ("region", ("location", "gcp_region")),
    ("timezone", ("tz", "zone")),
    ("cadence", ("schedule", "frequency", "interval")),
    ("in", ("one_of", "enum", "isin", "allowed_values")),
    ("start", ("from", "begin", "begins", "since")),
    ("end", ("to", "until", "ends")),
    ("documentation", ("docs", "documents")),
    ("suppressions", ("mute", "silences", "ignore", "ignores")),
    ("freshness", ("max_age", "age", "max_delay", "stale_after")),
    ("reads", ("depends_on", "upstream", "inputs", "parents")),
    ("writes", ("outputs", "produces", "targets")),
    ("environment", ("env", "environment_variables")),
    ("url_variable", ("url", "address", "endpoint")),
    ("tolerance", ("threshold", "epsilon")),
    ("floor", ("within", "deviation", "drop", "change")),
    ("post", ("at", "time", "hour")),
    ("mentions", ("notify", "ping")),
    ("repairers", ("approvers",)),
    ("viewers", ("readers",)),
    ("routes", ("channel", "channels")),
    ("severities", ("severity", "level", "levels")),
    ("title", ("name", "label")),
    ("where", ("filter", "condition")),
)
"""Keys, and what other tools call them; letters that are alike would lead elsewhere."""

_NO_KEYS = frozenset({"description", "comment", "comments", "note", "notes", "owner", "image"})
"""What people add to a file that has no such key: what is written alike is not what they mean."""


def _also_called(name: str, keys: Collection[str]) -> str | None:
    """Return the one of the keys that other tools call so."""
    return next((key for key, others in _CALLED if key in keys and name.lower() in others), None)


def nearest_key(name: str, keys: Sequence[str]) -> str:
    """Return the half sentence that helps with a key that does not exist: what means the same goes before what is
    written alike."""
    if name.lower() in _NO_KEYS:
        return "leave it out, or write it as a comment behind '#'"
    meant = _also_called(name, keys)
    return f"did you mean '{meant}'?" if meant is not None else nearest(name, keys)


def _sentence(path: Path, errors: Sequence[ErrorDetails], model: type[BaseModel]) -> str:
    """Say what is wrong at one place; several errors there are the members of a union, any of which would do."""
    first = errors[0]
    match first["type"]:
        case "extra_forbidden" if re.fullmatch(r"[0-9]+ ?%?", str(path[-1])) and first["input"] is None:
            return "is what stands behind a comma; write the number without one, decimals behind a point"
        case "extra_forbidden":
            return f"is not a key here; {_place_of(str(path[-1]), path[:-1], model)}"
        case "missing":
            return "is missing"
        case "value_error":
            # A rule about several keys speaks for itself; one about a single value is told with the value.
            text = str(first["ctx"]["error"])
            if len(errors) == 1 and (isinstance(first["input"], dict) or not text.startswith("expected ")):
                return text
    if (span := _range_at(model, path)) is not None and all(each["type"] in _OUT_OF_RANGE for each in errors):
        return f"is {_described(first['input'])}, expected {span}"
    return _expected(errors, [repr(each) for each in _keys_at(model, path)])


def _place_of(name: str, path: Path, model: type[BaseModel]) -> str:
    """Return the half sentence that helps with an unknown key: what is written alike, else where it is one."""
    here = _keys_at(model, path)
    if _also_called(name, here) or get_close_matches(name, here, n=1, cutoff=ALIKE):
        return nearest_key(name, here)
    below = [key for key in here if name in (*_keys_at(model, (*path, key)), *_keys_at(model, (*path, key, 0)))]
    if 0 < len(below) <= MOST_PLACES:
        return f"it belongs under {either([repr(each) for each in below])}"
    for depth in range(len(path) - 1, -1, -1):
        if isinstance(path[depth], str) and name in _keys_at(model, path[:depth]):
            return f"it belongs further out, beside '{path[depth]}'"
    return nearest_key(name, here)


def _expected(errors: Sequence[ErrorDetails], keys: Sequence[str]) -> str:
    """Say what was expected; of keys and values with the first of the ``keys``."""
    wanted = list(dict.fromkeys(_wanted(details) for details in errors))
    if keys:
        wanted = [f"{each} such as {either(keys[:MOST_KEYS])}" if each == KEYS else each for each in wanted]
    found = errors[0]["input"]
    hint = ""
    if "text" in wanted and not isinstance(found, (str, dict, list, type(None))):
        hint = "; put it in quotes"
    if isinstance(found, str) and found[:1] in _TYPOGRAPHIC:
        hint = "; quotes are written as \" or '"
    if errors[0]["type"] == "literal_error" and isinstance(found, str):
        words, written = re.findall(r"'([^']+)'", wanted[0]), found.lower()
        near = get_close_matches(written, words, n=1) or [
            each for each in words if written and each.startswith(written)
        ]
        hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"is {_described(found)}, expected {either(wanted)}{hint}"


def _described(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case dict():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case str():
            return repr(_cut(value))
        case bool():
            return str(value).lower()
    return _cut(str(value))


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST_SHOWN else text[: LONGEST_SHOWN - 1] + "…"


_OUT_OF_RANGE = frozenset(
    {
        "greater_than_equal", "greater_than", "less_than_equal", "less_than", "finite_number",
        "int_type", "int_parsing", "int_from_float", "float_type", "float_parsing",
    }
)  # fmt: skip

KEYS = "keys and values"
MOST_KEYS = 3
"""Keys that a sentence names as examples."""

_WANTED: Mapping[str, str] = {
    "string_type": "text",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "int_parsing_size": "a smaller number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "date_type": "a date such as 2026-02-12",
    "date_parsing": "a date such as 2026-02-12",
    "date_from_datetime_parsing": "a date such as 2026-02-12",
    "date_from_datetime_inexact": "a date without a time",
    "datetime_type": "a date and time such as 2026-02-12T08:00:00-05:00",
    "datetime_parsing": "a date and time such as 2026-02-12T08:00:00-05:00",
    "datetime_from_date_parsing": "a date and time such as 2026-02-12T08:00:00-05:00",
    "timezone_aware": "a time with its offset, such as 2026-02-12T08:00:00-05:00",
    "tuple_type": "a list of items, each on a line with '- ' or all in [ ]",
    "list_type": "a list of items, each on a line with '- ' or all in [ ]",
    "frozen_set_type": "a list of items, each on a line with '- ' or all in [ ]",
    "mapping_type": KEYS,
    "dict_type": KEYS,
    "model_type": KEYS,
    "model_attributes_type": KEYS,
    "none_required": "nothing",
}


_BOUNDS: Mapping[str, str] = {
    "literal_error": "{expected}",
    "greater_than_equal": "at least {ge:g}",
    "greater_than": "more than {gt:g}",
    "less_than_equal": "at most {le:g}",
    "less_than": "less than {lt:g}",
    "string_too_short": "a text that is not empty",
    "string_too_long": "at most {max_length} characters",
    "too_short": "at least {min_length} in it",
    "too_long": "at most {max_length} in it",
}
"""What is expected where a model has a bound, whose value pydantic gives by its name."""


def _wanted(details: ErrorDetails) -> str:
    context = details.get("ctx", {})
    kind = details["type"]
    if kind in _BOUNDS:
        return _BOUNDS[kind].format(**context)
    if kind == "string_pattern_mismatch":
        return _pattern_in_words(str(context["pattern"]))
    if kind == "value_error":
        return str(context["error"]).removeprefix("expected ")
    return _WANTED.get(kind, details["msg"].removeprefix("Input should be ").removeprefix("a valid "))


def _pattern_in_words(pattern: str) -> str:
    if "[-_]" in pattern:
        return "lower-case words joined by - or _, beginning with a letter"
    if pattern == DATASET:
        return "the name of a dataset: small letters, digits and _, beginning with a letter"
    if pattern == r"^\d+$":
        return "digits"
    return _IDS.get(pattern.partition("]")[0], f"text of the form {pattern}")


_IDS: Mapping[str, str] = {
    "^[CG": "the ID of a channel, such as C0EXAMPLE1, and not its name",
    "^[UW": "the ID of a person, such as U0EXAMPLE1",
    "^[UWS": "the ID of a person or a user group, such as U0EXAMPLE1",
    "^S[A-Z0-9": "the ID of a user group, such as S0EXAMPLE1",
    "^REVEILLE_WEBHOOK_[A-Z0-9_": "the name of an environment variable, such as REVEILLE_WEBHOOK_PAGER",
    "^[A-Z": "the name of an environment variable, such as DATASET_PREFIX",
    "^(group|domain):\\S+$": "a group or a domain, such as group:admins@example.com",
    "^[A-Za-z0-9-": "GitHub's owner/name, such as example/shop",
}
"""Names, by how their pattern begins."""


def _keys_at(model: type[BaseModel], path: Path) -> tuple[str, ...]:
    """Return the keys that a file may have at a path."""
    kinds = (kind for kind, _ in _kinds_at(model, path))
    models = [each for each in kinds if isinstance(each, type) and issubclass(each, BaseModel)]
    return tuple(dict.fromkeys(field.alias or name for each in models for name, field in each.model_fields.items()))


def _range_at(model: type[BaseModel], path: Path) -> str | None:
    """Return the range of the one kind of number that may stand at a path; None where there is no such one."""
    numbers = {(kind, *_ends(marks)) for kind, marks in _kinds_at(model, path) if kind in (int, float)}
    if len(numbers) != 1:
        return None
    kind, lowest, highest = numbers.pop()
    if lowest is None or highest is None:
        return None
    return f"{'a whole number' if kind is int else 'a number'} {lowest} {highest}"


def _ends(marks: Sequence[Any]) -> tuple[str | None, str | None]:
    """Return the two ends of a range in words, from the marks that pydantic leaves beside a type."""
    bounds = {name: getattr(mark, name) for mark in marks for name in ("ge", "gt", "le", "lt") if hasattr(mark, name)}
    words = {"ge": "from", "gt": "above", "le": "to", "lt": "below"}
    said = {name: f"{words[name]} {_in_digits(bound)}" for name, bound in bounds.items()}
    return said.get("ge") or said.get("gt"), said.get("le") or said.get("lt")


def _in_digits(bound: Any) -> str:
    return str(bound) if isinstance(bound, int) else f"{bound:g}"


Kind = tuple[Any, tuple[Any, ...]]
"""A type, and what the annotations around it say of it."""


def _kinds_at(model: type[BaseModel], path: Path) -> list[Kind]:
    """Return what may stand at a path, with unions and annotations taken apart."""
    kinds: list[Kind] = [(model, ())]
    for key in path:
        kinds = [below for kind, _ in kinds for below in _below(kind, key)]
    return kinds


def _below(kind: Any, key: Key) -> Iterator[Kind]:
    """Yield what the values under a key of a type may be."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        for name, field in kind.model_fields.items():
            if key in (field.alias or name, name):
                yield from _members(field.annotation, tuple(field.metadata))
        return
    arguments = get_args(kind)
    if arguments:
        yield from _members(arguments[-1] if isinstance(key, str) or len(arguments) == 1 else arguments[0], ())


def _members(kind: Any, marks: tuple[Any, ...]) -> Iterator[Kind]:
    origin = get_origin(kind)
    if origin in (Union, UnionType):
        for member in get_args(kind):
            yield from _members(member, marks)
    elif hasattr(kind, "__metadata__"):
        own = (each for mark in kind.__metadata__ for each in (getattr(mark, "metadata", None) or (mark,)))
        yield from _members(kind.__origin__, (*marks, *own))
    elif origin is not Literal:
        yield kind, marks
