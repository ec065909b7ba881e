"""The data types of CDA in FHIR: codes, times, quantities, identifiers (HL7 V3 DT release 1)."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any

from ips.cda.read import tables
from ips.cda.read.node import Node, clean
from ips.identifiers import mask
from ips.loss import Fate
from ips.summary.periods import mend

Json = dict[str, Any]

_TIME = re.compile(
    r"(\d{4})(?:-?(\d{2})(?:-?(\d{2})(?:[T ]?(\d{2})(?::?(\d{2})(?::?(\d{2})(\.\d{1,9})?)?)?"
    r"\s*(Z|[+-]\d{2}:?\d{2})?)?)?)?",
    re.ASCII,
)
_SNOMED = "http://snomed.info/sct"
_NO_EDITION = "FHIR names a version of SNOMED CT by its edition too, which CDA does not tell."
_UCUM = "http://unitsofmeasure.org"
_NUMBER = re.compile(r"[+-]?\d{1,18}(\.\d{1,18})?([eE][+-]?\d{1,2})?", re.ASCII)
_CODED = ("code", "codeSystem", "codeSystemName", "codeSystemVersion", "displayName")
_ODD_SPACE = re.compile(r"\s\s|[^\S ]")
MAX_NUMBER = 1e15
"""What is larger, or as small, is no measurement; up to here every whole number is exact."""


def concept(node: Node | None, *, extra: tuple[Json, ...] = ()) -> Json:
    """Return the CodeableConcept of a CD, CE or CV; empty when it says nothing.

    The code comes first, then its translations, innermost last; ``originalText`` (or the name of
    the code) is the text. Notes the fate of the code.

    Args:
        node: the coded element.
        extra: codings that go first.
    """
    if node is None:
        return {}
    codings: list[Json] = [*extra]
    doubts: list[str] = []
    _codings(node, codings, doubts)
    original = node.one("originalText")
    text = original.text() if original else ""
    text = clean(text or next((c["display"] for c in codings if c.get("display")), ""))
    result: Json = {}
    if codings:
        result["coding"] = codings
    if text:
        result["text"] = text
    _note_concept(node, codings, text, doubts)
    return result


def coding(node: Node) -> tuple[str, str]:
    """Return system and code of an element without noting it."""
    return tables.system_uri(node.get("codeSystem"), node.get("codeSystemName")), node.get("code")


def _codings(node: Node, found: list[Json], doubts: list[str]) -> None:
    code, oid, name, version, display = node.gets(*_CODED)
    if code and _ODD_SPACE.search(code):
        code = " ".join(code.split())
    if code and not code.strip("."):
        node.note(code, Fate.NOT_CARRIED, "This is no code.")
    elif code:
        system, doubt = _system(oid, name)
        if doubt:
            doubts.append(doubt)
        made = {"system": system} if system else {}
        made["code"] = clean(code)
        if version and system != _SNOMED:
            made["version"] = clean(version)
        elif version:
            place = f"{node.where}/@codeSystemVersion"
            node.reading.note(place, version, Fate.NOT_CARRIED, _NO_EDITION)
        if display:
            made["display"] = clean(display)
        if made not in found:
            found.append(made)
    for translation in node.many("translation"):
        _codings(translation, found, doubts)
        original = translation.one("originalText")
        if original and original.text():
            found.append({"display": clean(original.text())})


@lru_cache(maxsize=1024)
def _system(oid: str, name: str) -> tuple[str, str]:
    """Return the URI of a code system by its OID and name, and what is doubtful about them."""
    if tables.OID.fullmatch(oid):
        return tables.system_uri(oid, name), ""
    if tables.OID.fullmatch(name):
        return tables.system_uri(name), "Name and OID of the code system had changed places."
    return "", "The code system is not named by an OID; the code travels without its system."


def _note_concept(node: Node, codings: list[Json], text: str, doubts: list[str]) -> None:
    shown = codings[0] if codings else {}
    system, code = str(shown.get("system", "")), str(shown.get("code", ""))
    known = system == _SNOMED  # whose codes may be as long as a person's number
    value = text if known else f"{code} {text}".strip()
    open_code = f"{system}|{code}" if known else (f"{system}|" if system else "")
    if code and not doubts:
        node.reading.note(node.where, value, Fate.EXACT, open_code=open_code)
    elif code:
        node.reading.note(node.where, value, Fate.APPROXIMATE, doubts[0], open_code=open_code)
    elif text:
        node.note(text, Fate.AS_TEXT, "The document gives words, no code.")


def moment(node: Node | None) -> str:
    """Return a FHIR dateTime of a TS; empty when there is none or it cannot be read.

    A time of day without time zone is cut to the day, because FHIR asks for the zone.
    """
    if node is None:
        return ""
    raw = node.get("value")
    if not raw:
        return ""
    match = _TIME.fullmatch(raw)
    if not match or not _is_date(match):
        node.note(raw, Fate.NOT_CARRIED, "This is not a point in time of HL7 V3.")
        return ""
    year, month, day, hour, minute, second, fraction, zone = match.groups()
    text = "-".join(part for part in (year, month, day) if part)
    if not hour:
        return text
    if not zone:
        node.note(raw, Fate.APPROXIMATE, "Cut to the day: the time has no time zone.")
        return text
    zone = zone if zone == "Z" or ":" in zone else f"{zone[:3]}:{zone[3:]}"
    return f"{text}T{hour}:{minute or '00'}:{second or '00'}{fraction or ''}{zone}"


def _is_date(match: re.Match[str]) -> bool:
    year, month, day, hour, minute, second, _, zone = match.groups()
    try:
        dt.datetime(int(year), int(month or 1), int(day or 1), int(hour or 0),
                    int(minute or 0), int(second or 0), tzinfo=dt.UTC)  # fmt: skip
    except ValueError:
        return False
    if zone and zone != "Z":
        hours, minutes = int(zone[1:3]), int(zone[-2:])
        return (hours < 14 and minutes < 60) or (hours, minutes) == (14, 0)
    return True


def period(node: Node | None) -> Json:
    """Return the Period of an IVL_TS; a single value is both its ends."""
    if node is None:
        return {}
    node.get("value")
    result = {}
    for name, key in (("low", "start"), ("high", "end")):
        value = moment(node.one(name))
        if value:
            result[key] = value
    if not result:
        value = moment(node) or moment(node.one("center"))
        return {"start": value, "end": value} if value else {}
    if len(result) == 2:
        mend(result, node.where, node.reading.loss)
    return result


def when(node: Node | None, stem: str, *, period_form: bool = True) -> Json:
    """Return ``{stem}DateTime`` or ``{stem}Period`` of a time.

    Args:
        node: TS or IVL_TS.
        stem: ``performed``, ``effective``.
        period_form: whether a Period may be written; otherwise the start is.
    """
    if node is None:
        return {}
    span = period(node)
    if not span:
        return {}
    single = node.one("low") is None and node.one("high") is None
    if single:
        return {f"{stem}DateTime": span["start"]}
    if period_form:
        return {f"{stem}Period": span}
    return {f"{stem}DateTime": span.get("start") or span["end"]}


def number(text: str) -> int | float | None:
    """Return a number as JSON has it, or None when the text is none.

    A whole number is an int; the trailing zeros of a decimal are not kept.
    """
    if not _NUMBER.fullmatch(text):
        return None
    value = float(text)
    if abs(value) >= MAX_NUMBER or (value and abs(value) < 1 / MAX_NUMBER):
        return None
    return int(value) if value.is_integer() else value


def quantity(node: Node | None) -> Json:
    """Return the Quantity of a PQ; empty when it has no value.

    A PQ that is null says its number in a translation, with the words that UCUM has no unit for.
    """
    if node is None:
        return {}
    raw, unit = node.get("value"), node.get("unit")
    if not raw:
        return next(filter(None, map(_beside, node.many("translation"))), {})
    value = number(raw)
    if value is None:
        node.note(f"{raw} {unit}", Fate.NOT_CARRIED, "This is not a number.")
        return {}
    result: Json = {"value": value}
    if unit:
        result |= {"unit": clean(unit), "system": _UCUM, "code": clean(unit)}
        if re.search(r"\s", unit):
            node.note(unit, Fate.AS_TEXT, "This is not a unit of UCUM.")
            result = {"value": value, "unit": clean(unit)}
    for translation in node.many("translation"):
        result = _translated(translation, result)
    return result


def _beside(node: Node) -> Json:
    value = number(node.get("value")) if node.get("value") else None
    return {} if value is None else _translated(node, {"value": value})


def _translated(node: Node, quantity_: Json) -> Json:
    """Return a quantity with the unit that its translation names.

    A PQ has a unit of UCUM; a unit of presentation (EDQM) or words stand in the translation of a
    quantity without dimension.
    """
    if quantity_.get("code", "1") != "1":
        return quantity_
    original = node.one("originalText")
    written = clean(original.text()) if original is not None else ""
    code, shown = node.get("code"), node.get("displayName")
    system = tables.system_uri(node.get("codeSystem"), node.get("codeSystemName"))
    if code and system:
        node.note(f"{code} {shown}", Fate.EXACT)
        unit = clean(written or shown or code)
        return {"value": quantity_["value"], "unit": unit, "system": system, "code": clean(code)}
    if written:
        node.note(written, Fate.EXACT)
        return {"value": quantity_["value"], "unit": written}
    return quantity_


def ratio(node: Node | None) -> Json:
    """Return the Ratio of numerator and denominator; a bare quantity is per one."""
    if node is None:
        return {}
    top, bottom = quantity(node.one("numerator")), quantity(node.one("denominator"))
    if not top:
        top = quantity(node)
    if not top:
        return {}
    one = {"value": 1, "unit": "1", "system": _UCUM, "code": "1"}
    return {"numerator": top, "denominator": bottom or one}


def span(node: Node | None) -> Json:
    """Return the Range or Quantity of an IVL_PQ, under ``range`` or ``quantity``."""
    if node is None:
        return {}
    low, high = quantity(node.one("low")), quantity(node.one("high"))
    if low and high and low == high:
        return {"quantity": low}
    if low and high and (low.get("code") != high.get("code") or low["value"] > high["value"]):
        node.note(f"{low['value']}-{high['value']}", Fate.NOT_CARRIED,
                  "The ends are in the wrong order or in two units.")  # fmt: skip
        return {}
    if low or high:
        return {"range": {k: v for k, v in (("low", low), ("high", high)) if v}}
    single = quantity(node)
    return {"quantity": single} if single else {}


def bounded(node: Node) -> Json:
    """Return the value of an IVL_PQ: open on one side it is a Quantity with a comparator."""
    found = span(node)
    limits = found.get("range", {})
    if len(limits) != 1:
        return found
    ((end, value),) = limits.items()
    bound = node.one(end)
    closed = bound is None or bound.get("inclusive") != "false"
    sign = (">" if end == "low" else "<") + ("=" if closed else "")
    return {"quantity": {"value": value["value"], "comparator": sign, **value}}


def identifier(node: Node) -> Json:
    """Return the Identifier of an II; empty when it has only a null flavour."""
    root, extension, owner = node.gets("root", "extension", "assigningAuthorityName")
    extension = clean(extension)
    if not root:
        return {"value": extension} if extension else {}
    if tables.OID.fullmatch(root):
        if extension:
            if root.startswith("2.25."):
                return {"system": tables.system_uri(root, owner), "value": extension}
            return {"system": tables.oid_uri(root), "value": extension}
        return {"system": "urn:ietf:rfc:3986", "value": f"urn:oid:{root}"}
    if tables.UUID.fullmatch(root):
        urn = f"urn:uuid:{root.lower()}"
        return (
            {"system": urn, "value": extension}
            if extension
            else {"system": "urn:ietf:rfc:3986", "value": urn}
        )
    node.note(mask(root), Fate.APPROXIMATE, "The root is neither OID nor UUID; it is left out.")
    return {"value": extension or clean(root)}


def identifiers(node: Node) -> list[Json]:
    """Return the identifiers of an element, each once."""
    found: list[Json] = []
    for child in node.many("id"):
        made = identifier(child)
        if made and made not in found:
            found.append(made)
    return found
