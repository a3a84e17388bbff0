"""What the name and the type of a column say it is for. Pure; a guess, which figures then have to bear out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence

INSTANTS = ("TIMESTAMP", "DATETIME")
KEYS = ("STRING", "INT64")

MOST_KEYS = 5
"""Columns of a table that are tried as keys, alone and in pairs."""

USABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
"""A name that a query writes without quotes."""

IDENTIFIER = re.compile(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*")
"""What a pipeline file takes for the name of a pipeline and of a dataset."""

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")

_LOADED = (
    "loaded_at", "_loaded_at", "inserted_at", "ingested_at", "ingestion_time", "load_time", "load_timestamp",
    "loaded", "ingested", "inserted", "synced_at", "_synced", "imported_at", "processed_at", "etl_at", "etl_time",
    "written_at", "updated_at", "modified_at", "last_updated", "built_at", "refreshed_at",
)  # fmt: skip
_LOADED_WORDS = frozenset({"loaded", "ingested", "inserted", "ingestion", "synced", "imported", "etl"})
_DATES = ("date", "day", "dt", "ds", "business_date", "event_date", "partition_date")
_INSTANTS = (
    "created_at", "event_time", "event_timestamp", "event_at", "occurred_at", "happened_at", "timestamp", "ts",
    "time", "measured_at", "recorded_at", "received_at", "started_at", "sent_at", "placed_at", "ordered_at",
    "created",
)  # fmt: skip
_OF_A_PERSON = frozenset({"birth", "birthday", "born", "dob"})
_LATER = frozenset((
    "due", "expiry", "expires", "expired", "end", "ends", "ended", "until", "closed", "shipped", "delivered",
    "paid",
))  # fmt: skip
"""Words of dates that come after the one on which a row belongs, or never."""

_KEY_WORDS = frozenset((
    "id", "key", "code", "no", "nr", "num", "number", "uuid", "guid", "sku", "isbn", "iban", "symbol", "ticker",
    "line", "seq", "sequence", "position", "hash", "ref", "reference", "account", "currency",
))  # fmt: skip
_COUNTS = frozenset({"count", "total", "amount", "quantity", "qty", "sum", "of"})

_LAYERS = frozenset({"dim", "fact", "fct", "stg", "raw", "src", "tbl", "d", "f"})
"""How the layers of a warehouse begin the names of their tables."""

_CODES = frozenset((
    "status", "state", "type", "kind", "category", "country", "currency", "channel", "source", "level", "tier",
    "code", "region", "zone", "flag", "mode", "method", "unit", "language", "locale", "platform", "device", "os",
    "browser", "priority", "severity", "stage", "phase", "class", "group", "segment", "plan", "side", "direction",
    "quality", "result", "outcome", "reason", "event", "action", "payment", "shipping", "carrier", "brand", "size",
    "color", "colour", "season", "league", "metric", "medium", "scope", "format", "protocol", "environment", "env",
    "provider", "frequency", "period", "interval", "quarter", "weekday", "ledger", "book", "market", "exchange",
    "model",
))  # fmt: skip
_PERSONAL = frozenset((
    "name", "firstname", "lastname", "surname", "forename", "fullname", "username", "nickname", "login", "user",
    "email", "mail", "phone", "mobile", "tel", "telephone", "fax", "address", "street", "city", "town", "zip",
    "postcode", "postal", "person", "people", "contact", "owner", "author", "assignee", "assigned", "agent",
    "seller", "driver", "employee", "manager", "patient", "member", "by", "ip", "ssn", "iban", "passport", "birth",
    "birthday", "dob", "gender", "sex", "religion", "race", "ethnicity", "nationality", "health", "diagnosis",
    "note", "notes", "comment", "comments", "text", "description", "message", "title", "subject", "body", "remark",
    "remarks", "password", "token", "secret",
    "salary", "wage", "income", "age", "url", "link", "path", "player", "doctor", "recipient", "sender",
))  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_./+-]{0,23}")
_LONG_NUMBER = re.compile(r"[0-9]{5}|[0-9]{3,}[./-][0-9]")
"""Of a code that is one, four digits are enough: more are a telephone number, a date, a post code."""


def words_in(name: str) -> tuple[str, ...]:
    """Return the words of a name in small letters: ``orderId`` and ``order_id`` have two."""
    return tuple(each.lower() for each in _WORD.findall(name))


def loaded_column(columns: Mapping[str, str]) -> str | None:
    """Return the column that seems to say when a row was loaded."""
    instants = [name for name, kind in columns.items() if kind in INSTANTS and USABLE.fullmatch(name)]
    by_name = {name.lower(): name for name in reversed(instants)}
    known = next((by_name[each] for each in _LOADED if each in by_name), None)
    return known or next((each for each in instants if _LOADED_WORDS & set(words_in(each))), None)


def date_columns(columns: Mapping[str, str], loaded: str | None = None) -> Sequence[str]:
    """Return the columns that may say to which interval a row belongs, the likeliest first."""
    usable = {name: kind for name, kind in columns.items() if USABLE.fullmatch(name) and name != loaded}
    return sorted(
        (name for name, kind in usable.items() if _date_rank(name, kind) is not None),
        key=lambda name: _date_rank(name, usable[name]) or 0,
    )


def _date_rank(name: str, kind: str) -> int | None:
    lower, words = name.lower(), words_in(name)
    if (kind != "DATE" and kind not in INSTANTS) or _OF_A_PERSON & set(words) or lower in _LOADED:
        return None
    later = 100 if _LATER & set(words) else 0
    if kind == "DATE":
        named = lower in _DATES or words[-1:] in (("date",), ("on",), ("day",))
        return later + (_DATES.index(lower) if lower in _DATES else 10 if named else 20)
    if lower in _INSTANTS:
        return later + 30 + _INSTANTS.index(lower)
    return later + (60 if {"event", "created"} & set(words) else 70)


def is_creation(name: str | None) -> bool:
    """Whether a date says since when a row is there: of a table of customers it tells no interval."""
    return name is not None and bool({"created", "creation", "registered", "joined", "signup"} & set(words_in(name)))


def key_columns(columns: Mapping[str, str]) -> Sequence[str]:
    """Return the columns by which rows may be told apart, ids first."""
    found = [
        name
        for name, kind in columns.items()
        if kind in KEYS
        and USABLE.fullmatch(name)
        and _KEY_WORDS & set(words_in(name)[-1:])
        and not _COUNTS & set(words_in(name))
    ]
    return sorted(found, key=lambda name: words_in(name)[-1] not in ("id", "key", "uuid", "guid"))[:MOST_KEYS]


def is_key(name: str) -> bool:
    """Whether a column is a key or refers to one by its name, so that its size means nothing."""
    return bool(_KEY_WORDS & set(words_in(name)[-1:])) and not _COUNTS & set(words_in(name))


def is_personal(name: str) -> bool:
    """Whether a column may be about a person, by its name: nothing that it holds is written anywhere."""
    return bool(_PERSONAL & set(words_in(name)))


def may_list(name: str) -> bool:
    """Whether a column's values may be read at all: by its name they are codes, and nothing about a person."""
    return bool(_CODES & set(words_in(name))) and not is_personal(name)


