"""The list of all checks: what is not here does not run."""

from __future__ import annotations

from checks.control_plane.builds import builds
from checks.control_plane.delivery import delivery
from checks.control_plane.deployment_audit import deployment_audit
from checks.control_plane.drift import drift
from checks.control_plane.edges import edges
from checks.control_plane.environment_change import environment_change
from checks.control_plane.error_rate import error_rate
from checks.control_plane.invoker import invoker
from checks.control_plane.recent_changes import recent_changes
from checks.control_plane.run_jobs import run_jobs
from checks.control_plane.scheduler_jobs import scheduler_jobs
from checks.control_plane.service_environment import service_environment
from checks.control_plane.service_errors import service_errors
from checks.control_plane.service_instances import service_instances
from checks.control_plane.service_ready import service_ready
from checks.control_plane.service_traffic import service_traffic
from checks.control_plane.subscriptions import subscriptions
from checks.control_plane.variable_addresses import variable_addresses
from checks.control_plane.zero_invocations import zero_invocations
from checks.data.expectations import expectation_check
from checks.data.reconciliation import reconciliation_check
from checks.data.sql import sql_check
from checks.expansion import expansions
from checks.expansion.reconcile import reconciliations
from checks.orchestration.days_off import days_off
from checks.orchestration.heartbeats import heartbeats
from checks.orchestration.phase_gap import phase_gap
from checks.orchestration.phase_log import phase_log
from checks.orchestration.processors import processors
from checks.orchestration.stalled import stalled
from checks.orchestration.trigger import trigger
from checks.pipeline import Pipeline
from checks.registry import Check

PYTHON_CHECKS: tuple[Check, ...] = (
    days_off,
    trigger,
    phase_log,
    stalled,
    phase_gap,
    processors,
    heartbeats,
    invoker,
    edges,
    subscriptions,
    delivery,
    scheduler_jobs,
    run_jobs,
    service_ready,
    service_traffic,
    service_instances,
    service_environment,
    environment_change,
    variable_addresses,
    zero_invocations,
    error_rate,
    service_errors,
    recent_changes,
    builds,
    drift,
    deployment_audit,
)
"""The checks that are code, in the order in which the report shows them."""


def checks_of(pipeline: Pipeline) -> tuple[Check, ...]:
    """Return every check of a pipeline: those that are code, the SQL checks and the expectations of the file."""
    written = tuple(sql_check(spec) for spec in pipeline.checks)
    expected = tuple(map(expectation_check, expansions(pipeline)))
    return PYTHON_CHECKS + written + expected + tuple(map(reconciliation_check, reconciliations(pipeline)))
