"""What is prescribed: ReseptDokLegemiddel of M1 (version 2.5, and 2.4 by the same names).

M25.1 carries one in base64 for each line of the medication list.
"""

from __future__ import annotations

from ips.sources import dates
from ips.sources.base import MEDICINE
from ips.sources.codes import national
from ips.sources.element import Element
from ips.sources.m1_doses import Given, Stretch, on_and_off_words, stretches
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
    treatment.phases += [_phase(stretch) for stretch in stretches(node)]


def _phase(stretch: Stretch) -> Phase:
    rule = stretch.rule
    words = " ".join(filter(None, (rule.code("DoseresEtter").display, rule.text("Merknad"))))
    doses = [_as_needed(given, words) if given.as_needed else _fixed(given, words)
             for given in stretch.doses()]  # fmt: skip
    return Phase(stretch.start, stretch.end, doses)


def _dose(given: Given, words: str) -> Dose:
    if given.volume or given.volume_time:
        volume = given.volume
        words += (f" {volume.attribute('V')} {volume.attribute('U')} per "
                  f"{given.volume_time.as_code().display}")  # fmt: skip
    return Dose(
        given.node.path, amount=given.amount.as_number(), unit=given.amount.attribute("U"),
        every=given.interval.as_number(), time_unit=given.interval.attribute("U"),
        words=words.strip(),
    )  # fmt: skip


def _fixed(given: Given, words: str) -> Dose:
    dose = _dose(given, words)
    dose.when = given.moment.as_code()
    given.node.skip("GisEksakt")
    clock = given.clock.said
    if clock:
        try:
            dose.at = [dates.time_of_day(clock)]
        except ValueError as error:
            given.node.reading.fault(f"«{clock[:40]}»: {error}", given.clock.path)
    dose.days = [day.attribute("V") for day in given.days]
    dose.words = " ".join(filter(None, (dose.words, on_and_off_words(*given.on_and_off))))
    return dose


def _as_needed(given: Given, words: str) -> Dose:
    dose = _dose(given, words)
    dose.as_needed = True
    dose.daily_maximum = given.daily_maximum.as_number()
    most, span = given.maximum
    for part, label in ((most, "høyst"), (span, "i løpet av"),
                        (given.least_interval, "minst mellom dosene")):  # fmt: skip
        if part.as_number():
            said = f"{label} {part.attribute('V')} {part.attribute('U')}"
            dose.words = f"{dose.words} {said}".strip()
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
