"""What ``ehds ncp assert`` does with its options: who asks, with which seal, read and written."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from cryptography import x509
from lxml import etree

from data.errors import InputError, Problem
from data.files import check_folder, write_all
from data.results import Outcome, Result
from ehds.cli.ips_convert import read_bytes
from ehds.cli.output import as_json, give, say, say_line
from ips.loss import Fate, Loss
from ips.xml import parse
from ncp.codes import SAML, SOAP, WSSE
from ncp.countries import country as find_country
from ncp.model import HealthProfessional, Operation, PatientId
from ncp.trust import attest, certs
from ncp.trust.keys import Signer, read_certificate, read_signer

_OPERATIONS = {
    "identify": Operation.IDENTIFY,
    "ps": Operation.PS_LIST,
    "ep": Operation.EP_LIST,
    "orcd": Operation.ORCD_LIST,
    "dispense": Operation.DISPENSE,
    "discard": Operation.DISCARD,
}
_MARKS = {Outcome.PASS: "ok  ", Outcome.FAIL: "FAIL", Outcome.OMIT: "-   "}


def read(file: str) -> bytes:
    """Return a file, or standard input for ``-``, without a last line break."""
    return read_bytes(file).strip()


def operation(name: str) -> Operation:
    """Return the operation that a word of the command line stands for."""
    return _OPERATIONS[name]


def patient(text: str, country_a: str) -> PatientId:
    """Read whom an assertion is about, by the same words as the commands of country B.

    Args:
        text: a sample patient, a number of country A, or an identifier with its root.
        country_a: country A; says which identifier a bare number is.

    Raises:
        InputError: no such patient, or a number that could be of several kinds.
    """
    from ncp.client.patients import traits

    return traits(text, (), find_country(country_a, "--country-a").code).ids[0]


def signer(
    home: Path, country: str, seal: Path | None, key: Path | None, now: dt.datetime
) -> Signer:
    """Return who signs: the given seal, or that of a country in the home folder, made if absent.

    Raises:
        InputError: a seal without its key, or files that cannot be read.
    """
    if seal or key:
        if not (seal and key):
            raise InputError(Problem("--seal and --key belong together",
                                     remedy="give both PEM files"))  # fmt: skip
        return read_signer(seal, key)
    return certs.ensure(home / "certs" / country, country, now=now).seal


def trust(authorities: Sequence[Path], home: Path) -> certs.TrustStore:
    """Return whom to trust: the given certificates and folders, or the home folder's authorities.

    Raises:
        InputError: nothing to trust there.
    """
    if not authorities:
        return certs.trust_store(home / "certs")
    found: list[x509.Certificate] = []
    for place in authorities:
        if place.is_dir():
            found.extend(certs.trust_store(place).authorities)
        else:
            found.append(read_certificate(place))
    return certs.TrustStore(found)


def professional(
    attest_file: str | None, country: str, stated: Mapping[str, Any]
) -> tuple[HealthProfessional, list[Loss]]:
    """Return who asks: of an attest, or a synthetic professional; what is stated replaces it.

    Args:
        attest_file: a Norwegian attest as JSON.
        country: where the professional works, ISO 3166-1 alpha-2.
        stated: role, and fields of ``HealthProfessional``; empty ones replace nothing.

    Raises:
        InputError: an attest that cannot be read or lacks something, or an unknown role.
    """
    from ncp.client.asker import DOCTOR
    from ncp.client.asker import professional as synthetic

    more = {name: said for name, said in stated.items() if said and name != "role"}
    if not attest_file:
        known = find_country(country, "--country").code
        return synthetic(known, stated["role"] or DOCTOR, **more), []
    said = attest.read_attest(read(attest_file), attest_file)
    chosen = attest.Chosen(stated["role"], stated["name"], stated.get("name_id", ""), country)
    found, losses = attest.from_attest(said, chosen, attest_file)
    return replace(found, **more), losses


def give_losses(losses: Sequence[Loss], file: str | None) -> None:
    """Tell what of an attest did not travel: the count, and in full to a file."""
    lost = [loss for loss in losses if loss.fate is not Fate.EXACT]
    if lost and not file:
        say(f"{len(lost)} of {len(losses)} attributes of the attest do not travel exactly; "
            "see them with --loss FILE")  # fmt: skip
    if file:
        give(as_json({"schema": "ehds.loss/1", "items": [loss.to_dict() for loss in losses]}), file)


def give_bytes(content: bytes, target: str | None) -> None:
    """Give bytes to a file, or to standard output, exactly as they are."""
    if target in (None, "-"):
        click.echo(content)
        return
    assert target is not None
    path = Path(target)
    check_folder(path.parent)
    write_all({path: content})
    say_line(f"Wrote {path}")


def assertions(file: str) -> list[etree._Element | bytes]:
    """Return the assertions of a file: itself, or those in the header of a SOAP message.

    Raises:
        InputError: unreadable, or a message without assertions.
    """
    content = read(file)
    root = parse(content, name=file)
    if root.tag == f"{{{SAML}}}Assertion":
        return [content]
    path = f"{{{SOAP}}}Header/{{{WSSE}}}Security/{{{SAML}}}Assertion"
    found: list[etree._Element | bytes] = list(root.findall(path))
    if not found:
        raise InputError(
            Problem("no assertion in this file", file,
                    rule="saml2:Assertion, or a SOAP 1.2 message with wsse:Security",
                    remedy="issue one with: ehds ncp assert hcp")
        )  # fmt: skip
    return found


def lines(results: Sequence[Result]) -> Iterator[str]:
    """Yield one line a rule: outcome, assertion, rule, and what was found."""
    for result in results:
        mark = _MARKS.get(result.outcome, result.outcome.value)
        if result.outcome is Outcome.FAIL and result.severity != "error":
            mark = "warn"
        where = result.location or "all"
        yield f"{mark} {where:3} {result.id.removeprefix('trust-'):20} {result.message}"
        if result.outcome is Outcome.FAIL:
            yield f"         source: {result.source}"
