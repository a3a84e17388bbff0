"""A gcloud that never leaves this machine: it keeps what a script makes, and records every call.

The script's shell gets it as a function, so that no call has to start an interpreter.
"""

from __future__ import annotations

import re
import socketserver
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

from tests.sections import ROOT

VERBS = (
    *("add", "add-iam-policy-binding", "create", "delete", "deploy", "describe", "enable", "get-iam-policy"),
    *("list", "update", "update-traffic"),
)
APIS = {
    "firestore": "firestore",
    "run": "run",
    "scheduler": "cloudscheduler",
    "tasks": "cloudtasks",
    "secrets": "secretmanager",
}
"""By the first word of a command: what has to be enabled before."""

READS = frozenset(("describe", "get-iam-policy", "list"))

FUNCTION = r"""() {
    local code text data=
    [[ " $* " != *" --data-file=- "* ]] || IFS= read -r -d '' data || true
    exec 3<>"/dev/tcp/127.0.0.1/$STAND_IN_PORT"
    printf '%s\0' "$#" "$@" "$data" >&3
    read -r code <&3
    IFS= read -r -d '' text <&3 || true
    exec 3>&-
    if [ "$code" = 0 ]; then printf '%s' "$text"; else printf '%s' "$text" >&2; fi
    return "$code"
}"""


class RefusedCall(Exception):  # noqa: N818 - reads as what it says
    """What gcloud writes to standard error before it exits with 1."""


@dataclass(frozen=True, slots=True)
class GcloudCall:
    """One call, taken apart: the command, what it is about, its flags."""

    words: tuple[str, ...]
    data: str = ""

    @property
    def command(self) -> str:
        """Group and verb, such as ``run services describe``."""
        plain = self._plain()
        end = next(place for place, word in enumerate(plain) if word in VERBS) + 1
        return " ".join(plain[: end + (plain[end : end + 1] in (("http",), ("github",)))])

    @property
    def kind(self) -> str:
        """The group without its verb."""
        group = self.command.removesuffix(" http").rpartition(" ")[0]
        return "run services" if group == "run" else group

    @property
    def name(self) -> str:
        """What it is about."""
        flags = self.flags
        said = [*self._plain()[len(self.command.split()) :], flags.get("collection-group", "")]
        return "/".join(filter(None, said)) or flags.get("database", "")

    @property
    def names(self) -> Sequence[str]:
        return self._plain()[len(self.command.split()) :]

    @property
    def flags(self) -> Mapping[str, str]:
        pairs = (word.removeprefix("--").partition("=") for word in self.words if word.startswith("--"))
        return {name: value for name, _, value in pairs}

    @property
    def writes(self) -> bool:
        return READS.isdisjoint(self.command.split())

    def _plain(self) -> tuple[str, ...]:
        return tuple(word for word in self.words if not word.startswith("--"))


@dataclass
class StandInGcloud:
    """Serves while entered. ``calls`` are those that were made; ``fails`` says what the n-th write answers instead."""

    calls: list[GcloudCall] = field(default_factory=list)
    fails: dict[int, str] = field(default_factory=dict)
    denied: str = ""
    """A command that this account may not run."""
    things: dict[tuple[str, str], Mapping[str, str]] = field(default_factory=dict)
    grants: set[tuple[str, str, str, str]] = field(default_factory=set)
    port: int = 0

    def __enter__(self) -> Self:
        outer = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self) -> None:
                count = int(self._word())
                code, text = outer.answer(GcloudCall(tuple(self._word() for _ in range(count)), self._word()))
                self.wfile.write(f"{code}\n{text}".encode())

            def _word(self) -> str:
                taken = bytearray()
                while (byte := self.rfile.read(1)) not in (b"\0", b""):
                    taken += byte
                return taken.decode()

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> Mapping[str, str]:
        return {"BASH_FUNC_gcloud%%": FUNCTION, "STAND_IN_PORT": str(self.port)}

    @property
    def written(self) -> list[GcloudCall]:
        return [call for call in self.calls if call.writes]

    def answer(self, call: GcloudCall) -> tuple[int, str]:
        """Do what a call asks for; return the exit code, and what is printed."""
        self.calls.append(call)
        try:
            self._refuse(call)
            return 0, self._done(call) if call.writes else self._found(call)
        except RefusedCall as refusal:
            return 1, f"{refusal}\n"

    def _refuse(self, call: GcloudCall) -> None:
        if call.command == self.denied:
            raise RefusedCall(
                f"ERROR: (gcloud) PERMISSION_DENIED: Permission 'iam.roles.create' denied on {call.name}."
            )
        api = APIS.get(call.words[0])
        if api is not None and ("services", f"{api}.googleapis.com") not in self.things:
            raise RefusedCall(
                f"ERROR: (gcloud) PERMISSION_DENIED: {api} has not been used in project 1 before or it is disabled."
            )
        if call.writes and (message := self.fails.pop(len(self.written), "")):
            raise RefusedCall(message)

    def _found(self, call: GcloudCall) -> str:
        match call.command.split()[-1]:
            case "get-iam-policy":
                role, member = re.findall(r"=(\S+)", call.flags["filter"])
                return f"{role}\n" if (call.kind, call.name, role, member) in self.grants else ""
            case "list":
                wanted = call.name or None
                return "".join(
                    f"{name}\n" for kind, name in self.things if kind == call.kind and wanted in (None, name)
                )
        thing = self.things.get((call.kind, call.name))
        if call.kind == "firestore indexes fields":
            return f"{call.name}\t{'True' if thing is None else ''}\n"
        if thing is None:
            raise RefusedCall(f"ERROR: (gcloud.{call.command.replace(' ', '.')}) NOT_FOUND: {call.name} was not found.")
        return _shown(call, thing)

    def _done(self, call: GcloudCall) -> str:
        verb = call.command.removesuffix(" http").split()[-1]
        key = (call.kind, call.name)
        if verb == "create" and key in self.things:
            raise RefusedCall(f"ERROR: (gcloud) ALREADY_EXISTS: {call.name} already exists.")
        if verb == "add-iam-policy-binding":
            self.grants.add((call.kind, call.name, call.flags["role"], call.flags["member"]))
        elif verb == "delete":
            del self.things[key]
        elif verb == "enable":
            self.things |= {(call.kind, name): {} for name in call.names}
        elif verb == "create" and call.kind == "iam service-accounts":
            self.things[call.kind, f"{call.name}@{call.flags['project']}.iam.gserviceaccount.com"] = call.flags
        elif verb != "update-traffic":
            self.things[key] = call.flags
        return ""


def _shown(call: GcloudCall, thing: Mapping[str, str]) -> str:
    shape = call.flags["format"]
    if "includedPermissions" in shape:
        text = (ROOT / "deploy" / thing["file"]).read_text(encoding="utf-8")
        return "".join(f"{each}\n" for each in re.findall(r"^- (.+)$", text, re.MULTILINE))
    if "labels" in shape:
        labelled = thing.get("update-labels") or thing.get("labels", "")
        labels: dict[str, Any] = dict(each.split("=") for each in labelled.split(",") if each)
        return f"{labels.get('reveille-settings', '')}\n"
    if "serviceAccountName" in shape:
        return f"{thing.get('service-account', '')}\n"
    return f"{thing.get('number', call.name)}\t{thing.get('description', '')}\n".replace("\t\n", "\n")
