"""Blocks as HTML. A block that this file does not know is an error: a picture must not leave anything out."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from bot.playground.block_kit.markup import NAMES, mrkdwn, plain

Block = Mapping[str, Any]

FOLDED_AFTER = 700
"""Characters of a section above which Slack may fold it behind "See more" unless it says ``expand``. Slack
documents the folding and not its threshold; this one is what people see in its desktop program."""


class UnknownBlockError(ValueError):
    """A kind of block or element that the preview cannot draw."""


def blocks_html(blocks: Sequence[Block]) -> str:
    """Return blocks as HTML, in order."""
    return "".join(block_html(block) for block in blocks)


def block_html(block: Block) -> str:
    """Return one block as HTML."""
    match block["type"]:
        case "header":
            inside = plain(block["text"]["text"])
        case "section":
            inside = _section(block)
        case "context":
            inside = "".join(f"<span>{_element(each)}</span>" for each in block["elements"])
        case "divider":
            inside = "<hr>"
        case "actions":
            inside = "".join(_element(each) for each in block["elements"])
        case "rich_text":
            inside = "".join(_rich(each) for each in block["elements"])
        case "table":
            inside = _table(block)
        case "input":
            inside = _input(block)
        case other:
            raise UnknownBlockError(other)
    return f'<div class="block {block["type"]}">{inside}</div>'


def _text(text: Block) -> str:
    return mrkdwn(text["text"]) if text["type"] == "mrkdwn" else plain(text["text"])


def _section(block: Block) -> str:
    parts = []
    if text := block.get("text"):
        folded = len(text["text"]) > FOLDED_AFTER and not block.get("expand")
        more = '<a class="more">See more</a>' if folded else ""
        parts.append(f'<div class="text{" folded" if folded else ""}">{_text(text)}</div>{more}')
    if fields := block.get("fields"):
        cells = "".join(f"<div>{_text(each)}</div>" for each in fields)
        parts.append(f'<div class="fields">{cells}</div>')
    body = f'<div class="body">{"".join(parts)}</div>'
    return body + (f'<div class="accessory">{_element(block["accessory"])}</div>' if "accessory" in block else "")


def _element(element: Block) -> str:
    match element["type"]:
        case "mrkdwn" | "plain_text":
            return _text(element)
        case "button":
            style = element.get("style", "")
            return f'<button class="{style}">{plain(element["text"]["text"])}</button>'
        case "overflow":
            return '<button class="overflow">•••</button>'
        case "static_select" | "users_select" | "multi_users_select":
            chosen = element.get("initial_option", {}).get("text") or element.get("placeholder")
            return f'<span class="select">{plain(chosen["text"] if chosen else "Select")}<i>▾</i></span>'
        case "plain_text_input":
            return f'<span class="typed">{plain(element.get("placeholder", {}).get("text", ""))}</span>'
        case "datepicker" | "timepicker" | "datetimepicker":
            chosen = element.get("initial_date") or element.get("initial_time") or element.get("initial_date_time")
            return f'<span class="select">{plain(str(chosen or "Select a date"))}<i>▾</i></span>'
        case "radio_buttons" | "checkboxes":
            return _options(element)
        case "image":
            return '<span class="image"></span>'
        case other:
            raise UnknownBlockError(other)


def _options(element: Block) -> str:
    first = element.get("initial_option", {}).get("value")
    return "".join(
        f'<div class="option"><i class="{"on" if each.get("value") == first else ""}"></i>{_text(each["text"])}</div>'
        for each in element["options"]
    )


def _input(block: Block) -> str:
    optional = ' <small class="optional">(optional)</small>' if block.get("optional") else ""
    hint = f"<small>{plain(block['hint']['text'])}</small>" if "hint" in block else ""
    return f"<label>{plain(block['label']['text'])}{optional}</label>{_element(block['element'])}{hint}"


def _rich(element: Block) -> str:
    match element["type"]:
        case "rich_text_section":
            return f'<div class="line">{_runs(element)}</div>'
        case "rich_text_preformatted":
            return f"<pre>{_runs(element)}</pre>"
        case "rich_text_quote":
            return f"<blockquote>{_runs(element)}</blockquote>"
        case "rich_text_list":
            tag = "ol" if element.get("style") == "ordered" else "ul"
            return f"<{tag}>{''.join(f'<li>{_runs(each)}</li>' for each in element['elements'])}</{tag}>"
        case other:
            raise UnknownBlockError(other)


def _runs(element: Block) -> str:
    return "".join(_run(each) for each in element["elements"])


def _run(run: Block) -> str:
    match run["type"]:
        case "text":
            text = plain(run["text"])
        case "link":
            text = f'<a href="{html.escape(run["url"])}">{plain(run.get("text") or run["url"])}</a>'
        case "emoji":
            text = plain(f":{run['name']}:")
        case "user":
            text = f'<span class="mention">@{html.escape(NAMES.get(str(run["user_id"]), str(run["user_id"])))}</span>'
        case other:
            raise UnknownBlockError(other)
    for style, tag in (("code", "code"), ("bold", "b"), ("italic", "i"), ("strike", "s")):
        if run.get("style", {}).get(style):
            text = f"<{tag}>{text}</{tag}>"
    return text


def _table(block: Block) -> str:
    settings = block.get("column_settings", [])
    rows = [
        "".join(_cell(cell, settings[at] if at < len(settings) else None, "td" if number else "th")
                for at, cell in enumerate(row))
        for number, row in enumerate(block["rows"])
    ]  # fmt: skip
    return f"<table>{''.join(f'<tr>{row}</tr>' for row in rows)}</table>"


def _cell(cell: Block, setting: Block | None, tag: str) -> str:
    """A cell of one line unless its column says ``is_wrapped``, as in Slack."""
    inside = plain(cell["text"]) if cell["type"] == "raw_text" else "".join(_rich(each) for each in cell["elements"])
    wrapped = "wrapped" if setting and setting.get("is_wrapped") else "clipped"
    align = (setting or {}).get("align", "left")
    return f'<{tag} class="{wrapped}" style="text-align:{align}">{inside}</{tag}>'
