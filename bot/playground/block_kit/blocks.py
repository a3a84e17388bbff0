"""Blocks as HTML. A block that this file does not know is an error: a picture must not leave anything out."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from bot.playground.block_kit.emoji import with_shortcodes
from bot.playground.block_kit.markup import NAMES, link, mrkdwn, plain

Block = Mapping[str, Any]

FOLDED_AFTER = 700
"""Characters of a section above which Slack may fold it behind "See more" unless it says ``expand``. Slack
documents the folding and not its threshold; this one is what people see in its desktop program."""


class UnknownBlockError(ValueError):
    """A kind of block or element that the preview cannot draw."""


def blocks_html(blocks: Sequence[Block]) -> str:
    """Return blocks as HTML, in order."""
    return "".join(block_html(block, name) for name, block in named(blocks).items())


def named(blocks: Sequence[Block]) -> Mapping[str, Block]:
    """Return blocks by their names: as whoever wrote them says, else by their place."""
    return {str(block.get("block_id") or f"b{number}"): block for number, block in enumerate(blocks)}


def block_html(block: Block, name: str = "b0") -> str:
    """Return one block as HTML. Raises UnknownBlockError."""
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
            inside = _input(block, name)
        case "container":
            title = plain(block["title"]["text"])
            inside = f"<details><summary>{title}</summary>{blocks_html(block['child_blocks'])}</details>"
        case other:
            raise UnknownBlockError(other)
    heading = ' role="heading" aria-level="2"' if block["type"] == "header" else ""
    return f'<div class="block {block["type"]}" data-block="{html.escape(name)}"{heading}>{inside}</div>'


def _text(text: Block) -> str:
    return mrkdwn(text["text"]) if text["type"] == "mrkdwn" else plain(text["text"])


def _section(block: Block) -> str:
    parts = []
    if text := block.get("text"):
        folded = len(text["text"]) > FOLDED_AFTER and not block.get("expand")
        more = '<button type="button" class="more">See more</button>' if folded else ""
        parts.append(f'<div class="text{" folded" if folded else ""}">{_text(text)}</div>{more}')
    if fields := block.get("fields"):
        cells = "".join(f"<div>{_text(each)}</div>" for each in fields)
        parts.append(f'<div class="fields">{cells}</div>')
    body = f'<div class="body">{"".join(parts)}</div>'
    return body + (f'<div class="accessory">{_element(block["accessory"])}</div>' if "accessory" in block else "")


def _element(element: Block, label: str = "") -> str:
    """Return an element as HTML; ``label`` is the id of what names it."""
    match element["type"]:
        case "mrkdwn" | "plain_text":
            return _text(element)
        case "button":
            return _button(element)
        case "overflow":
            return _choice(element, "overflow", label, "•••")
        case "static_select" | "external_select":
            placeholder = element.get("placeholder", {}).get("text", "Select")
            return _choice(element, "select", label, placeholder)
        case "users_select" | "multi_users_select":
            people = [{"text": {"type": "plain_text", "text": name}, "value": key} for key, name in NAMES.items()]
            return _choice({**element, "options": people}, "select", label, "Select")
        case "plain_text_input":
            return _typed(element, label)
        case "datepicker" | "timepicker" | "datetimepicker":
            return _moment(element, label)
        case "radio_buttons" | "checkboxes":
            return _options(element, label)
        case "image":
            return f'<span class="image" role="img" aria-label="{html.escape(element.get("alt_text", ""))}"></span>'
        case other:
            raise UnknownBlockError(other)


def _button(element: Block) -> str:
    style, text = html.escape(element.get("style", "")), plain(element["text"]["text"])
    if element.get("url"):
        return f'<a class="button {style}" {link(element["url"])}{_acts(element)}>{text}</a>'
    return f'<button type="button" class="{style}"{_acts(element)}>{text}</button>'


def _acts(element: Block, label: str = "") -> str:
    """Return what an element is called, for the page's scripts and for whoever cannot see it."""
    named_by = f' aria-labelledby="{label}"' if label else ""
    kind = element["type"]
    return f' data-action="{html.escape(element.get("action_id", ""))}" data-kind="{kind}"{named_by}'


def _choice(element: Block, style: str, label: str, first: str) -> str:
    chosen = (element.get("initial_option") or {}).get("value")
    options = "".join(
        f'<option value="{html.escape(each["value"])}"{" selected" if each["value"] == chosen else ""}>'
        f"{html.escape(with_shortcodes(each['text']['text']))}</option>"
        for each in element.get("options", ())
    )
    empty = f'<option value="">{html.escape(first)}</option>'
    named_by = "" if label else f' aria-label="{html.escape(first if style == "select" else "More")}"'
    return f'<select class="{style}"{_acts(element, label)}{named_by}>{empty}{options}</select>'


def _typed(element: Block, label: str) -> str:
    hint = html.escape(element.get("placeholder", {}).get("text", ""))
    value = html.escape(element.get("initial_value", ""))
    most = f' maxlength="{int(element["max_length"])}"' if "max_length" in element else ""
    if element.get("multiline"):
        return f'<textarea class="typed" rows="4" placeholder="{hint}"{most}{_acts(element, label)}>{value}</textarea>'
    return f'<input class="typed" placeholder="{hint}" value="{value}"{most}{_acts(element, label)}>'


def _moment(element: Block, label: str) -> str:
    kind = {"datepicker": "date", "timepicker": "time", "datetimepicker": "datetime-local"}[element["type"]]
    chosen = element.get("initial_date") or element.get("initial_time") or ""
    return f'<input class="typed" type="{kind}" value="{html.escape(str(chosen))}"{_acts(element, label)}>'


def _options(element: Block, label: str) -> str:
    chosen = {(element.get("initial_option") or {}).get("value")}
    chosen |= {each["value"] for each in element.get("initial_options", ())}
    kind = "radio" if element["type"] == "radio_buttons" else "checkbox"
    name = html.escape(element.get("action_id", ""))
    options = "".join(
        f'<label class="option"><input type="{kind}" name="{name}" value="{html.escape(each["value"])}"'
        f"{' checked' if each['value'] in chosen else ''}>{_text(each['text'])}</label>"
        for each in element["options"]
    )
    return f'<div class="options" role="group"{_acts(element, label)}>{options}</div>'


def _input(block: Block, name: str) -> str:
    label = f"label-{html.escape(name)}"
    optional = ' <small class="optional">(optional)</small>' if block.get("optional") else ""
    hint = f"<small>{plain(block['hint']['text'])}</small>" if "hint" in block else ""
    title = f'<div class="label" id="{label}">{plain(block["label"]["text"])}{optional}</div>'
    return f'{title}{_element(block["element"], label)}{hint}<div class="wrong" role="alert"></div>'


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
            text = f"<a {link(run['url'])}>{plain(run.get('text') or run['url'])}</a>"
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
    inside = "".join(f"<tr>{row}</tr>" for row in rows)
    return f'<div class="wide" tabindex="0" role="group" aria-label="Table"><table>{inside}</table></div>'


def _cell(cell: Block, setting: Block | None, tag: str) -> str:
    """A cell of one line unless its column says ``is_wrapped``, as in Slack."""
    inside = plain(cell["text"]) if cell["type"] == "raw_text" else "".join(_rich(each) for each in cell["elements"])
    wrapped = "wrapped" if setting and setting.get("is_wrapped") else "clipped"
    align = (setting or {}).get("align", "left")
    return f'<{tag} class="{wrapped} {html.escape(align)}">{inside}</{tag}>'
