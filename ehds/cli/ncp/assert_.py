"""``ehds ncp assert``: issue an assertion of country B, or check one with every rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import click

from data.errors import Exit
from ehds.cli.ncp.home import clock, home, home_folder, moment
from ehds.cli.options import F, output_format
from ehds.cli.output import as_json, say

OPERATIONS = ("identify", "ps", "ep", "orcd", "dispense", "discard")


@click.group(name="assert")
def command() -> None:
    """Issue or check an assertion: HCP (identity), TRC (treatment relationship), next of kin.

    \b
    Examples:
      ehds ncp assert hcp -o hcp.xml
      ehds ncp assert trc hcp.xml --patient ROOT^NUMBER -o trc.xml
      ehds ncp assert check hcp.xml trc.xml --operation ps
    """


def _seal(default: str) -> Callable[[F], F]:
    def add(function: F) -> F:
        for option in (
            click.option("-o", "--output", help="File; standard output by default."),
            clock,
            home,
            click.option("--valid", type=click.IntRange(1), metavar="MINUTES",
                         help="Length of the validity (default: 240 for HCP, 120 for others)."),
            click.option("--key", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                         help="Key of --seal (PEM)."),
            click.option("--seal", type=click.Path(exists=True, dir_okay=False, path_type=Path),
                         help="Certificate of the signer (PEM); the seal in --home by default."),
            click.option("--country", default=default, show_default=bool(default), metavar="CC",
                         help="Country that signs."),
        ):  # fmt: skip
            function = option(function)
        return function

    return add


@command.command()
@click.option("--attest", type=click.Path(exists=True, dir_okay=False, allow_dash=True),
              help="A Norwegian attest as JSON (authorization_details)."  )  # fmt: skip
@click.option("--role", default="", help="ISCO-08 code, for example 221 or 2262.")
@click.option("--name", default="", help="Name of the professional.")
@click.option("--name-id", default="", help="NameID, how the country identifies the professional.")
@click.option("--purpose", type=click.Choice(["TREATMENT", "EMERGENCY"]), help="Purpose of use.")
@click.option("--locality", default="", help="Point of care.")
@click.option("--facility-type", default="", help="Hospital, Resident Physician, Pharmacy, Other.")
@click.option("--organization", default="", help="Name of the organisation.")
@click.option("--organization-id", default="", help="urn:hl7ii:ROOT:EXTENSION.")
@click.option("--home-community", default="", help="OID of country B; from --country by default.")
@click.option("--speciality", default="", help="Clinical speciality.")
@click.option("--on-behalf-of", default="", help="Role on whose behalf clerical staff act.")
@click.option("--permission", "permissions", multiple=True,
              help="PRD-006 ...; those of the role by default. «none» for none.")  # fmt: skip
@click.option("--authn", default="SmartcardPKI", show_default=True,
              help="How the professional signed in (SAML class, last word).")  # fmt: skip
@click.option("--loss", help="File for what of the attest did not travel (JSON).")
@_seal("")
def hcp(
    attest: str | None,
    loss: str | None,
    authn: str,
    permissions: tuple[str, ...],
    country: str,
    seal: Path | None,
    key: Path | None,
    valid: int | None,
    home: Path | None,
    now: dt.datetime | None,
    output: str | None,
    **stated: str | None,
) -> None:
    """Issue the identity assertion of a health professional.

    Without options: a synthetic medical doctor of a hospital in Sweden.

    \b
    Examples:
      ehds ncp assert hcp --role 2262 --facility-type Pharmacy --locality "Apoteket Test"
      ehds ncp assert hcp --attest attest.json --loss loss.json -o hcp.xml
    """
    from ehds.cli.ncp import asserting
    from ncp.trust import issue
    from ncp.trust.names import AUTHN

    country = (country or ("NO" if attest else "SE")).upper()
    professional, losses = asserting.professional(attest, country, stated)
    if permissions:
        chosen = tuple(code for code in permissions if code != "none")
        professional = replace(professional, permissions=chosen)
    signer = asserting.signer(home_folder(home), country, seal, key, moment(now))
    content = issue.hcp(
        professional, signer, now=moment(now), authn=f"{AUTHN}{authn}",
        valid=dt.timedelta(minutes=valid) if valid else issue.HCP_LIFETIME,
    )  # fmt: skip
    asserting.give_losses(losses, loss)
    asserting.give_bytes(content, output)


@command.command()
@click.argument("hcp", type=click.Path(exists=True, dir_okay=False, allow_dash=True), default="-")
@click.option("--patient", required=True,
              help="A number of country A, ROOT^NUMBER, or a sample patient.")  # fmt: skip
@click.option("--country-a", default="NO", show_default=True, metavar="CC",
              help="Country A; says which identifier a bare number is.")  # fmt: skip
@click.option("--purpose", type=click.Choice(["TREATMENT", "EMERGENCY", ""]), default="TREATMENT",
              show_default=True, help="Purpose of use.")  # fmt: skip
@click.option("--prescription-id", default="", help="Prescription, where country A asks for it.")
@click.option("--pin", default="", help="PIN of the dispensation, where country A asks for it.")
@_seal("SE")
def trc(
    hcp: str,
    patient: str,
    country_a: str,
    purpose: str,
    prescription_id: str,
    pin: str,
    country: str,
    seal: Path | None,
    key: Path | None,
    valid: int | None,
    home: Path | None,
    now: dt.datetime | None,
    output: str | None,
) -> None:
    """Issue the assertion of a treatment relationship, for the identity assertion in HCP.

    \b
    Examples:
      ehds ncp assert trc hcp.xml --patient mrsa
      ehds ncp assert trc hcp.xml --patient 1.2.246.21^NUMBER --country-a FI
    """
    from ehds.cli.ncp import asserting
    from ncp.trust import issue

    time = moment(now)
    signer = asserting.signer(home_folder(home), country.upper(), seal, key, time)
    lifetime = dt.timedelta(minutes=valid) if valid else issue.OTHER_LIFETIME
    content = issue.trc(asserting.read(hcp), asserting.patient(patient, country_a), signer,
                        now=time, purpose=purpose, prescription_id=prescription_id, pin=pin,
                        valid=lifetime)  # fmt: skip
    asserting.give_bytes(content, output)


@command.command()
@click.argument("hcp", type=click.Path(exists=True, dir_okay=False, allow_dash=True), default="-")
@click.option("--id", "identifier", default="", metavar="ROOT^NUMBER",
              help="Identifier of the next of kin.")  # fmt: skip
@click.option("--family", required=True, help="Family name.")
@click.option("--given", "given", multiple=True, required=True, help="Given name; may be repeated.")
@click.option("--gender", type=click.Choice(["M", "F", "UN"]), default="UN", show_default=True,
              help="Administrative gender.")  # fmt: skip
@click.option("--birth-date", default="", metavar="YYYYMMDD", help="Birth date.")
@_seal("SE")
def nok(
    hcp: str,
    identifier: str,
    family: str,
    given: tuple[str, ...],
    gender: str,
    birth_date: str,
    country: str,
    seal: Path | None,
    key: Path | None,
    valid: int | None,
    home: Path | None,
    now: dt.datetime | None,
    output: str | None,
) -> None:
    """Issue the assertion of a next of kin, for the identity assertion in HCP.

    \b
    Example: ehds ncp assert nok hcp.xml --family Testesen --given Mor
    """
    from ehds.cli.ncp import asserting
    from ncp.client.patients import identifier as read_identifier
    from ncp.model import Person
    from ncp.trust import issue

    time = moment(now)
    signer = asserting.signer(home_folder(home), country.upper(), seal, key, time)
    identifiers = (read_identifier(identifier),) if identifier else ()
    kin = Person(identifiers, family, given, gender, birth_date)
    lifetime = dt.timedelta(minutes=valid) if valid else issue.OTHER_LIFETIME
    asserting.give_bytes(issue.nok(asserting.read(hcp), kin, signer, now=time, valid=lifetime),
                         output)  # fmt: skip


@command.command()
@click.argument("files", nargs=-1, required=True,
                type=click.Path(exists=True, dir_okay=False, allow_dash=True))  # fmt: skip
@click.option("--operation", type=click.Choice(OPERATIONS), default="identify", show_default=True,
              help="What is asked for.")  # fmt: skip
@click.option("--ca", "authorities", multiple=True, type=click.Path(exists=True, path_type=Path),
              help="Trusted certificate, or folder with ca.pem; else those in --home.")  # fmt: skip
@click.option("--peer", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Certificate of the TLS client (PEM).")  # fmt: skip
@click.option("--as-country", default="NO", show_default=True, metavar="CC",
              help="Country A whose rules count.")  # fmt: skip
@click.option("--lenient", is_flag=True, help="What implementations do differently is a warning.")
@home
@clock
@output_format("text", "json")
def check(
    files: tuple[str, ...],
    operation: str,
    authorities: tuple[Path, ...],
    peer: Path | None,
    as_country: str,
    lenient: bool,
    home: Path | None,
    now: dt.datetime | None,
    fmt: str,
) -> None:
    """Check the assertions in FILES (assertions, or SOAP messages that carry them), rule by rule.

    Leaves with 1 when a rule is broken that forbids an answer.

    \b
    Example: ehds ncp assert check hcp.xml trc.xml --operation ps
    """
    from data.results import Outcome, Severity
    from ehds.cli.ncp import asserting
    from ncp.trust.keys import read_certificate
    from ncp.trust.policy import country_rules
    from ncp.trust.verify import examine

    found = [assertion for file in files for assertion in asserting.assertions(file)]
    results = examine(
        found,
        operation=asserting.operation(operation),
        trust=asserting.trust(authorities, home_folder(home)),
        now=moment(now),
        peer=read_certificate(peer) if peer else None,
        strict=not lenient,
        country_rules=country_rules(as_country.upper()),
    )
    if fmt == "json":
        click.echo(as_json({"schema": "ehds.results/1", "assertions": len(found),
                            "results": [result.to_dict() for result in results]}))  # fmt: skip
    else:
        for line in asserting.lines(results):
            click.echo(line)
    broken = [r for r in results if r.outcome is Outcome.FAIL]
    refused = [r for r in broken if r.severity is Severity.ERROR]
    say(f"{len(results)} checks, {len(refused)} forbid an answer, "
        f"{len(broken) - len(refused)} warnings")  # fmt: skip
    if refused:
        raise click.exceptions.Exit(Exit.FINDINGS)
