"""M1 Resept (ERM1), versions 2.4 and 2.5, alone or many of them inside an M9.6 list (ERM96)."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from ips.eresept.envelope import Message, find, open_message, roots
from ips.eresept.values import Coded, coded
from ips.sources.base import Reading
from ips.sources.element import Element


class Kind(StrEnum):
    """What is prescribed: one of the four kinds of medicine, or goods."""

    BRAND = "LegemiddelMerkevare"
    PACKAGE = "Legemiddelpakning"
    SUBSTANCE = "LegemiddelVirkestoff"
    MIXTURE = "Legemiddelblanding"
    GOODS = "ReseptDokHandelsvare"


MEDICINES = (Kind.BRAND, Kind.PACKAGE, Kind.SUBSTANCE, Kind.MIXTURE)
"""The kinds of medicine by the element that stands for each."""


@dataclass
class Prescription:
    """One prescription, its elements unread.

    Attributes:
        message: where it stands.
        kind: what is prescribed.
        document: ReseptDokLegemiddel or ReseptDokHandelsvare.
        prescribed: Forskrivning; empty for goods.
        product: the medicine; empty for goods.
        status: its state in Reseptformidleren (7408), where a list says it.
        reason: why it was recalled (7500), where a list says it.
    """

    message: Message
    kind: Kind
    document: Element
    prescribed: Element
    product: Element
    status: Coded = field(default_factory=Coded)
    reason: Coded = field(default_factory=Coded)

    @property
    def resept(self) -> Element:
        """The element ``Resept``."""
        return self.message.body

    @property
    def id(self) -> str:
        """The ReseptId: the MsgId of the ERM1."""
        return self.message.id


@dataclass
class Mail:
    """What a file of prescriptions holds.

    Attributes:
        reading: the notebook of the reader.
        prescriptions: in the order of the message.
        lists: the M9.6 around them, where it is a list.
        roots: the root of the file, and the roots inside its base64.
    """

    reading: Reading
    prescriptions: list[Prescription]
    lists: list[Message]
    roots: list[Element]


def read(content: bytes, *, name: str = "m1.xml", lenient: bool = False) -> Mail:
    """Return all prescriptions of an M1 or of an M9.6 list.

    Raises:
        InputError: not readable, or neither prescription nor prescription list.
    """
    reading, root = open_message(content, name=name, kind="m1", lenient=lenient)
    hidden = b"Base64Container" in content
    lists = find(root, "M96") if hidden or b"M96" in content else []
    states = _states(lists)
    found = []
    messages = find(root, "Resept")
    for message in messages:
        prescription = _prescription(message)
        if prescription is not None:
            known = states.get(prescription.id.lower())
            if known:
                prescription.status, prescription.reason = known
            found.append(prescription)
    if not found and not lists:
        reading.error("no prescription (Resept) in the message", root.path,
                      rule="M1 (ERM1) or M9.6 (ERM96)",
                      remedy="check that this is a prescription or a list of them")  # fmt: skip
    reading.stop()
    return Mail(reading, found, lists, roots(root, [*lists, *messages]))


def _states(lists: list[Message]) -> dict[str, tuple[Coded, Coded]]:
    """Return status and reason by ReseptId, out of the list elements of an M9.6."""
    states = {}
    for listing in lists:
        for entry in listing.body.children("Listeelement"):
            key = entry.text("ReseptId").lower()
            if key in states:
                entry.reading.fault(f"the prescription {key[:8]}… is listed twice", entry.path,
                                    rule="M9.6: one Listeelement a prescription")  # fmt: skip
            states[key] = (coded(entry.child("Status")), coded(entry.child("Arsak")))
    return states


def _prescription(message: Message) -> Prescription | None:
    goods = message.body.child("ReseptDokHandelsvare")
    empty = Element(None, message.body.reading, message.body.path)
    if goods:
        return Prescription(message, Kind.GOODS, goods, empty, empty)
    document = message.body.child("ReseptDokLegemiddel")
    prescribed = document.child("Forskrivning")
    kinds = prescribed.given(*MEDICINES)
    if len(kinds) != 1:
        names = ", ".join(MEDICINES)
        what = "names no medicine" if not kinds else f"names {len(kinds)} medicines"
        message.body.reading.error(f"the prescription {what}", (prescribed or document).path,
                                   rule=f"M1: exactly one of {names}")  # fmt: skip
        return None
    return Prescription(message, Kind(kinds[0].name), document, prescribed, kinds[0])
