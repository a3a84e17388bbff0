"""From the words behind a slash command to a request: pure, and every wrong word gets a sentence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from bot.dates import is_date_word, with_dates_joined
from bot.nearest import closest
from bot.render.slack_text import code
from bot.request import Request, RequestError
from checks.pipeline import Pipeline
from checks.registry import Check

_DATE_LIKE = re.compile(r"\d[\d./:wt+-]*", re.ASCII)
_NUMBER = re.compile(r"\d{1,4}", re.ASCII)
_SERVICE = re.compile(r"[a-z][a-z0-9-]{0,62}", re.ASCII)
"""What Cloud Run allows as the name of a service."""

_AROUND = "`'\"“”‘’,;"  # noqa: RUF001 - the quotes that telephones type

DATE_WORDS = ("today", "yesterday", "tomorrow", "previous", "current")
DEPTH_WORDS = ("quick", "full")
PRIVATE = "private"

LONGEST_WORD = 60
"""Characters of a wrong word that an answer repeats."""

HELP_WORDS = frozenset({"help", "-h", "--help", "?"})


class HelpWanted(Exception):  # noqa: N818 - not an error
    """Somebody asked how a command works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a command means. ``private`` answers go to the one who asked, ``full`` ones show all that passed.

    ``service`` narrows what is shown to one service; ``unsure`` says that only the run can tell whether there is one of
    that name. ``name`` is what the answer of a few checks is called.
    """

    request: Request
    private: bool = False
    full: bool = False
    service: str | None = None
    unsure: bool = False
    name: str = ""


@dataclass(slots=True)
class _Words:
    """The words of a command, sorted by what they are."""

    dates: list[str] = field(default_factory=list)
    depths: list[str] = field(default_factory=list)
    phases: list[str] = field(default_factory=list)
    checks: list[str] = field(default_factory=list)
    private: bool = False


def bare(word: str) -> str:
    """Return a word without the quotes and commas that people put around it."""
    return word.strip(_AROUND)


def words_of(text: str) -> list[str]:
    """Return the words, without the quotes and commas that people put around them. Raises HelpWanted."""
    words = [bare(word) for word in text.split()]
    if any(word.lower() in HELP_WORDS for word in words):
        raise HelpWanted
    return [word for word in words if word]


def ask_for_everything(text: str, pipeline: Pipeline, checks: Sequence[Check], *, default: str) -> Asked:
    """Read ``[DATE] [quick|full] [phase or check …] [private]``, in any order.

    Raises RequestError, HelpWanted.
    """
    found = _sort(words_of(text), _phases(pipeline), {check.id for check in checks})
    _at_most_one("date", found.dates)
    _at_most_one("of quick and full", found.depths)
    depth = found.depths[0] if found.depths else "normal"
    request = Request(
        interval=found.dates[0] if found.dates else default,
        checks=tuple(dict.fromkeys(found.checks)),
        phases=tuple(dict.fromkeys(found.phases)),
        depth="quick" if depth == "quick" else "full" if depth == "full" else "normal",
        trigger="command",
    )
    return Asked(request=request, private=found.private, full=depth == "full")


def ask_for_checks(text: str, checks: Iterable[str], *, default: str) -> Asked:
    """Read ``[DATE] [private]`` for a command that stands for some checks.

    Raises RequestError, HelpWanted; also where a pipeline has none of these checks.
    """
    selected = tuple(checks)
    if not selected:
        raise RequestError("This pipeline has no checks for this command; /validate-daily runs all it has.")
    found = _sort(words_of(text), {}, set())
    _at_most_one("date", found.dates)
    if found.depths:
        raise RequestError(f"This command takes a date, and no '{found.depths[0]}'; /validate-daily does.")
    request = Request(interval=found.dates[0] if found.dates else default, checks=selected, trigger="command")
    return Asked(request=request, private=found.private)


def ask_for_service(text: str, checks: Sequence[str], services: Iterable[str], *, discovered: bool = False) -> Asked:
    """Read ``[SERVICE] [private]`` for a command about some checks of services.

    Where services are ``discovered``, one that the pipeline file does not name may be one that the run finds.
    Raises RequestError, HelpWanted.
    """
    known = {name.lower(): name for name in services}
    private, named = False, list[str]()
    for word in words_of(text):
        if word.lower() == PRIVATE:
            private = True
        elif word.lower() in known:
            named.append(known[word.lower()])
        elif discovered and _SERVICE.fullmatch(word.lower()):
            named.append(word.lower())
        else:
            raise RequestError(_unknown("service", word, known))
    _at_most_one("service", named)
    request = Request(interval="today", checks=tuple(checks), trigger="command")
    service = named[0] if named else None
    unsure = service is not None and service not in known.values()
    return Asked(request=request, private=private, service=service, unsure=unsure)


def not_alone(name: str, does: str, text: str) -> str:
    """Return what answers words behind a command that takes none; empty where there are none."""
    words = text.split()
    if not words:
        return ""
    wanted = f"`{name}`: {does}."
    if any(bare(word).lower() in HELP_WORDS for word in words):
        return wanted
    return f"It takes no words, and I read {code(' '.join(words), LONGEST_WORD)}. {wanted}"


def ask_for_days(text: str, default: int, most: int) -> int:
    """Read ``[DAYS]``. Raises RequestError, HelpWanted."""
    words = words_of(text)
    if not words:
        return default
    if len(words) > 1 or not _NUMBER.fullmatch(words[0]) or not 1 <= int(words[0]) <= most:
        raise RequestError(f"This command takes a number of days, 1 to {most}.")
    return int(words[0])


def _phases(pipeline: Pipeline) -> dict[str, str]:
    """Return the ids of phases by what people can call them: the id, or a title of one word."""
    titles = {phase.title.lower(): phase.id for phase in pipeline.phases if len(phase.title.split()) == 1}
    return {**titles, **{phase.id: phase.id for phase in pipeline.phases}}


def _sort(words: Iterable[str], phases: dict[str, str], checks: set[str]) -> _Words:
    found = _Words()
    for word in with_dates_joined(tuple(words)):
        match word.lower():
            case lower if lower in DATE_WORDS or _DATE_LIKE.fullmatch(lower):
                found.dates.append(lower if lower in DATE_WORDS else word.upper())
            case lower if lower in DEPTH_WORDS:
                found.depths.append(lower)
            case lower if lower == PRIVATE:
                found.private = True
            case lower if lower in checks:
                # A check's own id outranks the title of a phase that reads alike.
                found.checks.append(lower)
            case lower if lower in phases:
                found.phases.append(phases[lower])
            case lower if is_date_word(lower):
                found.dates.append(lower)
            case _:
                kind = "phase or check" if phases or checks else "date or word"
                known = {*DATE_WORDS, PRIVATE, *phases, *checks, *(DEPTH_WORDS if phases or checks else ())}
                raise RequestError(_unknown(kind, word, known))
    return found


def _at_most_one(what: str, found: Sequence[str]) -> None:
    if len(set(found)) > 1:
        raise RequestError(f"Only one {what} fits: I read {' and '.join(dict.fromkeys(found))}.")


def _unknown(kind: str, word: str, known: Iterable[str]) -> str:
    """Say that a word is not known, with those nearest to it."""
    names = sorted(known)
    shown = word if len(word) <= LONGEST_WORD else f"{word[:LONGEST_WORD]}…"
    return f"I know no {kind} '{shown}'. {closest(word[:LONGEST_WORD], names)}"
