"""FHIR data types as those of HL7 V3: codes, times, quantities, identifiers, names, addresses."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

from ips.cda.names import Pair, oid_of
from ips.cda.write.context import Anchor, Context, Resource
from ips.cda.write.element import Element, add, printable, put
from ips.loss import Fate
from ips.terms import in_value_set, label, list_id, normalise_system

SNOMED = "http://snomed.info/sct"
LOINC = "http://loinc.org"
ATC = "http://www.whocc.no/atc"
EDQM = "http://standardterms.edqm.eu"
UCUM = "http://unitsofmeasure.org"
ICD10 = "http://hl7.org/fhir/sid/icd-10"
ORPHA = "https://www.orpha.net"
EMDN = "urn:oid:1.3.6.1.4.1.12559.11.10.1.3.1.44.6"
ABSENT = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"

_NATIONAL = "urn:oid:2.16.578."
_ROOT = re.compile(r"[0-2](\.(0|[1-9]\d*))+|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}")
"""An OID or a UUID: what the root of an identifier may be."""
_CODE = re.compile(r"[!-\uffff]+")
"""A code of CDA has no blanks (HL7 V3 data type cs); FHIR allows single ones."""
_ANNOTATION = re.compile(r"[!-z|~]{1,20}")
"""What UCUM admits between braces: a unit in words that is no UCUM code."""
_TIME = re.compile(
    r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(?:\.\d+)?)?(Z|[+-]\d\d:\d\d)?)?)?)?"
)


def code(
    parent: Element, name: str, concept: Resource | None, wanted: Sequence[str], context: Context,
    anchor: Anchor, path: str, *, cell: str = "", xsi: str = "", sets: Sequence[str] = (),
) -> Element:  # fmt: skip
    """Append a coded element: the code in the wanted system, the others as translations.

    The pivot form puts the European code first, named in English; the friendly form the national
    one, named in the national language. Without a code of a wanted system the pivot says
    ``nullFlavor="OTH"`` and names the system; without any code it keeps the words.

    Args:
        parent: gets the element.
        name: its name.
        concept: FHIR CodeableConcept.
        wanted: URIs of the systems of its value set, best first.
        context: the document.
        anchor: where its words stand.
        path: place in the source, for the loss report.
        cell: column of the words.
        xsi: ``CD`` or ``CE`` where the type must be named.
        sets: value sets of the element; a code that is known to be in none of them goes beside.
    """
    concept = concept or {}
    codings = _distinct(concept.get("coding", ()))
    usable = [one for one in codings if _usable(one, sets)]
    for one in concept.get("coding", ()):
        if isinstance(one, dict) and re.search(r"\s", str(one.get("code") or "")):
            context.note(path, one, Fate.NOT_CARRIED, "A code of CDA has no blanks.",
                         obligations=anchor.obligations)  # fmt: skip
    chosen = _choose(usable, wanted, context.form)
    element = add(parent, name, type_=xsi)
    if chosen:
        _write(element, chosen, context, chosen_text(concept))
    elif codings or concept.get("text"):
        element.set("nullFlavor", "OTH")
        element.set("codeSystem", oid_of(wanted[0])[0])
    else:
        element.set("nullFlavor", "NI")
    if codings or concept.get("text"):
        names = (str(one.get("display") or "") for one in codings)
        reference = anchor.words(cell, chosen_text(concept), *names) if cell else anchor.row
        add(add(element, "originalText"), "reference", value=f"#{reference}")
    for other in codings:
        if other is not chosen:
            _write(add(element, "translation"), other, context, "")
    _note(codings, concept, chosen, context, path, anchor.obligations)
    return element


def _usable(coding: Resource, sets: Sequence[str]) -> bool:
    """Return whether a code may stand as the code itself: no value set is known to lack it."""
    if coding["system"].startswith(_NATIONAL):
        return True
    known = [in_value_set(name, coding["system"], str(coding["code"])) for name in sets]
    return not known or any(one is not False for one in known)


def chosen_text(concept: Resource) -> str:
    """Return the source's own words for a concept."""
    return str(concept.get("text") or "")


def is_code(value: Any) -> bool:
    """Return whether a value can stand as a code of CDA."""
    return isinstance(value, str) and bool(_CODE.fullmatch(value))


def _distinct(codings: Iterable[Any]) -> list[Resource]:
    """Return the codings that have a system and a code that CDA can carry, each code once."""
    found: dict[tuple[str, str], Resource] = {}
    for one in codings:
        if isinstance(one, dict) and one.get("system") and is_code(one.get("code")):
            key = (normalise_system(str(one["system"])), str(one["code"]))
            found.setdefault(key, {**one, "system": key[0], "code": key[1]})
    return list(found.values())


def _choose(codings: list[Resource], wanted: Sequence[str], form: str) -> Resource | None:
    european = next((c for system in wanted for c in codings if c["system"] == system), None)
    national = next((c for c in codings if c["system"].startswith(_NATIONAL)), None)
    return (national or european) if form == "friendly" else european


