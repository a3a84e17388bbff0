"""Tells stories through real processes, which are killed with SIGKILL: by themselves at a point, or from outside."""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tests.bench.processes import ROOT, Conversation
from tests.faults.deaths import NEVER, SECONDS, STATEMENTS, Death, Told
from tests.faults.story import Fact

ANY_MOMENT = "a moment of its own"


class Nursery:
    """A process in which everything is imported; each life is forked off it, because that takes no time."""

    def __init__(self, kind: str, environment: Mapping[str, str], root: Path = ROOT) -> None:
        command = (sys.executable, "-m", "tests.faults.process", "--kind", kind)
        self.conversation = Conversation(command, environment, root)

    def __enter__(self) -> Self:
        self.conversation.listen()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.conversation.__exit__(kind, error, trace)


class Killable(AbstractContextManager["Killable"]):
    """One life after the other, on a store (``sqlite:PATH`` or ``firestore:PREFIX``), a Slack and a pager that stay."""

    def __init__(self, nursery: Nursery, store: str, slack_url: str, pager_url: str) -> None:
        self._nursery = nursery.conversation
        self._store = store
        self._slack_url = slack_url
        self._pager_url = pager_url
        self._lives = 0
        self._process = self._born()

    def _born(self) -> int:
        self._lives += 1
        birth = {
            "owner": f"process-{self._lives}",
            "store": self._store,
            "slack": self._slack_url,
            "pager": self._pager_url,
        }
        return int(self._nursery.ask(json.dumps(birth))["born"])

    def tell(self, facts: Mapping[str, Fact] | None, now: datetime, death: Death) -> Told:
        command: dict[str, Any] = {
            "now": now.isoformat(),
            "after": NEVER if death.points is None else death.points,
            "statements": death.kind == STATEMENTS,
        }
        if facts is not None:
            command["facts"] = dict(facts)
        killer = Killer(self._process, death.after if death.kind == SECONDS else None)
        answer = self._nursery.ask(json.dumps(command))
        if not killer.struck() and "passed" in answer:
            return Told(None, answer["passed"], datetime.fromisoformat(answer["now"]))
        ended = answer if "ended" in answer else self._nursery.listen()
        if ended["ended"] != -signal.SIGKILL:
            message = f"a life was to be killed, and ended with {ended['ended']}"
            raise AssertionError(message)
        self._process = self._born()
        return Told(answer.get("died_at", ANY_MOMENT), 0, now)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._nursery.ask(json.dumps({"over": True}))


class Killer:
    """Kills a process from outside after so many seconds, wherever it may be then; without seconds never."""

    def __init__(self, process: int, seconds: float | None) -> None:
        self._process = process
        self._has_struck = False
        self._timer = None if seconds is None else threading.Timer(seconds, self._strike)
        if self._timer is not None:
            self._timer.start()

    def _strike(self) -> None:
        self._has_struck = True
        os.kill(self._process, signal.SIGKILL)

    def struck(self) -> bool:
        """Call it off, and say whether that was too late."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer.join()
        return self._has_struck
