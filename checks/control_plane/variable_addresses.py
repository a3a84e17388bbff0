"""Variables name addresses that a service has.

A service finds the next one by an address in a variable. When that address belongs to no service, because it was
renamed, deleted or mistyped, every call is lost; and where the caller swallows the error, its flag is set and its log
row written as on a good day. An orchestrator once called such an address for three days while nothing was published.
Every address in a variable that has the form of this project's services or functions must lead to one that exists.
Secrets are not read, addresses elsewhere are not judged, and of a value only the host is shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import urlsplit

from checks.actions import Action
from checks.context import Context
from checks.control_plane import service_commands, services
from checks.control_plane.addresses import Addresses
from checks.control_plane.discovery import spec_of
from checks.effects import FailureEffect
from checks.facts.control_plane import VariableAddressesFacts
from checks.model import Finding, Outcome, Severity
from checks.pipeline import Pipeline
from checks.places import PlaceKind
from checks.ports.services import SECRET, Service, read_services
from checks.registry import check
from checks.unanswered import attempt

_ADDRESS = re.compile(r"https?://[^\s\"'<>,;|\\]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadAddress:
    """A variable, the host that its value names, and the service or function that should answer there."""

    variable: str
    host: str
    target: str
    function: bool = False


def dead_addresses(addresses: Addresses, environment: Mapping[str, str]) -> tuple[DeadAddress, ...]:
    """Return the addresses in variables that have the form of this project's and lead to nothing, by variable."""
    found = []
    for variable, value in sorted(environment.items()):
        for address in _ADDRESS.findall(value) if value != SECRET else ():
            target = addresses.target(address)
            host = _host(address)
            if target is not None and not target.exists:
                found.append(DeadAddress(variable=variable, host=host, target=target.service, function=target.function))
            elif target is None and (name := addresses.namesake(host)):
                found.append(DeadAddress(variable=variable, host=host, target=name))
    return tuple(dict.fromkeys(found))


def _host(address: str) -> str:
    try:
        return urlsplit(address).hostname or ""
    except ValueError:
        return ""


def judge(pipeline: Pipeline, service: Service, dead: Sequence[DeadAddress]) -> Finding:
    """Return the finding about a service that is told to call an address which nothing has."""
    spec = spec_of(pipeline, service.name)
    named = any(each.name == service.name for each in pipeline.services) or services.is_orchestrator(
        pipeline, service.name
    )
    unsure = all(each.function for each in dead)
    hosts = ", ".join(dict.fromkeys(f"{each.host} ({each.variable})" for each in dead))
    finding = services.finding(
        pipeline,
        spec,
        Outcome.FAILED,
        "function-missing" if unsure else "address-missing",
        f"{service.name} calls an address that no {'function' if unsure else 'service'} has: {hosts}.",
        # A function of the first generation is no service, and a service that the file does not name may be nobody's.
        severity=Severity.P1 if named and not unsure else Severity.P2,
        facts=VariableAddressesFacts(
            variables=tuple(dict.fromkeys(each.variable for each in dead)),
            hosts=tuple(dict.fromkeys(each.host for each in dead)),
            targets=tuple(dict.fromkeys(each.target for each in dead)),
            deploy=services.deployment(service),
        ),
        impact=f"What {service.name} sends there is lost, even where it reports success.",
        action=Action(
            text="Set each variable to the address of the service that it means; remove one that nothing uses.",
            commands=(
                service_commands.command(pipeline, "list"),
                service_commands.command(
                    pipeline,
                    "update",
                    service.name,
                    f"--update-env-vars={','.join(dict.fromkeys(f'{each.variable}=ADDRESS' for each in dead))}",
                ),
            ),
        ),
    )
    return services.tolerated_if_optional(spec, finding)


@check(
    id="variable-addresses",
    place=PlaceKind.SERVICE,
    facts=VariableAddressesFacts,
    short="addresses in variables",
    reason="the addresses in variables",
    effect=FailureEffect.STOPS,
    worst=Severity.P1,
    codes={
        "addresses-exist": "Every address of this project in a variable belongs to a service that exists.",
        "address-missing": "A variable names an address that no service has.",
        "function-missing": "A variable names a function that is no service of this region.",
        "no-services": "There is no service.",
        "optional-service": services.SERVICE_CODES["optional-service"],
    },
    expected="Every address of a service or function of this project in a variable leads to one that exists.",
    unwanted="A service that calls an address which nothing answers.",
    quick=True,
)
def variable_addresses(context: Context) -> Iterator[Finding]:
    """Yield one finding for each service that names a dead address, and one for all others together."""
    if not context.services and not context.pipeline.services:
        yield services.none_named()
        return
    look = read_services(context.reads)

    def judged() -> Iterator[Finding]:
        running = look.result()
        addresses = Addresses(context.pipeline, running)
        told = 0
        for service in running:
            dead = dead_addresses(addresses, service.environment)
            if dead and context.in_scope(services.phase_of(context.pipeline, spec_of(context.pipeline, service.name))):
                told += 1
                yield judge(context.pipeline, service, dead)
        if told < len(running) or not running:
            yield Finding(
                outcome=Outcome.PASSED if running else Outcome.SKIPPED,
                code="addresses-exist" if running else "no-services",
                subject="variables",
                summary=f"The variables of {len(running) - told} services name no address of this project that is gone."
                if running
                else "There is no service whose variables could be read.",
            )

    yield from attempt(judged, subject="variables", severity=Severity.P2, whole=True)
