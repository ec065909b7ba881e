"""FHIR R4 data types out of a source's JSON: quantities, periods, names, addresses, identifiers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from ips import identifiers, terms
from ips.loss import Fate
from ips.sources.base import CONTACT, PERSONAL
from ips.sources.codes import code_of_word
from ips.sources.node import Node

UCUM = "http://unitsofmeasure.org"
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_COMPARATORS = ("<", "<=", ">=", ">")


_EMPTY: tuple[Any, ...] = (None, "", [], {})


def pack(**parts: Any) -> dict[str, Any]:
    """Return an object of the parts that hold something (0 and False do)."""
    return {key: value for key, value in parts.items() if value or value not in _EMPTY}


def quantity(node: Node, obligations: Iterable[str] = (), *, units: str = "") -> dict[str, Any]:
    """Return a Quantity; a unit without code is translated to UCUM or EDQM where a list allows.

    Args:
        node: the Quantity of the source.
        obligations: ids of the catalogue.
        units: number of the national list of units (``7480``) for units that are only words.
    """
    value = node.number("value")
    unit, code, system = node.text("unit"), node.text("code"), node.text("system")
    comparator = node.code("comparator", _COMPARATORS)
    if value is None:
        return pack(unit=unit) if unit else {}
    made = pack(value=value, comparator=comparator, unit=unit or code)
    if code and system:
        made |= {"system": terms.normalise_system(system), "code": code}
        node.reading.exact(node.path, f"{value} {unit or code}", obligations)
    elif unit:
        made |= unit_code(node, unit, obligations, units)
    return made


def unit_code(
    node: Node, unit: str, obligations: Iterable[str] = (), units: str = ""
) -> dict[str, Any]:
    """Return ``system`` and ``code`` of a unit that the source gives as a word, if one is known."""
    if units:
        found = terms.translate(units, code_of_word(units, unit) or unit, unit)
        if found.carried:
            target = found.carried[0]
            node.reading.lose(node.at("unit"), f"{units}|{unit}", terms.fate(found), found.reason,
                              obligations, units)  # fmt: skip
            return {"system": target.system, "code": target.code}
    plain = _UNITS.get(unit.strip().lower())
    if plain:
        node.reading.exact(node.at("unit"), unit, obligations)
        return {"system": UCUM, "code": plain}
    node.reading.lose(node.at("unit"), unit, Fate.AS_TEXT,
                      "The unit has no counterpart in UCUM or EDQM; it travels as text.",
                      obligations, units)  # fmt: skip
    return {}


_UNITS = {
    "mg": "mg",
    "g": "g",
    "kg": "kg",
    "mikrog": "ug",
    "ug": "ug",
    "µg": "ug",
    "ml": "mL",
    "l": "L",
    "mmol/l": "mmol/L",
    "µmol/l": "umol/L",
    "umol/l": "umol/L",
    "nmol/l": "nmol/L",
    "pmol/l": "pmol/L",
    "mg/l": "mg/L",
    "g/l": "g/L",
    "g/dl": "g/dL",
    "u/l": "U/L",
    "ku/l": "kU/L",
    "mmol/mol": "mmol/mol",
    "%": "%",
    "mmhg": "mm[Hg]",
    "cm": "cm",
    "mm": "mm",
    "fl": "fL",
    "pg": "pg",
    "ng/l": "ng/L",
    "/min": "/min",
    "slag/min": "/min",
    "10#9/l": "10*9/L",
    "10e9/l": "10*9/L",
    "10*9/l": "10*9/L",
    "10^9/l": "10*9/L",
    "10*12/l": "10*12/L",
    "10#12/l": "10*12/L",
    "10e12/l": "10*12/L",
    "10e-3/l": "10*-3/L",
    "mg/l feu": "mg/L{FEU}",
    "ml/min/1,73m2": "mL/min/{1.73_m2}",
    "ml/min/1.73m2": "mL/min/{1.73_m2}",
    "kg/m2": "kg/m2",
    "°c": "Cel",
    "cel": "Cel",
    "grader celsius": "Cel",
    "ie": "[IU]",
    "iu": "[IU]",
    "e": "[arb'U]",
    "stk": "1",
    "dose": "1",
    "doser": "1",
    "mg/mmol": "mg/mmol",
    "mu/l": "m[IU]/L",
    "mie/l": "m[IU]/L",
}


def period(node: Node) -> dict[str, Any]:
    """Return a Period; an end before the start is a fault."""
    start, end = node.moment("start"), node.moment("end")
    if start and end and start[:10] > end[:10] and len(start) >= 10 <= len(end):
        node.reading.fault("the period ends before it starts", node.path, rule="FHIR R4 per-1")
        return pack(start=start)
    return pack(start=start, end=end)


def timed(node: Node, base: str, obligations: Iterable[str] = ()) -> dict[str, Any]:
    """Return the ``base[x]`` element of a resource: dateTime, Period, Age, Range or text.

    Args:
        node: the resource.
        base: ``onset``, ``performed``, ``effective``, ``occurrence`` or ``abatement``.
        obligations: ids of the catalogue.
    """
    if f"{base}DateTime" in node:
        found = node.moment(f"{base}DateTime")
        if found:
            node.reading.exact(node.at(f"{base}DateTime"), found, obligations)
        return pack(**{f"{base}DateTime": found})
    if f"{base}Period" in node:
        return pack(**{f"{base}Period": period(node.node(f"{base}Period"))})
    if f"{base}Age" in node:
        return _at_age(node, base, obligations)
    if f"{base}Range" in node:
        return pack(**{f"{base}Range": span(node.node(f"{base}Range"))})
    return pack(**{f"{base}String": node.text(f"{base}String")})


def _at_age(node: Node, base: str, obligations: Iterable[str]) -> dict[str, Any]:
    """Return an age; that of zero, which FHIR does not have (R4 age-1), in words."""
    found = age(node.node(f"{base}Age"))
    if found and not found["value"]:
        words = f"alder 0 {found['unit']}"
        node.reading.lose(
            node.at(f"{base}Age"), words, Fate.AS_TEXT, "an Age of zero is not allowed in FHIR R4",
            obligations,
        )  # fmt: skip
        return {f"{base}String": words}
    return pack(**{f"{base}Age": found})


def age(node: Node) -> dict[str, Any]:
    """Return an Age: UCUM unit, years where the source gives none (FHIR R4 age-1)."""
    value = node.number("value")
    unit, code = node.text("unit"), node.text("code")
    node.skip("system")
    if value is None or not 0 <= value <= 130 * 366:
        if value is not None:
            node.reading.fault("an age cannot be that", node.path)
        return {}
    return {"value": value, "unit": unit or "år", "system": UCUM, "code": code or "a"}


def span(node: Node, units: str = "") -> dict[str, Any]:
    """Return a Range."""
    return pack(
        low=quantity(node.node("low"), units=units), high=quantity(node.node("high"), units=units)
    )


def notes(node: Node) -> list[dict[str, Any]]:
    """Return the annotations of a resource: text and time."""
    made = []
    for note in node.nodes("note"):
        text = note.text("text")
        if text:
            made.append(
                pack(text=text, time=note.moment("time"), authorString=note.text("authorString"))
            )
    return made


def identifier(node: Node) -> dict[str, Any]:
    """Return an Identifier under its canonical system; a GUID without system becomes a URN.

    Wrong check digits are a fault.
    """
    system, value = node.text("system"), node.text("value")
    use = node.code("use", ("usual", "official", "temp", "secondary", "old"))
    kind = _type(node.node("type"))
    if not value:
        return {}
    if not system and _GUID.fullmatch(value):
        return pack(
            use=use, type=kind, system="urn:ietf:rfc:3986", value=f"urn:uuid:{value.lower()}"
        )
    canonical = identifiers.normalise_system(system) if system else ""
    canonical = canonical or identifiers.normalise_system(
        kind.get("coding", [{}])[0].get("code", "")
    )
    if ":" not in canonical and canonical != identifiers.HNR:
        canonical = ""
    wrong = identifiers.check(canonical, value)
    if wrong:
        node.reading.fault(
            f"identifier: {wrong}",
            node.at("value"),
            rule="check digits of the number",
            remedy="compare with the register",
        )
    real = identifiers.kind_of(canonical, value)
    if not wrong and real != canonical:
        node.reading.warn("the number is of another kind than its system says", node.path,
                          rule="no-basis identifier systems")  # fmt: skip
        canonical = real
    if canonical in identifiers.PERSON_SYSTEMS:
        value = value.replace(" ", "").replace("\u00a0", "")
    span_ = period(node.node("period"))
    node.node("assigner").skip("display", "identifier", "reference", "type")
    return pack(use=use, type=kind, system=canonical, value=value, period=span_)


def _type(node: Node) -> dict[str, Any]:
    codings = []
    for coding in node.nodes("coding"):
        coding.skip("version", "userSelected")
        part = pack(system=terms.normalise_system(coding.text("system")), code=coding.text("code"),
                    display=coding.text("display"))  # fmt: skip
        if part.get("code"):
            codings.append(part)
    return pack(coding=codings, text=node.text("text"))


def human_name(node: Node) -> dict[str, Any]:
    """Return a HumanName; the Norwegian middle name joins the given names (no-basis-middlename)."""
    family, given = node.text("family"), node.texts("given")
    middle = node.extension("no-basis-middlename").text("valueString")
    text = node.text("text")
    if middle and middle not in given:
        given.append(middle)
        node.reading.lose(node.at("extension"), "(middle name)", Fate.APPROXIMATE,
                          "FHIR R4 has no middle name; it travels as the last given name.",
                          PERSONAL)  # fmt: skip
    use = node.code("use", ("usual", "official", "temp", "nickname", "anonymous", "old", "maiden"))
    whole = text or " ".join([*given, family]).strip()
    return pack(use=use, text=whole, family=family, given=given,
                prefix=node.texts("prefix"), suffix=node.texts("suffix"),
                period=period(node.node("period")))  # fmt: skip


def address(node: Node) -> dict[str, Any]:
    """Return an Address; cadastre, urban district and municipality number are noted as lost."""
    for extension in node.extensions("no-basis-address-official"):
        extension.set_aside_whole(
            "Whether the address is the registered one has no place in Europe."
        )
    for extension in node.extensions("no-basis-propertyinformation", "no-basis-urban-district"):
        extension.set_aside_whole(
            "The cadastre and the urban district have no place in Europe.", CONTACT
        )
    municipality = node.node("_district")
    municipality.set_aside_whole("The municipality number has no place in Europe; its name stays.",
                                 CONTACT)  # fmt: skip
    made = pack(
        use=node.code("use", ("home", "work", "temp", "old", "billing")),
        type=node.code("type", ("postal", "physical", "both")),
        text=node.text("text"), line=node.texts("line"), city=node.text("city"),
        district=node.text("district"), state=node.text("state"),
        postalCode=node.text("postalCode"), country=node.text("country"),
        period=period(node.node("period")),
    )  # fmt: skip
    if made.get("city") or made.get("line") or made.get("text"):
        node.reading.exact(node.path, made.get("city", "") or "(address)", CONTACT)
    return made


def telecom(node: Node) -> dict[str, Any]:
    """Return a ContactPoint."""
    system = node.code("system", ("phone", "fax", "email", "pager", "url", "sms", "other"))
    use = node.code("use", ("home", "work", "temp", "old", "mobile"))
    node.skip("rank", "period")
    value = node.text("value")
    return pack(system=system or "other", value=value, use=use) if value else {}
