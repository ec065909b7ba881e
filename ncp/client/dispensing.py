"""What a pharmacy of country B sends: the eDispensation of a prescription, and its discard.

Sources: EHDS Art 23(6); MPD 1.0.0 and MyHealth@EU eDispensation (``ips.prescription.dispense``,
``ips.cda.write``); OpenNCP discard: the eDispensation itself, of class ``DISCARD-60593-1``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from data.errors import InputError, Problem
from ips.cda.read import to_fhir
from ips.cda.write import to_cda
from ips.conformance.reader import read_document
from ips.loss import LossReport
from ips.prescription import Product, Supply, dispense
from ips.words import harmless
from ips.xml import parse
from ncp.codes import HL7
from ncp.connector.people import person_of_fhir
from ncp.model import DocumentKind, Person

_CDA = b"ClinicalDocument"
_KNOWN = {DocumentKind.EPRESCRIPTION.value: "an ePrescription",
          DocumentKind.PATIENT_SUMMARY.value: "a patient summary"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Dispensation:
    """An eDispensation that is ready to be reported.

    Attributes:
        content: CDA in pivot form.
        bundle: the same in FHIR (MPD 1.0.0).
        person: the patient, with the identifiers that the prescription gives.
        loss: what of the FHIR does not stand in the CDA.
    """

    content: bytes
    bundle: dict[str, Any]
    person: Person
    loss: LossReport


def bundle_of(content: bytes, name: str) -> dict[str, Any]:
    """Return a document in FHIR, whether it is FHIR or CDA.

    Raises:
        InputError: neither.
    """
    if _CDA in content[:4096]:
        return to_fhir(content, name=name).bundle
    if not content.strip():
        raise InputError(Problem("the file is empty", name,
                                 remedy="give the document as it was retrieved"))  # fmt: skip
    return read_document(content)


def reported(content: bytes, name: str) -> Person:
    """Return the patient of an eDispensation that is to be taken back.

    What is no eDispensation is refused here: country A can only say no to it, and would learn of a
    document that is none of its business.

    Args:
        content: the file, as it was reported.
        name: of the file, for errors.

    Raises:
        InputError: no eDispensation in CDA, or without a patient that country A knows.
    """
    remedy = "give the file that «ehds ncp dispense -o» wrote"
    if not content.strip():
        raise InputError(Problem("the file is empty", name, remedy=remedy))
    if _CDA not in content[:4096]:
        raise InputError(Problem("this is no CDA document", name, remedy=remedy,
                                 rule="a discard is the eDispensation itself, in CDA"))  # fmt: skip
    root = parse(content, name=name)
    code = root.find(f"{{{HL7}}}code")
    said = "" if code is None else code.get("code", "")
    if said != DocumentKind.EDISPENSATION.value:
        found = _KNOWN.get(said, f"a document of type «{harmless(said)}»")
        raise InputError(
            Problem(f"this is no eDispensation but {found}", name, remedy=remedy,
                    rule=f"ClinicalDocument/code {DocumentKind.EDISPENSATION.value}")
        )  # fmt: skip
    return person_of(bundle_of(content, name), name)


def person_of(bundle: dict[str, Any], name: str) -> Person:
    """Return the patient of a document.

    Raises:
        InputError: no patient, or none with an identifier that country A knows.
    """
    resources = [e.get("resource", {}) for e in bundle.get("entry", ()) if isinstance(e, dict)]
    patients = [r for r in resources if r.get("resourceType") == "Patient"]
    if not patients:
        raise InputError(Problem("the document names no patient", name,
                                 remedy="give the document as it was retrieved"))  # fmt: skip
    return person_of_fhir(patients[0], name)


def edispensation(
    prescription: bytes, product: Product, supply: Supply, *, request_id: str = "",
    name: str = "prescription",
) -> Dispensation:  # fmt: skip
    """Return the eDispensation of a prescription.

    Args:
        prescription: as it was retrieved, CDA or FHIR.
        product: what was handed over.
        supply: how much, when and by whom.
        request_id: identifier of the prescription, where the document has several.
        name: how errors call the prescription.

    Raises:
        InputError: unreadable, or it must not be dispensed so; all reasons.
    """
    source = bundle_of(prescription, name)
    made = dispense(source, product, supply, request_id=request_id)
    written = to_cda(made.bundle, form="pivot", level=3)
    return Dispensation(written.xml, made.bundle, person_of(source, name), written.loss)
