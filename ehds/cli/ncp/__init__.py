"""``ehds ncp``: the exchange between two National Contact Points of MyHealth@EU."""

from __future__ import annotations

import click

from ehds.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {}


@click.group(cls=LazyGroup, package="ehds.cli.ncp", commands_help=COMMANDS)
def command() -> None:
    """Exchange documents between two National Contact Points (MyHealth@EU).

    \b
    On one machine, without any option:
      ehds ncp serve                    country A (Norway) with the sample patients
      ehds ncp identify --patient penicillin-anaphylaxis
    """
