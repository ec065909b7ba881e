"""What ``ehds ncp assert`` does with its options: who asks, with which seal, read and written."""

from __future__ import annotations

import datetime as dt
import json
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
from ehds.cli.output import as_json, give, say
from ips.loss import Fate, Loss
from ips.xml import parse
from ncp.codes import SAML, SOAP, WSSE
from ncp.countries import country as find_country
from ncp.model import HealthProfessional, Operation, PatientId
from ncp.trust import attest, certs, policy
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
_SAMPLE = ("test.testesen", "Test Testesen", "Test University Hospital")


def read(file: str) -> bytes:
    """Return a file, or standard input for ``-``, without a last line break."""
    return read_bytes(file).strip()


def operation(name: str) -> Operation:
    """Return the operation that a word of the command line stands for."""
    return _OPERATIONS[name]


def patient(text: str) -> PatientId:
    """Read a patient identifier: ``ext^^^&root&ISO`` or ``ROOT^EXTENSION``.

    Raises:
        InputError: another form.
    """
    root, _, extension = text.partition("^")
    if extension and "^" not in extension and root.replace(".", "").isdigit():
        return PatientId(root, extension)
    try:
        return PatientId.parse(text)
    except ValueError:
        raise InputError(
            Problem("the patient identifier has another form", "--patient",
                    rule="ext^^^&root&ISO, or ROOT^EXTENSION",
                    remedy="for example 2.16.578.1.12.4.1.4.1^NUMBER")
        ) from None  # fmt: skip


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
    """Return who asks: of an attest, or a synthetic doctor; what is stated replaces it.

    Raises:
        InputError: an attest that cannot be read or lacks something, or an unknown role.
    """
    losses: list[Loss] = []
    role = policy.role(stated["role"] or "221") if not attest_file or stated["role"] else None
    if attest_file:
        chosen = attest.Chosen(stated["role"], stated["name"], stated["name_id"], country)
        found, losses = attest.from_attest(_json(attest_file), chosen)
    else:
        assert role is not None
        name_id, name, place = _SAMPLE
        facility = policy.facility_of("", "", role.code)
        found = HealthProfessional(
            name_id, name, role.coded, locality=place, organization=place,
            facility_type="Hospital" if facility == "Other" else facility,
            home_community=find_country(country).home_community, country=country,
            permissions=role.permissions,
        )  # fmt: skip
    permissions = tuple(code for code in stated["permissions"] if code != "none")
    changes: dict[str, Any] = {
        name: text for name, text in stated.items() if text and name != "role"
    }
    changes.pop("permissions", None)
    if stated["permissions"]:
        changes["permissions"] = permissions
    return replace(found, **changes), losses


def _json(file: str) -> Any:
    try:
        return json.loads(read(file))
    except (ValueError, RecursionError) as error:
        raise InputError(
            Problem(f"not valid JSON: {error}", file, remedy="give the attest as JSON")
        ) from None


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
    say(f"Wrote {path}")


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