def are_codes(values: Iterable[str]) -> bool:
    """Whether texts look like codes: short, without blanks, no address and no long number."""
    return all(_CODE.fullmatch(each) and not _LONG_NUMBER.search(each) for each in values)


def refers_to(column: str, own: str, other: str, key: str) -> bool:
    """Whether a column of one table seems to refer to the key of another, by the names of all four."""
    stem = _stem(column)
    if not stem or is_about(own, stem):
        return False
    if column.lower() == key.lower():
        return True
    return is_about(other, stem) and (not _stem(key) or is_about(other, _stem(key)))


def is_about(table: str, stem: Sequence[str]) -> bool:
    """Whether a table is called after what a key tells apart: ``customers``, of ``customer_id``."""
    words = [_singular(each) for each in words_in(table.rpartition(".")[2])]
    words = words[1:] if len(words) > 1 and words[0] in _LAYERS else words
    return bool(stem) and list(map(_singular, stem))[-len(words) :] == words[-len(stem) :]


def _stem(column: str) -> tuple[str, ...]:
    words = words_in(column)
    return words[:-1] if words[-1:] and words[-1] in _KEY_WORDS and len(words) > 1 else _alone(words)


def _alone(words: tuple[str, ...]) -> tuple[str, ...]:
    return () if words in (("id",), ("key",), ("code",), ("uuid",), ("guid",), ("no",), ("number",)) else words


def _singular(word: str) -> str:
    for ending, one in (("ies", "y"), ("ses", "s"), ("xes", "x"), ("s", "")):
        if word.endswith(ending) and len(word) > len(ending) + 1 and not word.endswith("ss"):
            return word[: -len(ending)] + one
    return word


def pairs(columns: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield each two of some columns."""
    yield from ((a, b) for index, a in enumerate(columns) for b in columns[index + 1 :])
