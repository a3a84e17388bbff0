"""What Slack refuses in a message or a view, by its own numbers: they are not taken from the product.

Source: the reference of Block Kit (https://docs.slack.dev/reference/block-kit) and of the Web API's methods.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Block = Mapping[str, Any]

PLAIN, MARKUP = "plain_text", "mrkdwn"

MESSAGE_BLOCKS, VIEW_BLOCKS = 50, 100
BLOCKS_CHARACTERS = 13_200
VIEW_CHARACTERS = 250_000
ELEMENTS = {"actions": 25, "context": 10}
BLOCKS_OF_A_MESSAGE = {
    *("section", "header", "divider", "actions", "context", "rich_text", "table", "image", "markdown", "container"),
    "data_visualization",
}
BLOCKS_OF_A_CONTAINER = {
    *("actions", "context", "divider", "header", "image", "input", "rich_text", "section", "table"),
}
BLOCKS_OF_A_VIEW = {"section", "header", "divider", "actions", "context", "rich_text", "input", "image", "table"}


class Refusal(Exception):  # noqa: N818 - Slack's answer, and no error of the server
    """Slack's answer ``{"ok": false, "error": …}``; ``problems`` are its ``response_metadata.messages``."""

    def __init__(self, error: str, problems: Sequence[str] = ()) -> None:
        super().__init__(error, *problems)
        self.error = error
        self.problems = tuple(problems)


def check_message(text: str, blocks: Sequence[Block]) -> None:
    """Raise a Refusal for a message that Slack would not take."""
    if not text and not blocks:
        raise Refusal("no_text")
    if len(text) > 4_000:
        raise Refusal("msg_too_long")
    problems = list(_problems(blocks, MESSAGE_BLOCKS, BLOCKS_OF_A_MESSAGE))
    if problems:
        raise Refusal("invalid_blocks", problems)
    if sum(block["type"] == "table" for block in blocks) > 1:
        raise Refusal("only_one_table_allowed")
    if sum(block["type"] == "data_visualization" for block in blocks) > 2:
        raise Refusal("invalid_blocks", ["no more than 2 charts"])
    if len(json.dumps(blocks, ensure_ascii=False)) > BLOCKS_CHARACTERS:
        raise Refusal("msg_blocks_too_long")


def check_view(view: Mapping[str, Any]) -> None:
    """Raise a Refusal for a view that Slack would not take."""
    blocks = view.get("blocks", ())
    problems = list(_problems(blocks, VIEW_BLOCKS, BLOCKS_OF_A_VIEW))
    if len(json.dumps(view)) > VIEW_CHARACTERS:
        problems.append("view is too large")
    if len(view.get("private_metadata", "")) > 3_000:
        problems.append("private_metadata is too long")
    if len(view.get("callback_id", "")) > 255 or len(view.get("external_id", "")) > 255:
        problems.append("callback_id or external_id is too long")
    if view.get("type") == "modal":
        problems += _text_problems("title", view.get("title"), 24, (PLAIN,))
        for name in ("submit", "close"):
            problems += _text_problems(name, view[name], 24, (PLAIN,)) if name in view else ()
        if any(block["type"] == "input" for block in blocks) and "submit" not in view:
            problems.append("a modal with input blocks needs submit")
    elif view.get("type") != "home":
        problems.append("type must be modal or home")
    if problems:
        raise Refusal("invalid_arguments", problems)


def _problems(blocks: Sequence[Block], most: int, types: set[str]) -> Iterator[str]:
    if len(blocks) > most:
        yield f"no more than {most} items allowed [json-pointer:/blocks]"
    names = [block["block_id"] for block in blocks if "block_id" in block]
    if len(set(names)) < len(names):
        yield "block_id must be unique"
    if any(len(name) > 255 for name in names):
        yield "block_id is too long"
    for number, block in enumerate(blocks):
        if block.get("type") not in types:
            yield f"unsupported type: {block.get('type')} [json-pointer:/blocks/{number}/type]"
        else:
            yield from (f"{each} [json-pointer:/blocks/{number}]" for each in _block_problems(block))


def _block_problems(block: Block) -> Iterator[str]:
    match block["type"]:
        case "section":
            yield from _section_problems(block)
        case "header":
            yield from _text_problems("header", block.get("text"), 150, (PLAIN,))
        case "actions" | "context" as kind:
            elements = block.get("elements", ())
            if not 1 <= len(elements) <= ELEMENTS[kind]:
                yield f"{kind} takes 1 to {ELEMENTS[kind]} elements"
            yield from _element_problems(elements)
        case "table":
            yield from _table_problems(block)
        case "input":
            yield from _text_problems("label", block.get("label"), 2_000, (PLAIN,))
            yield from _element_problems([block.get("element", {})])
        case "container":
            yield from _container_problems(block)
        case "data_visualization":
            yield from _chart_problems(block)
        case "rich_text" if not block.get("elements"):
            yield "rich_text needs elements"


