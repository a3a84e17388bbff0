"""GitHub's REST interface for one repository, as far as commits, comparisons and contents go.

It pages, counts what was asked, and can be told to refuse, to be slow, or to answer nonsense.
"""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler
from typing import Any, Self
from urllib.parse import parse_qs, unquote, urlsplit

from bot.playground.patient_server import PatientServer

REPOSITORY = "example/platform"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pushed:
    """A commit of the branch; ``merge`` gives it two parents, ``renamed`` maps a new path to the old one."""

    sha: str
    at: datetime
    author: str = "Ada Example"
    message: str = "Change something"
    files: tuple[str, ...] = ()
    renamed: Mapping[str, str] = field(default_factory=dict)
    merge: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """What is answered instead; ``times`` None means always. ``text`` replaces the JSON body."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    message: str = "refused by the test"
    text: str | None = None
    times: int | None = None


class GitHubServer:
    """Serves on loopback while entered. ``commits`` are those of the branch, the oldest first.

    ``delay`` is in seconds. ``asked`` counts paths, ``tokens`` holds what stood in Authorization.
    """

    def __init__(
        self, commits: Sequence[Pushed] = (), *, branch: str = "main", paths: Sequence[str] = (), delay: float = 0.0
    ) -> None:
        self.commits = list(commits)
        self.branch = branch
        self.paths = set(paths)
        self.delay = delay
        self.most_a_page = 100
        self.asked: Counter[str] = Counter()
        self.tokens: set[str | None] = set()
        self._refusals: dict[str, Refusal] = {}
        self._over = threading.Event()
        self._lock = threading.Lock()
        self._server = PatientServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def refuse(self, part: str, refusal: Refusal) -> None:
        """Refuse every path that holds this part."""
        self._refusals[part] = refusal

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._over.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body leave together; apart, the second would wait for the first's receipt

            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                path = unquote(parts.path)
                outer._over.wait(outer.delay)
                with outer._lock:
                    outer.asked[path] += 1
                    outer.tokens.add(self.headers.get("Authorization"))
                    refusal = outer._refusal(path)
                if refusal is not None:
                    text = refusal.text if refusal.text is not None else json.dumps({"message": refusal.message})
                    self._say(refusal.status, text, refusal.headers)
                    return
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                answer = outer._answer(path, query)
                if answer is None:
                    self._say(404, json.dumps({"message": "Not Found"}), {})
                    return
                body, last = answer
                page = int(query.get("page", "1"))
                rest = "&".join(f"{name}={value}" for name, value in query.items() if name != "page")
                link = f'<{outer.address}{parts.path}?{rest}&page={page + 1}>; rel="next"'
                self._say(200, json.dumps(body), {} if last else {"Link": link})

            def _say(self, status: int, text: str, headers: Mapping[str, str]) -> None:
                payload = text.encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json; charset=utf-8")
                self.send_header("Content-Length", str(len(payload)))
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(payload)

            def log_message(self, *arguments: object) -> None:
                """Say nothing."""

        return Handler

    def _refusal(self, path: str) -> Refusal | None:
        for part, refusal in self._refusals.items():
            if part in path and (refusal.times is None or self.asked[path] <= refusal.times):
                return refusal
        return None

    def _answer(self, path: str, query: Mapping[str, str]) -> tuple[Any, bool] | None:
        root = f"/repos/{REPOSITORY}/"
        if not path.startswith(root):
            return None
        kind, _, rest = path.removeprefix(root).partition("/")
        answers: Mapping[str, Callable[[str, Mapping[str, str]], tuple[Any, bool] | None]] = {
            "commits": self._commits,
            "compare": self._comparison,
            "contents": self._contents,
        }
        return answers[kind](rest, query) if kind in answers else None

    def _commits(self, rest: str, query: Mapping[str, str]) -> tuple[Any, bool] | None:
        if not rest:
            since = datetime.fromisoformat(query["since"])
            found = [each for each in reversed(self.commits) if each.at >= since]
            page, last = self._page(found, query)
            return ([_entry(each) for each in page], last) if query["sha"] == self.branch else None
        sha = self.commits[-1].sha if rest == f"heads/{self.branch}" and self.commits else rest
        commit = next((each for each in self.commits if each.sha.startswith(sha)), None)
        if commit is None:
            return None
        page, last = self._page([*commit.files, *commit.renamed], query)
        files = [
            {"filename": name, **({"previous_filename": commit.renamed[name]} if name in commit.renamed else {})}
            for name in page
        ]
        return {**_entry(commit), "files": files}, last

    def _comparison(self, rest: str, query: Mapping[str, str]) -> tuple[Any, bool] | None:
        base, _, branch = rest.partition("...")
        number = next((index for index, each in enumerate(self.commits) if each.sha.startswith(base)), None)
        if number is None or branch != self.branch:
            return None
        lacking = self.commits[number + 1 :]
        page, last = self._page(lacking, query)
        return {"total_commits": len(lacking), "commits": [_entry(each) for each in page], "files": []}, last

    def _contents(self, rest: str, query: Mapping[str, str]) -> tuple[Any, bool] | None:
        exists = query["ref"] == self.branch and any(f"{each}/".startswith(f"{rest}/") for each in self.paths)
        return ([], True) if exists else None

    def _page(self, found: Sequence[Any], query: Mapping[str, str]) -> tuple[Sequence[Any], bool]:
        size = min(int(query.get("per_page", "30")), self.most_a_page)
        first = (int(query.get("page", "1")) - 1) * size
        return found[first : first + size], first + size >= len(found)


def _entry(commit: Pushed) -> dict[str, Any]:
    moment = commit.at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    person = {"name": commit.author, "email": "ada@example.com", "date": moment}
    return {
        "sha": commit.sha,
        "commit": {"author": person, "committer": person, "message": commit.message},
        "parents": [{"sha": "1"}, {"sha": "2"}] if commit.merge else [{"sha": "1"}],
    }
