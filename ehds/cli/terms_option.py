"""``--terminology``: a user's own maps, value sets and names for one command."""

from __future__ import annotations

from pathlib import Path

import click

from ehds.cli.options import F


def terminology(command: F) -> F:
    """Add ``--terminology``; the tables are in force until the command ends."""
    return click.option(
        "--terminology",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        envvar="EHDS_TERMINOLOGY",
        show_envvar=True,
        expose_value=False,
        callback=_use,
        help="Folder with your own maps, value sets and names of codes; they go first.",
    )(command)


def _use(context: click.Context, _parameter: click.Parameter, folder: Path | None) -> None:
    if folder is None or context.resilient_parsing:
        return
    from ips.terms.own import own_terminology

    context.with_resource(own_terminology(folder))
