"""What services logged, reduced to what people read of it: few distinct lines, each with how often and when. Pure.

The texts are untrusted: whoever calls a service may choose them, a megabyte of them, with tokens and markup. They are
cut and freed of secrets here, before anything else is done with them, and escaped where they are shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from checks.facts.logs import LoggedLine
from checks.ports.logs import LogLine

LINE = 300
"""Characters of a line that are shown."""

EXAMINED = 4_000
"""Characters at the start of a text, and as many at its end, in which the line that says what happened is found."""

DISTINCT = 10
"""Distinct lines of a service that are kept, the newest."""

_ANSWERED = re.compile(r" answered \d{3}$")
_TRACEBACK = "Traceback (most recent call last)"
_UNSEEN = re.compile(
    r"\x1b\[[0-?]{0,32}[ -/]{0,8}[@-~]|\x1b\][^\x07\x1b]{0,200}(?:\x07|\x1b\\)?"
    r"|[\x00-\x08\x0e-\x1f\x7f-\x9f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]"
)
"""What a terminal obeys, and what nobody sees: it could also hide a token from whoever looks for it."""
_VARYING = re.compile(
    r"(?P<kept>\b(?:status|answered|http(?:/\d(?:\.\d)?)?|code|errno)\b[ =:]{0,3}\d{3}\b)"
    r"|[a-z][a-z0-9+.-]{0,20}://[^\s'\"<>)]+"
    r"|[\w.+-]+@[\w.-]+"
    r"|[\w.:/+-]*\d[\w.:/+-]*",
    re.IGNORECASE,
)
"""Addresses, and words with a digit: ids, amounts, dates, times. A status says what happened, and stays."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceErrors:
    """What one service logged: how many lines, the distinct ones, the newest first, and which revision is the last."""

    lines: tuple[LoggedLine, ...]
    count: int
    first: datetime
    last: datetime
    revision: str


def grouped(lines: Iterable[LogLine], hidden: Callable[[str], str]) -> dict[str, ServiceErrors]:
    """Return what each service logged; ``hidden`` takes the secrets out of a text."""
    of_service: dict[str, list[LogLine]] = {}
    for each in sorted(lines, key=lambda line: line.at, reverse=True):
        of_service.setdefault(each.service, []).append(each)
    found: dict[str, ServiceErrors] = {}
    for service, logged in of_service.items():
        alike: dict[str, list[LogLine]] = {}
        for each in logged:
            alike.setdefault(signature(telling_line(each.text, str)), []).append(each)
        # Looking for secrets takes far longer than counting, so it is done only for what may be shown.
        shown = sorted(alike.values(), key=lambda same: says_a_status(telling_line(same[0].text, str)))[:DISTINCT]
        found[service] = ServiceErrors(
            lines=tuple(
                LoggedLine(text=telling_line(same[0].text, hidden), count=len(same), first=same[-1].at, last=same[0].at)
                for same in shown
            ),
            count=len(logged),
            first=logged[-1].at,
            last=logged[0].at,
            revision=next((each.revision for each in logged if each.revision), ""),
        )
    return found


def merged(logged: Mapping[str, ServiceErrors], kept: Mapping[str, ServiceErrors]) -> dict[str, ServiceErrors]:
    """Return what services logged with what a second place keeps of their errors: a line that both have is one."""
    result = dict(logged)
    for service, other in kept.items():
        own = logged.get(service)
        if own is None:
            result[service] = other
            continue
        known = {signature(each.text) for each in own.lines}
        more = [each for each in other.lines if signature(each.text) not in known]
        result[service] = replace(
            own,
            lines=in_order((*own.lines, *more)),
            count=own.count + sum(each.count for each in more),
            first=min([own.first, *(each.first for each in more)]),
            last=max([own.last, *(each.last for each in more)]),
        )
    return result


def in_order(lines: Iterable[LoggedLine]) -> tuple[LoggedLine, ...]:
    """Return the newest lines first, after them those that only say which request failed: others say why."""
    newest = sorted(lines, key=lambda line: line.last, reverse=True)
    return tuple(sorted(newest, key=lambda line: says_a_status(line.text))[:DISTINCT])


def says_a_status(line: str) -> bool:
    """Whether a line only says how a request was answered."""
    return _ANSWERED.search(line) is not None


def telling_line(text: str, hidden: Callable[[str], str]) -> str:
    """Return the line that says what happened, without secrets: of a traceback its exception, else the first one."""
    if len(text) > 2 * EXAMINED:
        # Half a line of the end is dropped: it may begin within a secret.
        text = text[:EXAMINED] + "\n" + text[-EXAMINED:].partition("\n")[2]
    lines = [line for line in hidden(_UNSEEN.sub("", text)).splitlines() if line.strip()]
    start = next((number for number, line in enumerate(lines) if _TRACEBACK in line), None)
    after = [] if start is None else [each for each in lines[start + 1 :] if not each[0].isspace()]
    telling = [*reversed(after), *lines]
    told = " ".join(telling[0].split()) if telling else "an error without a text"
    return told if len(told) <= LINE else f"{told[: LINE - 1]}…"


def signature(line: str) -> str:
    """Return what equal lines have in common: ids, numbers, addresses and times are left out."""
    return _VARYING.sub(lambda found: found["kept"] or "#", line).casefold()
