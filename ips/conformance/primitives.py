"""The formats of FHIR R4 primitives (R4 datatypes, 2.24.0.1), each as a check of one JSON value."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable
from datetime import date
from typing import Any

INTEGER = 2**31

_YEAR = r"(?!0000)\d{4}"
_DATE = re.compile(rf"^{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01]))?)?$")
_ZONE = r"(Z|[+-]((0\d|1[0-3]):[0-5]\d|14:00))"
_TIME_PART = r"([01]\d|2[0-3]):[0-5]\d:([0-5]\d|60)(\.\d{1,9})?"
_DATE_TIME = re.compile(
    rf"^{_YEAR}(-(0[1-9]|1[0-2])(-(0[1-9]|[12]\d|3[01])(T{_TIME_PART}{_ZONE})?)?)?$"
)
_INSTANT = re.compile(rf"^{_YEAR}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T{_TIME_PART}{_ZONE}$")
_TIME = re.compile(rf"^{_TIME_PART}$")
_CODE = re.compile(r"^[^\s]+( [^\s]+)*$")
_ID = re.compile(r"^[A-Za-z0-9.-]{1,64}$")
_OID = re.compile(r"^urn:oid:[0-2](\.(0|[1-9]\d*))+$")
_UUID = re.compile(r"^urn:uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")
_ABSOLUTE = re.compile(r"^[a-z][a-z0-9+.-]*:[^\s]")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BASE64 = re.compile(r"^[A-Za-z0-9+/\s]*={0,2}\s*$")


def _real_day(text: str) -> bool:
    """Whether the day exists in its month; a month or year alone always does."""
    try:
        if len(text) >= 10:
            date.fromisoformat(text[:10])
    except ValueError:
        return False
    return True


def _text(value: Any) -> bool:
    return isinstance(value, str) and value.strip() != "" and not _CONTROL.search(value)


def _oid(value: Any) -> bool:
    """Whether a value is the URN of an object identifier, and not of a whole branch of the tree.

    The official validator refuses those that end within the first characters (``urn:oid:2.16``),
    but not under 1.3 (`InstanceValidator`, Type_Specific_Checks_DT_OID_Valid).
    """
    if not isinstance(value, str) or not _OID.match(value):
        return False
    number = value.removeprefix("urn:oid:")
    return number.rfind(".") >= 4 or number.startswith("1.3")


def _uri(value: Any) -> bool:
    if not isinstance(value, str) or not value or any(c.isspace() for c in value):
        return False
    if value.startswith("urn:oid:"):
        return _oid(value)
    if value.startswith(("oid:", "uuid:")):
        return False
    return not value.startswith("urn:uuid:") or _UUID.match(value) is not None


def _canonical(value: Any) -> bool:
    """Whether a value is an absolute URL, with or without a version, or a fragment."""
    if not _uri(value.split("|", 1)[0] if isinstance(value, str) else value):
        return False
    return not any(c.isspace() for c in value) and (value[0] == "#" or is_absolute(value))


def is_absolute(value: str) -> bool:
    """Whether a URL names its scheme, in small letters, and something in it."""
    return _ABSOLUTE.match(value) is not None


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, str) and pattern.match(value) is not None


def _dated(pattern: re.Pattern[str]) -> Callable[[Any], bool]:
    return lambda value: (
        isinstance(value, str) and pattern.match(value) is not None and _real_day(value)
    )


def _integer(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _base64(value: Any) -> bool:
    if not isinstance(value, str) or not value or not _BASE64.match(value):
        return False
    try:
        base64.b64decode("".join(value.split()), validate=True)
    except (binascii.Error, ValueError):
        return False
    return True


CHECKS: dict[str, Callable[[Any], bool]] = {
    "base64Binary": _base64,
    "boolean": lambda value: type(value) is bool,
    "canonical": _canonical,
    "code": _matching(_CODE),
    "date": _dated(_DATE),
    "dateTime": _dated(_DATE_TIME),
    "decimal": lambda value: type(value) in (int, float),
    "id": _matching(_ID),
    "instant": _dated(_INSTANT),
    "integer": _integer(-INTEGER, INTEGER - 1),
    "markdown": _text,
    "oid": _oid,
    "positiveInt": _integer(1, INTEGER - 1),
    "string": _text,
    "time": _matching(_TIME),
    "unsignedInt": _integer(0, INTEGER - 1),
    "uri": _uri,
    "url": _uri,
    "uuid": _matching(_UUID),
    "xhtml": _text,
}

EXPECTED: dict[str, str] = {
    "boolean": "true or false",
    "date": "YYYY, YYYY-MM or YYYY-MM-DD, a day that exists",
    "dateTime": "a date, or a date with time, seconds and time zone",
    "instant": "a date with time, seconds and time zone",
    "time": "hh:mm:ss",
    "decimal": "a number",
    "integer": "a whole number",
    "positiveInt": "a whole number from 1",
    "unsignedInt": "a whole number from 0",
    "code": "no white space at either end, none doubled",
    "id": "1 to 64 letters, digits, - and .",
    "oid": "urn:oid: and a dotted number of more than a branch",
    "uuid": "urn:uuid: and a UUID in small letters",
    "base64Binary": "base64",
    "uri": "a URI without white space",
    "url": "a URL without white space",
    "canonical": "a URL without white space",
}


def expected(type_: str, value: Any = None) -> str:
    """Return what a primitive of a type looks like, for a message about a value."""
    text = value if isinstance(value, str) else ""
    if type_ in ("uri", "url", "canonical") and not any(c.isspace() for c in text):
        if text.startswith(("urn:oid:", "oid:")):
            return EXPECTED["oid"]
        if text.startswith(("urn:uuid:", "uuid:")):
            return EXPECTED["uuid"]
        if type_ == "canonical" and text:
            return "an absolute URL"
    return EXPECTED.get(type_, "text that is not empty")
