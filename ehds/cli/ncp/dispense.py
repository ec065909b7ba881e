"""``ehds ncp dispense``: report a dispensation to the country of the prescription (ITI-41)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from data.errors import Exit
from ehds.cli.ncp.asking import Asking, asking
from ehds.cli.ncp.supplying import dispensation, supplying, told, whom
from ehds.cli.options import language, output_format
from ehds.cli.output import say


@click.command(name="dispense")
@click.argument("file")
@supplying
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
              help="File for the eDispensation; needed to take it back.")  # fmt: skip
@asking("dispense", patient=False)
@language
@output_format("text", "json")
def command(
    asked: Asking,
    file: str,
    output: Path | None,
    patient_id: str,
    lang: str,
    fmt: str,
    **given: Any,
) -> None:
    """Dispense on a prescription from abroad and report it to its country (ITI-41).

    FILE is the ePrescription as it was retrieved, CDA or FHIR. What it forbids is refused before
    anything is sent. The eDispensation is written to -o before it is sent: with it, and only with
    it, the dispensation can be taken back (ehds ncp discard).

    \b
    Example: ehds ncp dispense prescriptions/eprescription.xml --package "Selexid 400 mg"
      --quantity 1 -o dispensation.xml
    """
    from data.files import check_folder, write_all
    from ncp.client.texts import text

    made = dispensation(file, asked, given)
    if output:
        check_folder(output.parent)
        write_all({output: made.content})
    with asked.client("2262") as client:
        country = asked.name_of(client.partner)
        patient = whom(patient_id, made.person.ids[0])
        answer = client.dispense(patient, made.content, person=made.person)
    all_taken = told(answer, asked, country, fmt)
    if all_taken and output:
        say(text("taken.keep", lang, file=output))
    if not all_taken:
        raise click.exceptions.Exit(Exit.FINDINGS)
