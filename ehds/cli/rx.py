"""``ehds rx``: prescriptions and dispensations between e-resept and Europe."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ehds.cli.ips_convert import CDA_ROOT, placed, read_bytes, read_fhir, spare
from ehds.cli.options import F, language, output_format
from ehds.cli.output import as_json, give, give_all, say
from ehds.cli.rx_cda import give_cda
from ehds.cli.rx_inputs import fest_of, named
from ehds.cli.terms_option import terminology

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from data.errors import Problem
    from data.results import Report
    from ips.loss import LossReport


@click.group(name="rx")
def command() -> None:
    """Prescriptions: from e-resept (M1, M9.6, M10) to HL7 Europe MPD and MyHealth@EU, and home.

    \b
    Example: ehds rx build tapering --to fhir -o prescription.json
    """


_lenient = click.option("--lenient", is_flag=True, help="Faults in the data become warnings.")
_output = click.option("-o", "--output", help="File; standard output by default.")
_loss = click.option("--loss", "loss_file", help="File for the loss report (JSON).")
_fhir_format = click.option(
    "--format", "fmt", type=click.Choice(["json", "xml"]), default="json", show_default=True,
    help="FHIR as JSON or XML.",
)  # fmt: skip


def _file(*names: str, text: str) -> Callable[[F], F]:
    return click.option(*names, type=click.Path(exists=True, dir_okay=False, path_type=Path),
                        help=text)  # fmt: skip


@command.command(name="list")
@language
@output_format("text", "json")
def list_(lang: str, fmt: str) -> None:
    """List the sample messages.

    \b
    Example: ehds rx list --lang en
    """
    from ips.prescription.samples import COLUMNS, samples

    found = samples().values()
    if fmt == "json":
        rows = [{column: getattr(s, column) for column in COLUMNS} for s in found]
        click.echo(as_json({"schema": "ehds.prescriptions/1", "messages": rows}))
        return
    for sample in found:
        title = sample.title_nb if lang == "nb" else sample.title_en
        click.echo(f"{sample.id:14} {sample.kind:5} {title}")


@command.command()
@click.argument("file")
@click.option("--to", "target", type=click.Choice(["fhir", "cda"]), default="fhir",
              show_default=True, help="HL7 Europe MPD, or a MyHealth@EU document.")  # fmt: skip
@_file("--fest", text="FEST (M30) or an extract of it, for strength and route.")
@_file("--recall", text="A recall (M5) of the prescription.")
@click.option("--level", type=click.Choice(["1", "3"]), default="3", show_default=True,
              help="CDA: 3 with structured content, 1 with a PDF.")  # fmt: skip
@click.option("--form", type=click.Choice(["pivot", "friendly"]), default="pivot",
              show_default=True, help="CDA: European or national codes first.")  # fmt: skip
@terminology
@language
@_fhir_format
@_lenient
@_output
@_loss
def build(
    file: str,
    target: str,
    fest: Path | None,
    recall: Path | None,
    level: Literal["1", "3"],
    form: Literal["pivot", "friendly"],
    lang: str,
    fmt: str,
    lenient: bool,
    output: str | None,
    loss_file: str | None,
) -> None:
    """Build the ePrescription of an M1 or M9.6, or the eDispensation of an M10.

    FILE is a message, or the name of a sample (see: ehds rx list). MyHealth@EU has a document for
    each prescription: of a list (M9.6), -o names a folder for them.

    \b
    Example: ehds rx build substance --fest fest.xml -o prescription.json --loss loss.json
    """
    from ips.prescription import OutsideScope, build_dispensation
    from ips.prescription import build as build_prescription
    from ips.prescription.samples import locate

    path = locate(file)
    content = read_bytes(str(path))
    spare((path, fest, recall), output, loss_file)
    products = fest_of(fest)
    try:
        if b"Utleveringsrapport" in content:
            with named({"fest.xml": fest}):
                built = build_dispensation(content, products, name=path.name, lenient=lenient)
        else:
            with named({"fest.xml": fest, "m5.xml": recall}):
                built = build_prescription(content, products, name=path.name, lenient=lenient,
                                           recall=read_bytes(str(recall)) if recall else None
                                           )  # fmt: skip
    except OutsideScope as outside:
        _give_loss(outside.loss, loss_file)
        raise
    _warn(built.warnings)
    if target == "cda":
        give_cda(built.bundle, built.loss, form, level, lang, output)
        _give_loss(built.loss, loss_file)
    else:
        _give_both(_written(built.bundle, fmt), output, built.loss, loss_file)
    say("Source: " + _tally(built.loss))


@command.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--cda-schema", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with the MyHealth@EU CDA schema.")  # fmt: skip
@click.option("--form", type=click.Choice(["pivot", "friendly"]),
              help="CDA: the form it should have. A pivot has European codes first; by default "
              "national codes with a European translation pass too.")  # fmt: skip
@click.option("--pair", "as_pair", is_flag=True,
              help="Judge two CDA documents as a pair of level 3 and 1 as well.")  # fmt: skip
@terminology
@click.option("--format", "fmt", default="text", show_default=True, help="Form of the output.",
              type=click.Choice(["text", "json", "junit", "operationoutcome"]))  # fmt: skip
@click.option("--fail-level", type=click.Choice(["error", "warning", "information"]),
              default="error", show_default=True,
              help="Leave with code 1 when there is a finding as grave as this.")  # fmt: skip
@click.option("-v", "--verbose", is_flag=True, help="Show notes and sources as well.")
def check(
    files: tuple[str, ...],
    cda_schema: Path | None,
    form: Literal["pivot", "friendly"] | None,
    as_pair: bool,
    fmt: str,
    fail_level: str,
    verbose: bool,
) -> None:
    """Judge ePrescriptions and eDispensations, FHIR or CDA, without network.

    FILE is a document, a folder of them, or - for standard input.

    Beside the profiles of HL7 Europe MPD, the elements that another State needs to recognise a
    prescription are looked for (Implementing Directive 2012/52/EU): warnings where one is missing.

    \b
    Example: ehds rx check prescription.json --fail-level warning
    """
    from data.errors import Exit, InputError
    from ehds.cli.ips_check import expanded, pair
    from ips.conformance import output as written

    reports: list[tuple[str, Report]] = []
    problems: list[Problem] = []
    for name in expanded(files, problems):
        try:
            reports.append((name, _judge(name, cda_schema, form)))
        except InputError as error:
            problems += [placed(p, name) for p in error.problems]
    if as_pair and not problems:
        reports += pair(files)
    if fmt == "json":
        click.echo(written.to_json(reports).decode())
    elif fmt == "junit":
        click.echo(written.to_junit(reports), nl=False)
    elif fmt == "operationoutcome":
        outcomes = [written.to_operation_outcome(report) for _, report in reports]
        made: Any = outcomes[0] if len(outcomes) == 1 else {
            "resourceType": "Bundle", "type": "collection",
            "entry": [{"resource": outcome} for outcome in outcomes],
        }  # fmt: skip
        click.echo(as_json(made))
    else:
        for name, report in reports:
            click.echo(written.to_text(report, name, verbose), nl=False)
    if problems:
        raise InputError(problems)
    if any(written.reaches(report, fail_level) for _, report in reports):
        raise click.exceptions.Exit(Exit.FINDINGS)


def _judge(name: str, cda_schema: Path | None, form: Literal["pivot", "friendly"] | None) -> Report:
    content = read_bytes(name)
    if CDA_ROOT in content[:4096]:
        from ips.cda.check import check_cda

        return check_cda(content, cda_schema, form, name=name)
    from ips.prescription.check import check as judge

    return judge(read_fhir(content, name))


def _dispensing(command: F) -> F:
    for option in reversed((
        click.option("--package", required=True, help="Name of the product, as on the package."),
        click.option("--product-code", default="", help="Its number: SYSTEM|CODE."),
        click.option("--batch", default="", help="Its lot number."),
        click.option("--quantity", required=True, help="Packages, or amount with --unit."),
        click.option("--unit", default="", help="UCUM or EDQM code when not packages."),
        click.option("--pharmacy", required=True, help="Name of the pharmacy."),
        click.option("--pharmacy-id", default="", help="Its number: SYSTEM|NUMBER."),
        click.option("--pharmacist", default="", help="Name of the pharmacist."),
        click.option("--country", required=True, help="Country of the pharmacy: SE."),
        click.option("--when", "moment", help="2026-11-22T12:00:00+01:00; now by default."),
        click.option("--substituted", is_flag=True, help="Another product was given."),
        click.option("--prescription", "request_id", default="",
                     help="Identifier of the prescription, where the file has several."),
    )):  # fmt: skip
        command = option(command)
    return command


@command.command()
@click.argument("file")
@_dispensing
@_fhir_format
@_output
def dispense(
    file: str,
    package: str,
    product_code: str,
    batch: str,
    quantity: str,
    unit: str,
    pharmacy: str,
    pharmacy_id: str,
    pharmacist: str,
    country: str,
    moment: str | None,
    substituted: bool,
    request_id: str,
    fmt: str,
    output: str | None,
) -> None:
    """Dispense on an ePrescription and write the eDispensation.

    FILE is an ePrescription, FHIR or CDA. What it forbids is refused: expired, recalled, more than
    was prescribed, another product where the prescriber allows none.

    \b
    Example: ehds rx dispense prescription.json --package "Atorvastatin Krka 40 mg" --quantity 1
      --pharmacy "Apoteket Storken" --country SE -o dispensation.json
    """
    from ips.eresept.values import as_number
    from ips.prescription import Product, Supply
    from ips.prescription import dispense as write

    spare((file,), output)
    for name, said in (("--package", package), ("--pharmacy", pharmacy)):
        if not said.strip():
            raise click.BadParameter("a name is needed", param_hint=name)
    for name, said in (("--product-code", product_code), ("--pharmacy-id", pharmacy_id)):
        if said and not all(said.rpartition("|")[::2]):
            raise click.BadParameter(f"«{said}» has no system; write it as SYSTEM|CODE",
                                     param_hint=name)  # fmt: skip
    if not (len(country) == 2 and country.isascii() and country.isalpha()):
        raise click.BadParameter(f"«{country}» is no country code; Sweden is SE",
                                 param_hint="--country")  # fmt: skip
    amount = as_number(quantity)
    if amount is None:
        raise click.BadParameter(f"«{quantity}» is not a number", param_hint="--quantity")
    system, _, code = product_code.rpartition("|")
    agency, _, number = pharmacy_id.rpartition("|")
    supply = Supply(amount, _moment(moment), pharmacy, country, (number, agency), pharmacist, unit,
                    substituted)  # fmt: skip
    made = write(_bundle(file)[0], Product(package, code, system, batch), supply,
                 request_id=request_id)  # fmt: skip
    give(_written(made.bundle, fmt), output)


@command.command()
@click.argument("file")
@_file("--prescription", text="The M1 that was sent abroad; gives prescription group and dosage.")
@_output
@_loss
def report(file: str, prescription: Path | None, output: str | None, loss_file: str | None) -> None:
    """Turn an eDispensation from abroad into an M10-shaped report to Reseptformidleren.

    FILE is an eDispensation, FHIR or CDA. The loss report names what M10 has no field for, and what
    M10 asks that nobody abroad can give.

    \b
    Example: ehds rx report dispensation.json --prescription m1.xml -o m10.xml --loss loss.json
    """
    from ips.prescription import report_home

    bundle, losses = _bundle(file)
    spare((file, prescription), output, loss_file)
    with named({"m1.xml": prescription}):
        sent = read_bytes(str(prescription)) if prescription else None
        made = report_home(bundle, prescription=sent)
    if losses is not None:
        made.loss.extend(losses)
    _give_both(made.xml.decode(), output, made.loss, loss_file)
    say("Dispensation: " + _tally(made.loss))


def _bundle(file: str) -> tuple[dict[str, Any], LossReport | None]:
    """Return a document in FHIR; of a CDA also what the reading lost."""
    content = read_bytes(file)
    if CDA_ROOT in content[:4096]:
        from ips.cda.read import to_fhir

        read = to_fhir(content, name=file)
        return read.bundle, read.loss
    return read_fhir(content, file), None


def _moment(text: str | None) -> dt.datetime:
    if text is None:
        return dt.datetime.now().astimezone()
    try:
        moment = dt.datetime.fromisoformat(text)
    except ValueError:
        raise click.BadParameter(
            f"«{text}» is not a time; write it as 2026-11-22T12:00:00+01:00", param_hint="--when"
        ) from None
    return moment if moment.tzinfo else moment.astimezone()


def _written(bundle: dict[str, Any], fmt: str) -> str:
    if fmt == "xml":
        from ips.summary.xmlout import to_xml

        return to_xml(bundle).decode()
    from ips.summary.output import to_json

    return to_json(bundle).decode()


def _give_both(text: str, output: str | None, loss: LossReport, loss_file: str | None) -> None:
    """Write a product and its loss report: both or none."""
    report = [(as_json(loss.to_dict()), loss_file)] if loss_file else []
    give_all([(text, output), *report])


def _give_loss(loss: LossReport, target: str | None) -> None:
    if target:
        give(as_json(loss.to_dict()), target)


def _tally(loss: LossReport) -> str:
    return ", ".join(f"{number} {fate}" for fate, number in loss.counts().items())


def _warn(warnings: Iterable[Problem]) -> None:
    for warning in warnings:
        say("Warning: " + "\n".join(warning.lines()))
