"""``ehds ncp retrieve``: fetch documents, checked, readable and as FHIR (ITI-39)."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from data.errors import Exit
from ehds.cli.ncp.asking import Asking, asking
from ehds.cli.ncp.kinds import KINDS, kind_of, role_for
from ehds.cli.options import language, output_format
from ehds.cli.output import as_json, say, say_line
from ehds.cli.terms_option import terminology

if TYPE_CHECKING:
    from ncp.client import Client
    from ncp.client.answers import Fetched
    from ncp.model import DocumentEntry, DocumentReference, PatientId


@click.command(name="retrieve")
@click.option("--kind", type=click.Choice(list(KINDS)), default="ps", show_default=True,
              help="Kind of document.")  # fmt: skip
@click.option("--level", type=click.Choice(["3", "1", "all"]), default="3", show_default=True,
              help="Structured, PDF, or both; where a kind has one only, that.")  # fmt: skip
@click.option("--document", "documents", multiple=True, metavar="ROOT^EXTENSION",
              help="Unique id of a document, without asking for the list; several.")  # fmt: skip
@click.option("--repository", default="", help="Its repository (OID); country A by default.")
@click.option("--together", is_flag=True,
              help="All in one message; some contact points answer the first only.")  # fmt: skip
@click.option("--out", type=click.Path(file_okay=False, path_type=Path),
              help="Folder for the documents: as they came, translated, FHIR, a page.")  # fmt: skip
@asking("retrieve")
@terminology
@language
@output_format("text", "json")
def command(
    asked: Asking,
    kind: str,
    level: str,
    documents: tuple[str, ...],
    repository: str,
    together: bool,
    out: Path | None,
    lang: str,
    fmt: str,
) -> None:
    """Fetch documents from country A (ITI-39): checked, translated, as FHIR and as a page.

    Without --document, all of a kind are listed and fetched. With --out they are kept in a folder;
    a document that is not what was asked for, or is about another patient, is kept as it came and
    is not shown, and the command leaves with 1.

    \b
    Examples:
      ehds ncp retrieve --patient penicillin-anaphylaxis --out summary
      ehds ncp retrieve --patient foreign-worker --kind ep --out prescriptions
    """
    from data.files import check_folder, write_all
    from ehds.cli.ncp import answered, received
    from ncp.client.texts import text
    from ncp.model import DocumentEntry, DocumentReference

    if out:
        check_folder(out)
    with asked.client(role_for((kind,))) as client:
        partner, patient = client.partner, asked.patient(client)
        wanted: list[DocumentEntry | DocumentReference] = [
            DocumentReference(partner.home, repository or partner.home, one) for one in documents
        ]
        if not wanted:
            wanted = [*_listed(client, asked, patient, kind, level)]
        if not wanted:
            say(text("retrieved.none", lang))
            raise click.exceptions.Exit(Exit.FINDINGS)
        answers = _fetched(client, asked, patient, wanted, kind, together=together)
        entries = {one.unique_id: one for one in wanted if isinstance(one, DocumentEntry)}
        got = [
            client.read(one, patient, entries.get(one.reference.unique_id), lang)
            for answer in answers for one in answer.documents
        ]  # fmt: skip
    files = received.files(got, entries, kind, lang) if out else {}
    if out:
        write_all({out / name: content for name, content in files.items()})
    if fmt == "json":
        head = answered.base_json("ehds.ncp-retrieve/1", answers[-1], lang)
        plain = [received.as_plain(one, entries.get(one.reference.unique_id)) for one in got]
        click.echo(as_json({**head, "documents": plain}))
    else:
        received.show(got, entries, lang, whole=out is None)
    for name in sorted(files):
        say_line(f"  {out}/{name}")
    if any(a.refused for a in answers) or not all(one.safe for one in got):
        raise click.exceptions.Exit(Exit.FINDINGS)


def _listed(
    client: Client, asked: Asking, patient: PatientId, kind: str, level: str
) -> list[DocumentEntry]:
    answer = client.query(patient, kind_of(kind))
    asked.tell(answer, client.partner, "query")
    # A document that is listed for somebody else is not fetched with this patient's assertion.
    own = [entry for entry in answer.entries if entry.patient == patient]
    found = [entry for entry in own if level in ("all", str(entry.level))]
    return found or own if level == "3" else found


def _fetched(
    client: Client, asked: Asking, patient: PatientId,
    wanted: list[DocumentEntry | DocumentReference], kind: str, *, together: bool,
) -> list[Fetched]:  # fmt: skip
    from ehds.cli.ncp.answered import tell

    parts = [wanted] if together else [[one] for one in wanted]
    answers = []
    for part in parts:
        answer = client.retrieve(patient, part, kind_of(kind))
        tell(answer, "retrieve", asked.lang, asked.name_of(client.partner))
        answers.append(answer)
    return answers
