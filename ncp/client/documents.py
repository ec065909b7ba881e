"""A document that came from another country: checked, in FHIR, in the reader's language.

Country B translates the pivot for its professionals; what came stays beside it, unchanged. Sources:
MyHealth@EU CDA templates (``ips.cda.check``), OpenNCP transformation of country B (pivot to the
language of B), IHE ITI TF-3 4.2.3.2 (size and hash of a document entry).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from dataclasses import dataclass
from typing import Any

from lxml import etree

from data.errors import InputError, Problem
from data.results import Outcome, Report, Result, Severity
from ips.cda.check import check_cda
from ips.cda.read import to_fhir
from ips.loss import LossReport
from ips.transcode import Message, Terminology, transcode
from ips.xml import parse
from ncp.codes import HL7
from ncp.model import DocumentEntry, DocumentReference, PatientId

_NS = {"v": HL7}
_SAFETY = "patient safety: a document is shown with the patient whom it is about"


@dataclass(frozen=True, slots=True)
class Received:
    """A document of country A as country B keeps it.

    Attributes:
        reference: what was asked for.
        content: as it came.
        report: what is wrong with it, and whether it is what was asked for.
        level: 3 structured, 1 a PDF; 0 where it is no CDA.
        bundle: the same in FHIR, or None where that is not possible.
        shown: the translated document in FHIR, for the reader's eyes; None where ``bundle`` is.
        loss: what the way to FHIR lost; None without FHIR.
        translated: the same with names in the reader's language; None where it is not CDA.
        messages: what the translation says (TM and TSAM numbers).
        pdf: the PDF in it, or None.
        problems: why there is no FHIR.
    """

    reference: DocumentReference
    content: bytes
    report: Report
    level: int = 0
    bundle: dict[str, Any] | None = None
    shown: dict[str, Any] | None = None
    loss: LossReport | None = None
    translated: bytes | None = None
    messages: tuple[Message, ...] = ()
    pdf: bytes | None = None
    problems: tuple[Problem, ...] = ()

    @property
    def safe(self) -> bool:
        """Whether it is about the patient and is the document that was asked for."""
        return not any(r.id in _UNSAFE and r.outcome is Outcome.FAIL for r in self.report.results)


_UNSAFE = ("b-document-patient", "b-document-id", "b-document-hash", "b-document-cda")


def received(
    content: bytes,
    reference: DocumentReference,
    patient: PatientId,
    entry: DocumentEntry | None = None,
    lang: str = "nb",
) -> Received:
    """Check a document and make it readable.

    Args:
        content: as it came.
        reference: what was asked for.
        patient: whom it was asked for.
        entry: how country A listed it, where it did.
        lang: language of the reader, ``nb`` or ``en``.
    """
    results = _against_entry(content, entry)
    try:
        root = parse(content, name="document")
        report = check_cda(content)
    except InputError as error:
        results += [_fail("b-document-cda", problem.what, problem.where, "CDA R2")
                    for problem in error.problems]  # fmt: skip
        return Received(reference, content, Report(tuple(results), reference.unique_id),
                        problems=tuple(error.problems))  # fmt: skip
    results = [*_against_request(root, reference, patient), *results, *report.results]
    made = transcode(content, "friendly", Terminology(lang))
    level = 3 if root.find("v:component/v:structuredBody", _NS) is not None else 1
    try:
        read = to_fhir(content)
        shown = to_fhir(made.xml).bundle
    except InputError as error:
        bundle, shown, loss, problems = None, None, None, tuple(error.problems)
    else:
        bundle, loss, problems = read.bundle, read.loss, ()
    return Received(
        reference, content, Report(tuple(results), report.subject, report.extra), level, bundle,
        shown, loss, made.xml, made.messages, _pdf(root) if level == 1 else None, problems,
    )  # fmt: skip


def _against_request(
    root: etree._Element, reference: DocumentReference, patient: PatientId
) -> list[Result]:
    found = []
    own = root.find("v:id", _NS)
    said = (
        "^".join(filter(None, (own.get("root"), own.get("extension")))) if own is not None else ""
    )
    if said != reference.unique_id:
        found.append(_fail("b-document-id", "the document has another id than was asked for",
                           "/ClinicalDocument/id", "IHE ITI-39: DocumentUniqueId"))  # fmt: skip
    ids = [(i.get("root"), i.get("extension"))
           for i in root.iterfind("v:recordTarget/v:patientRole/v:id", _NS)]  # fmt: skip
    if (patient.root, patient.extension) not in ids:
        found.append(_fail("b-document-patient", "the document is about another patient than was "
                           "asked for", "/ClinicalDocument/recordTarget", _SAFETY))  # fmt: skip
    return found


def _against_entry(content: bytes, entry: DocumentEntry | None) -> list[Result]:
    found: list[Result] = []
    if entry is None:
        return found
    if entry.size is not None and entry.size != len(content):
        found.append(_fail("b-document-size", f"the document has {len(content)} bytes, the list "
                           f"said {entry.size}", "size", "IHE ITI TF-3 4.2.3.2.21",
                           warning=True))  # fmt: skip
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    if entry.hash and entry.hash.lower() != digest:
        found.append(_fail("b-document-hash", "the document is not the one that was listed: its "
                           "hash is another", "hash", "IHE ITI TF-3 4.2.3.2.10"))  # fmt: skip
    return found


def _pdf(root: etree._Element) -> bytes | None:
    """Return the PDF of a level 1 document."""
    text = root.find("v:component/v:nonXMLBody/v:text", _NS)
    if text is None or text.get("representation") != "B64":
        return None
    try:
        content = base64.b64decode("".join((text.text or "").split()), validate=True)
    except (binascii.Error, ValueError):
        return None
    return content if content.startswith(b"%PDF") else None


def _fail(rule: str, message: str, location: str, source: str, *, warning: bool = False) -> Result:
    severity = Severity.WARNING if warning else Severity.ERROR
    return Result(rule, Outcome.FAIL, severity, message, location, source=source)
