"""An instance as seen from outside: told what to do, killed, started again."""

from __future__ import annotations

import json
import signal
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from tests.faults.killable import Killer, Nursery


class Instance:
    """A process, and the next one when it is over."""

    def __init__(self, nursery: Nursery, birth: Mapping[str, Any], former: Nursery | None = None) -> None:
        self._nursery = self._own = nursery.conversation
        self._former = former.conversation if former is not None else None
        self._birth = birth
        self._killer: Killer | None = None
        self._process = 0
        self.alive_since: datetime | None = None

    def start(self, now: datetime) -> str:
        """Be born; return why the process would not live, nothing where it does."""
        answer = self._nursery.ask(json.dumps({**self._birth, "role": "instance", "owner": "", "now": now.isoformat()}))
        if "refused" in answer:
            self._nursery.listen()
            return str(answer["refused"])
        self._process, self.alive_since = int(answer["born"]), now
        return ""

    def become_former(self, now: datetime) -> str:
        """Go on as the version before; return why that would not live. Then it goes on as it was."""
        assert self._former is not None
        self.leave()
        self._nursery = self._former
        refused = self.start(now)
        if refused:
            self.become_present(now)
        return refused

    def become_present(self, now: datetime) -> None:
        """Go on as the version of this tree."""
        self.leave()
        self._nursery = self._own
        refused = self.start(now)
        assert not refused, refused

    def begin(self, command: Mapping[str, Any], dies_after: float | None) -> None:
        self._nursery.tell(json.dumps(command))
        self._killer = Killer(self._process, dies_after)

    def end(self) -> Mapping[str, Any] | None:
        """Return what it did; None when it was killed."""
        answer = self._nursery.listen()
        if self._killer is not None and self._killer.struck():
            ended = answer if "ended" in answer else self._nursery.listen()
            assert ended["ended"] == -signal.SIGKILL
            self.alive_since = None
            return None
        if "ended" in answer:
            message = f"an instance ended by itself, with {answer['ended']}"
            raise AssertionError(message)
        return dict(answer)

    def leave(self) -> None:
        """End in peace."""
        if self.alive_since is not None:
            ended = self._nursery.ask(json.dumps({"over": True}))
            assert ended == {"ended": 0}
            self.alive_since = None
