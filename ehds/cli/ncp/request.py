"""``ehds ncp request``: write the message of an operation without sending it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ehds.cli.ips_convert import read_bytes
from ehds.cli.ncp.asking import Asking, asking
from ehds.cli.ncp.kinds import KINDS, kind_of, role_for
from ehds.cli.ncp.supplying import dispensation, supplying, whom
from ehds.cli.options import F
from ehds.cli.output import say_line

if TYPE_CHECKING:
    from ncp.client.building import Builder
    from ncp.client.message import Message


@click.group(name="request")
def command() -> None:
    """Write the message of an operation without sending it.

    The message is ready to be sent, with assertions that hold for some hours; nobody needs to run.

    \b
    Examples:
      ehds ncp request identify --patient mrsa | ehds ncp send -
      ehds ncp request query --patient mrsa --kind ep -o query.xml --show-curl
    """


def _written(function: F) -> F:
    for option in reversed((
        click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
                     help="File; standard output by default."),
        click.option("--show-curl", is_flag=True, help="With -o: the command line that sends it."),
    )):  # fmt: skip
        function = option(function)
    return function


_MTOM = click.option("--mtom", is_flag=True, help="The document as an MTOM part, not inline.")


def _give(
    asked: Asking, role: str, output: Path | None, make: Callable[[Builder], Message],
    *, show_curl: bool,
) -> None:  # fmt: skip
    """Build a message and give it to a file or to standard output, byte for byte."""
    from data.files import check_folder, write_all
    from ncp.client.building import Builder
    from ncp.client.keeping import curl
    from ncp.countries import country

    if show_curl and output is None:
        raise click.UsageError("--show-curl needs a file for the message: -o")
    partner, asker = asked.partner(offline=True), asked.asker(role)
    home = (asker.who.home_community if asker.who else "") or country(asked.country).home_community
    message = make(Builder(partner, asker, home))
    content = message.written[0]
    if output is None:
        click.echo(content, nl=False)
        return
    check_folder(output.parent)
    write_all({output: content})
    say_line(f"Wrote {output}")
    if show_curl:
        click.echo(curl(message, output, partner))


@command.command()
@_written
@asking("identify", sends=False)
def identify(asked: Asking, output: Path | None, show_curl: bool) -> None:
    """Write an identification (ITI-55)."""
    traits = asked.traits(asked.partner(offline=True).country.code)
    _give(asked, "221", output, lambda build: build.identify(traits, asked.clock()),
          show_curl=show_curl)  # fmt: skip


@command.command()
@click.option("--kind", "kinds", type=click.Choice(list(KINDS)), multiple=True, default=("ps",),
              show_default=True, help="Kind of document.")  # fmt: skip
@_written
@asking("query", sends=False)
def query(asked: Asking, kinds: tuple[str, ...], output: Path | None, show_curl: bool) -> None:
    """Write a query for documents (ITI-38)."""
    from ncp.messages.xca import QueryRequest

    patient = asked.traits(asked.partner(offline=True).country.code).ids[0]
    wanted = QueryRequest(patient, tuple(kind_of(kind) for kind in kinds))
    _give(asked, role_for(kinds), output, lambda build: build.query(wanted, asked.clock()),
          show_curl=show_curl)  # fmt: skip


@command.command()
@click.option("--kind", type=click.Choice(list(KINDS)), default="ps", show_default=True,
              help="Kind of document.")  # fmt: skip
@click.option("--document", "documents", multiple=True, required=True, metavar="ROOT^EXTENSION",
              help="Unique id of a document; several.")  # fmt: skip
@click.option("--repository", default="", help="Its repository (OID); country A by default.")
@_written
@asking("retrieve", sends=False)
def retrieve(
    asked: Asking, kind: str, documents: tuple[str, ...], repository: str, output: Path | None,
    show_curl: bool,
) -> None:  # fmt: skip
    """Write a retrieval of documents (ITI-39)."""
    from ncp.model import DocumentReference

    partner = asked.partner(offline=True)
    patient = asked.traits(partner.country.code).ids[0]
    wanted = [DocumentReference(partner.home, repository or partner.home, one)
              for one in documents]  # fmt: skip
    _give(asked, role_for((kind,)), output, lambda build: build.retrieve(
        patient, wanted, kind_of(kind), asked.clock()), show_curl=show_curl)  # fmt: skip


@command.command()
@click.argument("file")
@supplying
@_MTOM
@_written
@asking("dispense", patient=False, sends=False)
def dispense(
    asked: Asking, file: str, patient_id: str, mtom: bool, output: Path | None, show_curl: bool,
    **given: Any,
) -> None:  # fmt: skip
    """Write the report of a dispensation (ITI-41) on the ePrescription in FILE."""
    from ncp.model import DocumentKind

    made = dispensation(file, asked, given)
    patient = whom(patient_id, made.person.ids[0])
    _give(asked, "2262", output, show_curl=show_curl, make=lambda build: build.submit(
        patient, [made.content], DocumentKind.EDISPENSATION, asked.clock(), person=made.person,
        packaged=mtom))  # fmt: skip


@command.command()
@click.argument("file")
@click.option("--id", "patient_id", default="", metavar="ROOT^NUMBER",
              help="Patient as country A knows it; that of the document by default.")  # fmt: skip
@_MTOM
@_written
@asking("discard", patient=False, sends=False)
def discard(
    asked: Asking, file: str, patient_id: str, mtom: bool, output: Path | None, show_curl: bool
) -> None:
    """Write the discard (ITI-41) of the eDispensation in FILE."""
    from ncp.client.dispensing import reported
    from ncp.model import DocumentKind

    content = read_bytes(file)
    person = reported(content, file)
    patient = whom(patient_id, person.ids[0])
    _give(asked, "2262", output, show_curl=show_curl, make=lambda build: build.submit(
        patient, [content], DocumentKind.DISCARD, asked.clock(), person=person,
        packaged=mtom))  # fmt: skip
