from __future__ import annotations

from dataclasses import replace

import pytest

from checks.control_plane_spec import SchedulerJobs
from checks.notifications import Permissions as Rules
from checks.ports.scheduler import SchedulerJob
from tests.bot.test_deploys import a_service
from tests.fakes import FakeControlPlane, FakeScheduler
from tests.handlers.rig import running


def test_deploys_answer_the_one_who_asked_and_say_what_could_not_be_seen() -> None:
    with running() as rig:
        response = rig.done("/deploys", "3")

        assert (response.status, response.body) == (200, "")
        (answer,) = rig.slack.workspace.responses
        assert "3 days" in answer["text"]
        assert "Cloud Build" in str(answer["blocks"])


@pytest.mark.parametrize(("text", "answer"), [("soon", "1 to 90"), ("help", "recent builds")])
def test_wrong_words_and_help_are_answered_at_once(text: str, answer: str) -> None:
    with running() as rig:
        assert answer in rig.done("/deploys", text).body


def test_one_who_may_not_look_is_refused() -> None:
    with running(Rules(viewers=("U0SOMEBODY",), ask="the data team")) as rig:
        rig.done("/deploys")

        assert "Ask the data team" in rig.said[0]


def test_a_service_that_no_run_finds_is_told_with_those_near() -> None:
    with running(scheduler=SchedulerJobs()) as rig:
        rig.done("/iam-check", "coordinater")

        assert "none is called coordinater" in rig.said[-1]
        assert "Did you mean coordinator?" in rig.said[-1]
        assert rig.slack.messages() == []


def test_a_service_that_only_the_run_finds_is_answered_in_the_channel() -> None:
    job = SchedulerJob(
        name="a-job",
        enabled=True,
        schedule="0 6 * * *",
        url="https://discovered-1.us-west2.run.app/run",
        account="a@example.com",
    )
    found = replace(
        a_service("discovered", 2),
        uri="https://discovered-1.us-west2.run.app",
        urls=("https://discovered-1.us-west2.run.app",),
    )
    world = FakeControlPlane({"discovered": found})
    with running(scheduler=SchedulerJobs(), control_plane=world, jobs=FakeScheduler([job])) as rig:
        rig.done("/iam-check", "discovered")

        assert "Permissions of discovered" in rig.slack.messages()[-1].text
