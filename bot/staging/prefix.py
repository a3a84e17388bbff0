"""The prefix that tells staging from production, and when it does not: pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

LABEL = "reveille-staging"
"""The label of everything that staging made. Its value is the prefix without its underscore."""

LONGEST = 20

_SHAPE = re.compile(r"[a-z](?:[a-z0-9]|_(?!_))*_")

_PRODUCTION = frozenset({"prod", "production", "live", "main"})
"""Words that people read as production."""


class StagingError(ValueError):
    """What was asked of staging cannot be done; the message is one sentence that says why and what to do."""


@dataclass(frozen=True, slots=True)
class Prefix:
    """A prefix that ``read_prefix`` has accepted."""

    text: str

    @property
    def label(self) -> str:
        """The value of ``LABEL``."""
        return self.text.removesuffix("_")

    def of(self, name: str) -> str:
        """Return the staging name of a dataset, a collection or a topic."""
        return f"{self.text}{name}"

    def owns(self, name: str, labels: Mapping[str, str]) -> bool:
        """Whether something was made by staging under this prefix: both its name and its label say so."""
        return name.startswith(self.text) and self.labelled(labels)

    def labelled(self, labels: Mapping[str, str]) -> bool:
        """Whether something carries our label with this prefix."""
        return labels.get(LABEL) == self.label


def read_prefix(text: str, originals: Iterable[str]) -> Prefix:
    """Accept a prefix, or raise StagingError with the sentence that says how it could match production.

    ``originals`` are the names of production: datasets and collections.
    """
    if not text:
        raise StagingError("The prefix is empty, so staging would be production itself; give one such as test_.")
    if not text.endswith("_"):
        raise StagingError(f"The prefix {text!r} does not end with an underscore; did you mean {_meant(text)!r}?")
    if _SHAPE.fullmatch(text) is None or len(text) > LONGEST:
        raise StagingError(
            f"The prefix {text!r} is not one: expected small letters, digits and single underscores, beginning with"
            f" a letter, at most {LONGEST} characters, such as test_."
        )
    if text.removesuffix("_") in _PRODUCTION:
        raise StagingError(f"The prefix {text!r} reads as production; choose another, such as test_.")
    _must_not_begin_an_original(text, sorted(set(originals)))
    return Prefix(text)


def _meant(text: str) -> str:
    return f"{text.rstrip('-.')}_"


def _must_not_begin_an_original(text: str, originals: Sequence[str]) -> None:
    for name in originals:
        if name.startswith(text):
            raise StagingError(
                f"The prefix {text!r} is how {name!r} of production begins, so the two could not be told apart;"
                " choose another."
            )


def must_be_free(prefix: Prefix, labels_by_name: Mapping[str, Mapping[str, str]]) -> None:
    """Raise StagingError when a dataset of the project begins with the prefix and is not staging's.

    ``labels_by_name`` holds every dataset of the project.
    """
    for name, labels in sorted(labels_by_name.items()):
        if name.startswith(prefix.text) and not prefix.labelled(labels):
            raise StagingError(
                f"The dataset {name!r} begins with {prefix.text!r} and does not carry the label"
                f" {LABEL}={prefix.label}, so it belongs to somebody else; choose another prefix."
            )
