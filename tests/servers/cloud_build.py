"""Cloud Build's lists over gRPC, on Google's published messages: each trigger and build in its place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import grpc
from google.cloud.devtools.cloudbuild_v1 import types

from checks.ports.builds import Build, BuildTrigger
from tests.servers.scripted_grpc import ScriptedGrpcServer, handler

LIST_TRIGGERS, LIST_BUILDS = "ListBuildTriggers", "ListBuilds"


class CloudBuildServer(ScriptedGrpcServer):
    """Serves triggers in their locations, and builds in the location of their trigger, else in "global".

    Calls are counted by location. ``filters`` holds what builds were asked for with.
    """

    def __init__(
        self,
        triggers: Iterable[BuildTrigger | types.BuildTrigger] = (),
        builds: Iterable[Build | types.Build] = (),
        *,
        delay: float = 0.0,
        page_size: int = 1000,
    ) -> None:
        self.triggers = list(triggers)
        self.builds = list(builds)
        self.filters: set[str] = set()
        super().__init__(delay=delay, page_size=page_size)

    def _handlers(self) -> tuple[grpc.GenericRpcHandler[Any, Any], ...]:
        methods = {
            LIST_TRIGGERS: handler(
                self._list_triggers, types.ListBuildTriggersRequest, types.ListBuildTriggersResponse
            ),
            LIST_BUILDS: handler(self._list_builds, types.ListBuildsRequest, types.ListBuildsResponse),
        }
        return (grpc.method_handlers_generic_handler("google.devtools.cloudbuild.v1.CloudBuild", methods),)

    def _list_triggers(self, request: types.ListBuildTriggersRequest, context: grpc.ServicerContext) -> Any:
        location = request.parent.rpartition("/")[2]
        here = [_trigger(each) for each in self.triggers if _location(each) == location]

        def page() -> types.ListBuildTriggersResponse:
            found, token = self._page(here, request.page_size, request.page_token)
            return types.ListBuildTriggersResponse(triggers=found, next_page_token=token)

        return self._answer(LIST_TRIGGERS, location, context, page)

    def _list_builds(self, request: types.ListBuildsRequest, context: grpc.ServicerContext) -> Any:
        location = request.parent.rpartition("/")[2]
        self.filters.add(request.filter)
        since = datetime.fromisoformat(request.filter.partition('"')[2].rstrip('"'))
        places = {_trigger(each).id: _location(each) for each in self.triggers}
        messages: list[Any] = [
            build if isinstance(build, types.Build) else build_message(build) for build in self.builds
        ]
        here = [
            each
            for each in messages
            if places.get(each.build_trigger_id, "global") == location and each.create_time >= since
        ]

        def page() -> types.ListBuildsResponse:
            found, token = self._page(here, request.page_size, request.page_token)
            return types.ListBuildsResponse(builds=found, next_page_token=token)

        return self._answer(LIST_BUILDS, location, context, page)


def _location(trigger: BuildTrigger | types.BuildTrigger) -> str:
    return trigger.location if isinstance(trigger, BuildTrigger) else "global"


def _trigger(trigger: BuildTrigger | types.BuildTrigger) -> types.BuildTrigger:
    return trigger_message(trigger) if isinstance(trigger, BuildTrigger) else trigger


def trigger_message(trigger: BuildTrigger) -> types.BuildTrigger:
    """Return a trigger as the API states it."""
    owner, _, name = trigger.repository.partition("/")
    return types.BuildTrigger(
        id=trigger.id,
        name=trigger.name,
        disabled=trigger.disabled,
        github=types.GitHubEventsConfig(owner=owner, name=name, push=types.PushFilter(branch=trigger.branch)),
        included_files=list(trigger.included),
        ignored_files=list(trigger.ignored),
    )


def build_message(build: Build) -> types.Build:
    """Return a build as the API states it."""
    return types.Build(
        id=build.id,
        build_trigger_id=build.trigger,
        status=getattr(types.Build.Status, build.status),
        status_detail=build.detail,
        substitutions={"COMMIT_SHA": build.commit} if build.commit else {},
        create_time=build.created_at,
        finish_time=build.finished_at,
        log_url=build.log_url,
        service_account=f"projects/example/serviceAccounts/{build.by}" if build.by else "",
    )
