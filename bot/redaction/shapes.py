"""What a secret looks like to somebody who does not know it: by its own form, or by the name before it.

Strangers choose the text that is searched, so a search must take time in proportion to its length. A shape is
therefore a head of bounded width and one run that ends it. A head that fails costs a constant; what a run has read is
hidden and never read again. Where something must follow a run, the run cannot hold another head.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

Span = tuple[int, int]


def _always(_: str) -> bool:
    return True


@dataclass(frozen=True)
class Shape:
    """``head`` stays readable and says what was there; ``run`` is hidden where ``judge`` finds it to be secret."""

    head: str
    run: str
    judge: Callable[[str], bool] = _always

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(f"(?:{self.head})(?P<run>{self.run})")

    def spans(self, text: str) -> Iterator[Span]:
        """Yield from where to where in a text something has this shape."""
        for found in self.pattern.finditer(text):
            if self.judge(found["run"]):
                yield found.span("run")


_ENGLISH = re.compile("[a-z]{1,5}|tokens|auth[a-z]*|scheme|header", re.IGNORECASE)
"""What may follow the word "bearer" and is no token."""

_REFERENCE = re.compile(r"[\w./-]+:(?:latest|VERSION|\d+)[.):]*")


def _is_no_word(run: str) -> bool:
    return _ENGLISH.fullmatch(run) is None


def _is_value(run: str) -> bool:
    """Whether this is more than the place of a secret in Secret Manager."""
    return _REFERENCE.fullmatch(run) is None


def _is_opaque(run: str) -> bool:
    return _is_value(run) and any(character.isdigit() for character in run)


def _is_user_and_password(run: str) -> bool:
    plain = unquote(run)
    try:
        return b":" in base64.b64decode(plain + "=" * (-len(plain) % 4))
    except (binascii.Error, ValueError):
        return False


# In a form, perhaps in several: % is %25 there, and %25 is %2525.
_PERCENT = r"%(?:25){0,4}"
_QUOTE = _PERCENT + "22"
_SLASH = rf"(?:\\{{0,16}}/|(?:{_PERCENT}5C){{0,8}}{_PERCENT}2F)"
_BLANK = r"(?:[ \t]|\+|%20)"
_NAME = (
    "(?:trigger_id|response_url|token|authorization|signature|secret|password|passwd|api[_-]?key"
    "|access[_-]?key|private[_-]?key|cookie)"
)
NAMED = re.compile(rf"[\w-]*{_NAME}", re.IGNORECASE)
"""The whole name of a field whose value is secret."""

SECRET_NAME = re.compile(
    rf"[\w-]*(?:{_NAME}|passphrase|credentials?|webhook(?:_url)?)|(?:[\w-]*_)?(?:key|dsn)", re.IGNORECASE
)
"""The whole name of a variable whose value is secret."""

ADDRESS = re.compile(r"[a-z][a-z0-9+.-]{0,20}://\S+", re.IGNORECASE)

TOKENS = (
    # Slack's tokens, of whatever kind: bot, user, app, workflow, refresh, configuration.
    Shape("xox[a-z]-|xapp-|xwfp-", r"[A-Za-z0-9%][A-Za-z0-9.%_-]*"),
    # GitHub's: personal, OAuth, user, server, refresh.
    Shape("gh[oprsu]_|github_pat_", r"[A-Za-z0-9_]{10}[A-Za-z0-9_]*"),
    # Google's: access and refresh tokens, API keys, secrets of OAuth clients.
    Shape(r"ya29\.|GOCSPX-", r"[A-Za-z0-9_-][A-Za-z0-9_.-]*"),
    Shape("AIza|1//0", r"[A-Za-z0-9_-]{10}[A-Za-z0-9_-]*"),
    # A JSON Web Token: eyJ is how base64 begins a JSON object.
    Shape("eyJ", r"[A-Za-z0-9_-]{4}[A-Za-z0-9_.-]*"),
    # Stripe, OpenAI and the like; Amazon.
    Shape(r"(?<![A-Za-z0-9])(?:[rs]k_(?:live|test)_|sk-)", r"[A-Za-z0-9_-]{8}[A-Za-z0-9_-]*", _is_opaque),
    Shape("(?<![A-Za-z0-9])AKIA", r"[A-Z0-9]{12}[A-Z0-9]*"),
    Shape("-----BEGIN(?:[ +]|%20)(?:[A-Z]{1,12}(?:[ +]|%20)){0,3}PRIVATE(?:[ +]|%20)KEY", "-----(?:[^-]|-(?!----))*"),
    # Whoever holds a webhook or a response_url can post: the path is the secret.
    Shape(
        rf"(?i:hooks\.slack(?:-gov)?\.com){_SLASH}",
        rf"(?:(?!{_QUOTE})[^\s\"'<>&\\]|\\(?=[\\/]))+",
    ),
    # User and password of an address; in a form, too.
    Shape(r":\\{0,16}/\\{0,16}/", r"[^\s/?#\"'<>\\]+(?=@)"),
    Shape(rf"(?i:{_PERCENT}3A{_PERCENT}2F{_PERCENT}2F)", rf"(?:(?!{_PERCENT}2[Ff])[^\s&\"'<>])+(?=@|{_PERCENT}40)"),
)
"""What is secret whatever stands before it."""

REQUESTS = (
    Shape(rf"(?i:\bbearer){_BLANK}{{1,8}}", r"[A-Za-z0-9._~+/=%-]+", _is_no_word),
    Shape(rf"(?i:\bbasic){_BLANK}{{1,8}}", r"[A-Za-z0-9+/=_%-]{8}[A-Za-z0-9+/=_%-]*", _is_user_and_password),
    # A signature, with which a request could be sent again, and what a click may open a view with.
    Shape(r"\bv0(?:=|%3D)", "[0-9a-f]{16}[0-9a-f]*"),
    Shape(r"(?<![0-9.])(?=[0-9]{4,15}\.[0-9]{4,15}\.[0-9a-f]{16})", r"[0-9a-f.]+"),
    # In JSON or a Python mapping, escaped or not, a value in a list included.
    Shape(
        rf"(?i:[\"'][\w-]{{0,40}}{_NAME}\\{{0,16}}[\"']\s{{0,8}}[:=,]\s{{0,8}}[\[(]?\s{{0,8}}b?)\\{{0,16}}(?P<quote>[\"'])",
        r"(?:(?!(?P=quote))[^\\\r\n]|\\(?!\\{0,16}[\"']))+",
    ),
    # In a form, and in a form that carries JSON.
    Shape(rf"(?i:(?<![\w-])[\w-]{{0,40}}{_NAME}(?:=|%3D))", r"[^&\s\"',;\\]+", _is_value),
    Shape(
        rf"(?i:{_QUOTE}[\w-]{{0,40}}{_NAME}(?:{_PERCENT}5C){{0,8}}{_QUOTE}{_PERCENT}3A{_BLANK}{{0,8}}"
        rf"(?:{_PERCENT}5B)?(?:{_PERCENT}5C){{0,8}}{_QUOTE})",
        rf"(?:(?!(?:{_PERCENT}5[Cc]){{0,8}}{_QUOTE})[^&\s])+",
    ),
    # In a header or a line of YAML.
    Shape(r"(?i:\bauthorization\s{0,4}:\s{0,4})", r"[^\s\"'\\][^\r\n\"'\\,]*"),
    Shape(rf"(?i:(?<![\w-])[\w-]{{0,40}}{_NAME}:\s{{1,4}})", r"[^\s\"',;\\]{6}[^\s\"',;\\]*", _is_opaque),
    Shape(r"(?i:[?&]key=)", r"[^&\s\"'<>\\]+"),
)
"""What is secret by what stands before it, as in requests and their answers."""

SCRIPTS = (
    # An assignment, or a flag that takes some; --update-secrets takes the places of secrets.
    Shape(
        rf"(?i:(?:{_NAME}|passw|credential|webhook)[\w-]{{0,40}}=)['\"]?(?![^\s,;'\"]{{0,200}}:(?:latest|\d{{1,9}})\b)",
        r"[^\s,;'\"$\\]+",
    ),
)
"""What is secret in a script by the name of what it is given to."""

ERRORS = (Shape(r"(?i:\b(?:key|password|token)\s{0,4}[=:]\s{0,4})", r"\S+"),)
"""What is secret in what a service says of an error: it may repeat a request in words of its own."""

PEOPLE = (
    Shape(
        r"(?<![\w.+-])",
        r"[\w.+-]{1,64}(?=@(?!(?:[\w-]{1,63}\.){1,3}gserviceaccount\.com)[\w-]{1,63}(?:\.[\w-]{1,63}){1,5})",
    ),
)
"""Who somebody is: what stands before the host of an e-mail address, except of a service account."""
