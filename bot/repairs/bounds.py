"""What the pipeline file allows to be repaired; nothing else is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bot.repairs.model import Kind, Refusal, RepairKey, RepairRefusedError
from checks.pipeline import Pipeline, ServiceSpec
from checks.repairs_spec import Repairs


def key_of(text: str) -> RepairKey:
    """Read a key. Raises RepairRefusedError."""
    kind, colon, target = text.strip().partition(":")
    if colon and target and kind in set(Kind):
        return RepairKey(Kind(kind), target)
    kinds = ", ".join(f"{each}:NAME" for each in Kind)
    raise RepairRefusedError(Refusal.UNKNOWN_KEY, f"{text.strip()!r} is not a repair: expected one of {kinds}.")


def catalogue(pipeline: Pipeline) -> tuple[RepairKey, ...]:
    """Return everything that may be repaired, in the order of the pipeline file."""
    return tuple(_keys(pipeline.repairs or Repairs()))


def _keys(bounds: Repairs) -> Iterator[RepairKey]:
    yield from (RepairKey(Kind.GRANT_INVOKER, name) for name in dict.fromkeys(bounds.invoker))
    yield from (RepairKey(Kind.ROUTE_TO_LATEST, name) for name in dict.fromkeys(bounds.traffic))
    yield from (RepairKey(Kind.RESTORE_VARIABLES, name) for name in bounds.variables)
    yield from (RepairKey(Kind.RUN_JOB, name) for name in dict.fromkeys(bounds.jobs))


def offered(pipeline: Pipeline, keys: str) -> tuple[RepairKey, ...]:
    """Return those of the keys, separated by blanks, that the pipeline file allows; what is no key is left out."""
    allowed = {str(each): each for each in catalogue(pipeline)}
    return tuple(allowed[word] for word in dict.fromkeys(keys.split()) if word in allowed)


_WHERE: Mapping[Kind, str] = {
    Kind.GRANT_INVOKER: "invoker",
    Kind.ROUTE_TO_LATEST: "traffic",
    Kind.RESTORE_VARIABLES: "variables",
    Kind.RUN_JOB: "jobs",
}


def must_allow(pipeline: Pipeline, key: RepairKey) -> None:
    """Raise RepairRefusedError for a repair that the pipeline file does not allow."""
    if key not in catalogue(pipeline):
        raise RepairRefusedError(
            Refusal.NOT_ALLOWED,
            f"The pipeline file does not allow {key}.",
            advice=f"To allow it, add {key.target!r} to '{_WHERE[key.kind]}' under 'repairs'.",
        )


def secrets_of(pipeline: Pipeline, service: str) -> dict[str, str]:
    """Return the variables that may be restored, each with its secret as ``name:version``."""
    bounds = pipeline.repairs or Repairs()
    spec = spec_of(pipeline, service)
    known = spec.secrets if spec is not None else {}
    return {name: versioned(known[name]) for name in bounds.variables.get(service, ()) if name in known}


def versioned(secret: str) -> str:
    """Return a secret with its version, ``latest`` where none is said."""
    name, _, version = secret.partition(":")
    return f"{name}:{version or 'latest'}"


def spec_of(pipeline: Pipeline, service: str) -> ServiceSpec | None:
    """Return what the pipeline file says of a service, None where it says nothing."""
    return next((spec for spec in pipeline.services if spec.name == service), None)
