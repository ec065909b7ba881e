"""The options of a dispensation, and what country A said to a report of it."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ehds.cli.ips_convert import placed, read_bytes
from ehds.cli.ncp.asking import Asking
from ehds.cli.ncp.home import Moment
from ehds.cli.options import F
from ehds.cli.output import as_json, say

if TYPE_CHECKING:
    from ncp.client.answers import Taken
    from ncp.client.dispensing import Dispensation
    from ncp.model import PatientId

_OPTIONS = (
    click.option("--package", required=True, help="Name of the product, as on the package."),
    click.option("--product-code", default="", help="Its number: SYSTEM|CODE."),
    click.option("--batch", default="", help="Its lot number."),
    click.option("--quantity", required=True, help="Packages, or amount with --unit."),
    click.option("--unit", default="", help="UCUM or EDQM code when not packages."),
    click.option("--pharmacy", default="Test Pharmacy", show_default=True,
                 help="Name of the pharmacy."),
    click.option("--pharmacy-id", default="", help="Its number: SYSTEM|NUMBER."),
    click.option("--pharmacist", default="", help="Name of the pharmacist."),
    click.option("--when", type=Moment(), help="Moment of handing over; now by default."),
    click.option("--substituted", is_flag=True, help="Another product was given."),
    click.option("--prescription", "request_id", default="",
                 help="Identifier of the prescription, where the file has several."),
    click.option("--id", "patient_id", default="", metavar="ROOT^NUMBER",
                 help="Patient as country A knows it; that of the document by default."),
)  # fmt: skip

_WORDS = ("package", "product_code", "batch", "unit", "pharmacy", "pharmacy_id", "pharmacist")


def supplying(command: F) -> F:
    """Add the options of a dispensation."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def dispensation(file: str, asked: Asking, given: dict[str, Any]) -> Dispensation:
    """Return the eDispensation of a prescription in a file.

    Raises:
        InputError: unreadable, or it must not be dispensed so; all reasons.
    """
    from data.errors import InputError
    from ips.eresept.values import as_number
    from ips.prescription import Product, Supply
    from ncp.client.dispensing import edispensation

    for name in _WORDS:
        if not given[name].isprintable():  # it would be left out, and the words be others
            raise click.BadParameter("there is a control character in it",
                                     param_hint=f"--{name.replace('_', '-')}")  # fmt: skip
    amount = as_number(given["quantity"])
    if amount is None:
        raise click.BadParameter(f"«{given['quantity']}» is not a number",
                                 param_hint="--quantity")  # fmt: skip
    system, _, code = given["product_code"].rpartition("|")
    agency, _, number = given["pharmacy_id"].rpartition("|")
    when: dt.datetime = given["when"] or asked.clock()
    supply = Supply(amount, when, given["pharmacy"], asked.country, (number, agency),
                    given["pharmacist"], given["unit"], given["substituted"])  # fmt: skip
    product = Product(given["package"], code, system, given["batch"])
    try:
        return edispensation(read_bytes(file), product, supply, request_id=given["request_id"],
                             name=Path(file).name)  # fmt: skip
    except InputError as error:
        raise InputError([placed(problem, file) for problem in error.problems]) from None


def whom(patient_id: str, fallback: PatientId) -> PatientId:
    """Return the patient that was stated, else the one of the document."""
    from ncp.client.patients import identifier

    return identifier(patient_id) if patient_id else fallback


def told(answer: Taken, asked: Asking, country: str, fmt: str, **more: str) -> bool:
    """Tell how a report was taken.

    Returns:
        Whether all of it was.
    """
    from ehds.cli.ncp import answered
    from ncp.client.texts import text
    from ncp.codes import Status

    refused = answered.tell(answer, asked.operation, asked.lang, country)
    if fmt == "json":
        head = answered.base_json(f"ehds.ncp-{asked.operation}/1", answer, asked.lang)
        click.echo(as_json({**head, "status": answer.status.word,
                            "submission_set": answer.reply.sent.submission_set,
                            "documents": [d.unique_id for d in answer.reply.sent.documents],
                            **more}))  # fmt: skip
    elif not refused:
        click.echo(text(f"taken.{asked.operation}", asked.lang, country=country))
    if answer.status is Status.PARTIAL:
        say(text("taken.partly", asked.lang, country=country))
    return not refused and answer.status is Status.SUCCESS
