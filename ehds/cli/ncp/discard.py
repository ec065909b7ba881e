"""``ehds ncp discard``: take a reported dispensation back (ITI-41)."""

from __future__ import annotations

import click

from data.errors import Exit
from ehds.cli.ips_convert import read_bytes
from ehds.cli.ncp.asking import Asking, asking
from ehds.cli.ncp.supplying import told, whom
from ehds.cli.options import language, output_format


@click.command(name="discard")
@click.argument("file")
@click.option("--id", "patient_id", default="", metavar="ROOT^NUMBER",
              help="Patient as country A knows it; that of the document by default.")  # fmt: skip
@asking("discard", patient=False)
@language
@output_format("text", "json")
def command(asked: Asking, file: str, patient_id: str, lang: str, fmt: str) -> None:  # noqa: ARG001
    """Take a dispensation back (ITI-41).

    FILE is the eDispensation as it was reported: what ``ehds ncp dispense -o`` wrote.

    \b
    Example: ehds ncp discard dispensation.xml
    """
    from ncp.client.dispensing import reported

    content = read_bytes(file)
    person = reported(content, file)
    with asked.client("2262") as client:
        country = asked.name_of(client.partner)
        answer = client.discard(whom(patient_id, person.ids[0]), content, person=person)
    if not told(answer, asked, country, fmt):
        raise click.exceptions.Exit(Exit.FINDINGS)
