"""Compares audit messages with the exchange they tell about: the cross-validation of Gazelle.

Each rule has the keyword and the severity that the validators of MyHealth@EU publish; a message
that is not at hand gives a skip. Pure functions on values: whoever runs the exchange takes them
from its messages.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from data.results import Outcome, Result, Severity
from ips.xml import children
from ncp.audit.reading import AuditMessage
from ncp.model import PatientId

_ATTRIBUTE = "urn:oasis:names:tc:xspa:1.0:subject:subject-id"
_HUMAN = "110153"
_WHO = ("X2.3.2b", "E09.2c")
_WHOSE = ("X2.3.2",)
_WHAT = ("X2.3.2", "E09.2e")
"""A document id says which data, and no category (EHDS Art 9(2)(c); not Annex II 3.2(c))."""
_E, _W = Severity.ERROR, Severity.WARNING


def authentication(
    hcp: etree._Element, audit: AuditMessage | None, *, side: str = "A"
) -> list[Result]:
    """Compare an HCP assertion with an audit message (…30.1.4: ``iti40-UserId``, ``-alternate…``).

    Args:
        hcp: saml2:Assertion.
        audit: the audit message of a transaction that it authorised.
        side: of the audit message, for the texts.
    """
    subject = next(children(hcp, "Subject"), None)
    name_id = next(children(subject, "NameID"), None) if subject is not None else None
    issuer = next(children(hcp, "Issuer"), None)
    user = f"<{_text(name_id)}@{_text(issuer)}>"
    human = audit.participant(_HUMAN) if audit else None
    where = f"audit message of {side}: ActiveParticipant[{_HUMAN}]"
    return [
        _result("iti40-UserId", _E, audit, bool(human and user in human.user),
                "UserID contains the NameID and the issuer of the assertion", where, _WHO),
        _result("iti40-alternateUserId", _E, audit,
                bool(human and _subject_id(hcp) and _subject_id(hcp) in human.alternative),
                "AlternativeUserID contains the subject-id of the assertion", where, _WHO),
    ]  # fmt: skip


def identification(
    patient: PatientId, audit_a: AuditMessage | None, audit_b: AuditMessage | None
) -> list[Result]:
    """ITI-55 (…30.1.1): the first identifier that was asked for is in both audit messages."""
    return [
        _numbered(f"iti55-queriedIdInAuditMessage-country{side}-ok", _W, patient, audit, side)
        for side, audit in (("A", audit_a), ("B", audit_b))
    ]


def query(
    patient: PatientId,
    documents: Iterable[str],
    audit_a: AuditMessage | None,
    audit_b: AuditMessage | None,
) -> list[Result]:
    """ITI-38 (…30.1.2): patient and every listed document are in both audit messages."""
    listed = tuple(documents)
    found = []
    for side, audit in (("A", audit_a), ("B", audit_b)):
        found.append(_documents(f"iti38-documentUniqueId-audit-ncp{side}", _W, listed, audit, side))
        found.append(_patient(f"iti38-patientId-audit-ncp{side}", _W, patient, audit, side))
    return found


def retrieve(
    patient: PatientId,
    documents: Iterable[str],
    audit_a: AuditMessage | None,
    audit_b: AuditMessage | None,
) -> list[Result]:
    """ITI-39 (…30.1.3): requested documents, and the patient of the CDA, are in both.

    Args:
        patient: ``patientRole/id[1]`` of the document.
        documents: DocumentUniqueId of the request.
        audit_a, audit_b: of the two sides.
    """
    asked = tuple(documents)
    found = []
    for side, audit in (("A", audit_a), ("B", audit_b)):
        found.append(_documents(f"iti39-documentUniqueId-audit-ncp{side}", _E, asked, audit, side))
        found.append(_patient(f"iti39-patientId-audit-ncp{side}", _E, patient, audit, side))
    return found


def dispensation(
    patient: PatientId,
    documents: Iterable[str],
    audit_a: AuditMessage | None,
    audit_b: AuditMessage | None,
) -> list[Result]:
    """ITI-41 (1.1.1.1.1.1.1.9): document ids in both audit messages, the patient in that of A."""
    sent = tuple(documents)
    return [
        _documents("iti41-documentId-audit-ncpA", _W, sent, audit_a, "A"),
        _documents("iti41-documentId-audit-ncpb", _W, sent, audit_b, "B"),
        _patient("iti41-patientID-audit-ncpA", _W, patient, audit_a, "A"),
    ]


def discard(
    patient: PatientId,
    documents: Iterable[str],
    audit_a: AuditMessage | None,
    audit_b: AuditMessage | None,
) -> list[Result]:
    """DispensationService:discard (…30.1.6): patient and documents in both audit messages."""
    sent = tuple(documents)
    return [
        _patient("iti41-disc-patientId-audit-ncpA", _E, patient, audit_a, "A"),
        _patient("iti41-disc-patientId-audit-ncpB", _W, patient, audit_b, "B"),
        _documents("iti41-disc-documentId-audit-ncpA", _W, sent, audit_a, "A"),
        _documents("iti41-disc-documentId-audit-ncpB", _W, sent, audit_b, "B"),
    ]


def _numbered(
    rule: str, severity: Severity, patient: PatientId, audit: AuditMessage | None, side: str
) -> Result:
    numbers = [n for o in audit.objects if o.type.display == "Patient Number" for n in o.ids] if (
        audit
    ) else []  # fmt: skip
    return _result(rule, severity, audit, patient.cx in numbers,
                   "the identifier that was asked for is a «Patient Number» of the audit message",
                   f"audit message of {side}", _WHOSE)  # fmt: skip


def _patient(
    rule: str, severity: Severity, patient: PatientId, audit: AuditMessage | None, side: str
) -> Result:
    return _result(rule, severity, audit, bool(audit and patient.cx in audit.patients),
                   "the patient is in the audit message (type 1, role 1)",
                   f"audit message of {side}", _WHOSE)  # fmt: skip


def _documents(
    rule: str, severity: Severity, wanted: tuple[str, ...], audit: AuditMessage | None, side: str
) -> Result:
    missing = [d for d in wanted if audit and d not in audit.documents]
    said = "every document is in the audit message (role 4)"
    if missing:
        said += f"; not there: {', '.join(missing)}"
    return _result(rule, severity, audit, not missing, said, f"audit message of {side}", _WHAT)


def _result(
    rule: str, severity: Severity, audit: AuditMessage | None, holds: bool, message: str,
    location: str, obligations: tuple[str, ...],
) -> Result:  # fmt: skip
    outcome = Outcome.PASS if holds else Outcome.FAIL
    if audit is None:
        outcome, message = Outcome.SKIP, f"not compared, there is no audit message: {message}"
    return Result(rule, outcome, severity, message, location, obligations,
                  source="Gazelle cross-validation of MyHealth@EU")  # fmt: skip


def _text(element: etree._Element | None) -> str:
    return (element.text or "").strip() if element is not None else ""


def _subject_id(hcp: etree._Element) -> str:
    for statement in children(hcp, "AttributeStatement"):
        for attribute in children(statement, "Attribute"):
            if attribute.get("Name") == _ATTRIBUTE:
                return _text(next(children(attribute, "AttributeValue"), None))
    return ""
