"""Cloud Build: triggers and builds of one region and the global ones, through Google's client over gRPC."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Thread
from typing import Any, TypeVar

from google.cloud.devtools.cloudbuild_v1.services.cloud_build import CloudBuildClient
from google.cloud.devtools.cloudbuild_v1.types import Build as CloudBuild
from google.cloud.devtools.cloudbuild_v1.types import BuildTrigger as CloudBuildTrigger
from google.cloud.devtools.cloudbuild_v1.types import ListBuildsRequest, ListBuildTriggersRequest

from bot.google_cloud.adapter import GoogleAdapter
from bot.google_cloud.answers import every, time_of
from bot.google_cloud.clients import GoogleAccess
from bot.google_cloud.errors import Api
from checks.ports.builds import CLOUD_BUILD, Build, BuildTrigger

API = Api(CLOUD_BUILD, "cloudbuild.googleapis.com", "roles/cloudbuild.builds.viewer")

T = TypeVar("T")

PAGE = 1000
"""Entries a page; the server gives fewer when it wants to."""

GLOBAL = "global"
"""Triggers that belong to no region live here, and so do their builds."""


def connect(access: GoogleAccess) -> GoogleBuilds:
    return GoogleBuilds(access.client(CloudBuildClient, access.settings.build_endpoint), **access.place)


@dataclass(frozen=True, eq=False)
class GoogleBuilds(GoogleAdapter):
    """Reads triggers and builds."""

    client: CloudBuildClient

    def triggers(self) -> Sequence[BuildTrigger]:
        return sorted(self._everywhere(self._triggers), key=lambda trigger: (trigger.name, trigger.id))

    def recent(self, since: datetime) -> Sequence[Build]:
        moment = since.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        builds = self._everywhere(lambda place: self._builds(place, f'create_time>="{moment}"'))
        # The interface promises no order.
        return sorted(builds, key=lambda build: build.created_at, reverse=True)

    def _everywhere(self, ask: Callable[[str], list[T]]) -> list[T]:
        """Ask in every place at once, and put the answers together."""
        places = tuple(dict.fromkeys((self.region, GLOBAL)))
        answers: list[Future[list[T]]] = [Future() for _ in places]
        for place, answer in zip(places, answers, strict=True):
            Thread(target=_fulfil, args=(answer, ask, place), name=f"builds-{place}", daemon=True).start()
        return [each for answer in answers for each in answer.result()]

    def _triggers(self, place: str) -> list[BuildTrigger]:
        request = ListBuildTriggersRequest(parent=self._parent(place), project_id=self.project, page_size=PAGE)
        with self.mapped_errors(API, f"the build triggers of {place}"):
            return [trigger_of(each, place) for each in every(self.client.list_build_triggers(request, **self.bounds))]

    def _builds(self, place: str, chosen: str) -> list[Build]:
        request = ListBuildsRequest(parent=self._parent(place), project_id=self.project, page_size=PAGE, filter=chosen)
        with self.mapped_errors(API, f"the builds of {place}"):
            return [build_of(each) for each in every(self.client.list_builds(request, **self.bounds))]

    def _parent(self, place: str) -> str:
        return f"projects/{self.project}/locations/{place}"


def _fulfil(answer: Future[list[T]], ask: Callable[[str], list[T]], place: str) -> None:
    try:
        answer.set_result(ask(place))
    except BaseException as error:  # noqa: BLE001 - raised where the answer is read
        answer.set_exception(error)


def trigger_of(trigger: CloudBuildTrigger, place: str) -> BuildTrigger:
    """Reduce a trigger to what the checks judge."""
    github, connected, mirrored = trigger.github, trigger.repository_event_config, trigger.trigger_template
    repository = f"{github.owner}/{github.name}" if github.name else connected.repository or mirrored.repo_name
    return BuildTrigger(
        id=trigger.id,
        name=trigger.name,
        disabled=trigger.disabled,
        repository=repository,
        branch=github.push.branch or connected.push.branch or mirrored.branch_name,
        included=tuple(trigger.included_files),
        ignored=tuple(trigger.ignored_files),
        location=place,
    )


def build_of(stated: CloudBuild) -> Build:
    """Reduce a build to what the checks judge."""
    build = CloudBuild.pb(stated)  # each field of the wrapper costs ten times as much
    return Build(
        id=build.id,
        trigger=build.build_trigger_id,
        status=CloudBuild.Status(build.status).name,
        commit=_commit_of(build),
        created_at=time_of(build, "create_time") or datetime.fromtimestamp(0, UTC),
        finished_at=time_of(build, "finish_time"),
        detail=build.failure_info.detail or build.status_detail,
        log_url=build.log_url,
        by=build.service_account.rpartition("/")[2],
    )


def _commit_of(build: Any) -> str:
    """Return the commit that was built: what the trigger says, else what the source was resolved to."""
    substitutions = build.substitutions
    resolved = build.source_provenance.resolved_repo_source.commit_sha
    stated = build.source.repo_source.commit_sha
    commit: str = substitutions.get("COMMIT_SHA") or substitutions.get("REVISION_ID") or resolved or stated
    return commit
