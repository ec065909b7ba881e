"""A FHIR document as a MyHealth@EU document (CDA R2 with the pharmacy extension)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from lxml import etree

from data.errors import InputError, Problem
from ips.cda.names import documents, uuid_root
from ips.cda.write import dispensation, header, pdf, prescription, sections
from ips.cda.write.context import Context, Resource, require
from ips.cda.write.datatypes import LOINC
from ips.cda.write.element import add, document, to_bytes
from ips.loss import Fate, LossReport
from ips.summary import gate
from ips.summary.phrases import Speaker

Form = Literal["pivot", "friendly"]

_NORWEGIAN = "urn:oid:2.16.578."
_KINDS = {"60591-5": "ps", "57833-6": "ep", "60593-1": "ed"}
_SECTIONS = {"ep": "prescription", "ed": "dispensation"}


@dataclass(frozen=True, slots=True)
class Written:
    """A document that was written.

    Attributes:
        xml: the document, UTF-8.
        loss: what became of each element of the bundle.
    """

    xml: bytes
    loss: LossReport


def to_cda(
    bundle: dict[str, Any], *, form: Form, level: Literal[1, 3], lang: str = "nb"
) -> Written:
    """Write a patient summary (IPS 2.0.0, EPS) or a prescription (MPD) for MyHealth@EU.

    The level 1 document holds the friendly level 3 content as a PDF/A; both know each other's id,
    and both forms of one level have the same id (rule iti39-documentId-friendly-pivot).

    Args:
        bundle: a document Bundle, or a Bundle with the MedicationRequests of one patient, FHIR
            R4.
        form: ``pivot`` (European codes first, English names, national codes as translations) or
            ``friendly`` (national codes and names first).
        level: 3 for structured content, 1 for a PDF.
        lang: language of the friendly form and of the PDF, ``nb`` or ``en``.

    Raises:
        InputError: not a document Bundle, no patient, or a kind of document that is not written.
        EnvironmentProblem: level 1 without the program that makes PDF.
        ValueError: an unknown form, level or language.
    """
    if form not in ("pivot", "friendly") or level not in (1, 3) or lang not in ("nb", "en"):
        raise ValueError(f"form {form!r}, level {level!r}, language {lang!r}")
    try:
        return _write(bundle, form, level, lang)
    except (AttributeError, KeyError, IndexError, TypeError, ValueError, RecursionError) as error:
        raise _broken(bundle, error) from error


def _write(bundle: dict[str, Any], form: str, level: int, lang: str) -> Written:
    items = _requests(bundle)
    language = "en" if form == "pivot" else lang
    composition, patient, context = _open(bundle, items, form, language)
    kind = _kind(composition, items)
    require((kind, level) in documents(), "a dispensation has no level 1", "level",
            "write it at level 3")  # fmt: skip
    made = document("ClinicalDocument")
    identity = _identity(bundle, items, composition, level)
    header.write(made, documents()[kind, level], identity, composition, patient, context)
    if level == 3:
        if kind in _SECTIONS:
            prescription.write_body(made, items, context, _SECTIONS[kind])
        else:
            sections.write_body(made, composition, context, kind)
        _rest(bundle, composition, context)
        return Written(to_bytes(made), context.loss)
    content = _write(bundle, "friendly", 3, lang)
    shown = pdf.render(etree.fromstring(content.xml), lang)
    body = add(add(made, "component"), "nonXMLBody")
    add(body, "text", shown, mediaType="application/pdf", representation="B64")
    return Written(to_bytes(made), content.loss)


def _broken(bundle: dict[str, Any], error: Exception) -> InputError:
    """Return the error about a bundle that is not built as FHIR is, with the places if known."""
    remedy = "check it with: ehds ips check FILE"
    try:
        gate.check(bundle)
    except gate.StructureError as found:
        return InputError([Problem(p.what, p.where, p.rule, remedy) for p in found.problems])
    except (AttributeError, KeyError, TypeError, ValueError, RecursionError):
        pass  # too broken even for the gate
    what = f"an element has not the form that FHIR gives it ({type(error).__name__})"
    return InputError(Problem(what, "Bundle", "FHIR R4 structure", remedy))


def _open(
    bundle: dict[str, Any], requests: list[Resource], form: str, lang: str
) -> tuple[Resource, Resource, Context]:
    """Return the Composition, the Patient and the context of a document."""
    entries = [e for e in bundle.get("entry") or () if isinstance(e, dict)
               and isinstance(e.get("resource"), dict)]  # fmt: skip
    first = entries[0]["resource"] if entries else {}
    require(bundle.get("resourceType") == "Bundle"
            and ((bundle.get("type") == "document" and first.get("resourceType") == "Composition")
                 or bool(requests)),
            "this is no document: a Bundle of type document that starts with a Composition, or a "
            "Bundle with prescriptions, is needed", "resourceType",
            "give a patient summary (IPS, EPS) or a prescription (MPD)")  # fmt: skip
    index: dict[str, Resource] = {}
    urls: dict[int, str] = {}
    for entry in entries:
        resource = entry["resource"]
        url = str(entry.get("fullUrl") or f"{resource['resourceType']}/{resource.get('id')}")
        urls[id(resource)] = url
        index[url] = resource
        index.setdefault(f"{resource.get('resourceType')}/{resource.get('id')}", resource)
    context = Context(form, lang, Speaker(lang, ""), "", index, LossReport(), urls=urls)
    if first.get("resourceType") != "Composition":
        subjects = {str((one.get("subject") or {}).get("reference")) for one in requests}
        require(len(subjects) == 1, "the prescriptions are for several patients",
                "MedicationRequest.subject", "give the prescriptions of one patient")  # fmt: skip
        subject = requests[0].get("subject")
        dispensing = requests[0]["resourceType"] == "MedicationDispense"
        loinc = "60593-1" if dispensing else "57833-6"
        first = {**prescription.head_of(bundle, requests), "subject": subject,
                 "type": {"coding": [{"system": LOINC, "code": loinc}]}}  # fmt: skip
    patient = context.resolve(first.get("subject"))
    require(patient.get("resourceType") == "Patient", "the document has no patient",
            "Composition.subject", "the subject must be a Patient in the Bundle")  # fmt: skip
    context.speak = Speaker(lang, _source_language(patient, first))
    context.patient = str((first.get("subject") or {}).get("reference"))
    context.seen.update((id(first), id(patient)))
    return first, patient, context


def _source_language(patient: Resource, composition: Resource) -> str:
    """Return the language that the sources wrote in: Norwegian for a Norwegian identity."""
    systems = [str(one.get("system", "")) for one in patient.get("identifier", ())]
    if any(system.startswith(_NORWEGIAN) for system in systems):
        return "nb"
    return str(composition.get("language") or "").split("-")[0].lower()


def _requests(bundle: Any) -> list[Resource]:
    """Return the dispensations, else the prescriptions, of a bundle that is no summary."""
    entries = bundle.get("entry") if isinstance(bundle, dict) else None
    if not isinstance(entries, list):
        return []
    found = [e.get("resource") for e in entries if isinstance(e, dict)]
    known = [one for one in found if isinstance(one, dict)]
    if known and known[0].get("resourceType") == "Composition" and _loinc(known[0]) == "60591-5":
        return []
    kinds = ("MedicationDispense", "MedicationRequest")
    groups = [[one for one in known if one.get("resourceType") == kind] for kind in kinds]
    return groups[0] or groups[1]


def _loinc(composition: Resource) -> str:
    codings = (composition.get("type") or {}).get("coding", ())
    return next((c["code"] for c in codings if c.get("system") == LOINC
                 and c.get("code") in _KINDS), "")  # fmt: skip


def _kind(composition: Resource, items: list[Resource]) -> str:
    found = _KINDS.get(_loinc(composition), "")
    require(bool(found), "this kind of document is not written as CDA", "Composition.type",
            "give a patient summary (LOINC 60591-5), a prescription or a dispensation")  # fmt: skip
    wanted = {"ep": "MedicationRequest", "ed": "MedicationDispense"}.get(found)
    require(wanted is None or (bool(items) and items[0]["resourceType"] == wanted),
            f"the document has no {wanted}", "Bundle.entry",
            "give the prescriptions or dispensations with the document")  # fmt: skip
    return found


def _identity(
    bundle: Resource, items: list[Resource], composition: Resource, level: int
) -> header.Identity:
    """Return the ids of a document and of its twin.

    A document of one prescription has the id of that prescription, so that a dispensation, which
    knows the prescription only, can name the document.
    """
    seed = (_value(composition.get("identifier")) or _value(bundle.get("identifier"))
            or str(composition.get("id") or ""))  # fmt: skip
    dispense = None
    if items and items[0]["resourceType"] == "MedicationDispense":
        dispense = items[0]
    elif len(items) == 1 and bundle.get("type") != "document":
        numbers = map(_value, items[0].get("identifier", ()))
        seed = next(filter(dispensation.is_uuid, numbers), seed)
    full, flat = uuid_root(seed), uuid_root(f"{seed}|level-1")
    own, twin = (full, flat) if level == 3 else (flat, full)
    return header.Identity(own, twin, uuid_root(f"{seed}|set"), dispense)


def _value(identifier: Any) -> str:
    return str(identifier.get("value") or "") if isinstance(identifier, dict) else ""


def _rest(bundle: Resource, composition: Resource, context: Context) -> None:
    """Note what of the document itself, and which resources, no entry was made of."""
    context.account(
        "Composition", composition,
        ("identifier", "status", "type", "date", "author", "title", "confidentiality", "custodian",
         "section", "attester", "event"),
    )  # fmt: skip
    for entry in bundle["entry"]:
        resource = entry.get("resource")
        if isinstance(resource, dict) and id(resource) not in context.seen:
            name = f"{resource.get('resourceType')}/{resource.get('id', '')}"
            context.note(name, resource.get("resourceType"), Fate.NOT_CARRIED,
                         "No entry of the document refers to it.")  # fmt: skip
