"""Environment variables: what a merge changes, how two environments differ, what must not be written in clear."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from bot.redaction.shown import why_secret
from bot.repairs.ports import Variable
from checks.pipeline import Pipeline
from checks.services_spec import ServiceSpec

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

RESERVED = frozenset({"PORT", "K_SERVICE", "K_REVISION", "K_CONFIGURATION"})
"""Variables that Cloud Run sets itself and refuses to take."""

_HARMLESS_VALUE = re.compile(r"|-?\d{1,9}(\.\d+)?|true|false|yes|no|on|off|none", re.IGNORECASE)


class MergeRefusedError(Exception):
    """A merge is not made; the message says which variable, why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What a merge changes, by name, sorted. Every variable that is not named stays as it is."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()

    @property
    def needed(self) -> bool:
        return bool(self.added or self.changed)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """How one environment differs from an earlier one, by name, sorted. ``emptied`` were set and are not."""

    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()
    emptied: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        return bool(self.added or self.removed or self.emptied or self.changed)


def merge(
    current: Mapping[str, Variable],
    wanted: Mapping[str, Variable],
    *,
    replace_secret: bool = False,
    not_secret: frozenset[str] = frozenset(),
) -> Merge:
    """Return what merging would change. Raises MergeRefusedError.

    Refused: a literal over a value from a secret unless ``replace_secret``, a literal that looks like a secret
    unless its name is in ``not_secret``, a name that is none or that Cloud Run reserves.
    """
    for name, variable in wanted.items():
        _must_be_a_name(name)
        if variable.secret:
            continue
        there = current.get(name)
        if there is not None and there.secret and not replace_secret:
            raise MergeRefusedError(
                f"{name} comes from the secret {there.secret}: a value in clear would replace it. Name another version "
                f"with --secret {name}={there.secret.partition(':')[0]}:VERSION, or say --replace-secret."
            )
        if name not in not_secret and (reason := secret_reason(name, variable.value)):
            raise MergeRefusedError(
                f"{name} looks like a secret ({reason}), and a variable can be read by everyone who may see the "
                f"service. Put the value into Secret Manager and name it: --secret {name}=SECRET:VERSION. If it is "
                f"none, say --not-secret {name}."
            )
    names = sorted(wanted)
    return Merge(
        added=tuple(name for name in names if name not in current),
        changed=tuple(name for name in names if name in current and current[name] != wanted[name]),
        unchanged=tuple(name for name in names if name in current and current[name] == wanted[name]),
    )


def _must_be_a_name(name: str) -> None:
    if NAME.fullmatch(name) is None:
        raise MergeRefusedError(f"{name!r} is no name of a variable: letters, digits and underscores only.")
    if name in RESERVED:
        raise MergeRefusedError(f"{name} is set by Cloud Run itself and cannot be changed.")


def secret_reason(name: str, value: str) -> str:
    """Return why a variable looks like a secret, empty when it does not."""
    return "" if _HARMLESS_VALUE.fullmatch(value.strip()) else why_secret(name, value)


def merged(current: Mapping[str, Variable], changes: Mapping[str, Variable | None]) -> dict[str, Variable]:
    """Return the environment with the changes; None removes a variable. What is not named stays, in its place."""
    result = dict(current)
    for name, variable in changes.items():
        if variable is None:
            result.pop(name, None)
        else:
            result[name] = variable
    return result


def difference(before: Mapping[str, str], after: Mapping[str, str]) -> Difference:
    """Compare two environments. A value of blanks alone counts as none."""
    return Difference(
        added=tuple(sorted(name for name in after if name not in before)),
        removed=tuple(sorted(name for name in before if name not in after)),
        emptied=tuple(sorted(name for name in before if before[name].strip() and not after.get(name, "x").strip())),
        changed=tuple(
            sorted(
                name
                for name in before
                if name in after and before[name] != after[name] and (after[name].strip() or not before[name].strip())
            )
        ),
    )


def spec_of(pipeline: Pipeline, service: str) -> ServiceSpec | None:
    """Return what the pipeline file says of a service, None where it says nothing."""
    return next((spec for spec in pipeline.services if spec.name == service), None)
