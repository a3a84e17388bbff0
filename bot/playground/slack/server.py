"""A Slack workspace on loopback: the real SDK and Bolt talk to it, and it can be told to fail.

    with SlackServer() as slack:
        client = WebClient(slack.token, base_url=slack.api_url, timeout=1)
        slack.tell("chat.postMessage", rate_limited(30))

It checks the token and every limit, and records every call in order.
"""

from __future__ import annotations

import json
import sys
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import parse_qsl

from bot.playground.patient_server import PatientServer
from bot.playground.slack.limits import Refusal
from bot.playground.slack.requests import SignedRequests
from bot.playground.slack.workspace import PostedMessage, SlackWorkspace

EVERY_METHOD = "*"

CHANNEL = "C0EXAMPLE1"

TOKEN = "xoxb-example-token"
SIGNING_SECRET = "example-signing-secret"


@dataclass(frozen=True, slots=True, kw_only=True)
class SlackFault:
    """What happens to calls of a method. ``accepts`` does what was asked first; ``hangs`` and ``drops`` answer
    nothing, the latter at once. ``times`` None means until told otherwise."""

    status: int = 200
    error: str = ""
    retry_after: int | None = None
    accepts: bool = False
    hangs: bool = False
    drops: bool = False
    times: int | None = 1


def rate_limited(seconds: int, times: int | None = 1) -> SlackFault:
    return SlackFault(status=429, error="ratelimited", retry_after=seconds, times=times)


def broken(status: int = 503, times: int | None = 1) -> SlackFault:
    return SlackFault(status=status, error="internal_error", times=times)


def refused(error: str, times: int | None = 1) -> SlackFault:
    return SlackFault(error=error, times=times)


def unreachable(times: int | None = 1) -> SlackFault:
    """The connection is closed before anything is done."""
    return SlackFault(drops=True, times=times)


def silent(times: int | None = 1) -> SlackFault:
    """Nothing is done and nothing answered: the client waits until its time-out."""
    return SlackFault(hangs=True, times=times)


def silent_after_accepting(times: int | None = 1) -> SlackFault:
    """The message is there, and the client waits until its time-out."""
    return SlackFault(accepts=True, hangs=True, times=times)


def dropped_after_accepting(times: int | None = 1) -> SlackFault:
    """The message is there, and the connection closes without an answer."""
    return SlackFault(accepts=True, drops=True, times=times)


@dataclass(frozen=True, slots=True)
class SlackCall:
    """One call. ``error`` is empty when it was done and answered; ``answer`` is what came of it, answered or not."""

    method: str
    arguments: Mapping[str, Any]
    error: str
    answer: Mapping[str, Any] = field(default_factory=dict)


