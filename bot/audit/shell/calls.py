"""What a command line of gcloud, or of our own program, asks for."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from bot.audit.shell.words import Word

SHELLS = frozenset(("bash", "sh", "dash", "zsh", "ash"))
_LETTERS = re.compile(r"[-+][A-Za-z]+")
_WITH_A_NAME = frozenset("oO")
_TEXT_OPTION = re.compile(r"-[a-z]*c")


@dataclass(frozen=True, slots=True)
class ShellText:
    """Which of the words is the text that a shell runs, and which options of `set` it starts with."""

    index: int
    errexit: bool = False
    pipefail: bool = False


def shell_text(texts: Sequence[str]) -> ShellText | None:
    """Find the text behind `-c` in the words of a shell's call, the program first; None when it is given none.

    The letters may stand together and in any order (`-ceu`, `-euo pipefail -c`): the text is the first word behind
    all options.
    """
    given: set[str] = set()
    at = 1
    while at < len(texts) and texts[at].startswith(("-", "+")) and texts[at] not in {"-", "--"}:
        text = texts[at]
        at += 1
        if not _LETTERS.fullmatch(text):
            continue
        names = [letter for letter in text[1:] if letter in _WITH_A_NAME]
        if text[0] == "-":
            given.update(text[1:])
            given.update(texts[at : at + len(names)])
        at += len(names)
    if at < len(texts) and texts[at] in {"-", "--"}:
        at += 1
    if "c" not in given or at >= len(texts):
        return None
    return ShellText(at, errexit=bool(given & {"e", "errexit"}), pipefail="pipefail" in given)


@dataclass(frozen=True, slots=True)
class CliFlag:
    """A flag as given: its name with dashes, its value, and the words that hold them."""

    name: str
    value: str
    known: bool
    word: Word


@dataclass(frozen=True, slots=True)
class CliCall:
    """A command line of gcloud or reveille: what is asked (``run deploy``), of what, and with which flags."""

    path: str
    arguments: tuple[Word, ...]
    flags: tuple[CliFlag, ...]
    open_ended: bool
    """Whether some words are unknown as a whole, such as ``"$@"``: they may be more flags."""

    @property
    def subject(self) -> str:
        """The first argument, normalised as Cloud Run names services; empty when there is none."""
        return service_name(self.arguments[0].text) if self.arguments else ""

    def flag(self, *names: str) -> CliFlag | None:
        return next((flag for flag in reversed(self.flags) if flag.name in names), None)

    def all_flags(self, *names: str) -> list[CliFlag]:
        return [flag for flag in self.flags if flag.name in names]


def service_name(text: str) -> str:
    """Return the name under which Cloud Run knows a service or function; unknown parts stay as they are."""
    if "$" in text:
        return text
    return text.rpartition("/")[2].lower().replace("_", "-")


_SWITCH = re.compile(
    r"--(no|clear|delete)-.*|-h|-q|--(allow-unauthenticated|async|cpu-boost|cpu-throttling|execute-now|force|gen2|help"
    r"|http2|iap|invoker-iam-check|log-http|quiet|retry|serve-all-traffic-latest-revision|session-affinity"
    r"|snapshot-redeploy|sort|to-latest|trigger-http|use-http2|user-output-enabled|wait)"
)
"""The flags of gcloud that take no value."""
_GROUPS = {
    "run": ("services", "jobs", "revisions", "worker-pools", "domain-mappings"),
    "functions": ("local", "runtimes", "regions", "event-types"),
    "builds": ("triggers",),
    "pubsub": ("topics", "subscriptions", "schemas", "snapshots"),
    "scheduler": ("jobs", "locations"),
    "eventarc": ("triggers", "channels", "providers"),
    "iam": ("service-accounts", "roles"),
    "projects": (),
    "services": (),
}
_TRACKS = frozenset(("alpha", "beta", "preview"))
_WRAPPERS = frozenset(("sudo", "command", "exec", "time", "nohup", "env", "timeout", "nice", "builtin", "stdbuf"))
_HANDLES_FILES = re.compile(
    r"cat|chmod|chown|command|cp|curl|cut|diff|file|find|git|gsutil|hash|head|install|ln|ls|mkdir|mv|read|rm|sed"
    r"|sha256sum|sort|stat|tail|tar|tee|test|touch|true|type|unzip|wc|wget|which|zip|:"
)
_REPEATERS = frozenset(("xargs", "parallel"))
_PROGRAMS = frozenset(("gcloud", "reveille", "docker", "bash", "sh"))
_TALKS = re.compile(r"^(log|warn|info|error|die|say|print|printf|echo|msg|debug|note|grep|\[)", re.IGNORECASE)
_RUNS = re.compile(r"(^|[_-])(and_)?(run|exec|execute|do|retry|try|with)([_-]|$)|^logged", re.IGNORECASE)
"""What speaks of logging and runs its words all the same, such as `logged_run` and `log_and_exec`."""
_ASSIGNMENT = re.compile(r"[A-Za-z_]\w*=")
_DURATION = re.compile(r"[0-9.]+[smhd]?")


def talks(program: str) -> bool:
    """Whether a program, by its name, prints the words that it is given."""
    return _TALKS.match(program) is not None and not runs_its_words(program)


def runs_its_words(program: str) -> bool:
    """Whether a program, by its name, runs the words that it is given."""
    return _RUNS.search(program) is not None


def runs_nothing(program: str) -> bool:
    """Whether a program, by its name, only prints its words, or reads, moves or looks for the files that they name."""
    return talks(program) or _HANDLES_FILES.fullmatch(program.rpartition("/")[2]) is not None


def behind_a_wrapper(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Return the call that an unknown program is given to run: ``with_retry 3 gcloud run deploy``, ``bash -c …``."""
    if not words or talks(words[0].text):
        return words
    for index in range(1, len(words) - 1):
        name, behind = words[index].text.rpartition("/")[2], words[index + 1].text
        if (name == "gcloud" and (behind in _GROUPS or behind in _TRACKS)) or (
            name in SHELLS and _TEXT_OPTION.fullmatch(behind)
        ):
            return words[index:]
    return words


