"""Command groups that import a command when it is used: ``ehds --help`` stays fast."""

from __future__ import annotations

import difflib
import importlib
import keyword
from typing import Any

import click


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is used, and not before.

    Args:
        package: where the modules lie; each exposes its command as ``command``. A command whose
            name is a Python keyword lies in a module with ``_`` appended.
        commands_help: name and one-line help of every command, in the order of the listing.
        **rest: options of ``click.Group``.
    """

    def __init__(self, *, package: str, commands_help: dict[str, str], **rest: Any) -> None:
        super().__init__(**rest)
        self.package = package
        self.commands_help = commands_help

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """Return all command names without importing anything."""
        return list(self.commands_help)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return one command."""
        if cmd_name not in self.commands_help:
            return None
        module = cmd_name + "_" if keyword.iskeyword(cmd_name) else cmd_name
        command = importlib.import_module(f"{self.package}.{module}").command
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; a misspelt one gets the nearest name."""
        known = self.commands_help
        if args and args[0] not in known and not args[0].startswith("-"):
            near = difflib.get_close_matches(args[0], known, n=1)
            hint = f" Did you mean «{near[0]}»?" if near else f" Choose: {', '.join(known)}."
            raise click.UsageError(f"No such command «{args[0]}».{hint}", ctx)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands with their one-line help, without importing them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self.commands_help.items()))
