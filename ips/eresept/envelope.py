"""Opening a message of Reseptformidleren: bare, in a MsgHead, or as base64 inside another one.

Every element keeps the place where it stands, so that the loss report can name it, also where it
lies inside the base64 of a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

from lxml import etree

from data.errors import InputError, Problem
from ips import xml
from ips.loss import Fate
from ips.sources import msghead
from ips.sources.base import Reading
from ips.sources.element import Element

PRESCRIPTION = ("X1.2",)
"""EHDS Annex I(2): electronic prescriptions."""
DISPENSATION = ("X1.3",)
"""EHDS Annex I(3): electronic dispensations."""

MAX_NESTING = 3
"""An M9.6 holds MsgHead documents with an M1; nothing lies deeper."""

MAX_MESSAGES = 1000
"""More prescriptions than that in one list are no patient's."""


@dataclass
class Message:
    """One message of the wanted kind.

    Attributes:
        info: MsgInfo of its own MsgHead; empty when the message stands bare.
        body: the message itself (``Resept``, ``Utleveringsrapport`` …).
        head: its MsgHead; empty when the message stands bare.
        top: the root of the document that it stands in: the file, or what was in base64.
    """

    info: Element
    body: Element
    head: Element
    top: Element

    @cached_property
    def id(self) -> str:
        """The MsgId, which is also the ReseptId of a prescription; empty when it stands bare."""
        return self.info.text("MsgId")


def open_message(
    content: bytes, *, name: str, kind: str, lenient: bool = False
) -> tuple[Reading, Element]:
    """Return the notebook and the root element of a message.

    Args:
        content: the XML as it came.
        name: file name for errors and the loss report.
        kind: what is read, for the source URIs (``m1``).
        lenient: faults in the data become warnings.

    Raises:
        InputError: not XML, too large, or with a document type declaration.
    """
    reading = Reading(name, kind, lenient=lenient)
    root = xml.parse(content, name=reading.source.name)
    return reading, Element(root, reading, path=f"/{xml.local(root)}")


def find(root: Element, wanted: str) -> list[Message]:
    """Return all messages whose root element has a local name, in base64 too.

    Raises:
        InputError: more messages than any patient has.
    """
    found = list(_find(root, wanted, 0))
    if len(found) > MAX_MESSAGES:
        raise InputError(
            Problem(f"{len(found)} messages of kind {wanted} in one file", root.reading.source.name,
                    rule=f"at most {MAX_MESSAGES}", remedy="split the file")
        )  # fmt: skip
    return found


def _find(top: Element, wanted: str, level: int) -> Iterator[Message]:
    if top.element is None:
        return
    for element in top.element.iter(f"{{*}}{wanted}", "{*}Base64Container"):
        if xml.local(element) == wanted:
            way = _way(top, element)
            heads = [one for one in way if one.name == "MsgHead"]
            head = heads[-1] if heads else Element(None, top.reading, top.root)
            yield Message(head.child("MsgInfo"), way[-1], head, top)
        elif level < MAX_NESTING:
            container = _way(top, element)[-1]
            inner = msghead.decoded(container, top.reading)
            if inner is not None:
                yield from _find(Element(inner, top.reading, container.path), wanted, level + 1)


def _way(top: Element, element: etree._Element) -> list[Element]:
    """Return the elements on the way from the root of a document down to one of its elements."""
    way = [top]
    for step in reversed([element, *element.iterancestors()][:-1]):
        way += [part for part in way[-1].parts if part.element is step]
    return way


def roots(root: Element, messages: Iterable[Message]) -> list[Element]:
    """Return the root of a file and the roots of the messages inside its base64."""
    found = {root.root: root}
    for message in messages:
        found.setdefault(message.top.root, message.top)
    return list(found.values())


def set_aside_rest(message: Message) -> None:
    """Report what a MsgHead carries beside the message: attachments, tokens and the signature."""
    if not message.info:
        return
    for part in message.head.parts:
        if part.name == "Signature":
            part.reading.lose(part.path, "(signature)", Fate.NOT_CARRIED,
                              "The signature holds for the Norwegian message only; the European "
                              "document is another one.")  # fmt: skip
        elif part.name == "Document":
            _document(part, message.body)


def set_aside_list(listing: Message) -> None:
    """Report what an M9.6 says beside its prescriptions, each in an envelope of its own."""
    body, reading = listing.body, listing.body.reading
    for entry in body.children("Listeelement"):
        entry.reading.lose(entry.path, entry.text("Status"), Fate.APPROXIMATE,
                           "The state in Reseptformidleren becomes the status of the "
                           "prescription.", PRESCRIPTION, "7408")  # fmt: skip
    body.set_aside("StatusSok", "Tells how the search went, nothing about a prescription.")
    if not listing.info:
        return
    reason = "Routes the list; each prescription in it has an envelope of its own."
    reading.lose(listing.info.path, "(envelope of the list)", Fate.NOT_CARRIED, reason)
    for part in listing.head.parts:
        if part.name == "Signature":
            reading.lose(part.path, "(signature)", Fate.NOT_CARRIED, reason)
        elif part.name == "Document":
            _described(part)


def _described(part: Element) -> None:
    reference = part.child("RefDoc")
    for name in ("IssueDate", "MsgType", "MimeType", "Description"):
        reference.set_aside(name, "Describes the Norwegian message, not the prescription.")


def _document(part: Element, body: Element) -> None:
    assert part.element is not None
    if part.element not in (body.element.iterancestors() if body.element is not None else ()):
        reason = (
            "A token of the prescriber for the national services; it must not leave them."
            if "HelseID" in part.child("RefDoc").text("Description")
            else "An attachment of the message; the European document has no place for it."
        )
        part.reading.lose(part.path, "(attachment)", Fate.NOT_CARRIED, reason)
        return
    _described(part)
