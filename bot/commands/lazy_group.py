"""A group of commands that imports a command when somebody calls it, and never for its own help."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import click


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a table of commands: where the command lies, as ``module:object``, and the first line of its help."""

    where: str
    help: str

    def load(self) -> click.Command:
        """Import the command."""
        module, _, name = self.where.partition(":")
        command: click.Command = getattr(import_module(module), name)
        return command


class LazyGroup(click.Group):
    """Help, suggestions and completions are drawn from the table; the command itself is imported to be called."""

    def __init__(self, *arguments: Any, table: Mapping[str, Entry], **options: Any) -> None:
        super().__init__(*arguments, **options)
        self.table = table
        for name, entry in table.items():
            self.add_command(click.Command(name, help=entry.help))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        name, command, rest = super().resolve_command(ctx, args)
        entry = None if name is None else self.table.get(name)
        return name, command if entry is None else entry.load(), rest
