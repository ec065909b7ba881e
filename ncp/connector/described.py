"""What a registry must know of a CDA document, read from the document itself.

Works on documents of any country: the head (MyHealth@EU header templates) and, for prescriptions,
the ordered items (template 1.3.6.1.4.1.12559.11.10.1.3.1.3.2).
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from lxml import etree

from data.errors import InputError, Problem
from ips.xml import parse
from ncp import codes
from ncp.connector.people import person
from ncp.model import Coded, DocumentKind, Person
from ncp.store.prescriptions import Order

_NS = {"v": codes.HL7, "p": "urn:hl7-org:pharm"}
_PDF_SIZE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Described:
    """One document.

    Attributes:
        unique_id: ``root^extension`` or a root alone.
        related: ids of the documents that it names as another form of itself.
        set_id: what the levels of one content share; empty where none is given.
        level: 3 with a structured body, 1 with a PDF or picture.
        created: effective time of the document.
        orders: the ordered items of a prescription, uncancelled where the document is active.
        valid_until: last day of the prescription; None where none is given.
    """

    unique_id: str
    related: tuple[str, ...]
    set_id: str
    kind: DocumentKind
    level: int
    title: str
    created: dt.datetime
    language: str
    person: Person
    author_person: str = ""
    author_institution: str = ""
    description: str = ""
    events: tuple[Coded, ...] = ()
    orders: tuple[Order, ...] = ()
    valid_until: dt.date | None = None


def describe(content: bytes, name: str) -> Described:
    """Describe a CDA document.

    Args:
        content: the document.
        name: its name, for errors.

    Raises:
        InputError: unreadable, of an unknown kind, or without id, time or patient.
    """
    root = parse(content, name=name, limit=_PDF_SIZE)
    kind = _kind(root, name)
    unique_id = identifier(root.find("v:id", _NS))
    role = root.find("v:recordTarget/v:patientRole", _NS)
    created = _moment(_get(root, "v:effectiveTime/@value"))
    if not unique_id or role is None or not created:
        raise _wrong("the document has no id, no patient or no time", name)
    author = root.find("v:author/v:assignedAuthor", _NS)
    made = Described(
        unique_id,
        tuple(filter(None, map(identifier, root.iterfind(
            "v:relatedDocument/v:parentDocument/v:id", _NS)))),
        identifier(root.find("v:setId", _NS)), kind,
        3 if root.find("v:component/v:structuredBody", _NS) is not None else 1,
        _words(root.find("v:title", _NS)), created, _get(root, "v:languageCode/@code") or "en-GB",
        person(role, name), _name(author), _organisation(root, author),
    )  # fmt: skip
    items = root.findall(".//v:entry/v:substanceAdministration", _NS)
    if kind is DocumentKind.EPRESCRIPTION and items:
        made = _prescription(made, items)
    return made


def identifier(element: etree._Element | None) -> str:
    """Return an HL7 II as ``root^extension``, or the root alone."""
    if element is None or not element.get("root"):
        return ""
    root, extension = str(element.get("root")), element.get("extension")
    return f"{root}^{extension}" if extension else root


def quantity(element: etree._Element | None) -> tuple[Decimal, str] | None:
    """Return value and unit of a PQ; None where there is no positive number."""
    if element is None:
        return None
    try:
        value = Decimal(str(element.get("value")))
    except InvalidOperation:
        return None
    return (value, element.get("unit") or "1") if value.is_finite() and value > 0 else None


def pack_size(material: etree._Element | None) -> tuple[Decimal, str] | None:
    """Return what one package holds: the product of nested ``asContent`` quantities."""
    total: tuple[Decimal, str] | None = None
    for content in [] if material is None else material.iterfind(".//p:asContent", _NS):
        found = quantity(content.find("p:quantity", _NS))
        if found is not None:
            total = found if total is None else (total[0] * found[0], total[1])
    return total


def _kind(root: etree._Element, name: str) -> DocumentKind:
    try:
        if etree.QName(root).localname != "ClinicalDocument":
            raise ValueError
        return DocumentKind(_get(root, "v:code/@code"))
    except ValueError:
        raise _wrong("no clinical document of a kind that is exchanged", name) from None


def _prescription(made: Described, items: list[etree._Element]) -> Described:
    patient = made.person.ids[0]
    orders, days = [], []
    for number, item in enumerate(items, 1):
        supply = item.find("v:entryRelationship/v:supply", _NS)
        amount = quantity(supply.find("v:quantity", _NS) if supply is not None else None)
        repeats = _get(supply, "v:repeatNumber/@value")
        stopped = _get(item, "v:statusCode/@code") not in ("", "active")
        orders.append(
            Order(made.unique_id, identifier(item.find("v:id", _NS)) or str(number), patient,
                  amount[0] if amount else Decimal(1),
                  repeats=int(repeats) if repeats.isdigit() else 0,
                  unit=amount[1] if amount else "1",
                  packaged=item.find(".//p:containerPackagedProduct", _NS) is not None,
                  cancelled=stopped)
        )  # fmt: skip
        end = _get(supply, "v:effectiveTime/v:high/@value")
        if re.match(r"\d{8}", end):
            days.append(dt.datetime.strptime(end[:8], "%Y%m%d").date())  # noqa: DTZ007
    material = items[0].find("v:consumable/v:manufacturedProduct/v:manufacturedMaterial", _NS)
    return replace(
        made, orders=tuple(orders), valid_until=max(days, default=None),
        description=_words(material.find("v:name", _NS) if material is not None else None),
        events=_events(items[0], material, any(not o.cancelled for o in orders)),
    )  # fmt: skip


def _events(
    item: etree._Element, material: etree._Element | None, dispensable: bool
) -> tuple[Coded, ...]:
    """Return the eventCodeList of an ePrescription (OpenNCP EpListParam): five of them."""
    found = [dispensability(dispensable)]
    for path, system in (
        ("p:asSpecializedKind/p:generalizedMaterialKind/p:code", codes.ATC),
        ("p:ingredient/p:ingredientSubstance/p:code", codes.ATC),
    ):
        code = material.find(path, _NS) if material is not None else None
        if code is not None and code.get("code") and code.get("codeSystem") == system:
            found.append(_coded(code))
            break
    form = material.find("p:formCode", _NS) if material is not None else None
    if form is not None and form.get("code"):
        found.append(_coded(form))
    strength = _strength(material)
    if strength:
        found.append(Coded(strength, codes.STRENGTH_SYSTEM, strength, "Strength of medication"))
    for observation in item.iterfind("v:entryRelationship/v:observation", _NS):
        value = observation.find("v:value", _NS)
        if _get(observation, "v:code/@code") == "SUBST" and value is not None and value.get("code"):
            found.append(_coded(value))
    return tuple(found)


def dispensability(open_: bool) -> Coded:
    """Return the event code that says whether a prescription can be dispensed (IHE XDW)."""
    if open_:
        return Coded(codes.DISPENSABLE, codes.DISPENSABLE_SYSTEM, "Dispensable")
    return Coded(codes.NOT_DISPENSABLE, codes.DISPENSABLE_SYSTEM, "Not dispensable")


def _strength(material: etree._Element | None) -> str:
    parts = []
    for amount in [] if material is None else material.iterfind("p:ingredient/p:quantity", _NS):
        top = quantity(_either(amount, "numerator"))
        under = quantity(_either(amount, "denominator"))
        if top and under:
            parts.append(f"{_shown(*top)} / {_shown(*under)}")
    return "; ".join(parts)


def _either(element: etree._Element, name: str) -> etree._Element | None:
    # CDA extensions differ in which namespace numerator and denominator stand.
    found = element.find(f"v:{name}", _NS)
    return found if found is not None else element.find(f"p:{name}", _NS)


def _shown(value: Decimal, unit: str) -> str:
    return f"{value.normalize():f}" + (f" {unit}" if unit != "1" else "")


def _coded(element: etree._Element) -> Coded:
    display = element.get("displayName") or element.get("code") or ""
    return Coded(str(element.get("code")), element.get("codeSystem") or "", display,
                 element.get("codeSystemName") or "")  # fmt: skip


def _name(author: etree._Element | None) -> str:
    found = author.find("v:assignedPerson/v:name", _NS) if author is not None else None
    if found is None:
        return ""
    parts = [_words(one) for tag in ("prefix", "given", "family")
             for one in found.iterfind(f"v:{tag}", _NS)]  # fmt: skip
    return " ".join(filter(None, parts)) or _words(found)


def _organisation(root: etree._Element, author: etree._Element | None) -> str:
    own = author.find("v:representedOrganization/v:name", _NS) if author is not None else None
    return _words(own) or _words(
        root.find(".//v:representedCustodianOrganization/v:name", _NS)
    )  # fmt: skip


def _words(element: etree._Element | None) -> str:
    return "" if element is None else " ".join("".join(map(str, element.itertext())).split())


def _get(element: etree._Element | None, path: str) -> str:
    """Return an attribute by path, ``v:code/@code``; empty where it is not."""
    steps, _, attribute = path.rpartition("/@")
    found = element.find(steps, _NS) if element is not None else None
    return str(found.get(attribute) or "") if found is not None else ""


def _moment(text: str) -> dt.datetime | None:
    """Read an HL7 TS of day precision or better; without zone it is taken as UTC."""
    found = re.fullmatch(r"(\d{8})(\d{4})?(\d{2})?(?:\.\d+)?([+-]\d{4})?", text)
    if not found:
        return None
    digits = found[1] + (found[2] or "0000") + (found[3] or "00")
    try:
        return dt.datetime.strptime(digits + (found[4] or "+0000"), "%Y%m%d%H%M%S%z")
    except ValueError:
        return None


def _wrong(what: str, name: str) -> InputError:
    return InputError(Problem(what, name, rule="MyHealth@EU CDA header",
                              remedy="check it with: ehds ips check FILE"))  # fmt: skip
