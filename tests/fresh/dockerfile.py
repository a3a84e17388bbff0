"""The instructions of a Dockerfile that this project uses, read without an engine."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

INSTRUCTIONS = frozenset(("ARG", "CMD", "COPY", "ENTRYPOINT", "ENV", "EXPOSE", "HEALTHCHECK", "RUN", "USER", "WORKDIR"))

_VARIABLE = re.compile(r"\$(?:\{(\w+)\}|(\w+))")


class DockerfileError(ValueError):
    """A line is wrong, or means something that is not understood here; the message names it."""


@dataclass(frozen=True, slots=True)
class Instruction:
    line: int
    name: str
    argument: str

    def words(self) -> list[str]:
        """The argument as a list: a JSON array, or words."""
        if self.argument.startswith("["):
            return self.array()
        return shlex.split(self.argument)

    def array(self) -> list[str]:
        """The argument, which has to be a JSON array: words would be run by a shell, which takes the signals."""
        try:
            words = json.loads(self.argument)
        except ValueError:
            words = None
        if not isinstance(words, list) or not all(isinstance(word, str) for word in words):
            raise DockerfileError(f"line {self.line}: {self.name} is not a JSON array of words")
        return words

    def pairs(self) -> Iterator[tuple[str, str]]:
        """The argument as NAME=value, several of them."""
        for word in self.words():
            name, equals, value = word.partition("=")
            if not equals:
                raise DockerfileError(f"line {self.line}: {self.name} {word} has no value")
            yield name, value


@dataclass(frozen=True, slots=True)
class Stage:
    base: str
    """An image, or an earlier stage."""
    name: str
    instructions: tuple[Instruction, ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    """What an image says about the processes that run in it."""

    environment: Mapping[str, str] = field(default_factory=dict)
    folder: str = "/"
    user: str = "root"
    entry_point: tuple[str, ...] = ()
    command: tuple[str, ...] = ()
    health: tuple[str, ...] = ()
    arguments: Mapping[str, str] = field(default_factory=dict)
    """Those of the build: variables of its commands, and no part of the image."""

    def after(self, instruction: Instruction) -> Configuration:
        """Return the configuration after an instruction; one that changes only files changes nothing here."""
        match instruction.name:
            case "ENV":
                pairs = {name: expanded(value, self.environment) for name, value in instruction.pairs()}
                return replace(self, environment={**self.environment, **pairs})
            case "WORKDIR":
                return replace(self, folder=self.path(instruction.argument))
            case "USER":
                return replace(self, user=expanded(instruction.argument, self.environment))
            case "ENTRYPOINT":
                return replace(self, entry_point=tuple(instruction.array()))
            case "CMD":
                return replace(self, command=tuple(instruction.array()))
            case "ARG":
                return replace(self, arguments={**self.arguments, **dict(instruction.pairs())})
            case "HEALTHCHECK":
                asked = Instruction(instruction.line, "HEALTHCHECK", instruction.argument.partition("CMD ")[2])
                return replace(self, health=tuple(asked.array()))
        return self

    def path(self, path: str) -> str:
        """Return a path as it is meant in the current folder, with the slash that it may end with."""
        path = expanded(path, self.environment)
        return path if path.startswith("/") else f"{self.folder.rstrip('/')}/{path.removeprefix('./')}"


def expanded(text: str, variables: Mapping[str, str]) -> str:
    """Replace ``$NAME`` and ``${NAME}``; as in an engine a name that is not known is empty."""
    return _VARIABLE.sub(lambda found: variables.get(found[1] or found[2], ""), text)


def stages(text: str, arguments: Mapping[str, str] | None = None) -> tuple[Stage, ...]:
    """Read a Dockerfile; ``arguments`` are those of the build. Raises DockerfileError."""
    known: dict[str, str] = {}
    read: list[Stage] = []
    for instruction in instructions(text):
        if instruction.name == "FROM":
            base, name = _from(instruction, known)
            read.append(Stage(base, name or str(len(read)), ()))
        elif instruction.name not in INSTRUCTIONS:
            raise DockerfileError(f"line {instruction.line}: {instruction.name} is not understood here")
        elif read and instruction.name == "ARG":
            read[-1] = replace(
                read[-1], instructions=(*read[-1].instructions, _argument(instruction, known, arguments))
            )
        elif read:
            read[-1] = replace(read[-1], instructions=(*read[-1].instructions, instruction))
        elif instruction.name == "ARG":
            name, _, value = instruction.argument.partition("=")
            known[name] = (arguments or {}).get(name, value)
        else:
            raise DockerfileError(f"line {instruction.line}: {instruction.name} stands before the first FROM")
    if not read:
        raise DockerfileError("there is no FROM")
    return tuple(read)


def _argument(instruction: Instruction, known: Mapping[str, str], arguments: Mapping[str, str] | None) -> Instruction:
    """Return an argument of a stage with its value: of the build, else its own, else that before the first stage."""
    name, equals, value = instruction.argument.partition("=")
    given = (arguments or {}).get(name, value if equals else known.get(name, ""))
    return replace(instruction, argument=f"{name}={given}")


def _from(instruction: Instruction, known: Mapping[str, str]) -> tuple[str, str | None]:
    match expanded(instruction.argument, known).split():
        case [base]:
            return base, None
        case [base, as_, name] if as_.upper() == "AS":
            return base, name
    raise DockerfileError(f"line {instruction.line}: FROM {instruction.argument} names no image")


def instructions(text: str) -> Iterator[Instruction]:
    """Yield the instructions, continued lines joined; neither a comment nor an empty line ends one."""
    begun, parts = 0, list[str]()
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        begun = begun if parts else number
        parts.append(line.rstrip().removesuffix("\\"))
        if not line.rstrip().endswith("\\"):
            name, _, argument = " ".join(part.strip() for part in parts).partition(" ")
            yield Instruction(begun, name.upper(), argument.strip())
            parts = []
    if parts:
        raise DockerfileError(f"line {begun}: the last line is continued, and nothing follows")
