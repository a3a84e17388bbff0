"""Reads a Cloud Build file: what its steps run, with every word's place in the YAML file.

Substitutions are replaced by their defaults, ``$$`` becomes ``$``, and the shell inside a step is followed like
any script. What a trigger or a person gives at the time of the build stays a symbol.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace

from bot.audit.formats.yaml_scalars import scalar_text
from bot.audit.shell.calls import SHELLS, shell_text
from bot.audit.shell.commands import CommandFailure, Fate, ShellCommand, ShellStep
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


def steps_of(root: Node, text: str) -> list[ShellStep]:
    """Return what the steps of a build run, in order."""
    return _Build(root, text).steps()


class _Build:
    def __init__(self, root: Node, text: str) -> None:
        self._root = root
        self._text = text
        substitutions = root.children.get("substitutions")
        declared = substitutions.children if substitutions else {}
        # An empty default says that the trigger gives the value: it is unknown, not an empty word.
        self._values = {str(name): child.written for name, child in declared.items() if child.written}

    def steps(self) -> list[ShellStep]:
        steps = self._root.children.get("steps")
        named: dict[str, int] = {}
        found: list[ShellStep] = []
        for step in steps.children.values() if steps else ():
            if not isinstance(step.value, dict):
                continue
            script = step.children.get("script")
            made = self._script(script, step) if script is not None else self._arguments(step)
            waits = step.value.get("waitFor")
            before = frozenset(range(len(found)))
            if isinstance(waits, list) and waits:
                direct = {named[str(name)] for name in waits if str(name) in named}
                before = frozenset(direct).union(*(found[one].before for one in direct))
            named[str(step.value.get("id", ""))] = len(found)
            found.append(replace(made, before=before, lost=_forgiven(step)))
        return found

    def _script(self, node: Node, step: Node) -> ShellStep:
        text = scalar_text(node, self._text)
        shebang = _SHEBANG.match(text.text)
        program = ""
        if shebang:
            program = (shebang[2] if shebang[1].endswith("env") and shebang[2] else shebang[1]).rpartition("/")[2]
        if program and program not in SHELLS:
            start, end = text.origin(0), text.end(len(text.text))
            words = (_word(program, start), _word("-c", start), _word(text.text, start))
            return ShellStep(commands=(ShellCommand(words, start, max(end, start + 1), raw=text.text),))
        errexit = bool(shebang and re.search(r"\s-[a-z]*e", shebang[0] + (" " + text.text.split("\n", 1)[0])))
        return ShellStep(text=text, errexit=errexit, variables={**self._values, **self._environment(step)})

    def _arguments(self, step: Node) -> ShellStep:
        words = self._words(step)
        entry = step.children.get("entrypoint")
        program = [self._word(entry)] if entry is not None else self._image_program(step, words)
        words = (*program, *words)
        if not words:
            return ShellStep()
        shown = words[len(program) :] or words
        start, end = shown[0].start, shown[-1].end
        asked = shell_text([word.text for word in words]) if words[0].text.rpartition("/")[2] in SHELLS else None
        arguments = step.children.get("args")
        node = arguments.children.get(asked.index - len(program)) if asked is not None and arguments else None
        if asked is not None and node is not None:
            text = substituted(scalar_text(node, self._text), self._values)
            variables = self._environment(step)
            return ShellStep(text=text, errexit=asked.errexit, pipefail=asked.pipefail, variables=variables)
        return ShellStep(commands=(ShellCommand(words, start, max(end, start + 1), raw=self._text[start:end]),))

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
        written = substituted(Text(image.written), self._values).text if image is not None else ""
        name = written.partition("@")[0].rpartition("/")[2].partition(":")[0]
        if name in {"cloud-sdk", "google-cloud-cli", "ubuntu", "debian", "alpine", ""}:
            return []  # These images run what the first argument says.
        if words and words[0].text in {name, "gcloud", "bash", "sh"}:
            return []
        return [_word(name, image.start if image is not None else 0)]


def _forgiven(step: Node) -> CommandFailure | None:
    for key in ("allowFailure", "allowExitCodes"):
        allowed = step.children.get(key)
        if allowed is not None and allowed.value not in (False, [], None):
            place = next(iter(allowed.children.values()), allowed)
            return CommandFailure(
                Fate.LOST, f"{key}: {'true' if allowed.value is True else '…'}", place.start, place.end
            )
    return None


def _stretch(text: Text, first: int, last: int) -> list[WordPiece]:
    if first >= last:
        return []
    return [WordPiece(text.text[first:last], text.origin(first), text.straight(first, last))]


def _word(text: str, start: int) -> Word:
    return Word((WordPiece(text, start, exact=False),), start, start + 1)
