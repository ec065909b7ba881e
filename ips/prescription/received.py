"""A Norwegian dispensation (M10) as MedicationDispense-eu-mpd (MPD 1.0.0; EHDS Annex I(3))."""

from __future__ import annotations

from typing import Any

from ips import identifiers
from ips.eresept.envelope import DISPENSATION
from ips.eresept.fest import Fest
from ips.eresept.m1 import MEDICINES, Kind
from ips.eresept.m10 import Dispensation
from ips.eresept.values import coded, flag, positive
from ips.loss import Fate
from ips.prescription import dosing, people, urls
from ips.prescription.bundle import Collection, Resource
from ips.prescription.medicine import in_fest, medication, route
from ips.prescription.notes import exact, lose, text
from ips.prescription.quantities import amount
from ips.prescription.request import identifier
from ips.prescription.supply import PACKAGES
from ips.sources.datatypes import pack
from ips.sources.element import Element
from ips.sources.m1_doses import stretches

_GENERIC = "212"
"""7412: generic substitution."""
_OTHER_PRODUCT = "V"
"""7413: another product was chosen."""
_PRESCRIPTION = "Belongs to the prescription; the dispensation does not repeat it."
_NOTE = "It travels as a note."


def dispensation(found: Dispensation, into: Collection, products: Fest | None) -> str:
    """Add the MedicationDispense of one Utlevering to a collection and return its URL."""
    supply, document = found.supply, found.document
    prescribed = document.child("Forskrivning")
    kinds = [kind for kind in MEDICINES if prescribed.child(kind)]
    if len(kinds) != 1:
        document.reading.fault(f"the dispensation names {len(kinds)} medicines", document.path,
                               rule="M1: exactly one medicine")  # fmt: skip
    product = prescribed.child(kinds[0]) if kinds else Element(None, document.reading, "")
    known = in_fest(product, products)
    drug = medication(product, kinds[0] if kinds else Kind.BRAND, known)
    batch = text(supply.child("Batchnr"))
    if batch:
        drug["batch"] = {"lotNumber": batch}
    lose(product.child("Reseptgruppe"), Fate.NOT_CARRIED, "The European dispensation has no group.",
         "7421")  # fmt: skip
    dosage = dosing.dosages(prescribed, list(stretches(prescribed)), route(product, known))
    handed = supply.date("Utleveringsdato")
    exact(supply.child("Utleveringsdato"))
    made = pack(
        resourceType="MedicationDispense", meta={"profile": [urls.DISPENSE]}, language="nb-NO",
        extension=_extensions(found, handed, prescribed.text("DosVeiledEnkel")),
        identifier=_identifiers(found), status=_status(supply.child("Annullering")),
        medicationReference={"reference": into.add(drug)}, subject=_subject(found, into),
        performer=_performer(found, into),
        authorizingPrescription=_prescription(supply.child("ReseptId")),
        quantity=_quantity(document), whenHandedOver=handed,
        note=[{"text": t} for t in _notes(found) if t], dosageInstruction=dosage,
        substitution=_substitution(supply),
    )  # fmt: skip
    _aside(found, prescribed)
    return into.add(made)


def _extensions(found: Dispensation, handed: str, rendered: str) -> list[dict[str, Any]]:
    recorded = found.message.info.moment("GenDate") or handed
    made: list[dict[str, Any]] = []
    if rendered:
        made.append({"url": urls.RENDERED_DISPENSE, "valueMarkdown": rendered})
    if recorded:
        made.append({"url": urls.RECORDED, "valueDateTime": recorded})
    else:
        found.supply.reading.fault("the dispensation has no date", found.supply.path,
                                   rule="MPD 1.0.0: extension recorded 1..1")  # fmt: skip
    return made


def _identifiers(found: Dispensation) -> list[dict[str, Any]]:
    number = found.message.info.child("MsgId")
    return [identifier(exact(number).value)] if number.value else []


def _status(part: Element) -> str:
    """Annullering takes back a dispensation that was reported before."""
    exact(part)
    return "entered-in-error" if flag(part) else "completed"


def _prescription(part: Element) -> list[dict[str, Any]]:
    number = text(part)
    return [{"type": "MedicationRequest", "identifier": identifier(number)}] if number else []


def _subject(found: Dispensation, into: Collection) -> dict[str, str]:
    if not found.message.info.child("Patient"):
        found.supply.reading.lose(f"{found.supply.path}/(patient)", "", Fate.NOT_CARRIED,
                                  "The report names no patient; the prescription does.",
                                  DISPENSATION)  # fmt: skip
        return {}
    return {"reference": into.add(people.patient(found.message.info))}


