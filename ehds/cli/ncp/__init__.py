"""``ehds ncp``: the exchange between two National Contact Points of MyHealth@EU."""

from __future__ import annotations

import click

from ehds.cli.lazy import LazyGroup

COMMANDS: dict[str, str] = {
    "serve": "Country A: identification, query, retrieve and submit, as a real contact point.",
    "assert": "Issue or check an assertion (HCP, TRC, next of kin).",
    "certs": "Certificates for a test environment, made on the spot.",
    "journal": "What was exchanged: list, filter, export, who saw what of mine.",
}


@click.group(cls=LazyGroup, package="ehds.cli.ncp", commands_help=COMMANDS)
def command() -> None:
    """Exchange documents between two National Contact Points (MyHealth@EU).

    \b
    On one machine, without any option:
      ehds ncp serve                    country A (Norway) with the sample patients
      ehds ncp identify --patient penicillin-anaphylaxis
    """
