"""A small pipeline whose repairs are bounded, and a platform that keeps what is written and can be told to fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from bot.repairs.allowlist import Kinds
from bot.repairs.kinds import KINDS
from bot.repairs.ports import (
    Configuration,
    IamPolicy,
    RoleBinding,
    TrafficTarget,
    Variable,
    WriteConflictError,
)
from bot.repairs.service import RepairService
from bot.store.model import StateStore
from bot.store.sqlite import SqliteStore
from checks.model import CheckResult, Finding, Outcome, Report, Severity
from checks.pipeline import Pipeline
from checks.ports.scheduler import SchedulerJob
from checks.repairs_spec import Repairs as Bounds
from checks.services_spec import ServiceSpec
from tests.fakes import NIGHT, SLATE
from tests.fakes import pipeline as tiny_pipeline

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
INVOKER = "roles/run.invoker"
CALLER = "serviceAccount:pubsub@example.com"
OTHER = "user:someone@example.com"
SERVICE = "worker"
GRANT, ROUTE, RESTORE, RUN = (
    f"grant-invoker:{SERVICE}",
    f"route-to-latest:{SERVICE}",
    f"restore-variables:{SERVICE}",
    "run-job:nightly",
)


def bounded_pipeline() -> Pipeline:
    """Return a pipeline that allows each kind of repair on one thing."""
    spec = ServiceSpec(
        name=SERVICE, callers=(CALLER,), environment=("API_KEY", "PROJECT"), secrets={"API_KEY": "api-key:3"}
    )
    bounds = Bounds(invoker=(SERVICE,), traffic=(SERVICE,), variables={SERVICE: ("API_KEY",)}, jobs=("nightly",))
    closed = ServiceSpec(name="closed", callers=(CALLER,))
    return tiny_pipeline().model_copy(update={"services": (spec, closed), "repairs": bounds})


class FakePlatform:
    """The platform as dictionaries. ``race`` is called before each write; ``failures`` are raised by the method that
    they are named after, once each, before (``method``) or after (``method+``) it has its effect."""

    def __init__(self) -> None:
        self.policies: dict[str, IamPolicy] = {SERVICE: IamPolicy(etag=b"1")}
        self.services: dict[str, Configuration] = {
            SERVICE: Configuration(
                name=SERVICE,
                etag="1",
                targets=(TrafficTarget(revision="worker-00001", percent=100),),
                latest_created="worker-00002",
                latest_ready="worker-00002",
                variables={"PROJECT": Variable(value="example")},
            )
        }
        self.jobs: dict[str, SchedulerJob] = {
            "nightly": SchedulerJob(name="nightly", enabled=True, schedule="0 3 * * *", last_attempt=NOW, status=13)
        }
        self.race: Callable[[], None] = lambda: None
        self.failures: dict[str, list[BaseException]] = {}
        self.keeps_writes = True
        self.calls: Counter[str] = Counter()

    def policy(self, service: str) -> IamPolicy | None:
        self._called("policy")
        return self.policies.get(service)

    def write_policy(self, service: str, policy: IamPolicy) -> None:
        self._called("write_policy")
        self.race()
        if policy.etag != self.policies[service].etag:
            raise WriteConflictError(service)
        if self.keeps_writes:
            self.policies[service] = replace(policy, etag=policy.etag + b"+")
        self._fail("write_policy+")

    def configuration(self, service: str) -> Configuration | None:
        self._called("configuration")
        return self.services.get(service)

    def write_traffic(self, service: str, targets: Sequence[TrafficTarget], etag: str) -> None:
        self._called("write_traffic")
        self._replace(service, etag, targets=tuple(targets))

    def write_variables(self, service: str, changes: Mapping[str, Variable | None], etag: str) -> None:
        self._called("write_variables")
        variables = {name: each for name, each in self.services[service].variables.items() if name not in changes}
        variables |= {name: each for name, each in changes.items() if each is not None}
        self._replace(service, etag, variables=variables)

    def job(self, name: str) -> SchedulerJob | None:
        self._called("job")
        return self.jobs.get(name)

    def run_job(self, name: str) -> None:
        self._called("run_job")
        self.jobs[name] = replace(self.jobs[name], last_attempt=datetime(2026, 2, 11, 14, tzinfo=UTC), status=0)

    def grant(self, member: str, role: str = INVOKER) -> None:
        """Let somebody else grant something."""
        policy = self.policies[SERVICE]
        binding = RoleBinding(role=role, members=(member,))
        self.policies[SERVICE] = replace(policy, bindings=(*policy.bindings, binding), etag=policy.etag + b"!")

    def _replace(self, service: str, etag: str, **changes: object) -> None:
        self.race()
        found = self.services[service]
        if etag != found.etag:
            raise WriteConflictError(service)
        self.services[service] = replace(found, etag=f"{etag}+", **changes)  # type: ignore[arg-type]

    def _called(self, method: str) -> None:
        self.calls[method] += 1
        self._fail(method)

    def _fail(self, method: str) -> None:
        if self.failures.get(method):
            raise self.failures[method].pop(0)


def report(check: str, outcome: Outcome, severity: Severity | None = None, subject: str = SERVICE) -> Report:
    """Return a report of one finding."""
    finding = Finding(outcome=outcome, code="code", subject=subject, summary=f"{check} says so.", severity=severity)
    result = CheckResult(check=check, title=check, phase=None, findings=(finding,), started_at=NOW, duration=0)
    return Report(
        pipeline="tiny",
        title="Tiny",
        previous=NIGHT,
        current=SLATE,
        now=NOW,
        trigger="repair",
        partial=True,
        results=(result,),
        causes=(),
    )


def passing(checks: Sequence[str]) -> Report:
    """Say that the first check passes."""
    return report(checks[0], Outcome.PASSED)


def failing(checks: Sequence[str]) -> Report:
    """Say that the first check fails."""
    return report(checks[0], Outcome.FAILED, Severity.P0)


def repairs_on(
    platform: FakePlatform,
    store: StateStore | None = None,
    validate: Callable[[Sequence[str]], Report] = passing,
    kinds: Kinds = KINDS,
) -> RepairService:
    """Return repairs of the fake platform; nothing sleeps."""
    return RepairService(
        bounded_pipeline(), platform, store or SqliteStore(":memory:"), validate, pause=lambda _: None, kinds=kinds
    )
