"""``ehds ips convert``: between FHIR documents and the CDA of MyHealth@EU."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Literal

import click

from ehds.cli.options import language
from ehds.cli.output import as_json, give, say

CDA_ROOT = b"ClinicalDocument"
"""Stands near the beginning of every CDA document, and of no FHIR document."""
STDIN = "-"


@click.command()
@click.argument("file", metavar="FILE")
@click.option("--to", "target", type=click.Choice(["cda", "fhir"]), required=True,
              help="What to write.")  # fmt: skip
@click.option("--level", type=click.Choice(["1", "3"]), default="3", show_default=True,
              help="CDA: 3 with structured content, 1 with a PDF.")  # fmt: skip
@click.option("--form", type=click.Choice(["pivot", "friendly"]), default="pivot",
              show_default=True, help="CDA: European or national codes first.")  # fmt: skip
@language
@click.option("-o", "--output", help="File; standard output by default.")
@click.option("--loss", "loss_file", help="File for the loss report (JSON).")
def convert(
    file: str,
    target: str,
    level: str,
    form: str,
    lang: str,
    output: str | None,
    loss_file: str | None,
) -> None:
    """Turn a FHIR document into MyHealth@EU CDA, or CDA of any country into FHIR.

    Everything that does not travel exactly is in the loss report.

    \b
    Example: ehds ips convert summary.json --to cda --form friendly -o summary.xml
    """
    content = read_bytes(file)
    if target == "cda":
        from ips.cda.write import to_cda
        from ips.conformance.reader import read_document

        chosen: Literal["pivot", "friendly"] = "friendly" if form == "friendly" else "pivot"
        written = to_cda(
            read_document(content), form=chosen, level=1 if level == "1" else 3, lang=lang
        )
        text, loss = written.xml.decode(), written.loss
    else:
        from ips.cda.read import to_fhir
        from ips.summary.output import to_json

        read = to_fhir(content, name=file)
        text, loss = to_json(read.bundle).decode(), read.loss
    give(text, output)
    if loss_file:
        give(as_json(loss.to_dict()), loss_file)
    counts = ", ".join(f"{number} {fate}" for fate, number in loss.counts().items())
    say(f"Source: {counts}")


def read_bytes(file: str) -> bytes:
    """Return the content of a file, or of standard input for ``-``; a file is bounded in size.

    Raises:
        InputError: unreadable or too large.
    """
    if file == STDIN:
        return sys.stdin.buffer.read()
    from data.loaders.tables import read_bytes as read_file

    return read_file(Path(file))