def _write(element: Element, coding: Resource, context: Context, words: str) -> None:
    system = coding["system"]
    oid, name = oid_of(system)
    put(element, "code", str(coding["code"]))
    put(element, "codeSystem", oid)
    put(element, "codeSystemName", name)
    put(element, "codeSystemVersion", str(coding.get("version") or ""))
    put(element, "displayName", display(coding, context, words))


def display(coding: Resource, context: Context, words: str = "") -> str:
    """Return the name of a code in the language of the form; empty when none is at hand.

    National codes keep their national name. An ATC name comes from a national register, so it is
    given abroad only where its English name is known.
    """
    system, value, given = coding["system"], str(coding["code"]), str(coding.get("display") or "")
    if system.startswith(_NATIONAL):
        return given or label(system, value, "nb") or ""
    if context.lang == "en":
        return label(system, value, "en") or ("" if system == ATC else given)
    return given if system == ATC else words or given


def _note(
    codings: list[Resource], concept: Resource, chosen: Resource | None, context: Context,
    path: str, obligations: Iterable[str],
) -> None:  # fmt: skip
    words = str(concept.get("text") or "")
    if not codings:
        if words:
            context.note(path, words, Fate.AS_TEXT, "The source gives words, no code.",
                         obligations=obligations)  # fmt: skip
        return
    first = codings[0]
    shown = f"{first['code']} {first.get('display') or words}".strip()
    number = list_id(first["system"]) or ""
    if chosen:
        context.note(path, shown, Fate.EXACT, obligations=obligations, list_id=number)
    else:
        context.note(
            path, shown, Fate.APPROXIMATE,
            "No code is known to stand in the European value set; what the source has travels as a "
            "translation under nullFlavor OTH.", obligations=obligations, list_id=number,
        )  # fmt: skip


def pair(parent: Element, name: str, one: Pair, context: Context, xsi: str = "") -> Element:
    """Append one of the small codes of the tables, named in the language of the form."""
    oid, system = oid_of(one.system)
    return add(parent, name, type_=xsi, code=one.code, codeSystem=oid, codeSystemName=system,
               displayName=one.displays[context.lang])  # fmt: skip


def loinc(parent: Element, value: str, shown: str) -> Element:
    """Append a LOINC code that a template fixes."""
    oid, name = oid_of(LOINC)
    return add(parent, "code", code=value, codeSystem=oid, codeSystemName=name, displayName=shown)


def moment(value: Any) -> str:
    """Return a FHIR date, dateTime or instant as TS; empty when it is none."""
    match = _TIME.fullmatch(str(value or ""))
    if not match:
        return ""
    year, month, day, hour, minute, second, zone = match.groups()
    text = year + (month or "") + (day or "")
    if hour:
        zone = "+0000" if zone == "Z" else (zone or "").replace(":", "")
        text += hour + minute + (second or "00") + zone
    return text


def time(parent: Element, name: str, value: Any, **attributes: str) -> Element:
    """Append a TS; ``nullFlavor="UNK"`` when there is no time."""
    shown = moment(value)
    if shown:
        return add(parent, name, value=shown, **attributes)
    return add(parent, name, nullFlavor="UNK", **attributes)


def interval(
    parent: Element, name: str, low: Any, high: Any = None, *, xsi: str = "", null: str = "UNK"
) -> Element:
    """Append an IVL_TS; a missing start has the nullFlavor, a missing end is left out."""
    element = add(parent, name, type_=xsi)
    shown = moment(low)
    add(element, "low", value=shown) if shown else add(element, "low", nullFlavor=null)
    if moment(high):
        add(element, "high", value=moment(high))
    return element


def span(resource: Resource, stem: str) -> tuple[Any, Any]:
    """Return start and end of a choice of times (``onset``, ``effective``, ``performed`` …)."""
    period = resource.get(f"{stem}Period")
    if isinstance(period, dict):
        return period.get("start"), period.get("end")
    return resource.get(f"{stem}DateTime") or resource.get(f"{stem}Instant"), None


def when(parent: Element, name: str, resource: Resource, stem: str) -> None:
    """Append a time as a point where the source gives a point, else as an interval."""
    low, high = span(resource, stem)
    if f"{stem}Period" in resource:
        interval(parent, name, low, high)
    else:
        time(parent, name, low)


def decimal(value: Any) -> str:
    """Return a number with the digits it came with; empty when it is none."""
    if isinstance(value, bool) or value is None:
        return ""
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return ""
    return format(number, "f") if number.is_finite() else ""


