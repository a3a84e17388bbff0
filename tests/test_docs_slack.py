"""docs/slack.md lists the commands and buttons that there are."""

from __future__ import annotations

import re

from bot.render.buttons import BUTTONS
from bot.render.repairs import UNDO
from handlers.commands import COMMANDS, DEPLOYS, DEPLOYS_USAGE, HELP, ONLY_HERE, VALIDATING
from handlers.staging import NAME as STAGING
from handlers.staging import USAGE as STAGING_USAGE
from tests.sections import ROOT

TEXT = (ROOT / "docs" / "slack.md").read_text(encoding="utf-8")
ROWS = [row.replace("\\|", "|") for row in re.findall(r"^\| `(/.+?)` \| \S", TEXT, re.MULTILINE)]


def test_the_page_lists_every_command() -> None:
    *others, help_ = [name for name, _, _ in COMMANDS]
    own = [f"{HELP} {word} {usage}".strip() for word, usage, _, _ in ONLY_HERE]

    assert [row.split()[0] for row in ROWS] == [*others, *(HELP for _ in own), help_]
    assert [row for row in ROWS if row in own] == own


def test_the_page_shows_how_each_command_is_used() -> None:
    usages = {command.name: command.usage for command in VALIDATING}
    usages |= {DEPLOYS: DEPLOYS_USAGE, STAGING: STAGING_USAGE}

    assert {row.split()[0]: row.partition(" ")[2] for row in ROWS if row.split()[0] in usages} == usages


def test_the_page_names_every_button_of_an_alert() -> None:
    buttons = {button.text for some in BUTTONS.values() for button in some} | {UNDO.text}

    assert sorted(text for text in buttons if text.rstrip("…") not in TEXT) == []