def _container_problems(block: Block) -> Iterator[str]:
    yield from _text_problems("container", block.get("title"), 150, (PLAIN,))
    children = block.get("child_blocks", ())
    if not 1 <= len(children) <= 10:
        yield "container takes 1 to 10 blocks"
    yield from _problems(children, 10, BLOCKS_OF_A_CONTAINER)


def _chart_problems(block: Block) -> Iterator[str]:
    chart = block.get("chart", {})
    series, categories = chart.get("series", ()), chart.get("axis_config", {}).get("categories", ())
    names = [*categories, *(each["name"] for each in series)]
    if not 1 <= len(block.get("title", "")) <= 50 or any(not 1 <= len(each) <= 20 for each in names):
        yield "a chart's title takes 50 characters, its names and labels 20"
    if not 1 <= len(series) <= 6 or any(not 1 <= len(each["data"]) <= 20 for each in series):
        yield "a chart takes 1 to 6 series of 1 to 20 points"
    if any([point["label"] for point in each["data"]] != list(categories) for each in series):
        yield "the points of a series are those of the categories"


def _section_problems(block: Block) -> Iterator[str]:
    fields = block.get("fields", ())
    if "text" not in block and not fields:
        yield "section needs text or fields"
    if "text" in block:
        yield from _text_problems("section", block["text"], 3_000, (PLAIN, MARKUP))
    if len(fields) > 10:
        yield "section takes at most 10 fields"
    for field in fields:
        yield from _text_problems("field", field, 2_000, (PLAIN, MARKUP))
    yield from _element_problems([block["accessory"]] if "accessory" in block else ())


def _table_problems(block: Block) -> Iterator[str]:
    rows = block.get("rows", ())
    if not 1 <= len(rows) <= 100:
        yield "table takes 1 to 100 rows"
    if any(not 1 <= len(row) <= 20 for row in rows):
        yield "table takes 1 to 20 cells a row"


def _element_problems(elements: Sequence[Block]) -> Iterator[str]:
    names = [each["action_id"] for each in elements if "action_id" in each]
    if len(set(names)) < len(names):
        yield "action_id must be unique in a block"
    if any(len(name) > 255 for name in names):
        yield "action_id is too long"
    for element in elements:
        match element.get("type"):
            case "button" | "workflow_button":
                yield from _button_problems(element)
            case "plain_text_input":
                yield from _text_problems("placeholder", element.get("placeholder", PLACEHOLDER), 150, (PLAIN,))
                if not 1 <= element.get("max_length", 3_000) <= 3_000:
                    yield "max_length takes 1 to 3,000"
            case "static_select" | "radio_buttons" | "checkboxes" | "overflow":
                yield from _option_problems(element)
            case "mrkdwn" | "plain_text" as kind:
                yield from _text_problems("element", element, 3_000, (kind,))
            case None:
                yield "an element needs a type"


PLACEHOLDER = {"type": PLAIN, "text": "…"}


def _button_problems(element: Block) -> Iterator[str]:
    yield from _text_problems("button", element.get("text"), 75, (PLAIN,))
    if len(element.get("value", "")) > 2_000:
        yield "value is too long"
    if len(element.get("url", "")) > 3_000:
        yield "url is too long"
    yield from _confirm_problems(element)


def _confirm_problems(element: Block) -> Iterator[str]:
    """Source: https://docs.slack.dev/reference/block-kit/composition-objects/confirmation-dialog-object."""
    if (confirm := element.get("confirm")) is not None:
        yield from _text_problems("title", confirm.get("title"), 100, (PLAIN,))
        yield from _text_problems("text", confirm.get("text"), 300, (PLAIN, MARKUP))
        for name in ("confirm", "deny"):
            yield from _text_problems(name, confirm.get(name), 30, (PLAIN,))


def _option_problems(element: Block) -> Iterator[str]:
    options = element.get("options", ())
    most = {"radio_buttons": 10, "checkboxes": 10, "overflow": 5}.get(element["type"], 100)
    if not 1 <= len(options) <= most:
        yield f"{element['type']} takes 1 to {most} options"
    for option in options:
        yield from _text_problems("option", option.get("text"), 75, (PLAIN, MARKUP))
        if not 1 <= len(option.get("value", "")) <= 150:
            yield "an option's value takes 1 to 150 characters"


def _text_problems(what: str, text: Any, most: int, kinds: Sequence[str]) -> Iterator[str]:
    if not isinstance(text, Mapping) or text.get("type") not in kinds:
        yield f"{what} needs a text of {' or '.join(kinds)}"
    elif not text.get("text"):
        yield f"{what} must have more than 0 characters"
    elif len(text["text"]) > most:
        yield f"{what} must have less than {most + 1} characters"
