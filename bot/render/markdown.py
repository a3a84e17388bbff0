"""Text as Markdown, for a file that people paste into their wiki, their tracker, their repository.

What others wrote stays words: no heading, no link, no mention, no HTML, and nothing that a renderer would load.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from bot.alerting.chronicle import Chronicle
from bot.render.graph.alerted import alerted
from bot.render.graph.drawing import described, drawing_of, is_marked, part_of
from bot.render.graph.formats import mermaid
from bot.render.incident_report import Item, Section, draft_title, sections_of
from bot.render.post import Channel, Code, Link, Mention, Span, Strong, Text, ThreadLink
from bot.render.slack_text import APART, BACKTICK, is_safe_link
from bot.render.words import clean
from bot.store.model import Alert
from checks.expansion.stated import stated_checks
from checks.pipeline import Pipeline

_MARKUP = re.compile(
    r"[\\`\[\]|<>&]"
    r"|!(?=\[)"
    r"|(?<!\w)[*_~]|[*_~](?!\w)"  # around words; inside of a name, as in phase3_to_phase4, they mean nothing
    r"|\*|\$"  # emphasis begins inside of words, too; and what some renderers take for mathematics
)
_AT_THE_BEGINNING = re.compile(r"^(?:[#+=-]|\d{1,9}(?=[.)](?:\s|$)))")
_NO_NAME = re.compile(r"[^A-Za-z0-9._-]+")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_LINKED = re.compile(r"(?<=:)(?=//)|(?<=\bwww)(?=\.)|(?<=@)(?<!\w@)(?=\w)|(?<=#)(?=\d)", re.IGNORECASE)
"""Where an address, somebody's name or a number of an issue would become a link or a call by itself."""


def report_file(chronicle: Chronicle, pipeline: Pipeline) -> str:
    """Return the draft of a post-mortem, with what of the pipeline's graph it is about as a picture."""
    text = markdown(draft_title(chronicle), sections_of(chronicle, pipeline))
    return "\n".join([text, *graph_lines(chronicle.alert, pipeline)])


def graph_lines(alert: Alert, pipeline: Pipeline) -> Iterator[str]:
    """Yield the graph around an incident for Mermaid, and in words; nothing where it is about none of its places."""
    checks = stated_checks(pipeline)
    drawing = alerted(drawing_of(pipeline, checks), pipeline, checks, [alert])
    if is_marked(drawing):
        near = part_of(drawing)
        yield from ("## Graph", "", escaped(" ".join(described(near))), "", "```mermaid", mermaid(near) + "```", "")


def markdown(title: str, sections: Iterable[Section]) -> str:
    """Return a document."""
    return "\n".join(_lines(title, sections))


def file_name(alert: Alert) -> str:
    """Return the name of the report's file: letters, digits, and the marks of names."""
    return f"post-mortem-{_NO_NAME.sub('-', alert.key)[:100].strip('-.')}.md"


def _lines(title: str, sections: Iterable[Section]) -> Iterator[str]:
    yield f"# {escaped(title)}"
    for section in sections:
        yield ""
        yield f"## {escaped(section.heading)}"
        was_item = False
        for line in section.lines:
            is_item = isinstance(line, Item)
            if not (is_item and was_item):
                yield ""
            yield f"- {written(line.text)}" if isinstance(line, Item) else written(line)
            was_item = is_item
    yield ""


def written(said: Text) -> str:
    """Return a text of one line."""
    return "".join(_span(each, begins=at == 0) for at, each in enumerate(said))


def escaped(words: str, *, begins: bool = True) -> str:
    """Return words that mean nothing in Markdown; ``begins`` says that a line may begin with them."""
    plain = "".join(char if char.isprintable() else " " for char in words)
    safe = _MARKUP.sub(lambda found: _ENTITIES.get(found[0], f"\\{found[0]}"), plain)
    if begins:
        # A number keeps its digits: it is what follows that makes a list of it.
        safe = _AT_THE_BEGINNING.sub(lambda found: f"{found[0]}\\" if found[0].isdigit() else f"\\{found[0]}", safe)
    return _LINKED.sub(APART, safe)


def _span(span: Span, *, begins: bool) -> str:
    match span:
        case str():
            return escaped(span, begins=begins)
        case Strong(inside):
            return f"**{written(inside).strip()}**"
        case Code(command):
            return f"`{clean(command).replace('`', BACKTICK)}`"
        case Mention(name) | Channel(name):
            return f"`{clean(name).replace('`', BACKTICK)}`"
        case Link(address, words):
            return f"[{escaped(words)}]({address})" if is_safe_link(address) else escaped(words)
        case ThreadLink(text=words):
            return escaped(words)
        case _:
            return ""
