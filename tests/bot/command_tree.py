"""Every command of the shell by its path, each loaded as a call of it would load it."""

from __future__ import annotations

from collections.abc import Iterator

import click


def commands(of: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not isinstance(of, click.Group):
        yield path
        return
    context = click.Context(of)
    for name in of.list_commands(context):
        _, command, _ = of.resolve_command(context, [name])
        assert command is not None
        yield from commands(command, (*path, name))
