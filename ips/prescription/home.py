"""The way home: an eDispensation from abroad as an M10-shaped report to Reseptformidleren.

A foreign product has no item number and a foreign pharmacy no HER-id, so the report cannot be what
a Norwegian pharmacy sends. It keeps the shape of M10 (m10/2013-10-08) as far as the content goes,
and the loss report says what is missing on either side (EHDS Art 23(6) third: E23.6c).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from data.errors import InputError, Problem
from ips import identifiers
from ips.eresept import m1
from ips.eresept.m1 import Prescription
from ips.eresept.values import coded
from ips.loss import Fate, LossReport
from ips.prescription import urls
from ips.prescription.bundle import Resource, target
from ips.prescription.forms import LIST, national_form
from ips.prescription.kith import FORSKRIVNING, M1, UTLEVERING, Writer
from ips.prescription.received import as_resource
from ips.prescription.supply import PACKAGE_WORDS
from ips.summary.copying import stable_id

OBLIGATIONS = ("X1.3", "E23.6c")
_LISTS = "urn:oid:2.16.578.1.12.4.1.1."
_EDQM_CONTAINER = "30"
"""EDQM codes of packages (eHDSIPackage) begin so."""


@dataclass(frozen=True, slots=True)
class Report:
    """An M10-shaped report.

    Attributes:
        xml: MsgHead with Utleveringsrapport, UTF-8.
        loss: what of the eDispensation did not come along, and what M10 asks that nobody gave.
    """

    xml: bytes
    loss: LossReport = field(default_factory=LossReport)


def report_home(dispensation: Resource, *, prescription: bytes | None = None) -> Report:
    """Return the report of an eDispensation.

    Args:
        dispensation: a Bundle with one MedicationDispense (or that resource alone).
        prescription: the M1 that it was dispensed on; gives prescription group and dosage.

    Raises:
        InputError: no or several dispensations, no Norwegian prescription behind it, or an M1 of
            another prescription.
    """
    found = as_resource(dispensation, "MedicationDispense")
    if len(found) != 1:
        raise InputError(
            Problem(f"{len(found)} dispensations in the file", "MedicationDispense",
                    rule="one report, one dispensation", remedy="give one eDispensation")
        )  # fmt: skip
    trip = _Home(dispensation, found[0])
    original = _original(prescription, trip.prescription_id)
    return trip.report(original)


def _original(content: bytes | None, wanted: str) -> Prescription | None:
    if content is None:
        return None
    for one in m1.read(content).prescriptions:
        if one.id.lower() == wanted.lower():
            return one
    raise InputError(
        Problem("the prescription is not the one that was dispensed on", "m1.xml",
                rule="the ReseptId of the dispensation is the MsgId of the M1",
                remedy="give the M1 that was sent abroad")
    )  # fmt: skip


class _Home:
    """One dispensation on its way into M10."""

    def __init__(self, bundle: Resource, dispense: Resource) -> None:
        self.bundle, self.dispense = bundle, dispense
        self.loss = LossReport()
        self.prescription_id = self._prescription_id()

    def note(self, element: str, value: object, fate: Fate, reason: str = "") -> None:
        """Note the fate of an element; personal details are not shown."""
        shown = identifiers.mask(str(value))[:160]
        self.loss.add(element, shown, fate, reason, obligations=OBLIGATIONS)

    def _prescription_id(self) -> str:
        for reference in self.dispense.get("authorizingPrescription", ()):
            number = (reference.get("identifier") or {}).get("value")
            if not number:
                request = target(self.bundle, reference)
                number = next((i.get("value") for i in request.get("identifier", ())), None)
            if number:
                self.note("MedicationDispense.authorizingPrescription", number, Fate.EXACT)
                return str(number).removeprefix("urn:uuid:")
        raise InputError(
            Problem("the dispensation names no prescription",
                    "MedicationDispense.authorizingPrescription", rule="E23.6c: ReseptId",
                    remedy="the issuing State needs the identifier of its prescription")
        )  # fmt: skip

    def report(self, original: Prescription | None) -> Report:
        """Write the message."""
        moment = self._moment()
        write = Writer()
        body = write.message(
            stable_id(f"M10|{self.prescription_id}|{moment}".encode()), moment, self._pharmacy(),
            self._patient(),
        )  # fmt: skip
        supply = write.add(body, UTLEVERING, "Utlevering")
        write.add(supply, UTLEVERING, "ReseptId", self.prescription_id)
        write.add(supply, UTLEVERING, "Utleveringsdato", self._day(moment))
        status = self.dispense.get("status")
        annulled = status in ("entered-in-error", "cancelled")
        self._status(str(status))
        write.add(supply, UTLEVERING, "Annullering", "true" if annulled else "false")
        drug = target(self.bundle, self.dispense.get("medicationReference"))
        self._batch(write, supply, drug)
        self._intervention(write, supply)
        self._product(write, supply, drug, original)
        place = write.add(supply, UTLEVERING, "Utleverer")
        write.add(place, UTLEVERING, "Navn", self._pharmacy())
        self.note("Utlevering/Utleverer/HerId", "", Fate.NOT_CARRIED,
                  "A pharmacy abroad has no HER-id; only its name is given.")  # fmt: skip
        self.note("Utleveringsrapport/AnsattId", "", Fate.NOT_CARRIED,
                  "The person at the pharmacy abroad has no number in Norway.")  # fmt: skip
        self._leftovers()
        return Report(write.to_bytes(), self.loss)

    def _moment(self) -> str:
        recorded = next((e.get("valueDateTime") for e in self.dispense.get("extension", ())
                         if e.get("url") == urls.RECORDED), "")  # fmt: skip
        moment = str(recorded or self.dispense.get("whenHandedOver") or "")
        if not moment:
            raise InputError(
                Problem("the dispensation has no date", "MedicationDispense.extension:recorded",
                        rule="MPD 1.0.0: recorded 1..1")
            )  # fmt: skip
        self.note("MedicationDispense.extension:recorded", moment, Fate.EXACT)
        return moment

    def _day(self, moment: str) -> str:
        handed = self.dispense.get("whenHandedOver")
        if handed:
            self.note("MedicationDispense.whenHandedOver", handed, Fate.APPROXIMATE
                      if "T" in str(handed) else Fate.EXACT,
                      "M10 knows the day only." if "T" in str(handed) else "")  # fmt: skip
        return str(handed or moment)[:10]

    def _status(self, status: str) -> None:
        known = status in ("completed", "entered-in-error")
        self.note("MedicationDispense.status", status, Fate.EXACT if known else Fate.APPROXIMATE,
                  "" if known else "M10 knows only handed over and annulled.")  # fmt: skip

    def _pharmacy(self) -> str:
        for performer in self.dispense.get("performer", ()):
            actor = target(self.bundle, performer.get("actor"))
            place = target(self.bundle, actor.get("organization")) or actor
            name = place.get("name")
            if isinstance(name, str):
                country = next((a.get("country") for a in place.get("address", ())), None)
                return f"{name} ({country})" if country else name
            if (performer.get("actor") or {}).get("display"):
                return str(performer["actor"]["display"])
        return "(utenlandsk apotek)"

    def _patient(self) -> dict[str, str]:
        """The patient as MsgHead wants it: only a Norwegian number may stand there."""
        person = target(self.bundle, self.dispense.get("subject"))
        name: dict[str, Any] = next(iter(person.get("name", ())), {})
        made = {
            "FamilyName": str(name.get("family") or ""),
            "GivenName": " ".join(name.get("given", ())) or str(name.get("text") or ""),
        }
        for number in person.get("identifier", ()):
            system = identifiers.normalise_system(str(number.get("system", "")))
            if system in (identifiers.FNR, identifiers.DNR):
                self.note("Patient.identifier", "(national number)", Fate.EXACT)
                kind = "FNR" if system == identifiers.FNR else "DNR"
                return made | {"Id": str(number.get("value")), "TypeId": kind}
        self.note("Patient.identifier", "", Fate.NOT_CARRIED, "No Norwegian number came back; the "
                  "prescription says who the patient is.")  # fmt: skip
        return made

    def _batch(self, write: Writer, supply: Any, drug: Resource) -> None:
        number = (drug.get("batch") or {}).get("lotNumber")
        if number:
            write.add(supply, UTLEVERING, "Batchnr", str(number))
            self.note("Medication.batch.lotNumber", number, Fate.EXACT)

    def _intervention(self, write: Writer, supply: Any) -> None:
        if not (self.dispense.get("substitution") or {}).get("wasSubstituted"):
            return
        part = write.add(supply, UTLEVERING, "Intervensjon")
        write.add(part, UTLEVERING, "Kode", V="215", DN="Annet")
        write.add(part, UTLEVERING, "EndringsType", V="V", DN="Valgt annen vare")
        self.note("MedicationDispense.substitution", "wasSubstituted", Fate.APPROXIMATE,
                  "M10 asks for the reason in list 7412; abroad it is not given so.")  # fmt: skip

    def _product(
        self, write: Writer, supply: Any, drug: Resource, original: Prescription | None
    ) -> None:
        document = write.add(supply, M1, "ReseptDokLegemiddel")
        write.add(document, M1, "Varegruppekode", V="L", DN="Legemiddel")
        self._quantity(write, document)
        prescribed = write.add(document, FORSKRIVNING, "Forskrivning")
        write.add(prescribed, FORSKRIVNING, "DosVeiledEnkel", self._dosage(original))
        product = write.add(prescribed, FORSKRIVNING, "LegemiddelMerkevare")
        atc = self._atc(drug)
        if atc:
            write.add(product, FORSKRIVNING, "Atc", V=atc.get("code", ""), S=_LISTS[8:] + "7180",
                      DN=atc.get("display", ""))  # fmt: skip
        name = self._name(drug)
        write.add(product, FORSKRIVNING, "NavnFormStyrke", name)
        self._from_original(write, product, drug, original)
        write.add(product, FORSKRIVNING, "Varenavn", name)
        self.note(
            "LegemiddelMerkevare/Id",
            "",
            Fate.NOT_CARRIED,
            "A product from abroad is not in FEST: neither item number nor FEST id.",
        )
        for number in drug.get("identifier", ()):
            self.note(
                "Medication.identifier",
                f"{number.get('system', '')}|{number.get('value')}",
                Fate.NOT_CARRIED,
                "M10 has no field for a foreign product number.",
            )

    def _quantity(self, write: Writer, document: Any) -> None:
        quantity = self.dispense.get("quantity") or {}
        value, unit, code = (quantity.get(k) for k in ("value", "unit", "code"))
        if value is None:
            self.note("MedicationDispense.quantity", "", Fate.NOT_CARRIED, "No amount was given.")
            return
        container = str(code or "").startswith(_EDQM_CONTAINER) and len(str(code)) == 8
        counted = code in ("1", "{package}", None) and unit in (*PACKAGE_WORDS, "1")
        if container or counted:
            write.add(document, M1, "Antall", str(value))
            self.note("MedicationDispense.quantity", f"{value} {unit or code or ''}".strip(),
                      Fate.EXACT if unit == "pakning" else Fate.APPROXIMATE,
                      "" if unit == "pakning" else "Read as a number of packages.")  # fmt: skip
            return
        write.add(document, M1, "Mengde", V=str(value), U=str(unit or code))
        self.note("MedicationDispense.quantity", f"{value} {unit or code}", Fate.AS_TEXT,
                  "The unit travels as its word; M10 takes units of list 7452.")  # fmt: skip

    def _dosage(self, original: Prescription | None) -> str:
        words = next((e.get("valueMarkdown") for e in self.dispense.get("extension", ())
                      if e.get("url") == urls.RENDERED_DISPENSE), "")  # fmt: skip
        words = words or next(
            (d["text"] for d in self.dispense.get("dosageInstruction", ()) if d.get("text")), ""
        )
        if words:
            self.note("MedicationDispense.dosageInstruction", words, Fate.AS_TEXT,
                      "The dosage travels in the words of the pharmacy.")  # fmt: skip
            return str(words)
        if original:
            self.note(
                "Forskrivning/DosVeiledEnkel",
                "",
                Fate.APPROXIMATE,
                "The dispensation gives no dosage; that of the prescription stands.",
            )
            return original.prescribed.text("DosVeiledEnkel")
        self.note("Forskrivning/DosVeiledEnkel", "", Fate.NOT_CARRIED, "No dosage was given.")
        return "Se resept"

    def _atc(self, drug: Resource) -> dict[str, str]:
        concepts = [drug.get("code") or {}] + [
            e["valueCodeableConcept"] for e in drug.get("extension", ())
            if e.get("url") == urls.CLASSIFICATION and "valueCodeableConcept" in e
        ]  # fmt: skip
        for concept in concepts:
            for coding in concept.get("coding", ()):
                if coding.get("system") == urls.ATC and coding.get("code"):
                    self.note("Medication.extension:classification", coding["code"], Fate.EXACT)
                    return dict(coding)
        self.note("LegemiddelMerkevare/Atc", "", Fate.NOT_CARRIED, "No ATC code was given.")
        return {}

    def _name(self, drug: Resource) -> str:
        named = next((e.get("valueString") for e in drug.get("extension", ())
                      if e.get("url") == urls.PRODUCT_NAME), "")  # fmt: skip
        code = drug.get("code") or self.dispense.get("medicationCodeableConcept") or {}
        shown = next((c.get("display") for c in code.get("coding", ()) if c.get("display")), "")
        name = str(named or code.get("text") or shown or "")
        self.note("Medication.code", name, Fate.AS_TEXT, "The product travels by its name.")
        return name or "(uten navn)"

    def _from_original(
        self, write: Writer, product: Any, drug: Resource, original: Prescription | None
    ) -> None:
        """Group and form: M10 asks for the Norwegian ones, which only the M1 can say."""
        if original is None:
            self.note(
                "LegemiddelMerkevare/Reseptgruppe",
                "",
                Fate.NOT_CARRIED,
                "M10 asks for the prescription group; give the M1 (--prescription).",
            )
        else:
            group = coded(original.product.child("Reseptgruppe"))
            write.add(product, FORSKRIVNING, "Reseptgruppe", V=group.code, DN=group.display)
            self.note(
                "LegemiddelMerkevare/Reseptgruppe",
                group.code,
                Fate.APPROXIMATE,
                "The group of what was prescribed stands for what was dispensed.",
            )
        self._form(write, product, drug.get("form") or {})

    def _form(self, write: Writer, product: Any, form: dict[str, Any]) -> None:
        """The dose form in list 7448 where one is meant, else the words of the dispensation."""
        codings = [c for c in form.get("coding", ()) if isinstance(c, dict)]
        words = str(form.get("text") or next((c["display"] for c in codings if c.get("display")),
                                             ""))  # fmt: skip
        given, code, name = national_form(form)
        if code:
            write.add(product, FORSKRIVNING, "LegemiddelformKort", V=code, S=_LISTS[8:] + LIST,
                      DN=name)  # fmt: skip
            self.note("Medication.form", given, Fate.EXACT)
        elif words:
            write.add(product, FORSKRIVNING, "LegemiddelformKort", OT=words)
            self.note("Medication.form", words, Fate.AS_TEXT,
                      f"No form of list {LIST}, or more than one, means the same; its words "
                      "travel.")  # fmt: skip
        elif form:
            self.note("Medication.form", " ".join(str(c.get("code") or "") for c in codings),
                      Fate.NOT_CARRIED,
                      f"No form of list {LIST}, or more than one, means the same.")  # fmt: skip

    def _leftovers(self) -> None:
        for name in ("note", "daysSupply", "receiver", "location", "partOf", "category",
                     "statusReasonCodeableConcept", "destination", "detectedIssue"):  # fmt: skip
            if name in self.dispense:
                self.note(f"MedicationDispense.{name}", "(given)", Fate.NOT_CARRIED,
                          "M10 has no field for it.")  # fmt: skip
