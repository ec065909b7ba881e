"""What an eDispensation gives, and of which prescriptions (eD template 1.3.6.1.4.1.12559…1.3.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from lxml import etree

from data.errors import InputError
from ips.xml import parse
from ncp import codes
from ncp.connector.described import Described, identifier, pack_size, quantity
from ncp.model import Refusal
from ncp.store.prescriptions import NOT_IDENTIFIABLE, Handout, Order

_NS = {"v": codes.HL7}
_MALFORMED = "ERROR_ED_INCORRECT_FORMATTING"
_MISSING = "ERROR_ED_MISSING_REQUIRED_FIELDS"
_SUBSTITUTED = "ERROR_ED_SUBSTITUTION_INFORMATION_NOT_ALLOWED"
Amount = tuple[Decimal, str]


@dataclass(frozen=True, slots=True)
class Item:
    """One dispensed item: of which ordered item, how much, in packages of what size."""

    order: str
    amount: Amount | None
    pack: Amount | None
    substituted: bool


@dataclass(frozen=True, slots=True)
class Dispensation:
    """An eDispensation as far as country A acts on it.

    Attributes:
        id: of the document.
        patients: identifiers of the patient, ``root^extension``.
        orders: ids of the prescriptions that it fulfils (header).
    """

    id: str
    patients: tuple[str, ...]
    orders: tuple[str, ...]
    items: tuple[Item, ...]


def read(content: bytes) -> Dispensation:
    """Read an eDispensation.

    Raises:
        Refusal: not a CDA document with an id, or without any dispensed item.
    """
    root = _document(content)
    supplies = root.findall(".//v:entry/v:supply", _NS)
    if not supplies:
        raise Refusal(_MISSING, "The eDispensation has no dispensed item.")
    return Dispensation(
        identifier(root.find("v:id", _NS)),
        tuple(identifier(i) for i in root.iterfind("v:recordTarget/v:patientRole/v:id", _NS)),
        tuple(filter(None, map(identifier, root.iterfind(
            "v:inFulfillmentOf/v:order/v:id", _NS)))),
        tuple(_item(one) for one in supplies),
    )  # fmt: skip


def document_id(content: bytes) -> str:
    """Return the id of a CDA document; of a discard it names the dispensation that is taken back.

    Raises:
        Refusal: not a CDA document with an id.
    """
    return identifier(_document(content).find("v:id", _NS))


def match(
    given: Dispensation, prescribed: Sequence[Described]
) -> tuple[list[Handout], list[Described]]:
    """Return what is given of which ordered item, and the prescriptions concerned.

    Args:
        given: the eDispensation.
        prescribed: the patient's prescriptions.

    Raises:
        Refusal: an item whose order is not among them, or a substitution that was forbidden.
    """
    handouts, concerned = [], []
    for item in given.items:
        document, order = _order(item, given, prescribed)
        if item.substituted and any(e.system == codes.SUBSTITUTION_SYSTEM and e.code == "N"
                                    for e in document.events):  # fmt: skip
            raise Refusal(_SUBSTITUTED, "The prescriber allows no substitution.",
                          location=document.unique_id)  # fmt: skip
        handouts.append(Handout(document.unique_id, order.item_id, amount(item, order)))
        if document not in concerned:
            concerned.append(document)
    return handouts, concerned


def amount(item: Item, order: Order) -> Decimal | None:
    """Return how much is given in the unit of the order; None where the two do not compare.

    Packages of a known size count by their content where the order does not name a package: 100
    tablets are ordered, one package of 100 is given.
    """
    if item.amount is None:
        return None
    value, unit = item.amount
    if unit != order.unit:
        fits = unit == "1" and item.pack is not None and item.pack[1] == order.unit
        return value * item.pack[0] if fits and item.pack else None
    pieces = unit == "1" and not order.packaged and item.pack is not None and item.pack[1] == "1"
    if pieces and item.pack and 1 < item.pack[0] <= order.issue * (1 + order.repeats):
        return value * item.pack[0]
    return value


def _order(
    item: Item, given: Dispensation, prescribed: Sequence[Described]
) -> tuple[Described, Order]:
    for document in prescribed:
        for order in document.orders:
            if item.order and item.order == order.item_id:
                return document, order
    # Some countries repeat the id of the prescription where the id of its item belongs.
    named = {item.order, *given.orders}
    for document in prescribed:
        own = {document.unique_id, *document.related}
        if own & named and len(document.orders) == 1:
            return document, document.orders[0]
    raise Refusal(NOT_IDENTIFIABLE, "There is no such prescription.",
                  location=item.order or next(iter(given.orders), ""))  # fmt: skip


def _item(supply: etree._Element) -> Item:
    inner = "v:entryRelationship[@typeCode='REFR']/v:substanceAdministration/v:id"
    material = supply.find("v:product/v:manufacturedProduct/v:manufacturedMaterial", _NS)
    acts = supply.iterfind("v:entryRelationship/v:act/v:code", _NS)
    return Item(
        identifier(supply.find(inner, _NS)), quantity(supply.find("v:quantity", _NS)),
        pack_size(material), any(code.get("code") == "SUBST" for code in acts),
    )  # fmt: skip


def _document(content: bytes) -> etree._Element:
    try:
        root = parse(content, name="eDispensation")
    except InputError as error:
        raise Refusal(_MALFORMED, error.problems[0].what) from None
    if etree.QName(root).localname != "ClinicalDocument":
        raise Refusal(_MALFORMED, "The submitted document is no clinical document.")
    if not identifier(root.find("v:id", _NS)):
        raise Refusal(_MISSING, "The document has no id.", location="/ClinicalDocument/id")
    return root
