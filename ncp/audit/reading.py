"""Reads ATNA audit messages of any contact point, in both flavours, for comparison.

Tolerant in what real messages differ in: ``csd-code`` or ``code``, ids as they are or in base64.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass

from lxml import etree

from data.errors import InputError, Problem
from ips.xml import children, local, parse

_SYSLOG = re.compile(rb"^(?:\d{1,9} )?<\d{1,3}>1 (?:[^ <]{1,255} ){5}- (?:\xef\xbb\xbf)?")
"""Frame and header of a syslog message without structured data."""


@dataclass(frozen=True, slots=True)
class Code:
    """A coded value."""

    code: str = ""
    system: str = ""
    display: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class Participant:
    """An ActiveParticipant."""

    user: str
    alternative: str
    requests: bool
    roles: tuple[Code, ...]
    address: str = ""
    address_kind: str = ""


@dataclass(frozen=True, slots=True)
class AuditObject:
    """A ParticipantObjectIdentification; details and query decoded."""

    id: str
    kind: str
    role: str
    type: Code
    life_cycle: str = ""
    query: bytes = b""
    details: tuple[tuple[str, bytes], ...] = ()

    @property
    def ids(self) -> tuple[str, ...]:
        """The id as written, and decoded where it is base64 of text."""
        decoded = _text(self.id)
        return (self.id, decoded) if decoded else (self.id,)


@dataclass(frozen=True, slots=True)
class AuditMessage:
    """What an ATNA message says."""

    event: Code
    types: tuple[Code, ...]
    action: str
    time: str
    outcome: str
    participants: tuple[Participant, ...]
    source: str
    objects: tuple[AuditObject, ...]
    flavour: str

    @property
    def operation(self) -> str:
        """Name of the operation, the display name of the first type code."""
        return self.types[0].display if self.types else ""

    def participant(self, role: str) -> Participant | None:
        """Return the first participant of a role (``110153``, ``ServiceProvider``)."""
        return next((p for p in self.participants if any(r.code == role for r in p.roles)), None)

    @property
    def patients(self) -> tuple[str, ...]:
        """Patient ids: type 1, role 1."""
        return tuple(o.id for o in self.objects if (o.kind, o.role) == ("1", "1"))

    @property
    def documents(self) -> tuple[str, ...]:
        """Ids of documents: role 4, as written and decoded."""
        return tuple(name for o in self.objects if o.role == "4" for name in o.ids)


def read_atna(content: bytes, *, name: str = "audit message") -> AuditMessage:
    """Read an ATNA audit message of either flavour.

    Args:
        content: XML, or a syslog message (RFC 5424) that carries it.
        name: for error messages.

    Raises:
        InputError: not XML, or no audit message; all that is missing at once.
    """
    root = parse(_SYSLOG.sub(b"", content, count=1), name=name)
    problems = _missing(root, name)
    if problems:
        raise InputError(problems)
    head = next(children(root, "EventIdentification"))
    source = next(children(root, "AuditSourceIdentification"), None)
    event = next(children(head, "EventID"))
    return AuditMessage(
        event=_code(event),
        types=tuple(_code(c) for c in children(head, "EventTypeCode")),
        action=head.get("EventActionCode", ""),
        time=head.get("EventDateTime", ""),
        outcome=head.get("EventOutcomeIndicator", ""),
        participants=tuple(_participant(p) for p in children(root, "ActiveParticipant")),
        source=source.get("AuditSourceID", "") if source is not None else "",
        objects=tuple(_object(o) for o in children(root, "ParticipantObjectIdentification")),
        flavour="csd-code" if event.get("csd-code") is not None else "code",
    )


def _missing(root: etree._Element, name: str) -> list[Problem]:
    rule = "IHE ITI-20: an AuditMessage identifies the event, who took part and the source"
    if local(root) != "AuditMessage":
        return [Problem(f"the root is «{local(root)}»", name, rule, "give an AuditMessage")]
    wanted = ("EventIdentification", "ActiveParticipant", "AuditSourceIdentification")
    found = [Problem(f"there is no {w}", name, rule) for w in wanted
             if next(children(root, w), None) is None]  # fmt: skip
    head = next(children(root, "EventIdentification"), None)
    if head is not None and next(children(head, "EventID"), None) is None:
        found.append(Problem("there is no EventID", f"{name}: EventIdentification", rule))
    return found


def _code(element: etree._Element | None) -> Code:
    if element is None:
        return Code()
    return Code(
        element.get("csd-code", element.get("code", "")), element.get("codeSystemName", ""),
        element.get("displayName", ""), element.get("originalText", ""),
    )  # fmt: skip


def _participant(element: etree._Element) -> Participant:
    return Participant(
        user=element.get("UserID", ""),
        alternative=element.get("AlternativeUserID", ""),
        requests=element.get("UserIsRequestor", "") == "true",
        roles=tuple(_code(c) for c in children(element, "RoleIDCode")),
        address=element.get("NetworkAccessPointID", ""),
        address_kind=element.get("NetworkAccessPointTypeCode", ""),
    )


def _object(element: etree._Element) -> AuditObject:
    query = next(children(element, "ParticipantObjectQuery"), None)
    return AuditObject(
        id=element.get("ParticipantObjectID", ""),
        kind=element.get("ParticipantObjectTypeCode", ""),
        role=element.get("ParticipantObjectTypeCodeRole", ""),
        type=_code(next(children(element, "ParticipantObjectIDTypeCode"), None)),
        life_cycle=element.get("ParticipantObjectDataLifeCycle", ""),
        query=_bytes((query.text or "") if query is not None else ""),
        details=tuple(
            (d.get("type", ""), _bytes(d.get("value", "")))
            for d in children(element, "ParticipantObjectDetail")
        ),
    )


def _bytes(text: str) -> bytes:
    """Decode base64; what is none stays as it is."""
    try:
        return base64.b64decode("".join(text.split()), validate=True)
    except (binascii.Error, ValueError):
        return text.encode()


def _text(value: str) -> str:
    """Return the text behind a base64 id, or empty where it is no base64 of readable text."""
    if len(value) < 8 or len(value) % 4:
        return ""
    try:
        found = base64.b64decode(value, validate=True).decode("utf-8")
    except (binascii.Error, ValueError):
        return ""
    return found if found.isprintable() else ""
