"""Commands about things whose names others chose: one word each, or no command."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.definition.pipeline_file import shipped_pipeline
from checks.control_plane.gcloud import gcloud
from checks.shell_words import WITHHELD, command_line


@pytest.mark.parametrize("name", ["-q", "--flags-file=/tmp/x", "a\x1b[2Kb", "a\nb", "a\u202eb"])
def test_a_name_that_is_an_option_or_cannot_be_copied_gives_no_command(name: str) -> None:
    command = gcloud(shipped_pipeline(), "pubsub subscriptions", "delete", name)

    assert str(command) == WITHHELD
    assert command.about == ()


def test_what_stands_for_the_command_runs_nothing() -> None:
    assert shlex.split(WITHHELD, comments=True) == []


@given(st.text(min_size=1))
def test_a_name_is_one_word(name: str) -> None:
    command = command_line("gcloud delete", [name], [f"--project={name}"])

    assert command == WITHHELD or shlex.split(command) == ["gcloud", "delete", name, f"--project={name}"]