def _performer(found: Dispensation, into: Collection) -> list[dict[str, Any]]:
    """The pharmacy: Utleverer, else the sender of the report."""
    part = found.supply.child("Utleverer")
    name = part.text("Navn") or ", ".join(filter(None, (part.text("Inst"), part.text("Dept"))))
    number = part.child("HerId").text("Id")
    if part and (name or number):
        for child in ("Navn", "Inst", "Dept", "HerId"):
            exact(part.child(child))
        lose(part.child("InstitusjonsID"), Fate.NOT_CARRIED, "A local number of the institution.")
        made = pack(
            resourceType="Organization", meta={"profile": [urls.ORGANIZATION]},
            identifier=[{"system": identifiers.HER, "value": number}] if number else [],
            name=name or "(uten navn)",
        )  # fmt: skip
        return [{"actor": {"reference": into.add(made)}}]
    sender = people.requester(found.message, into)
    return [{"actor": sender}]


def _quantity(document: Element) -> dict[str, Any]:
    packages, total = document.child("Antall"), document.child("Mengde")
    count, value = positive(packages), positive(total)
    if count is not None:
        exact(packages)
        lose(total, Fate.NOT_CARRIED, "The report gives a number of packages as well.")
        return {"value": count, **PACKAGES}
    if value is not None:
        return amount(value, total.attribute("U"), total, ("7452", "7480"))
    document.reading.fault("the dispensation says not how much", document.path,
                           rule="MPD 1.0.0: MedicationDispense.quantity 1..1")  # fmt: skip
    return urls.absent()


def _substitution(supply: Element) -> dict[str, Any]:
    """Interventions tell that another product was given: 212 generic, type V another one."""
    for part in supply.children("Intervensjon"):
        code = coded(part.child("Kode")).code
        if code == _GENERIC:
            kind = {"system": urls.SUBSTITUTION, "code": "G", "display": "generic composition"}
            return {"wasSubstituted": True, "type": {"coding": [kind]}}
        if coded(part.child("EndringsType")).code == _OTHER_PRODUCT:
            return {"wasSubstituted": True}
    return {}


def _notes(found: Dispensation) -> list[str]:
    supply = found.supply
    notes = [text(found.document.child("Merknad"))]
    for part in supply.children("Intervensjon"):
        words = [coded(part.child("Kode")).words, coded(part.child("EndringsType")).words,
                 part.text("Begrunnelse")]  # fmt: skip
        notes.append("Intervensjon: " + ", ".join(filter(None, words)))
        lose(part, Fate.AS_TEXT, f"Interventions of the pharmacy have no codes in Europe. {_NOTE}",
             "7412", shown=", ".join(filter(None, words)))  # fmt: skip
    if flag(supply.child("ByttereservasjonKunde")):
        notes.append("Kunden har reservert seg mot bytte")
        lose(supply.child("ByttereservasjonKunde"), Fate.AS_TEXT, f"It has no field. {_NOTE}")
    else:
        lose(supply.child("ByttereservasjonKunde"), Fate.NOT_CARRIED, "No reservation was made.")
    return notes


def _aside(found: Dispensation, prescribed: Element) -> None:
    supply, document, report = found.supply, found.document, found.report
    lose(supply.child("Avsluttet"), Fate.NOT_CARRIED,
         "Whether the prescription is used up is for the issuing State to know.")  # fmt: skip
    for name in ("RekvirentPapir", "RekvirentNordisk"):
        lose(supply.child(name), Fate.NOT_CARRIED, _PRESCRIPTION, shown="(given)")
    for name in ("Varegruppekode", "RefHjemmel", "RefKode", "Reiterasjon", "BytteresRekvirent",
                 "KomLegemdlAdm", "LegemiddelUtenMt"):  # fmt: skip
        lose(document.child(name), Fate.NOT_CARRIED, _PRESCRIPTION)
    for name in ("Bruksomrade", "IngenKombinasjon", "Kortdose", "AdministreringForskrivning"):
        lose(prescribed.child(name), Fate.NOT_CARRIED, _PRESCRIPTION)
    if coded(prescribed.child("Bruk")).code == "3":
        exact(prescribed.child("Bruk"))
    else:
        lose(prescribed.child("Bruk"), Fate.NOT_CARRIED, _PRESCRIPTION, "9101")
    lose(report.child("ReservasjonRapportFastlege"), Fate.NOT_CARRIED,
         "Reports to the patient's general practitioner concern Norway only.")  # fmt: skip
    lose(report.child("AnsattId"), Fate.NOT_CARRIED,
         "The pharmacy's number of its employee means nothing outside it.")  # fmt: skip


def as_resource(bundle: Resource, kind: str) -> list[Resource]:
    """Return the resources of one type in a Bundle, or the resource itself when it is of it."""
    from ips.prescription.bundle import only

    return [bundle] if bundle.get("resourceType") == kind else only(bundle, kind)
