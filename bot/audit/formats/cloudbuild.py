"""Reads a Cloud Build file: what its steps run, with every word's place in the YAML file.

Substitutions are replaced by their defaults, ``$$`` becomes ``$``, and the shell inside a step is followed like
any script. What a trigger or a person gives at the time of the build stays a symbol.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.audit.formats.steps import Followed
from bot.audit.formats.yaml_scalars import scalar_text
from bot.audit.shell.calls import SHELLS, shell_text
from bot.audit.shell.commands import CommandFailure, Fate, ShellCommand
from bot.audit.shell.library import Library
from bot.audit.shell.script import Script
from bot.audit.shell.trace import Trace
from bot.audit.shell.words import MOST_CHARACTERS, Word, WordPiece
from bot.audit.source_text import Text, UnreadableSourceError
from bot.yaml_tree import Node

_SUBSTITUTION = re.compile(r"\$\$|\$\{([A-Z_][A-Z0-9_]*)\}|\$([A-Z_][A-Z0-9_]*)")
_SHEBANG = re.compile(r"#!\s*(\S+)(?:\s+(\S+))?")
_MOST_NESTED_SUBSTITUTIONS = 5


def substituted(text: Text, values: Mapping[str, str], depth: int = 0) -> Text:
    """Return the text as Cloud Build hands it on: ``$$`` is ``$``, and known substitutions have their values."""
    size = 0

    def piece(found: re.Match[str]) -> str | None:
        nonlocal size
        name = found[1] or found[2]
        if name is None:
            return "$"
        if name not in values or depth >= _MOST_NESTED_SUBSTITUTIONS:
            return None
        given = substituted(Text(values[name]), values, depth + 1).text
        size += len(given)
        if size > MOST_CHARACTERS:
            raise UnreadableSourceError(
                f"the substitutions would make a text of more than {MOST_CHARACTERS:,} characters here",
                text.origin(found.start()),
            )
        return given

    return text.replaced(_SUBSTITUTION, piece) if "$" in text.text else text


class BuildReader:
    """Follows the steps of one file. Raises UnreadableError for a shell text that cannot be parsed."""

    def __init__(self, root: Node, text: str, library: Library | None = None) -> None:
        self._root = root
        self._library = library
        self._text = text
        substitutions = root.children.get("substitutions")
        declared = substitutions.children if substitutions else {}
        # An empty default says that the trigger gives the value: it is unknown, not an empty word.
        self._values = {str(name): child.written for name, child in declared.items() if child.written}

    def read(self) -> Followed:
        """Return what the build runs."""
        build = Followed(Trace())
        steps = self._root.children.get("steps")
        named: dict[str, int] = {}
        before: dict[int, frozenset[int]] = {}
        for number, step in enumerate(steps.children.values() if steps else ()):
            if not isinstance(step.value, dict):
                continue
            before[number] = self._before(step, number, named, before)
            named[str(step.value.get("id", ""))] = number
            build.trace.commands += [replace(one, step=number) for one in self._step(step, number, build)]
        build.trace.before = before
        return build

    @staticmethod
    def _before(step: Node, number: int, named: dict[str, int], before: dict[int, frozenset[int]]) -> frozenset[int]:
        waits = step.value.get("waitFor")
        if not isinstance(waits, list) or not waits:
            return frozenset(range(number))
        direct = {named[str(name)] for name in waits if str(name) in named}
        return frozenset(direct).union(*(before[one] for one in direct))

    def _step(self, step: Node, number: int, build: Followed) -> list[ShellCommand]:
        script = step.children.get("script")
        commands = (
            self._script(script, step, number, build) if script is not None else self._arguments(step, number, build)
        )
        for key in ("allowFailure", "allowExitCodes"):
            allowed = step.children.get(key)
            if allowed is not None and allowed.value not in (False, [], None):
                shown = "true" if allowed.value is True else "…"
                place = next(iter(allowed.children.values()), allowed)
                lost = CommandFailure(Fate.LOST, f"{key}: {shown}", place.start, place.end)
                commands = [replace(one, failure=lost) for one in commands]
        return commands

    def _script(self, node: Node, step: Node, number: int, build: Followed) -> list[ShellCommand]:
        text = scalar_text(node, self._text)
        shebang = _SHEBANG.match(text.text)
        program = ""
        if shebang:
            program = (shebang[2] if shebang[1].endswith("env") and shebang[2] else shebang[1]).rpartition("/")[2]
        if program and program not in SHELLS:
            start, end = text.origin(0), text.end(len(text.text))
            words = (_word(program, start), _word("-c", start), _word(text.text, start))
            return [ShellCommand(words, start, max(end, start + 1), raw=text.text)]
        errexit = bool(shebang and re.search(r"\s-[a-z]*e", shebang[0] + (" " + text.text.split("\n", 1)[0])))
        return self._follow(text, step, number, build, errexit=errexit, variables=dict(self._values))

    def _arguments(self, step: Node, number: int, build: Followed) -> list[ShellCommand]:
        words = self._words(step)
        entry = step.children.get("entrypoint")
        program = [self._word(entry)] if entry is not None else self._image_program(step, words)
        words = (*program, *words)
        if not words:
            return []
        shown = words[len(program) :] or words
        start, end = shown[0].start, shown[-1].end
        name = words[0].text.rpartition("/")[2]
        asked = shell_text([word.text for word in words]) if name in SHELLS else None
        node = self._argument_node(step, asked.index - len(program)) if asked is not None else None
        if asked is not None and node is not None:
            text = substituted(scalar_text(node, self._text), self._values)
            return self._follow(text, step, number, build, errexit=asked.errexit, pipefail=asked.pipefail)
        return [ShellCommand(words, start, max(end, start + 1), raw=self._text[start:end])]

    def _argument_node(self, step: Node, index: int) -> Node | None:
        arguments = step.children.get("args")
        return arguments.children.get(index) if arguments is not None else None

    def _follow(
        self,
        text: Text,
        step: Node,
        number: int,
        build: Followed,
        *,
        errexit: bool,
        pipefail: bool = False,
        variables: Mapping[str, str] | None = None,
    ) -> list[ShellCommand]:
        script = Script(
            text,
            errexit=errexit,
            pipefail=pipefail,
            conditionals=build.trace.conditionals,
            library=self._library,
        )
        for name, value in {**(variables or {}), **self._environment(step)}.items():
            script.variables[name] = (WordPiece(value, text.origin(0), exact=False, known="$" not in value),)
        first, *others = script.follow()
        build.scripts.append((number, script))
        build.others += others
        return first

    def _environment(self, step: Node) -> dict[str, str]:
        found: dict[str, str] = {}
        options = self._root.children.get("options")
        for owner in (options, step):
            listed = owner.children.get("env") if owner is not None else None
            for node in listed.children.values() if listed is not None else ():
                name, equals, value = node.written.partition("=")
                if equals:
                    found[name] = substituted(Text(value), self._values).text
        return found

    def _words(self, step: Node) -> tuple[Word, ...]:
        arguments = step.children.get("args")
        if arguments is None:
            return ()
        nodes = list(arguments.children.values()) if isinstance(arguments.value, list) else [arguments]
        return tuple(self._word(node) for node in nodes)

    def _word(self, node: Node) -> Word:
        text = substituted(scalar_text(node, self._text), self._values)
        pieces: list[WordPiece] = []
        at = 0
        for found in _SUBSTITUTION.finditer(text.text):
            pieces += _stretch(text, at, found.start())
            name = found[1] or found[2]
            start = text.origin(found.start())
            pieces.append(WordPiece(f"${{{name}}}" if name else "$", start, exact=False, known=name is None))
            at = found.end()
        pieces += _stretch(text, at, len(text.text))
        return Word(
            tuple(pieces) or (WordPiece("", node.start, exact=False),), node.start, max(node.end, node.start + 1)
        )

    def _image_program(self, step: Node, words: tuple[Word, ...]) -> list[Word]:
        image = step.children.get("name")
        name = image.written.partition("@")[0].rpartition("/")[2].partition(":")[0] if image is not None else ""
        if name in {"cloud-sdk", "google-cloud-cli", "ubuntu", "debian", "alpine", ""}:
            return []  # These images run what the first argument says.
        if words and words[0].text in {name, "gcloud", "bash", "sh"}:
            return []
        return [_word(name, image.start if image is not None else 0)]


def _stretch(text: Text, first: int, last: int) -> list[WordPiece]:
    if first >= last:
        return []
    return [WordPiece(text.text[first:last], text.origin(first), text.straight(first, last))]


def _word(text: str, start: int) -> Word:
    return Word((WordPiece(text, start, exact=False),), start, start + 1)
