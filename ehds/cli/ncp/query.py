"""``ehds ncp query``: list the patient's documents in country A (ITI-38)."""

from __future__ import annotations

import datetime as dt

import click

from data.errors import Exit
from ehds.cli.ncp.asking import Asking, asking
from ehds.cli.ncp.home import Moment
from ehds.cli.ncp.kinds import KINDS, kind_of, role_for, word_of
from ehds.cli.options import language, output_format
from ehds.cli.output import as_json


@click.command(name="query")
@click.option("--kind", "kinds", type=click.Choice(list(KINDS)), multiple=True, default=("ps",),
              show_default=True, help="Kind of document; several in one question.")  # fmt: skip
@click.option("--created-after", type=Moment(), help="Only documents made later.")
@click.option("--created-before", type=Moment(), help="Only documents made earlier.")
@click.option("--smaller-than", type=click.IntRange(1), metavar="BYTES",
              help="Only documents up to this size.")  # fmt: skip
@asking("query")
@language
@output_format("text", "json")
def command(
    asked: Asking,
    kinds: tuple[str, ...],
    created_after: dt.datetime | None,
    created_before: dt.datetime | None,
    smaller_than: int | None,
    lang: str,
    fmt: str,
) -> None:
    """List the patient's documents in country A (ITI-38).

    A patient that is named with --patient is identified first; one with --id is as country A knows
    it.

    \b
    Examples:
      ehds ncp query --patient penicillin-anaphylaxis
      ehds ncp query --patient foreign-worker --kind ep
    """
    from ehds.cli.ncp import answered
    from ncp.client.texts import text
    from ncp.messages.xca import QueryRequest

    with asked.client(role_for(kinds)) as client:
        partner, patient = client.partner, asked.patient(client)
        wanted = QueryRequest(patient, tuple(kind_of(k) for k in kinds), smaller_than,
                              created_after, created_before)  # fmt: skip
        answer = client.query(patient, wanted=wanted)
    refused = answered.tell(answer, asked.operation, lang, asked.name_of(partner))
    if fmt == "json":
        entries = [answered.entry_json(one) for one in answer.entries]
        click.echo(as_json({**answered.base_json("ehds.ncp-query/1", answer, lang),
                            "patient": f"{patient.root}^{patient.extension}",
                            "status": answer.status.word, "entries": entries}))  # fmt: skip
    elif not refused:
        click.echo(text("listed.head", lang, country=asked.name_of(partner),
                        number=len(answer.entries)))  # fmt: skip
        for number, entry in enumerate(answer.entries, 1):
            for line in answered.entry_lines(entry, number, lang):
                click.echo(line)
        click.echo(text("listed.next", lang, patient=asked.patient_option,
                        kind=word_of(answer.entries[0].kind)), err=True)  # fmt: skip
    if refused:
        raise click.exceptions.Exit(Exit.FINDINGS)
