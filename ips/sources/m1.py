"""What is prescribed: ReseptDokLegemiddel of M1 (version 2.5, and 2.4 by the same names).

M25.1 carries one in base64 for each line of the medication list.
"""

from __future__ import annotations

from ips.sources import dates
from ips.sources.base import MEDICINE
from ips.sources.codes import national
from ips.sources.element import Element
from ips.sources.treatment import Code, Dose, Drug, Phase, Treatment

_ADMINISTRATIVE = "Belongs to the prescription, not to the medicine in use."
_PRESCRIPTION = ("Varegruppekode", "Antall", "RefHjemmel", "Reiterasjon", "BytteresRekvirent",
                 "Mengde", "LegemiddelUtenMt", "KomLegemdlAdm")  # fmt: skip
_PRODUCTS = (
    "LegemiddelMerkevare",
    "Legemiddelpakning",
    "LegemiddelVirkestoff",
    "Legemiddelblanding",
)
_OF_PRODUCT = ("Reseptgruppe", "Preparattype", "RefVilkar", "TypeSoknadSlv", "Opioidsoknad", "Ean",
               "IkkeKonservering", "PakningsinfoResept")  # fmt: skip


def fill(document: Element, treatment: Treatment) -> None:
    """Fill a treatment with what a ReseptDokLegemiddel says."""
    for name in _PRESCRIPTION:
        document.set_aside(name, _ADMINISTRATIVE, MEDICINE)
    reason = document.code("RefKode")
    if reason:
        # The reimbursement code is a diagnosis (ICD-10, ICPC-2) or one of list 7434's own.
        system = document.child("RefKode").attribute("S") or "7435"
        found = national(document.child("RefKode").path, system, reason.code, reason.display,
                         document.reading.loss, MEDICINE)  # fmt: skip
        treatment.indications += [found] if found else []
    note = document.text("Merknad")
    if note:
        treatment.notes.append(note)
    prescribed = document.child("Forskrivning")
    _prescribed(prescribed, treatment)
    treatment.drug = drug(prescribed)
    document.rest(MEDICINE)


def _prescribed(node: Element, treatment: Treatment) -> None:
    treatment.indication = node.text("Bruksomrade")
    treatment.text = node.text("DosVeiledEnkel")
    treatment.use = node.code("Bruk")
    node.set_aside("Kortdose", "The short form says the same as the dosage text.", MEDICINE)
    node.set_aside(
        "IngenKombinasjon", "How the dose is composed is said by the dosage text.", MEDICINE
    )
    node.set_aside("AdministreringForskrivning", "How the medicine is administered has no place in "
                   "the summary.", MEDICINE)  # fmt: skip
    for precaution in node.children("Forholdsregelvedinntak"):
        words, coded = precaution.text("Tekst"), precaution.code("Kodet")
        if coded:
            treatment.instructions.append(coded)
        if words:
            treatment.instructions.append(Code("", words))
    treatment.phases += [_phase(part) for part in node.children("Dosering")]


def _phase(node: Element) -> Phase:
    phase = Phase(node.date("Starttidspunkt"), node.date("Sluttidspunkt"))
    rule = node.child("Doseringsregel")
    words = " ".join(filter(None, (rule.code("DoseresEtter").display, rule.text("Merknad"))))
    for part in node.children("DoseFastTidspunkt"):
        phase.doses.append(_fixed(part, words))
    for part in node.children("DoseEtterBehov"):
        phase.doses.append(_as_needed(part, words))
    return phase


def _dose(node: Element, words: str) -> Dose:
    amount, interval = node.child("Mengde"), node.child("Intervall")
    infusion = node.child("Infusjonshastighet")
    if infusion:
        volume = infusion.child("Volum")
        words += (f" {volume.attribute('V')} {volume.attribute('U')} per "
                  f"{infusion.code('Tidsenhet').display}")  # fmt: skip
    return Dose(
        node.path, amount=node.number("Mengde"), unit=amount.attribute("U"),
        every=node.number("Intervall"), time_unit=interval.attribute("U"), words=words.strip(),
    )  # fmt: skip


def _fixed(node: Element, words: str) -> Dose:
    dose = _dose(node, words)
    dose.when = node.code("Tidsomrade")
    node.skip("GisEksakt")
    clock = node.text("Klokkeslett")
    if clock:
        try:
            dose.at = [dates.time_of_day(clock)]
        except ValueError as error:
            node.reading.fault(f"«{clock[:40]}»: {error}", node.child("Klokkeslett").path)
    rhythm = node.child("FastDose")
    dose.days = [day.attribute("V") for day in rhythm.children("FasteUkedager")]
    on, off = rhythm.text("DagerPa"), rhythm.text("DagerAv")
    if on or off:
        dose.words = f"{dose.words} {on} dager på, {off} dager av".strip()
    return dose


def _as_needed(node: Element, words: str) -> Dose:
    dose = _dose(node, words)
    dose.as_needed = True
    dose.daily_maximum = node.number("DoseDognMaks")
    for name, label in (("DoseTidsromMaks", "høyst"), ("Tidsrom", "i løpet av"),
                        ("DoseIntervallMin", "minst mellom dosene")):  # fmt: skip
        part = node.child(name)
        if part and node.number(name):
            words = f"{label} {part.attribute('V')} {part.attribute('U')}"
            dose.words = f"{dose.words} {words}".strip()
    return dose


def drug(prescribed: Element) -> Drug:
    """Return the medicine of a Forskrivning, whichever of its four kinds it is."""
    for name in _PRODUCTS:
        product = prescribed.child(name)
        if product:
            return _mixture(product) if name == "Legemiddelblanding" else _product(product)
    prescribed.reading.fault("the prescription names no medicine", prescribed.path,
                             rule=f"M1: one of {', '.join(_PRODUCTS)}")  # fmt: skip
    return Drug(prescribed.path)


def _product(product: Element) -> Drug:
    for name in _OF_PRODUCT:
        product.set_aside(name, _ADMINISTRATIVE, MEDICINE)
    name = product.text("NavnFormStyrke")
    substances = [s.shown() for s in product.children("Virkestoff")]
    product.skip("Virkestoff")
    long_form = product.code("LegemiddelformLang")
    return Drug(
        product.path, name=name, fest=product.text("Varenr") or product.text("Id") or
        product.text("LegemiddelId"), fest_name=name, atc=product.code("Atc"),
        form=product.code("LegemiddelformKort") or long_form,
        brand=product.text("Varenavn") or product.text("LegemiddelNavn"),
        ingredients=[s for s in substances if s],
    )  # fmt: skip


def _mixture(product: Element) -> Drug:
    made = Drug(product.path, name=product.text("Navn"), fest=product.text("Id"),
                form=product.code("Legemiddelform") or product.code("LegemiddelformKort"),
                atc=product.code("Atc"))  # fmt: skip
    product.set_aside("TilbOppl", "The pharmacy's recipe has no place in the summary.", MEDICINE)
    for name in ("Type", "Reseptgruppe", "Mengde", "Utblanding"):
        product.set_aside(name, _ADMINISTRATIVE, MEDICINE)
    for name in ("BestanddelLegemiddel", "BestanddelVirkestoff", "BestanddelAnnet"):
        for part in product.children(name):
            made.ingredients.append(part.shown())
            part.skip_all()
    return made
