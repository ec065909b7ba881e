"""What one assertion must say: times, audience, subject, authentication, attributes.

Sources: MyHealth@EU SAML Profiles 2.1 to 2.3, SAML 2.0 core 2.5, the validators of OpenNCP 9.
"""

from __future__ import annotations

import datetime as dt

from ncp.codes import bare
from ncp.model import Coded, PatientId
from ncp.trust.findings import Findings
from ncp.trust.names import (
    AUDIENCE,
    FACILITY,
    FACILITY_OLD,
    LOCALITY,
    PATIENT_OLD,
    PURPOSE,
    ROLE,
    SENDER_VOUCHES,
    SUBJECT_ID,
    SUBJECT_ID_OLD,
    Kind,
)
from ncp.trust.policy import authn_classes, facility_types, purposes
from ncp.trust.seals import TOLERANCE
from ncp.trust.statement import Statement

_LONGEST = {Kind.HCP: dt.timedelta(hours=4), Kind.TRC: dt.timedelta(hours=2),
            Kind.NOK: dt.timedelta(hours=2)}  # fmt: skip


def judge_content(statement: Statement, kind: Kind, findings: Findings, now: dt.datetime) -> None:
    """Judge what an assertion says, by itself."""
    _judge_conditions(statement, kind, findings, now)
    _judge_frame(statement, kind, findings)
    findings.judge("attributes-once", not statement.repeated,
                   f"stated twice: {', '.join(statement.repeated)}", kind=kind)  # fmt: skip
    if kind is Kind.HCP:
        findings.judge("subject-id", bool(name_of(statement)),
                       "the name of the professional is missing", kind=kind)  # fmt: skip
        _judge_place(statement, findings)
    if kind is Kind.TRC:
        said = patient_text(statement)
        if findings.judge("subject-id", bool(said), "the patient is missing", kind=kind):
            findings.judge("patient-form", patient_of(statement) is not None,
                           "the patient identifier does not have the form ext^^^&root&ISO",
                           kind=kind)  # fmt: skip
    if kind is not Kind.NOK:
        _judge_purpose(statement, kind, findings)


def _judge_conditions(
    statement: Statement, kind: Kind, findings: Findings, now: dt.datetime
) -> None:
    start, end = statement.not_before, statement.not_on_or_after
    if start is None or end is None or end <= start:
        findings.judge("window", False, "NotBefore and NotOnOrAfter are missing, no times, or "
                       "leave no time between them", kind=kind)  # fmt: skip
    else:
        text = f"valid from {_clock(start)} to {_clock(end)}, and it is {_clock(now)}"
        findings.judge("window", start - TOLERANCE <= now <= end + TOLERANCE, text, kind=kind)
        findings.judge("duration", end - start <= _LONGEST[kind],
                       f"the window is {end - start} long", kind=kind)  # fmt: skip
    if findings.judge("audience-present", bool(statement.audiences),
                      "the assertion is restricted to no audience", kind=kind):  # fmt: skip
        findings.judge("audience", AUDIENCE in statement.audiences,
                       f"the audience is {', '.join(statement.audiences)}", kind=kind)  # fmt: skip


def _clock(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _judge_frame(statement: Statement, kind: Kind, findings: Findings) -> None:
    findings.judge("version", statement.version == "2.0" and statement.issued is not None,
                   f"version «{statement.version}», issued {statement.issued or 'at no time'}",
                   kind=kind)  # fmt: skip
    findings.judge("issuer", bool(statement.issuer), "the issuer is empty", kind=kind)
    findings.judge("name-id", bool(statement.name_id and statement.name_id_format),
                   "NameID or its Format is missing", kind=kind)  # fmt: skip
    methods = set(statement.methods)
    by = ", ".join(sorted(methods)) or "nothing"
    findings.judge("confirmation", methods == {SENDER_VOUCHES}, f"confirmed by {by}", kind=kind)
    known = statement.authn_class in authn_classes(kind) and statement.authn_instant is not None
    findings.judge("authn-context", known,
                   f"authentication context «{statement.authn_class}»",
                   kind=kind, location=statement.authn_class)  # fmt: skip


def _judge_place(statement: Statement, findings: Findings) -> None:
    facility = facility_of(statement)
    known = {kind.lower() for kind in facility_types()}
    findings.judge("facility-type", facility.lower() in known,
                   f"the type of facility is «{facility}»",
                   kind=Kind.HCP, location=facility)  # fmt: skip
    findings.judge("locality", bool(statement.text(LOCALITY)), "the point of care is missing",
                   kind=Kind.HCP)  # fmt: skip


def _judge_purpose(statement: Statement, kind: Kind, findings: Findings) -> None:
    said = purpose_of(statement)
    if kind is Kind.TRC and not said:
        findings.omit("purpose", "no purpose is stated; it is optional here", kind=kind)
        return
    if not findings.judge("purpose-present", bool(said), "the purpose of use is missing",
                          kind=kind):  # fmt: skip
        return
    if not findings.judge("purpose", said in purposes(), f"the purpose of use is «{said}»",
                          kind=kind, location=said):  # fmt: skip
        return
    coded = statement.coded(PURPOSE)
    findings.judge("purpose-form", coded is not None and bare(coded.system) in purposes()[said],
                   "the purpose is written as text, or in an unknown code system",
                   kind=kind)  # fmt: skip


def name_of(statement: Statement) -> str:
    """Return the name of the professional."""
    return statement.text(SUBJECT_ID) or statement.text(SUBJECT_ID_OLD)


def facility_of(statement: Statement) -> str:
    """Return the type of facility, in its present or its older attribute."""
    return statement.text(FACILITY) or statement.text(FACILITY_OLD)


def patient_text(statement: Statement) -> str:
    """Return the patient as it is written; older senders use the attribute resource-id."""
    return statement.text(SUBJECT_ID) or statement.text(PATIENT_OLD)


def patient_of(statement: Statement) -> PatientId | None:
    """Return the patient of a treatment relationship, or None for another form."""
    try:
        return PatientId.parse(patient_text(statement))
    except ValueError:
        return None


def purpose_of(statement: Statement) -> str:
    """Return the code of the purpose of use; older senders write it as text."""
    coded = statement.coded(PURPOSE)
    return coded.code if coded else statement.text(PURPOSE)


def role_of(statement: Statement) -> Coded:
    """Return the role; a role written as text becomes its name."""
    return statement.coded(ROLE) or Coded("", "", statement.text(ROLE))
