"""``ehds ncp identify``: find a patient in country A (ITI-55)."""

from __future__ import annotations

import click

from data.errors import Exit
from ehds.cli.ncp.asking import Asking, asking
from ehds.cli.options import language, output_format
from ehds.cli.output import as_json


@click.command(name="identify")
@asking("identify")
@language
@output_format("text", "json")
def command(asked: Asking, lang: str, fmt: str) -> None:
    """Find a patient in country A (ITI-55).

    Only what the search mask of country A asks for is sent.

    \b
    Examples:
      ehds ncp identify --patient penicillin-anaphylaxis
      ehds ncp identify --id 2.16.578.1.12.4.1.4.1^NUMBER --birth-date 19661209
    """
    from ehds.cli.ncp import answered
    from ncp.client.texts import text

    with asked.client("221") as client:
        partner = client.partner
        answer = client.identify(asked.traits(partner.country.code))
    refused = answered.tell(answer, asked.operation, lang, asked.name_of(partner))
    if fmt == "json":
        people = [answered.person_json(one) for one in answer.persons]
        click.echo(as_json({**answered.base_json("ehds.ncp-identify/1", answer, lang),
                            "persons": people}))  # fmt: skip
    elif not refused:
        click.echo(text("identified.head", lang, country=asked.name_of(partner),
                        number=len(answer.persons)))  # fmt: skip
        for person in answer.persons:
            for line in answered.person_lines(person, lang):
                click.echo(line)
    if refused:
        raise click.exceptions.Exit(Exit.FINDINGS)
