"""What an assertion says, read from its signed content into plain values.

Sources: SAML 2.0 core 2; MyHealth@EU SAML Profiles 2.1 to 2.3.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field

from lxml import etree

from ncp.codes import HL7, SAML
from ncp.model import Coded
from ncp.trust.names import Kind

_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(\.\d{1,12})?(Z|[+-]\d\d:\d\d)?")


@dataclass(frozen=True, slots=True)
class Value:
    """One AttributeValue: its text, and the coded element in it where there is one."""

    text: str
    coded: Coded | None = None


@dataclass(frozen=True, slots=True)
class Statement:
    """The content of an assertion; what is absent is empty or None.

    Attributes:
        methods: confirmation methods of the subject.
        advice: IDs in Advice, in document order.
        attributes: values by attribute name; a name that stands twice keeps the first.
        repeated: attribute names that stand more than once.
    """

    kind: Kind | None
    id: str
    version: str
    issued: dt.datetime | None
    issuer: str
    name_id: str
    name_id_format: str
    methods: tuple[str, ...]
    not_before: dt.datetime | None
    not_on_or_after: dt.datetime | None
    audiences: tuple[str, ...]
    authn_instant: dt.datetime | None
    authn_class: str
    advice: tuple[str, ...]
    attributes: dict[str, tuple[Value, ...]] = field(default_factory=dict)
    repeated: tuple[str, ...] = ()

    def text(self, name: str) -> str:
        """Return the first value of an attribute without surrounding space; empty when absent."""
        values = self.attributes.get(name, ())
        return values[0].text if values else ""

    def coded(self, name: str) -> Coded | None:
        """Return the coded first value of an attribute."""
        values = self.attributes.get(name, ())
        return values[0].coded if values else None


def moment(text: str | None) -> dt.datetime | None:
    """Read an instant of SAML (UTC, with or without ``Z``); None for anything else.

    Fractions of a second are read to the microsecond.
    """
    found = _TIME.fullmatch((text or "").strip())
    if not found:
        return None
    fraction = (found[2] or ".0")[:7]
    try:
        value = dt.datetime.fromisoformat(f"{found[1]}{fraction}{(found[3] or 'Z')}")
    except ValueError:
        return None
    return value.astimezone(dt.UTC)


@dataclass(frozen=True, slots=True)
class Claim:
    """What an assertion says that it is, before its signature is looked at; nothing to rely on."""

    kind: Kind | None
    id: str
    issuer: str


def claimed(assertion: etree._Element) -> Claim:
    """Read what an assertion says that it is."""
    issuer = _child(assertion, "Issuer")
    kind = Kind.of(_attribute(issuer, "NameQualifier"))
    return Claim(kind, assertion.get("ID", ""), _text(issuer))


def read(assertion: etree._Element) -> Statement:
    """Read the signed content of an assertion; nothing is judged here."""
    issuer = _child(assertion, "Issuer")
    name_id = _find(assertion, "Subject/NameID")
    conditions = _child(assertion, "Conditions")
    authn = _child(assertion, "AuthnStatement")
    attributes, repeated = _attributes(assertion)
    return Statement(
        Kind.of(_attribute(issuer, "NameQualifier")),
        assertion.get("ID", ""),
        assertion.get("Version", ""),
        moment(assertion.get("IssueInstant")),
        _text(issuer),
        _text(name_id),
        _attribute(name_id, "Format"),
        tuple(e.get("Method", "") for e in _all(assertion, "Subject/SubjectConfirmation")),
        moment(_attribute(conditions, "NotBefore")),
        moment(_attribute(conditions, "NotOnOrAfter")),
        tuple(_text(e) for e in _all(assertion, "Conditions/AudienceRestriction/Audience")),
        moment(_attribute(authn, "AuthnInstant")),
        _text(_find(assertion, "AuthnStatement/AuthnContext/AuthnContextClassRef")),
        tuple(_text(e) for e in _all(assertion, "Advice/AssertionIDRef")),
        attributes,
        repeated,
    )


def _attributes(
    assertion: etree._Element,
) -> tuple[dict[str, tuple[Value, ...]], tuple[str, ...]]:
    found: dict[str, tuple[Value, ...]] = {}
    repeated: list[str] = []
    for attribute in _all(assertion, "AttributeStatement/Attribute"):
        name = attribute.get("Name", "")
        values = tuple(_value(e) for e in attribute.findall(f"{{{SAML}}}AttributeValue"))
        if name in found:
            repeated.append(name)
        else:
            found[name] = values
    return found, tuple(dict.fromkeys(repeated))


def _value(element: etree._Element) -> Value:
    text = "".join(map(str, element.itertext())).strip()
    for child in element:
        if etree.QName(child).namespace == HL7:
            return Value(text, Coded(child.get("code", ""), child.get("codeSystem", ""),
                                     child.get("displayName", ""),
                                     child.get("codeSystemName", "")))  # fmt: skip
    return Value(text)


def _path(path: str) -> str:
    return "/".join(f"{{{SAML}}}{name}" for name in path.split("/"))


def _child(element: etree._Element, name: str) -> etree._Element | None:
    return element.find(f"{{{SAML}}}{name}")


def _find(element: etree._Element, path: str) -> etree._Element | None:
    return element.find(_path(path))


def _all(element: etree._Element, path: str) -> list[etree._Element]:
    return element.findall(_path(path))


def _text(element: etree._Element | None) -> str:
    return "" if element is None else "".join(map(str, element.itertext())).strip()


def _attribute(element: etree._Element | None, name: str) -> str:
    return "" if element is None else element.get(name, "")
