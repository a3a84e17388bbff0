"""The repository as a scenario states it: the commits that were seen, the newest first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import timedelta
from typing import Any

from bot.recording.calls import Call
from bot.recording.recorder import Recording
from bot.recording.veil import stated
from checks.ports.repository import Commit


def sections(recording: Recording) -> Mapping[str, Any]:
    veil = recording.veil
    missing = sorted(path.strip("/") for (path,), there in recording.calls.answered("exists") if not there)
    commits = [
        stated({**asdict(each), "author": veil.person(each.author), "subject": veil.text(each.subject)})
        for each in _in_order(recording)
    ]
    return {"repository": {"commits": commits, "missing": missing}}


def narrowed(call: Call) -> str | None:
    return {"head": "head", "after": "after"}.get(call.method) or str(call.arguments[0])


def _in_order(recording: Recording) -> Sequence[Commit]:
    """Return every commit; one that was only asked about stands behind those that came after it."""
    lists = sorted(_lists(recording), key=len, reverse=True)
    found = list(dict.fromkeys(each for commits in lists for each in commits))
    for (asked,), commits in recording.calls.answered("since"):
        if commits is None or any(each.id.startswith(asked) for each in found):
            continue
        place = found.index(commits[-1]) + 1 if commits else 0
        known = found or [Commit(id=asked, at=recording.interval.start)]
        at = min(each.at for each in known) - timedelta(seconds=1)
        found.insert(place, replace(known[0], id=asked, at=at, author="", subject="", files=()))
    return found


def _lists(recording: Recording) -> Iterator[Sequence[Commit]]:
    for _, head in recording.calls.answered("head"):
        yield (head,)
    for method in ("since", "after"):
        for _, commits in recording.calls.answered(method):
            yield commits or ()
