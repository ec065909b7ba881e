"""Each cross-validation rule holds for a matching pair and fails for one that does not match."""

from __future__ import annotations

import pytest
from lxml import etree

from data.results import Outcome, Severity
from ncp.audit import atna, crosscheck, read_atna
from ncp.model import Operation
from tests.ncp.audit.transactions import DOCUMENT, OTHER, PATIENT, exchange

# Keyword and severity as the validators publish them.
E, W = Severity.ERROR, Severity.WARNING
SEVERITIES = {
    "iti55-queriedIdInAuditMessage-countryA-ok": W, "iti55-queriedIdInAuditMessage-countryB-ok": W,
    "iti38-documentUniqueId-audit-ncpA": W, "iti38-documentUniqueId-audit-ncpB": W,
    "iti38-patientId-audit-ncpA": W, "iti38-patientId-audit-ncpB": W,
    "iti39-documentUniqueId-audit-ncpA": E, "iti39-documentUniqueId-audit-ncpB": E,
    "iti39-patientId-audit-ncpA": E, "iti39-patientId-audit-ncpB": E,
    "iti41-documentId-audit-ncpA": W, "iti41-documentId-audit-ncpb": W,
    "iti41-patientID-audit-ncpA": W,
    "iti41-disc-patientId-audit-ncpA": E, "iti41-disc-patientId-audit-ncpB": W,
    "iti41-disc-documentId-audit-ncpA": W, "iti41-disc-documentId-audit-ncpB": W,
    "iti40-UserId": E, "iti40-alternateUserId": E,
}  # fmt: skip
HCP = etree.fromstring("""<saml2:Assertion xmlns:saml2="urn:oasis:names:tc:SAML:2.0:assertion">
 <saml2:Issuer>urn:idp:SE:countryB</saml2:Issuer>
 <saml2:Subject><saml2:NameID>anna.lind@sjukhus.example</saml2:NameID></saml2:Subject>
 <saml2:AttributeStatement>
  <saml2:Attribute Name="urn:oasis:names:tc:xspa:1.0:subject:subject-id">
   <saml2:AttributeValue>Anna Lind</saml2:AttributeValue></saml2:Attribute>
 </saml2:AttributeStatement></saml2:Assertion>""")


def audits(operation, **changes):
    return tuple(read_atna(atna(exchange(operation, side, **changes))) for side in "AB")


def every(**changes):
    """Return the results of every rule for exchanges that were changed in some way."""
    patient, documents = PATIENT, (DOCUMENT,)
    return [
        *crosscheck.identification(patient, *audits(Operation.IDENTIFY, **changes)),
        *crosscheck.query(patient, documents, *audits(Operation.PS_LIST, **changes)),
        *crosscheck.retrieve(patient, documents, *audits(Operation.EP_RETRIEVE, **changes)),
        *crosscheck.dispensation(patient, documents, *audits(Operation.DISPENSE, **changes)),
        *crosscheck.discard(patient, documents, *audits(Operation.DISCARD, **changes)),
        *crosscheck.authentication(HCP, audits(Operation.PS_LIST, **changes)[0]),
    ]


def test_every_rule_is_there_with_its_severity():
    found = every()
    assert {r.id: r.severity for r in found} == SEVERITIES
    assert len(found) == len(SEVERITIES)


def test_a_matching_exchange_passes():
    assert [r.id for r in every() if r.outcome is not Outcome.PASS] == []


def test_every_result_names_its_obligations_and_its_source():
    assert all(r.obligations and r.source and r.message for r in every())


@pytest.mark.parametrize(
    ("changes", "part"),
    [({"patients": (OTHER,)}, "patient"), ({"patients": ()}, "patient"),
     ({"documents": ("1.2^other",)}, "document"), ({"documents": ()}, "document"),
     ({"issuer": "urn:idp:DK:countryB"}, "UserId"), ({"professional": None}, "iti40")],
)  # fmt: skip
def test_exactly_the_rules_about_what_differs_fail(changes, part):
    names = {"patient": ("patientid", "queriedid"), "document": ("document",),
             "UserId": ("iti40-userid",), "iti40": ("iti40",)}[part]  # fmt: skip
    expected = {rule for rule in SEVERITIES if any(n in rule.lower() for n in names)}
    assert {r.id for r in every(**changes) if r.outcome is Outcome.FAIL} == expected


def test_a_message_that_is_not_at_hand_is_skipped_not_passed():
    found = crosscheck.retrieve(PATIENT, (DOCUMENT,), audits(Operation.PS_RETRIEVE)[0], None)
    outcomes = {r.id: r.outcome for r in found}
    assert outcomes["iti39-patientId-audit-ncpA"] is Outcome.PASS
    assert outcomes["iti39-patientId-audit-ncpB"] is Outcome.SKIP
    assert all(r.outcome is Outcome.SKIP for r in crosscheck.authentication(HCP, None))


def test_an_assertion_without_subject_id_matches_nobody():
    bare = etree.fromstring(etree.tostring(HCP).replace(b"Anna Lind", b""))
    audit = audits(Operation.PS_LIST)[0]
    outcomes = {r.id: r.outcome for r in crosscheck.authentication(bare, audit)}
    assert outcomes["iti40-alternateUserId"] is Outcome.FAIL


def test_the_missing_document_is_named():
    (found, *_) = crosscheck.query(PATIENT, ("1.2^x",), *audits(Operation.PS_LIST))
    assert "1.2^x" in found.message
