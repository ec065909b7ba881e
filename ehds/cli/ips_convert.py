"""``ehds ips convert``: between FHIR and the CDA of MyHealth@EU, and between the forms of CDA."""

from __future__ import annotations

import sys
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ehds.cli.options import language
from ehds.cli.output import as_json, give_all, say
from ehds.cli.terms_option import terminology

if TYPE_CHECKING:
    from collections.abc import Iterable

    from data.errors import Problem

CDA_ROOT = b"ClinicalDocument"
"""Stands near the beginning of every CDA document, and of no FHIR document."""
STDIN = "-"

Form = Literal["pivot", "friendly"]
Level = Literal["1", "3"]


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--to", "target", type=click.Choice(["cda", "fhir"]), required=True,
              help="What to write.")  # fmt: skip
@click.option("--level", type=click.Choice(["1", "3"]), default="3", show_default=True,
              help="CDA: 3 with structured content, 1 with a PDF.")  # fmt: skip
@click.option("--form", type=click.Choice(["pivot", "friendly"]), default="pivot",
              show_default=True, help="CDA: European or national codes first.")  # fmt: skip
@terminology
@language
@click.option("-o", "--output", help="File; standard output by default.")
@click.option("--loss", "loss_file", help="File for the loss report (JSON).")
@click.option("--messages", "messages_file",
              help="CDA to CDA: file for the TM and TSAM messages (JSON).")  # fmt: skip
@click.pass_context
def convert(
    context: click.Context,
    file: str,
    target: str,
    level: Level,
    form: Form,
    lang: str,
    output: str | None,
    loss_file: str | None,
    messages_file: str | None,
) -> None:
    """Turn a FHIR document into MyHealth@EU CDA, CDA of any country into FHIR, or CDA into CDA.

    Everything that does not travel exactly is in the loss report. From CDA to CDA the document is
    transcoded to pivot, or translated for its readers (friendly), as contact points do it; what
    they would say of it is told with its TM or TSAM number. An error, for which a contact point
    refuses the document, leaves with code 1; the document is written all the same.

    \b
    Example: ehds ips convert summary.json --to cda --form friendly -o summary.xml
    """
    content = read_bytes(file)
    if CDA_ROOT in content[:4096] and target == "cda":
        _refuse(context, file)
        _transcode(content, file, form, lang, output, messages_file)
        return
    if target == "cda":
        from ips.cda.write import to_cda

        bundle = read_fhir(content, file)
        written = to_cda(bundle, form=form, level=1 if level == "1" else 3, lang=lang)
        text, loss = written.xml.decode(), written.loss
    else:
        from ips.cda.read import to_fhir
        from ips.summary.output import to_json

        read = to_fhir(content, name=file)
        text, loss = to_json(read.bundle).decode(), read.loss
    spare((file,), output, loss_file)
    give_all([(text, output), *([(as_json(loss.to_dict()), loss_file)] if loss_file else [])])
    counts = ", ".join(f"{number} {fate}" for fate, number in loss.counts().items())
    say(f"Source: {counts}")


def _refuse(context: click.Context, file: str) -> None:
    """Refuse what has no meaning from CDA to CDA."""
    from click.core import ParameterSource

    from data.errors import InputError, Problem

    for option, parameter in (("--level", "level"), ("--loss", "loss_file")):
        if context.get_parameter_source(parameter) is ParameterSource.COMMANDLINE:
            raise InputError(
                Problem(f"{option} has no meaning from CDA to CDA", file,
                        rule="a document that is transcoded keeps its level and loses nothing",
                        remedy="convert it to FHIR first: --to fhir")
            )  # fmt: skip


def _transcode(
    content: bytes, file: str, form: Form, lang: str, output: str | None, messages_file: str | None
) -> None:
    """Write the other form of a document and tell the messages; errors leave with code 1."""
    from data.errors import Exit
    from ips.transcode import Terminology, transcode

    made = transcode(content, form, Terminology(lang), name=file)
    spare((file,), output, messages_file)
    products: list[tuple[str, str | None]] = [(made.xml.decode(), output)]
    if messages_file:
        rows = [asdict(message) for message in made.messages]
        listed = as_json({"schema": "ehds.transcoding/1", "messages": rows})
        products.append((listed, messages_file))
    give_all(products)
    for one in made.messages:
        say(f"{one.severity.title()}: {one.family} {one.number}: {one.text} ({one.where})")
    errors = sum(one.severity == "error" for one in made.messages)
    say(f"{errors} errors, {len(made.messages) - errors} warnings")
    if made.failed:
        raise click.exceptions.Exit(Exit.FINDINGS)


def spare(sources: Iterable[str | Path | None], *targets: str | None) -> None:
    """Refuse to write over what was read: the only copy of a record may be lost.

    Raises:
        InputError: a target is one of the sources.
    """
    from data.errors import InputError, Problem

    read = {Path(one).resolve() for one in sources if one and one != STDIN}
    for target in targets:
        if target and target != STDIN and Path(target).resolve() in read:
            raise InputError(Problem("the result would be written over what was read", target,
                                     remedy="choose another name"))  # fmt: skip


def read_bytes(file: str) -> bytes:
    """Return the content of a file, or of standard input for ``-``; both are bounded in size.

    Raises:
        InputError: unreadable or too large.
    """
    from data.errors import InputError, Problem
    from data.loaders.tables import MAX_BYTES
    from data.loaders.tables import read_bytes as read_file

    if file != STDIN:
        return read_file(Path(file))
    content = sys.stdin.buffer.read(MAX_BYTES + 1)
    if len(content) > MAX_BYTES:
        raise InputError(
            Problem(f"standard input is larger than {MAX_BYTES // 2**20} MiB", STDIN,
                    remedy="check that this is the file you meant")
        )  # fmt: skip
    return content


def read_fhir(content: bytes, file: str) -> dict[str, Any]:
    """Return a FHIR document; an error names its file.

    Raises:
        InputError: not FHIR R4.
    """
    from data.errors import InputError
    from ips.conformance.reader import read_document

    try:
        return read_document(content)
    except InputError as error:
        raise InputError([placed(problem, file) for problem in error.problems]) from None


def placed(problem: Problem, file: str) -> Problem:
    """Name the file that a problem lies in: ``a.json:12:14``, or ``a.json: entry[3]``."""
    where = problem.where
    if file in where:
        return problem
    shown = f"{file}{where}" if where.startswith(":") else f"{file}: {where}".rstrip(": ")
    return replace(problem, where=shown)
