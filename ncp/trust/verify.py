"""Verifying the assertions of a request, in full: who asks, for whom, and whether they may.

``verify`` answers with what can be believed, or raises what the request is refused with;
``examine`` gives every rule as a result. Which rules there are, with their codes and sources, is in
``data/exchange/trust-rules.csv``.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography import x509
from lxml import etree

from data.results import Result
from ncp.codes import bare
from ncp.model import Address, HealthProfessional, Operation, PatientId, Person, Refusal
from ncp.soap.faults import SoapFault
from ncp.trust.anchors import TrustStore
from ncp.trust.content import (
    facility_of,
    judge_content,
    name_of,
    patient_of,
    purpose_of,
    role_of,
)
from ncp.trust.findings import Finding, Findings, refuse
from ncp.trust.keys import country_of
from ncp.trust.links import judge_countries, judge_links
from ncp.trust.names import (
    HOME,
    KIN,
    LOCALITY,
    NPI,
    ORGANIZATION,
    ORGANIZATION_ID,
    PIN,
    PRESCRIPTION,
    SPECIALITY,
    Kind,
)
from ncp.trust.policy import DEFAULT, CountryRules
from ncp.trust.rights import behalf_of, judge_rights, permissions_of
from ncp.trust.seals import Memory, Opened, judge_revocation, open_all
from ncp.trust.statement import Statement

__all__ = ["CountryRules", "Memory", "Refusal", "SoapFault", "Trusted", "examine", "verify"]


@dataclass(frozen=True, slots=True)
class Trusted:
    """What verified assertions say.

    Attributes:
        hcp_id: ID of the identity assertion; ``trc_id`` of the treatment relationship, or empty.
        trc_patient: the patient whom the professional treats; None without such an assertion.
        purpose: ``TREATMENT`` or ``EMERGENCY``; of the treatment relationship where it states one.
        next_of_kin: who acts for the patient, or None.
        prescription_id, pin: what the treatment relationship adds for one prescription.
        issuer: issuer of the identity assertion; ``name@issuer`` is how audit names people.
        country: country of the certificate that signed.
        assurance: how the professional was authenticated (AuthnContextClassRef).
        warnings: what was found and does not forbid an answer.
    """

    professional: HealthProfessional
    hcp_id: str
    trc_patient: PatientId | None
    purpose: str
    next_of_kin: Person | None
    prescription_id: str
    pin: str
    issuer: str = ""
    trc_id: str = ""
    country: str = ""
    warnings: tuple[Result, ...] = field(default=())
    assurance: str = ""


def verify(
    assertions: Sequence[etree._Element | bytes],
    *,
    operation: Operation,
    trust: TrustStore,
    now: dt.datetime,
    peer: x509.Certificate | None = None,
    strict: bool = True,
    country_rules: CountryRules = DEFAULT,
    memory: Memory | None = None,
) -> Trusted:
    """Verify the assertions of a request.

    Args:
        assertions: as they stood in ``wsse:Security``, in document order.
        operation: what is asked for.
        trust: whose certificates are trusted.
        now: aware time.
        peer: certificate of the TLS client, where there is one.
        strict: False lets pass what some implementations do differently and no patient is
            harmed by (table ``trust-rules.csv``, column ``lenient``); never signature, trust,
            time, role or permissions.
        country_rules: what this country A demands differently.
        memory: remembers opened assertions between requests.

    Raises:
        Refusal: with the code of the first broken rule, and every other one in ``details``.
        SoapFault: ``Invalid Security Token`` or ``HP Missing Attributes``, where the exchange
            answers with a fault.
    """
    findings, found = _assess(assertions, operation, trust, now, peer, strict, country_rules,
                              memory)  # fmt: skip
    refusing = findings.refusing()
    if refusing:
        raise refuse(refusing, operation, country_rules)
    return _trusted(found, findings.found)


def examine(
    assertions: Sequence[etree._Element | bytes],
    *,
    operation: Operation,
    trust: TrustStore,
    now: dt.datetime,
    peer: x509.Certificate | None = None,
    strict: bool = True,
    country_rules: CountryRules = DEFAULT,
) -> list[Result]:
    """Return what every rule says about the assertions of a request; arguments as ``verify``."""
    findings, _ = _assess(assertions, operation, trust, now, peer, strict, country_rules, None)
    order = {kind: number for number, kind in enumerate(Kind)}

    def place(finding: Finding) -> tuple[int, int]:
        return (order[finding.kind] if finding.kind else len(order), finding.rule.rank)

    return [finding.result() for finding in sorted(findings.found, key=place)]


def _assess(
    assertions: Sequence[etree._Element | bytes],
    operation: Operation,
    trust: TrustStore,
    now: dt.datetime,
    peer: x509.Certificate | None,
    strict: bool,
    country_rules: CountryRules,
    memory: Memory | None,
) -> tuple[Findings, dict[Kind, Opened]]:
    findings = Findings(strict)
    found, came = open_all(list(assertions), findings, trust, now, memory)
    findings.judge("hcp-present", Kind.HCP in came, "no identity assertion came with the request")
    if operation is Operation.IDENTIFY:
        findings.omit("trc-present", "identification needs no treatment relationship")
    else:
        findings.judge("trc-present", Kind.TRC in came,
                       "no assertion of the treatment relationship came with the request"
                       )  # fmt: skip
    judge_revocation("connection-revoked", peer, findings, trust, now)
    judge_countries(found, findings, peer, country_rules)
    judge_links(found, findings)
    for kind, one in found.items():
        judge_content(one.statement, kind, findings, now)
    if Kind.HCP in found:
        judge_rights(found[Kind.HCP].statement, operation, findings, country_rules)
    return findings, found


def _trusted(found: dict[Kind, Opened], findings: Sequence[Finding]) -> Trusted:
    identity = found[Kind.HCP]
    country = country_of(identity.certificate)
    treatment = found[Kind.TRC].statement if Kind.TRC in found else None
    kin = found[Kind.NOK].statement if Kind.NOK in found else None
    purpose = purpose_of(identity.statement)
    return Trusted(
        _professional(identity.statement, country),
        identity.statement.id,
        patient_of(treatment) if treatment else None,
        (purpose_of(treatment) if treatment else "") or purpose,
        _next_of_kin(kin) if kin else None,
        treatment.text(PRESCRIPTION) if treatment else "",
        treatment.text(PIN) if treatment else "",
        identity.statement.issuer,
        treatment.id if treatment else "",
        country,
        tuple(f.result() for f in findings if f.outcome == "fail"),
        identity.statement.authn_class,
    )


def _professional(statement: Statement, country: str) -> HealthProfessional:
    return HealthProfessional(
        statement.name_id,
        name_of(statement),
        role_of(statement),
        purpose_of(statement),
        statement.text(LOCALITY),
        facility_of(statement),
        statement.text(ORGANIZATION),
        statement.text(ORGANIZATION_ID),
        bare(statement.text(HOME)),
        statement.text(NPI),
        statement.text(SPECIALITY),
        behalf_of(statement),
        permissions_of(statement),
        country,
        statement.name_id_format,
    )


def _next_of_kin(statement: Statement) -> Person:
    def said(name: str) -> str:
        return statement.text(KIN + name)

    try:
        identifiers = (PatientId.parse(said("id")),) if said("id") else ()
    except ValueError:
        identifiers = (PatientId("", said("id")),)
    place = Address(said("address:street"), said("address:city"), said("address:postalcode"),
                    said("address:country"))  # fmt: skip
    given = (said("firstname"),) if said("firstname") else ()
    return Person(identifiers, said("familyname"), given, said("gender"), said("birthdate"), place)
