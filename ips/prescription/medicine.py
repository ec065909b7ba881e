"""The medicine of a prescription or dispensation as Medication-eu-mpd (MPD 1.0.0).

Brand, package and substance carry ATC exactly, the form in EDQM, the FEST id as a national
identifier. The strength comes from FEST, else out of the name; M1 has no field for it.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from ips.eresept.fest import Fest, Product, Strength
from ips.eresept.m1 import Kind
from ips.eresept.values import as_number, coded, flag
from ips.loss import APPROXIMATE, AS_TEXT, EXACT, NOT_CARRIED
from ips.prescription import urls
from ips.prescription.bundle import Resource
from ips.prescription.mixture import mixture
from ips.prescription.notes import concept, exact, lose, text
from ips.prescription.quantities import ONE, amount, measure
from ips.prescription.strength import derive, single_substance
from ips.sources.datatypes import pack
from ips.sources.element import Element
from ips.sources.treatment import FEST

_ID_SYSTEMS = {Kind.BRAND: urls.BRAND_ID, Kind.PACKAGE: urls.PACKAGE_ID,
               Kind.SUBSTANCE: urls.SUBSTANCE_ID}  # fmt: skip
_FEST = "Nobody abroad can look FEST up; the id travels as a national identifier."
_MARKET = {
    "Preparattype": ("The kind of preparation has no European code.", "7424"),
    "RefVilkar": ("Reimbursement holds in Norway only.", ""),
    "TypeSoknadSlv": ("An application to the Norwegian authority concerns Norway only.", "7422"),
    "Opioidsoknad": ("An application to the Norwegian authority concerns Norway only.", ""),
}
"""What the product says about the Norwegian market: why it stays, and its list."""
_ITEM = re.compile(r"[0-9]{6}")
_DIGITS = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)(?:\s*[x×]\s*(\d+(?:[.,]\d+)?))?")


def in_fest(product: Element, fest: Fest | None) -> Product | None:
    """Return what FEST says about a product; a given FEST that lacks it is a warning."""
    if fest is None or not (product.text("Varenr") or product.text("NavnFormStyrke")):
        return None  # mixtures are in no FEST
    found = fest.product(product.text("Varenr"), product.text("Id"))
    if found is None:
        product.reading.warn(
            "the given FEST does not know the product",
            product.path,
            remedy="use a FEST that was valid when the prescription was written",
        )
    return found


def route(product: Element, known: Product | None) -> dict[str, Any]:
    """Return the route of administration, when FEST has exactly one; M1 has no field for it."""
    place = f"{product.path}/(route)"
    reading = product.reading
    if known is None or not known.routes:
        reading.lose(place, "", NOT_CARRIED, "The prescription has no field for the route; "
                     "give a FEST extract that knows the product.", ("X1.2",), "7477")  # fmt: skip
        return {}
    if len(known.routes) > 1:
        names = ", ".join(r.words for r in known.routes)
        reading.lose(place, names, NOT_CARRIED, "FEST has several routes for the product; "
                     "choosing one would be a guess.", ("X1.2",), "7477")  # fmt: skip
        return {}
    from ips import terms

    one = known.routes[0]
    return terms.codeable_concept("7477", one.code, one.display, element=place, loss=reading.loss,
                                  obligations=("X1.2",))  # fmt: skip


def medication(product: Element, kind: Kind, known: Product | None) -> Resource:
    """Return the Medication of any of the four kinds.

    Args:
        product: LegemiddelMerkevare, Legemiddelpakning, LegemiddelVirkestoff, Legemiddelblanding.
        kind: which of them.
        known: the product in FEST; None when no FEST is given.
    """
    if kind is Kind.MIXTURE:
        return mixture(product)
    name = product.text("NavnFormStyrke")
    if not name:
        product.reading.fault("the medicine has no name", product.path, rule="M1: NavnFormStyrke")
    atc = concept(product.child("Atc"), "7180", "atc")
    info = product.child("PakningsinfoResept")
    brand = text(product.child("Varenavn")) or text(info.child("Varenavn"))
    exact(info.child("Varenavn"))
    identifiers, codings = _identifiers(product, kind, name)
    extensions = [_extension(urls.PRODUCT_NAME, "String", brand)] if brand else []
    if atc:
        extensions.append(_extension(urls.CLASSIFICATION, "CodeableConcept", atc))
    extensions += _characteristics(product)
    made = pack(
        resourceType="Medication", meta={"profile": [urls.MEDICATION]}, extension=extensions,
        identifier=identifiers,
        code=pack(coding=[*atc.get("coding", []), *codings], text=name or brand or "(uten navn)"),
        form=_form(product), amount=_size(info),
        ingredient=_ingredients(product, name, known),
    )  # fmt: skip
    _aside(product)
    return made


def _extension(url: str, kind: str, value: Any) -> dict[str, Any]:
    return {"url": url, f"value{kind}": value}


def _identifiers(
    product: Element, kind: Kind, name: str
) -> tuple[list[dict[str, str]], list[dict[str, str]]]:
    """FEST id, item number and GTIN as identifiers, and the FEST coding that SFM writes."""
    made = []
    identity, item = product.child("Id"), product.child("Varenr")
    if identity.value:
        made.append({"system": _ID_SYSTEMS[kind], "value": identity.value})
    if item.value:
        made.insert(0, {"system": urls.ITEM_NUMBER, "value": item.value})
        if not _ITEM.fullmatch(item.value):
            item.reading.warn(f"«{item.value[:20]}» is no item number of six digits", item.path)
    for element in (identity, item):
        lose(element, AS_TEXT, _FEST)
    for number in product.children("Ean"):
        digits = number.value
        if not _gtin(digits):
            number.reading.fault(f"«{digits[:20]}» is no GTIN", number.path,
                                 rule="GS1: 13 or 14 digits with a check digit")  # fmt: skip
            lose(number, NOT_CARRIED, "The number is not valid.")
            continue
        made.append({"system": urls.GTIN, "value": digits})
        exact(number)
    code = item.value or identity.value
    return made, [pack(system=FEST, code=code, display=name)] if code else []


def _gtin(digits: str) -> bool:
    if not _DIGITS.fullmatch(digits):
        return False
    numbers = list(map(int, reversed(digits)))
    return (sum(numbers[::2]) + 3 * sum(numbers[1::2])) % 10 == 0


def _form(product: Element) -> dict[str, Any]:
    short, long = product.child("LegemiddelformKort"), product.child("LegemiddelformLang")
    if not short:
        return concept(long, "7448")
    if coded(long).words == coded(short).words:
        lose(long, EXACT, "")
    else:
        lose(long, NOT_CARRIED, "The form of list 7448 stands for it.")
    return concept(short, "7448")


def _characteristics(product: Element) -> list[dict[str, Any]]:
    part = product.child("IkkeKonservering")
    if not part:
        return []
    said = flag(part)
    lose(part, AS_TEXT, "Named in Norwegian; no European code for it is paired.")
    inner = [_extension("type", "CodeableConcept", {"text": "Uten konserveringsmiddel"}),
             _extension("value", "Boolean", said)]  # fmt: skip
    return [{"url": urls.CHARACTERISTIC, "extension": inner}] if said is not None else []


def _size(info: Element) -> dict[str, Any]:
    """How much one package holds: ``Pakningsstr`` with the unit of list 7452."""
    size, unit, multiple = (info.child(n) for n in ("Pakningsstr", "EnhetPakning", "Multippel"))
    lose(multiple, NOT_CARRIED, "How the packages are bundled has no field.")
    if not size.value:
        lose(unit, NOT_CARRIED, "A unit without a size says nothing.", "7452")
        return {}
    match = _SIZE.fullmatch(size.value.strip())
    first = as_number(match[1]) if match else None
    second = as_number(match[2]) if match and match[2] else 1
    if not first or not second:
        lose(size, NOT_CARRIED, "The package size is no number; the name says it.")
        lose(unit, NOT_CARRIED, "The package size is no number; the name says it.", "7452")
        return {}
    total = as_number(str(Decimal(first) * Decimal(second))) or first
    if second == 1:
        exact(size)
    else:
        lose(size, APPROXIMATE, f"«{size.value}» travels as the product, {total}.")
    code = coded(unit)
    numerator = amount(total, code.code or code.display, unit or size, ("7452",))
    return {"numerator": numerator, "denominator": {"value": 1, "unit": "pakning",
                                                    "system": urls.UCUM, "code": "1"}}  # fmt: skip


def _ingredients(product: Element, name: str, known: Product | None) -> list[dict[str, Any]]:
    named = [part.shown() for part in product.children("Virkestoff")]
    for part in product.children("Virkestoff"):
        lose(part, AS_TEXT, "FEST names substances in words; no European code is paired.")
    place = product.child("NavnFormStyrke")
    if known and known.strengths:
        exact(place)
        return [_from_fest(product, strength) for strength in known.strengths]
    atc = coded(product.child("Atc"))
    found = derive(name) if single_substance(atc.code.upper()) or len(named) == 1 else None
    substance = named[0] if len(named) == 1 else atc.display
    if found and substance:
        lose(place, APPROXIMATE, f"The strength {found.value} {found.unit} is read out of "
             "the name (derived); M1 has no field for it.")  # fmt: skip
        return [{"itemCodeableConcept": {"text": substance}, "isActive": True,
                 "strength": found.ratio}]  # fmt: skip
    lose(place, AS_TEXT, "The strength stands only inside the name and cannot be read out of "
         "it with certainty; give a FEST extract.")  # fmt: skip
    return [{"itemCodeableConcept": {"text": one}} for one in named if one]


def _from_fest(product: Element, strength: Strength) -> dict[str, Any]:
    """FEST gives the strength per substance; intervals are no single value."""
    words = strength.english or strength.name
    made: dict[str, Any] = {"itemCodeableConcept": {"text": words or "(uten navn)"},
                            "isActive": True}  # fmt: skip
    place = f"{product.path}/(strength)"
    if strength.amount.value is None or strength.operator not in ("", "L"):
        product.reading.lose(place, words, AS_TEXT, "FEST gives no single strength for the "
                             "substance.", ("X1.2",))  # fmt: skip
        return made
    numerator = measure(strength.amount.value, strength.amount.unit)
    denominator = dict(ONE)
    if strength.per.value is not None and strength.per.unit:
        denominator = measure(strength.per.value, strength.per.unit)
    coded_unit = "code" in numerator and "code" in denominator
    product.reading.lose(
        place, f"{words} {strength.amount.value} {strength.amount.unit}",
        EXACT if coded_unit else APPROXIMATE,
        "" if coded_unit else "The unit of the strength has no UCUM code; its word travels.",
        ("X1.2",),
    )  # fmt: skip
    return made | {"strength": {"numerator": numerator, "denominator": denominator}}


def _aside(product: Element) -> None:
    """What the product says about the Norwegian market."""
    for part in product.given(*_MARKET):
        lose(part, NOT_CARRIED, *_MARKET[part.name])
