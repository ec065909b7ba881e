"""Write docs/reference/cli.md from the commands: ``make docs``. With --check only compare."""

from __future__ import annotations

import sys
from pathlib import Path

import click

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from data.errors import Exit
from ehds.cli import cli

TARGET = Path(__file__).resolve().parents[1] / "docs" / "reference" / "cli.md"


def reference() -> str:
    """Return the reference as Markdown."""
    pieces = [
        "# The command line\n\nGenerated from the commands; do not edit.\n",
        "## Exit codes\n",
        *(f"- {code.value}: {code.name.lower()}" for code in Exit),
        "",
    ]
    _command(cli, ["ehds"], pieces)
    return "\n".join(pieces) + "\n"


def _command(command: click.Command, path: list[str], pieces: list[str]) -> None:
    context = click.Context(
        command, info_name=" ".join(path), max_content_width=96,
        help_option_names=["-h", "--help"],
    )  # fmt: skip
    context.terminal_width = 96
    pieces += [f"## {' '.join(path)}\n", "```text", command.get_help(context), "```", ""]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            assert child is not None
            _command(child, [*path, name], pieces)


if __name__ == "__main__":
    if "--check" in sys.argv:
        sys.exit(TARGET.read_text(encoding="utf-8") != reference())
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(reference(), encoding="utf-8")
