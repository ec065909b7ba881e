"""``ehds ncp send``: send a message as it is and show the answer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from data.errors import Exit
from ehds.cli.ips_convert import read_bytes
from ehds.cli.ncp.asking import Asking, asking
from ehds.cli.options import language
from ehds.cli.output import say

if TYPE_CHECKING:
    from ncp.client.transport import Reply


@click.command(name="send")
@click.argument("file", default="-")
@click.option("--transaction", type=click.Choice(["ITI-55", "ITI-38", "ITI-39", "ITI-41"]),
              default=None, help="The service, where the message does not say it.")  # fmt: skip
@click.option("--content-type", default="", help="Content-Type; the right one by default.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path),
              help="File for the answer; standard output by default.")  # fmt: skip
@asking("send", patient=False, sends=False)
@language
def command(
    asked: Asking, file: str, transaction: str | None, content_type: str, output: Path | None,
    lang: str,
) -> None:  # fmt: skip
    """Send a message as it is, byte for byte, and show the answer as it came.

    FILE is a SOAP message or a multipart one; - is standard input. It is sent once. What the answer
    means is told on standard error; a refusal leaves with 1. A message that is sent so is not in
    our journal, because only who wrote it knows what it is.

    \b
    Example: ehds ncp request identify --patient mrsa | ehds ncp send -
    """
    from data.errors import InputError, Problem
    from data.files import check_folder, write_all
    from ips.words import harmless, plain_lines
    from ncp.client import Limits, Transport
    from ncp.client.verbatim import verbatim

    if output:  # before anything is sent
        check_folder(output.parent)
    content = read_bytes(file)
    if not content.strip():
        where = "standard input" if file == "-" else file
        raise InputError(Problem("there is no message in it", where,
                                 remedy="write one with: ehds ncp request"))  # fmt: skip
    partner = asked.partner()
    message = verbatim(content, partner, transaction=transaction or "", kind=content_type)
    transport = Transport(partner, Limits(read=asked["timeout"]))
    try:
        reply = transport.send(message)
    finally:
        transport.close()
    say(f"{message.transaction.name}: HTTP {reply.status}, {len(reply.content)} bytes, "
        f"{harmless(reply.content_type)}")  # fmt: skip
    if output:
        write_all({output: reply.content})
    elif sys.stdout.isatty():  # what came may steer a terminal; a file or pipe gets every byte
        click.echo(plain_lines(reply.content.decode("utf-8", "backslashreplace")))
    else:
        click.echo(reply.content)
    if _refused(reply, lang, asked.name_of(partner)):
        raise click.exceptions.Exit(Exit.FINDINGS)


def _refused(reply: Reply, lang: str, country: str) -> bool:
    from ehds.cli.ncp.answered import tell
    from ncp.client.answers import read_answer

    operation = {"ITI-55": "identify", "ITI-38": "query", "ITI-39": "retrieve",
                 "ITI-41": "dispense"}[reply.sent.transaction.name]  # fmt: skip
    # It is not compared with the question, which may be wrong on purpose.
    return tell(read_answer(reply), operation, lang, country)