def quantity(parent: Element, name: str, value: Any, context: Context, xsi: str = "") -> Element:
    """Append a PQ: unit in UCUM, an EDQM unit of presentation as a translation of ``1``."""
    value = value if isinstance(value, dict) else {}
    number = decimal(value.get("value"))
    element = add(parent, name, type_=xsi)
    if not number:
        element.set("nullFlavor", "UNK")
        return element
    put(element, "value", number)
    system = normalise_system(str(value.get("system", "")))
    unit = str(value.get("code") or "") if system == UCUM else ""
    unit = unit if _CODE.fullmatch(unit) else ""
    coded, written = value.get("code"), str(value.get("unit") or "")
    if unit or not (written or coded):
        put(element, "unit", unit or "1")
    elif is_code(coded) and system and system != UCUM:
        put(element, "unit", "1")  # counted in pieces, which the translation names
        made = add(element, "translation", value=number)
        _write(made, {"system": system, "code": coded, "display": written}, context, written)
    elif _ANNOTATION.fullmatch(written):
        put(element, "unit", f"{{{written}}}")
    else:
        # A bare number would read as pieces, so the number stands beside with its words.
        del element.attributes["value"]
        element.set("nullFlavor", "OTH")
        made = add(element, "translation", value=number, nullFlavor="OTH")
        add(made, "originalText", written or str(coded))
    return element


def identifier(parent: Element, one: Resource, name: str = "id") -> Element | None:
    """Append an II; None (and nothing written) when there is no value."""
    value, system = printable(str(one.get("value") or "")).strip(), str(one.get("system") or "")
    if not value:
        return None
    if system in ("urn:ietf:rfc:3986", ""):
        bare = value.removeprefix("urn:uuid:").removeprefix("urn:oid:")
        if _ROOT.fullmatch(bare):
            return add(parent, name, root=bare)
    if not system:
        return add(parent, name, nullFlavor="UNK", extension=value)
    oid, authority = oid_of(system)
    return add(parent, name, root=oid, extension=value, assigningAuthorityName=authority)


def identifiers(parent: Element, resource: Resource, null: str = "NI") -> None:
    """Append the identifiers of a person or organisation; a nullFlavor where there is none."""
    written = [identifier(parent, one) for one in resource.get("identifier", ())]
    if not any(one is not None for one in written):
        add(parent, "id", nullFlavor=null)


_USES = {"home": "H", "work": "WP", "mobile": "MC", "temp": "TMP"}
_SCHEMES = {"phone": "tel:", "fax": "fax:", "email": "mailto:", "sms": "tel:", "pager": "tel:"}


def telecoms(parent: Element, resource: Resource, *, most: int = 0) -> None:
    """Append telephone numbers and mail addresses; nullFlavor NI where there is none."""
    written = 0
    for one in resource.get("telecom", ()):
        value = str(one.get("value") or "").strip()
        if value and (not most or written < most):
            scheme = "" if re.match(r"[a-z]+:", value) else _SCHEMES.get(one.get("system", ""), "")
            address = scheme + (re.sub(r"\s+", "", value) if scheme != "" else value)
            add(parent, "telecom", value=address, use=_USES.get(one.get("use", ""), ""))
            written += 1
    if not written:
        add(parent, "telecom", nullFlavor="NI")


_ADDRESS_USES = {"home": "H", "work": "WP", "temp": "TMP"}


def addresses(parent: Element, resource: Resource, *, most: int = 1) -> None:
    """Append addresses; nullFlavor NI without parts where there is none."""
    given = resource.get("address", ())
    given = [given] if isinstance(given, dict) else [a for a in given if isinstance(a, dict)]
    written = 0
    for one in given:
        parts = [("streetAddressLine", line) for line in one.get("line", ()) if line]
        parts += [(v3, one[fhir]) for v3, fhir in (("city", "city"), ("postalCode", "postalCode"),
                  ("state", "state"), ("country", "country")) if one.get(fhir)]  # fmt: skip
        if not parts and one.get("text"):
            parts = [("streetAddressLine", one["text"])]
        if parts and written < most:
            element = add(parent, "addr", use=_ADDRESS_USES.get(one.get("use", ""), ""))
            for part, value in parts:
                add(element, part, str(value))
            written += 1
    if not written:
        add(parent, "addr", nullFlavor="NI")


def person(parent: Element, name: str, resource: Resource) -> Element:
    """Append a person with the name that is in use; a nullFlavor where there is none."""
    element = add(parent, name)
    names = [one for one in resource.get("name", ()) if isinstance(one, dict)]
    chosen = next((n for n in names if n.get("use") == "official"), names[0] if names else {})
    human_name(element, chosen)
    return element


def human_name(parent: Element, chosen: Resource) -> None:
    """Append a HumanName: family and given names, the text where it has no parts."""
    families = [chosen["family"]] if chosen.get("family") else []
    givens = [one for one in chosen.get("given", ()) if one]
    if not families and not givens:
        if chosen.get("text"):
            add(parent, "name", str(chosen["text"]))
        else:
            add(parent, "name", nullFlavor="NI")
        return
    element = add(parent, "name")
    for prefix in chosen.get("prefix", ()):
        add(element, "prefix", str(prefix))
    for family in families:
        add(element, "family", str(family))
    for given in givens:
        add(element, "given", str(given))
