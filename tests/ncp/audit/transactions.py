"""Transactions that the tests of the audit share; every person in them is made up."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Any

from ncp.audit import CareRelation, Event, Party, Transaction, Wire
from ncp.audit.transaction import Named
from ncp.model import Coded, HealthProfessional, Operation, PatientId

NOON = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
PATIENT = PatientId("2.16.578.1.12.4.1.4.1", "13816812345")
OTHER = PatientId("2.16.578.1.12.4.1.4.1", "24816812345")
DOCUMENT = "2.16.578.1.12.4.5.10.1.7^ps-1"
SWEDEN = Party("ncp.se.example", "192.0.2.7", "1.2.752.221.3.1.1", "SE")
NORWAY = Party("ncp.no.example", "gateway.no.example", "2.16.578.1.12.4.5.10.1", "NO")
DOCTOR = HealthProfessional(
    "anna.lind@sjukhus.example", "Anna Lind",
    Coded("221", "2.16.840.1.113883.2.9.6.2.7", "Medical Doctors", "ISCO"),
    locality="Östra sjukhuset", facility_type="Hospital", organization="Region Väst",
    organization_id="urn:hl7ii:1.2.752.29.4:7", home_community="1.2.752.221.3.1.1", npi="SE-77",
    permissions=("PRD-006", "PRD-003"), country="SE",
)  # fmt: skip
ATTEST = {
    "type": "nhn:tillitsrammeverk:parameters",
    "practitioner": {
        "identifier": {"id": "08847299979", "system": "urn:oid:2.16.578.1.12.4.1.4.1",
                       "name": "Kari Prøve"},
        "hpr_nr": {"id": "1234567", "system": "urn:oid:2.16.578.1.12.4.1.4.4"},
        "authorization": {"code": "LE", "text": "Lege",
                          "system": "urn:oid:2.16.578.1.12.4.1.1.9060"},
        "legal_entity": {"id": "100100673", "system": "urn:oid:2.16.578.1.12.4.1.4.101",
                         "name": "Prøvesykehuset HF"},
        "point_of_care": {"id": "100100674", "system": "urn:oid:2.16.578.1.12.4.1.4.101",
                          "name": "Prøvesykehuset, akuttmottak"},
        "department": {"id": "4211607", "system": "urn:oid:2.16.578.1.12.4.1.4.102",
                       "name": "Akuttmottak"},
    },
    "care_relationship": {
        "healthcare_service": {"code": "S03", "text": "Indremedisin",
                               "system": "urn:oid:2.16.578.1.12.4.1.1.8655"},
        "purpose_of_use": {"code": "TREAT", "system": "urn:oid:2.16.840.1.113883.1.11.20448"},
        "purpose_of_use_details": {"code": "15", "text": "Helsetjenester i hjemmet",
                                   "system": "urn:oid:2.16.578.1.12.4.1.1.9151"},
        "decision_ref": {"id": "beslutning-9", "description": "Innlagt", "user_selected": True},
    },
    "toa": 1795348800,
}  # fmt: skip


def exchange(operation: Operation | Event, side: Any = "A", **changes: Any) -> Transaction:
    """Return an event with everything that may be known of it."""
    made = Transaction(
        side=side, operation=operation, started=NOON,
        ended=NOON + dt.timedelta(milliseconds=42), professional=DOCTOR,
        issuer="urn:idp:SE:countryB", assertion_id="_4f1c",
        assurance="urn:oasis:names:tc:SAML:2.0:ac:classes:SmartcardPKI",
        consumer=SWEDEN, provider=NORWAY, patients=(PATIENT,), query=b"<query/>",
        query_id="urn:uuid:0b7f", documents=(DOCUMENT,), objects=("_4f1c", "_4f1d"),
        request_id="urn:uuid:request-1", response_id="urn:uuid:response-1",
        origins=("Kjernejournal",),
        wire=Wire("POST", "https://127.0.0.1:8443/services/XCA_Service", 200,
                  "application/soap+xml; charset=UTF-8", "application/soap+xml; charset=UTF-8"),
    )  # fmt: skip
    if operation in (Operation.DISPENSE, Operation.DISCARD):
        made = replace(made, submission_set="1.2.752.99^set-1")
    if operation is Event.NOK_ASSERTION:
        made = replace(made, next_of_kin=OTHER, patients=())
    return replace(made, **changes)


def norwegian(operation: Operation = Operation.PS_RETRIEVE, **changes: Any) -> Transaction:
    """Return an event of a Norwegian doctor who asks Sweden, attested."""
    from ncp.audit.norway import care_relation

    doctor = HealthProfessional(
        "08847299979", "Kari Prøve", Coded("221", "2.16.840.1.113883.2.9.6.2.7"),
        locality="Akuttmottak", organization="Prøvesykehuset HF",
        organization_id="100100673", npi="1234567", country="NO",
    )  # fmt: skip
    patient = PatientId("1.2.752.129.2.1.3.1", "191212121212")
    return exchange(operation, "B", professional=doctor, issuer="urn:idp:NO:countryB",
                    consumer=NORWAY, provider=SWEDEN, patients=(patient,),
                    care=care_relation(ATTEST), **changes)  # fmt: skip


__all__ = ["CareRelation", "Named", "exchange", "norwegian"]
