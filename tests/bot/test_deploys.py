from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from bot.deploys import Deployed, Deploys, recent_deploys
from bot.render.blocks import first_page
from bot.render.deploys import SHOWN, deploy_parts
from bot.render.message import Mark, SmallPrint, Table
from bot.validation import Validation
from checks.ports.builds import CLOUD_BUILD, Build, BuildTrigger
from checks.ports.services import Service
from checks.source import Ports, Problem, SourceError
from tests.fakes import FakeControlPlane, pipeline, ports

NOW = datetime(2026, 2, 11, 13, tzinfo=UTC)
DENIED = SourceError("Cloud Build", Problem.DENIED, "may not list builds")


class FakeBuilds:
    def __init__(self, builds: Sequence[Build] | SourceError) -> None:
        self._builds = builds

    def triggers(self) -> Sequence[BuildTrigger]:
        if isinstance(self._builds, SourceError):
            raise self._builds
        return [BuildTrigger(id="t-1", name="deploy-worker")]

    def recent(self, since: datetime) -> Sequence[Build]:
        if isinstance(self._builds, SourceError):
            raise self._builds
        return [each for each in self._builds if each.created_at >= since]


def a_build(hours: int, status: str = "SUCCESS", trigger: str = "t-1") -> Build:
    at = NOW - timedelta(hours=hours)
    return Build(id=f"b-{hours}", trigger=trigger, status=status, commit="abc1234", created_at=at, by="dev@example.com")


def a_service(name: str, hours: int) -> Service:
    return Service(
        name=name,
        ready=True,
        latest_created_revision=f"{name}-00042",
        latest_ready_revision=f"{name}-00042",
        traffic={f"{name}-00042": 100},
        deployed_at=NOW - timedelta(hours=hours),
        deployed_by="builder@example.com",
        labels={"commit-sha": "def5678"},
    )


def looked(builds: Sequence[Build] | SourceError, services: Sequence[Service] = (), days: int = 7) -> Deploys:
    plane = FakeControlPlane(services={each.name: each for each in services})
    world = Ports({**ports(control_plane=plane).connected, CLOUD_BUILD: FakeBuilds(builds)})
    validation = Validation(pipeline(), world, lambda: NOW)
    with validation.reads() as reads:
        return recent_deploys(reads, NOW, days)


def test_builds_and_revisions_stand_together_the_newest_first() -> None:
    found = looked([a_build(1), a_build(30)], [a_service("worker", 2)])

    assert [each.what for each in found.entries] == ["build success", "revision worker-00042", "build success"]
    assert [each.subject for each in found.entries] == ["deploy-worker", "worker", "deploy-worker"]
    assert [each.commit for each in found.entries] == ["abc1234", "def5678", "abc1234"]


def test_what_is_older_than_asked_for_is_left_out() -> None:
    assert looked([a_build(25)], [a_service("worker", 25)], days=1).entries == ()


def test_a_build_without_a_known_trigger_was_started_by_hand() -> None:
    (entry,) = looked([a_build(1, trigger="")]).entries

    assert entry.subject == "a build started by hand"


def test_a_build_is_well_not_well_or_not_over() -> None:
    entries = looked([a_build(1), a_build(2, "FAILURE"), a_build(3, "WORKING")]).entries

    assert [each.well for each in entries] == [True, False, None]


def test_what_could_not_be_looked_at_is_said_and_the_rest_is_shown() -> None:
    found = looked(DENIED, [a_service("worker", 2)])

    assert [each.subject for each in found.entries] == ["worker"]
    assert len(found.unseen) == 2
    assert all("may not list builds" in sentence for sentence in found.unseen)


def test_nothing_found_is_said() -> None:
    parts = list(deploy_parts(looked([]), pipeline(), NOW))

    assert any(isinstance(part, SmallPrint) and "Nothing was" in part.text for part in parts)


def test_nothing_seen_is_not_said_to_be_nothing() -> None:
    parts = list(deploy_parts(looked(DENIED), pipeline(), NOW))

    assert not any("Nothing was" in getattr(part, "text", "") for part in parts)


def test_more_than_a_screen_is_counted_and_fits_one_message() -> None:
    entries = tuple(Deployed(at=NOW, subject="s" * 63, what="revision " * 30, by="b" * 200) for _ in range(SHOWN + 5))
    parts = list(deploy_parts(Deploys(since=NOW, entries=entries), pipeline(), NOW))

    (table,) = (part for part in parts if isinstance(part, Table))
    assert len(table.rows) == SHOWN
    assert "5 older ones not shown" in str(parts)
    assert len(str(first_page(parts))) < 13_200


def test_a_failed_build_is_marked() -> None:
    parts = list(deploy_parts(looked([a_build(2, "FAILURE")]), pipeline(), NOW))

    (table,) = (part for part in parts if isinstance(part, Table))
    assert table.rows[0][0].mark is Mark.P1