class SlackServer:
    """Serves on loopback while entered.

    ``clock`` gives messages their time stamps, ``timer`` says when a trigger has had its time and a signature was made;
    by default it is the clock. ``posts_a_second`` makes it refuse more in one channel, as Slack does.
    ``names_scopes`` says whether answers name the app's scopes. ``down`` closes every connection. ``watch`` is called
    with every message that is posted or edited.
    """

    def __init__(
        self,
        channels: Sequence[str] = (CHANNEL,),
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        posts_a_second: float | None = None,
        port: int = 0,
        names_scopes: bool = True,
        watch: Callable[[SlackCall], None] = lambda call: None,
        timer: Callable[[], datetime] | None = None,
    ) -> None:
        self.token, self.signing_secret = TOKEN, SIGNING_SECRET
        self.workspace = SlackWorkspace(clock, channels, timer)
        self.calls: list[SlackCall] = []
        self.down = False
        self._names_scopes = names_scopes
        self._interval = 1 / posts_a_second if posts_a_second else 0.0
        self._posted: dict[str, float] = {}
        self._faults: dict[str, deque[SlackFault]] = defaultdict(deque)
        self._watch = watch
        self._timer = timer or clock
        self._over = threading.Event()
        self._lock = threading.RLock()
        self._methods: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
            "api.test": lambda arguments: {},
            "auth.test": self.workspace.auth_test,
            "chat.postMessage": self.workspace.post,
            "chat.update": self.workspace.update,
            "chat.delete": self.workspace.delete,
            "chat.postEphemeral": self.workspace.post_ephemeral,
            "conversations.info": self.workspace.info,
            "conversations.history": self.workspace.history,
            "conversations.replies": self.workspace.replies,
            "users.info": self.workspace.user,
            "usergroups.users.list": self.workspace.group,
            "files.getUploadURLExternal": lambda arguments: self.workspace.offer_upload(arguments, self.address),
            "files.completeUploadExternal": self.workspace.complete_upload,
            "views.open": self.workspace.open_view,
            "views.push": self.workspace.push_view,
            "views.update": self.workspace.update_view,
            "views.publish": self.workspace.publish_home,
        }
        self._server = _Server(("127.0.0.1", port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    @property
    def api_url(self) -> str:
        """What ``SLACK_API_URL`` names."""
        return f"{self.address}/api/"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def tell(self, method: str, *faults: SlackFault) -> None:
        """Let the next calls of a method, or of ``EVERY_METHOD``, fail; later faults follow the earlier ones."""
        with self._lock:
            self._faults[method].extend(faults)

    def recover(self) -> None:
        """Work again as if nothing had been told."""
        with self._lock:
            self.down = False
            self._faults.clear()

    def archive(self, channel: str = CHANNEL) -> None:
        self.workspace.channels[channel].archived = True

    def remove_bot(self, channel: str = CHANNEL) -> None:
        self.workspace.channels[channel].has_bot = False

    def delete(self, message: PostedMessage) -> None:
        """Delete a message as a person would."""
        with self._lock:
            self.workspace.delete({"channel": message.channel, "ts": message.ts})

    def messages(self, channel: str = CHANNEL, *, key: str | None = None) -> list[PostedMessage]:
        """Return what stands in a channel, threads included, oldest first; with a key, what carries it."""
        with self._lock:
            messages = list(self.workspace.channels[channel].messages.values())
        return [each for each in messages if key in (None, each.key)]

    def thread(self, parent: PostedMessage) -> list[PostedMessage]:
        """Return the answers in a thread, oldest first."""
        return [each for each in self.messages(parent.channel) if each.thread_ts == parent.ts]

    def told(self) -> frozenset[str]:
        """Return who was told something privately: by a response address, an ephemeral or a direct message."""
        with self._lock:
            responses = {str(each["user"]) for each in self.workspace.responses}
            ephemerals = {str(each.only_for) for each in self.workspace.ephemerals}
            direct = {name for name, channel in self.workspace.channels.items() if channel.messages}
        return frozenset(responses | ephemerals | direct)

    def called(self, method: str) -> list[SlackCall]:
        """Return the calls of one method, in order, those that failed included."""
        with self._lock:
            return [call for call in self.calls if call.method == method]

    @property
    def requests(self) -> SignedRequests:
        """Send signed requests to an app, as Slack does."""
        return SignedRequests(self.signing_secret, self.address, self.workspace, self._timer)

    @property
    def lock(self) -> threading.RLock:
        """What whoever looks at the workspace from another thread holds."""
        return self._lock

    def announce(self, method: str, about: Mapping[str, Any]) -> None:
        """Tell whoever watches of what somebody else than the app did."""
        self._watch(SlackCall(method, {}, "", about))

    def _fault(self, method: str) -> SlackFault | None:
        waiting = self._faults[method] or self._faults[EVERY_METHOD]
        if not waiting:
            return None
        fault = waiting[0]
        if fault.times is not None:
            waiting.popleft()
            if fault.times > 1:
                waiting.appendleft(replace(fault, times=fault.times - 1))
        return fault

    def _call(self, method: str, arguments: Mapping[str, Any], token: str) -> tuple[SlackFault, dict[str, Any]]:
        """Return how to answer a call, and with what."""
        with self._lock:
            fault = self._fault(method) or SlackFault()
            if self.down:
                fault = SlackFault(drops=True)
            elif not fault.error and self._too_fast(method, arguments):
                fault = rate_limited(1)
            answer: dict[str, Any] = {"ok": True}
            try:
                answer |= self._do(fault, method, arguments, token)
            except Refusal as refusal:
                answer = {"ok": False, "error": refusal.error}
                if refusal.problems:
                    answer["response_metadata"] = {"messages": list(refusal.problems)}
            unanswered = "no_answer" if fault.hangs or fault.drops else ""
            call = SlackCall(method, arguments, answer.get("error") or unanswered, answer)
            self.calls.append(call)
        self._watch(call)
        return fault, answer

    def _do(self, fault: SlackFault, method: str, arguments: Mapping[str, Any], token: str) -> dict[str, Any]:
        if fault.error:
            raise Refusal(fault.error)
        if (fault.hangs or fault.drops) and not fault.accepts:
            return {}
        if token != self.token:
            raise Refusal("invalid_auth" if token else "not_authed")
        if method not in self._methods:
            raise Refusal("unknown_method")
        return self._methods[method](arguments)

    def _too_fast(self, method: str, arguments: Mapping[str, Any]) -> bool:
        if method != "chat.postMessage" or not self._interval:
            return False
        channel, now = arguments.get("channel", ""), self.workspace.clock().timestamp()
        too_fast = now - self._posted.get(channel, 0.0) < self._interval
        if not too_fast:
            self._posted[channel] = now
        return too_fast

    def _respond(self, name: str, body: dict[str, Any]) -> tuple[int, bytes]:
        with self._lock:
            try:
                said = self.workspace.respond(name, body)
            except Refusal as refusal:
                return 404, refusal.error.encode()
        about = {} if said is None else {"channel": said.channel, "ts": said.ts}
        self._watch(SlackCall("response_url", body, "", about))
        return 200, b"ok"

    def _upload(self, name: str, content: bytes) -> tuple[int, bytes]:
        with self._lock:
            fault = self._fault("upload")
            try:
                self.workspace.upload(name, content)
            except (Refusal, KeyError):
                return 404, b"no such upload"
        return (200, b"OK") if fault is None else (fault.status if fault.status != 200 else 500, b"broken")

    def _handler(self) -> type[BaseHTTPRequestHandler]:  # noqa: C901 - the methods of one small class
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.do_POST()

            def do_POST(self) -> None:
                path, _, query = self.path.partition("?")
                data = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                if path.startswith("/upload/"):
                    status, payload = outer._upload(path.removeprefix("/upload/"), data)
                    self._send(status, payload, "text/plain")
                    return
                arguments = {**dict(parse_qsl(query)), **self._arguments(data.decode())}
                if path.startswith("/response/"):
                    status, payload = outer._respond(path.removeprefix("/response/"), arguments)
                    self._send(status, payload, "text/plain")
                    return
                token = (self.headers.get("Authorization") or "").removeprefix("Bearer ")
                method = path.removeprefix("/api/")
                fault, answer = outer._call(method, arguments, token or arguments.get("token", ""))
                if fault.hangs:
                    outer._over.wait()
                if fault.hangs or fault.drops:
                    self.close_connection = True
                    return
                self._send(fault.status, json.dumps(answer).encode(), "application/json", fault.retry_after)

            def _arguments(self, text: str) -> dict[str, Any]:
                if "json" in self.headers.get("Content-Type", ""):
                    return dict(json.loads(text or "{}"))
                return dict(parse_qsl(text, keep_blank_values=True))

            def _send(self, status: int, payload: bytes, kind: str, retry_after: int | None = None) -> None:
                self.send_response(status)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                self.send_header("Content-Length", str(len(payload)))
                if outer._names_scopes:
                    self.send_header("x-oauth-scopes", ",".join(sorted(outer.workspace.scopes)))
                if retry_after is not None:
                    self.send_header("Retry-After", str(retry_after))
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        return Handler


class _Server(PatientServer):
    def handle_error(self, request: object, client_address: object) -> None:
        """A client that gave up is no error of the server; anything else is."""
        if not isinstance(sys.exception(), ConnectionError):
            sys.stderr.write(f"The fake Slack failed: {sys.exception()!r}\n")
