"""Policies and services between Google's messages and ours, with nothing lost on the way there and back."""

from __future__ import annotations

from typing import Any

from google.cloud import run_v2
from google.iam.v1.policy_pb2 import AuditConfig  # type: ignore[import-untyped]
from google.iam.v1.policy_pb2 import Policy as PolicyMessage

from bot.google_cloud.answers import short_name
from bot.repairs.ports import (
    Configuration,
    GrantCondition,
    IamPolicy,
    RoleBinding,
    TrafficTarget,
    Variable,
)
from bot.sources.policies.live import POLICY_VERSION

_LATEST = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_LATEST
_REVISION = run_v2.TrafficTargetAllocationType.TRAFFIC_TARGET_ALLOCATION_TYPE_REVISION


def policy_of(message: Any) -> IamPolicy:
    """Return a policy with everything that it holds, in its order."""
    return IamPolicy(
        bindings=tuple(
            RoleBinding(
                role=each.role,
                members=tuple(each.members),
                condition=GrantCondition(
                    expression=each.condition.expression,
                    title=each.condition.title,
                    description=each.condition.description,
                    location=each.condition.location,
                )
                if each.HasField("condition")
                else None,
            )
            for each in message.bindings
        ),
        etag=message.etag,
        audit_configs=tuple(each.SerializeToString(deterministic=True) for each in message.audit_configs),
    )


def policy_message(policy: IamPolicy) -> Any:
    """Return the message of a policy, of version 3: below that, conditions would be lost."""
    message = PolicyMessage(version=POLICY_VERSION, etag=policy.etag)
    for each in policy.bindings:
        binding = message.bindings.add(role=each.role, members=each.members)
        if each.condition is not None:
            binding.condition.SetInParent()
            binding.condition.expression = each.condition.expression
            binding.condition.title = each.condition.title
            binding.condition.description = each.condition.description
            binding.condition.location = each.condition.location
    message.audit_configs.extend(AuditConfig.FromString(each) for each in policy.audit_configs)
    return message


def configuration_of(service: run_v2.Service) -> Configuration:
    """Reduce a service to what repairs change."""
    return Configuration(
        name=short_name(service.name),
        etag=service.etag,
        targets=tuple(_target_of(each) for each in service.traffic),
        latest_created=short_name(service.latest_created_revision),
        latest_ready=short_name(service.latest_ready_revision),
        reconciling=service.reconciling or service.observed_generation != service.generation,
        variables={each.name: _variable_of(each) for each in serving_container(service).env},
    )


def serving_container(service: run_v2.Service) -> run_v2.Container:
    """Return the container that serves requests: the one with a port, else the first."""
    containers = service.template.containers
    if not containers:
        return run_v2.Container()
    return next((each for each in containers if each.ports), containers[0])


def target_message(target: TrafficTarget) -> run_v2.TrafficTarget:
    """Return the message of a target."""
    return run_v2.TrafficTarget(
        type_=_REVISION if target.revision else _LATEST,
        revision=target.revision,
        percent=target.percent,
        tag=target.tag,
    )


def variable_message(name: str, variable: Variable) -> run_v2.EnvVar:
    """Return the message of a variable."""
    if not variable.secret:
        return run_v2.EnvVar(name=name, value=variable.value)
    secret, _, version = variable.secret.rpartition(":")
    selector = run_v2.SecretKeySelector(secret=secret, version=version)
    return run_v2.EnvVar(name=name, value_source=run_v2.EnvVarSource(secret_key_ref=selector))


def _variable_of(message: run_v2.EnvVar) -> Variable:
    if "value_source" not in message:
        return Variable(value=message.value)
    selector = message.value_source.secret_key_ref
    return Variable(secret=f"{selector.secret}:{selector.version or 'latest'}")


def _target_of(message: run_v2.TrafficTarget) -> TrafficTarget:
    latest = message.type_ == _LATEST or not message.revision
    return TrafficTarget(
        revision="" if latest else short_name(message.revision), percent=message.percent, tag=message.tag
    )