def unwrapped(words: tuple[Word, ...]) -> tuple[Word, ...]:
    """Return the words without ``sudo``, ``env A=b``, ``xargs -n1`` and the like before the program."""
    if words and words[0].text.rpartition("/")[2] in _REPEATERS:
        # Their own options have values in too many forms to read: what they run is named by its program.
        at = next((index for index, word in enumerate(words) if word.text.rpartition("/")[2] in _PROGRAMS), 0)
        words = words[at:]
    while words and words[0].text.rpartition("/")[2] in _WRAPPERS and not _only_looks(words):
        words = words[1:]
        while words and (
            words[0].text.startswith("-") or _ASSIGNMENT.match(words[0].text) or _DURATION.fullmatch(words[0].text)
        ):
            words = words[1:]
    return words


def _only_looks(words: tuple[Word, ...]) -> bool:
    """Whether it is ``command -v``, which tells where a program is."""
    return words[0].text == "command" and len(words) > 1 and words[1].text in {"-v", "-V"}


def read_words(words: Iterable[Word]) -> CliCall:
    plain: list[Word] = []
    flags: list[CliFlag] = []
    given = list(words)
    at = 0
    while at < len(given):
        word, behind = given[at], given[at + 1] if at + 1 < len(given) else None
        at += 1
        text = word.text
        if not text.startswith("-"):
            plain.append(word)
            continue
        name, equals, value = text.partition("=")
        if equals:
            flags.append(CliFlag(name, value, "${" not in value and "$(" not in value, word))
        elif _SWITCH.fullmatch(name) or behind is None or behind.text.startswith("--"):
            flags.append(CliFlag(name, "", known=True, word=word))
        else:
            at += 1
            flags.append(CliFlag(name, behind.text, behind.known, word))
    path: list[str] = []
    while plain and plain[0].text in _TRACKS:
        plain.pop(0)
    while plain and len(path) < 3:  # noqa: PLR2004 - group, sub-group and verb
        path.append(plain.pop(0).text)
        if len(path) == 2 and path[1] not in _GROUPS.get(path[0], ()):  # noqa: PLR2004 - group and verb
            break
    open_ended = any(_may_be_more(word, first=index == 0) for index, word in enumerate(plain))
    return CliCall(" ".join(path), tuple(plain), tuple(flags), open_ended)


def _may_be_more(word: Word, *, first: bool) -> bool:
    """Whether an unknown word may stand for several: ``"$@"``, an array, or ``$FLAGS`` behind the name."""
    if word.known:
        return False
    listed = any(not piece.known and piece.text.endswith(("{@}", "[@]}")) for piece in word.pieces)
    return listed or (not first and any(piece.loose for piece in word.pieces))
