"""Medicines made by the pharmacy (``Legemiddelblanding``) as Medication-eu-mpd.

They have no product id anywhere: what is in them, and how much, is the medicine.
"""

from __future__ import annotations

from typing import Any

from ips.eresept.values import coded, number
from ips.loss import AS_TEXT, NOT_CARRIED
from ips.prescription import urls
from ips.prescription.bundle import Resource
from ips.prescription.notes import concept, lose, text
from ips.prescription.quantities import ONE, amount
from ips.sources.datatypes import pack
from ips.sources.element import Element

_UNITS = ("7452", "7480")
_PARTS = (("BestanddelVirkestoff", True), ("BestanddelLegemiddel", True), ("BestanddelAnnet", None))
_PRODUCTS = ("LegemiddelVirkestoff", "LegemiddelMerkevare", "Legemiddelpakning")
_WORDS = "The ingredient is named in words; no European code is paired."


def mixture(product: Element) -> Resource:
    """Return the Medication of a magistral preparation."""
    name = text(product.child("Navn")) or text(product.child("NavnFormStyrke"))
    if not name:
        product.reading.fault(
            "the mixture has no name", product.path, rule="Legemiddelblanding: Navn"
        )
    atc = concept(product.child("Atc"), "7180", "atc")
    form = concept(product.child("Legemiddelform"), "7448")
    form = form or concept(product.child("LegemiddelformKort"), "7448")
    lose(product.child("Type"), NOT_CARRIED, "The kind of mixture has no European code.")
    lose(product.child("Id"), NOT_CARRIED, "The id means nothing outside the sender's system.")
    parts = [
        _part(element, active) for kind, active in _PARTS for element in product.children(kind)
    ]
    return pack(
        resourceType="Medication", meta={"profile": [urls.MEDICATION]},
        extension=[{"url": urls.CLASSIFICATION, "valueCodeableConcept": atc}] if atc else [],
        code=pack(coding=atc.get("coding"), text=name or "(uten navn)"), form=form,
        amount=_total(product.child("Mengde")), ingredient=parts,
    )  # fmt: skip


def recipe(product: Element) -> str:
    """Return how the pharmacy is to make it, in words; it travels as a note of the prescription."""
    words = text(product.child("TilbOppl"), AS_TEXT, "The recipe has no field of its own; it "
                 "travels as a note.")  # fmt: skip
    mixing = _mixing(product)
    return ". ".join(filter(None, (words, mixing)))


def _total(part: Element) -> dict[str, Any]:
    value = number(part)
    if value is None:
        return {}
    return {"numerator": amount(value, part.attribute("U"), part, _UNITS),
            "denominator": dict(ONE)}  # fmt: skip


def _part(element: Element, active: bool | None) -> dict[str, Any]:
    item, words = _substance(element)
    mixing = _mixing(element)
    named = ", ".join(filter(None, (words, mixing))) or "(uten navn)"
    made = pack(itemCodeableConcept={"text": named}, isActive=active, strength=_strength(element))
    for part in item:
        lose(part, AS_TEXT, _WORDS)
    return made


def _substance(element: Element) -> tuple[list[Element], str]:
    """The name, wherever the kind of ingredient keeps it, and the elements that were read."""
    for name in ("Navn", "Virkestoff", "NavnFormStyrke", "Annet", "Tekst"):
        part = element.child(name)
        if part:
            inner = part.text("Navn")
            return [part], inner or coded(part).words
    for name in _PRODUCTS:
        part = element.child(name)
        if part:
            return [part], part.text("NavnFormStyrke")
    return [], ""


def _strength(element: Element) -> dict[str, Any]:
    """Concentration as a ratio, or the amount in the whole mixture."""
    ratio = element.child("Styrke")
    above, below = ratio.child("Teller"), ratio.child("Nevner")
    first, second = number(above), number(below)
    if first is not None and second:
        return {"numerator": amount(first, above.attribute("U"), above, _UNITS),
                "denominator": amount(second, below.attribute("U"), below, _UNITS)}  # fmt: skip
    for part in (element.child("MengdeBestanddel"), element.child("Mengde"), above):
        value = number(part)
        if value is not None:
            return {"numerator": amount(value, part.attribute("U"), part, _UNITS),
                    "denominator": dict(ONE)}  # fmt: skip
    return {}


def _mixing(element: Element) -> str:
    """7502: ``ad`` (up to) and ``qs`` (as much as needed)."""
    said = []
    for part in (element.child("Adqs"), element.child("Utblanding").child("Adqs")):
        word = coded(part)
        if word:
            said.append(word.words)
            lose(part, AS_TEXT, "Pharmacy Latin; it stands with the ingredient.", "7502")
    mixed = element.child("Utblanding")
    rest = " ".join(filter(None, (mixed.text("Navn"), mixed.value)))
    if rest:
        said.append(rest)
    if mixed:
        lose(mixed, AS_TEXT, _WORDS)
    return " ".join(said)
