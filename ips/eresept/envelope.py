"""Opening a message of Reseptformidleren: bare, in a MsgHead, or as base64 inside another one.

Every element keeps the place where it stands, so that the loss report can name it, also where it
lies inside the base64 of a list.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from lxml import etree

from data.errors import InputError, Problem
from ips import xml
from ips.eresept.node import Node
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
    """

    info: Element
    body: Element

    @property
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
    return reading, Node(xml.parse(content, name=reading.source.name), reading)


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


def _find(root: Element, wanted: str, level: int) -> Iterator[Message]:
    if root.element is None:
        return
    for element in root.element.iter():
        if not isinstance(element.tag, str):
            continue
        if xml.local(element) == wanted:
            body = _wrapped(root, element)
            yield Message(_head(root, element), body)
        elif xml.local(element) == "Base64Container" and level < MAX_NESTING:
            container = _wrapped(root, element)
            inner = msghead.decoded(container, root.reading)
            if inner is not None:
                yield from _find(Node(inner, root.reading, container.path), wanted, level + 1)


def _wrapped(root: Element, element: etree._Element) -> Element:
    return Node(element, root.reading, root.root)


def _head(root: Element, element: etree._Element) -> Element:
    here: etree._Element | None = element
    while here is not None and xml.local(here) != "MsgHead":
        here = here.getparent()
    return Node(here, root.reading, root.root).child("MsgInfo")


def roots(root: Element, messages: Iterable[Message]) -> list[Element]:
    """Return the root of a file and the roots of the messages inside its base64."""
    found = {root.root: root}
    for message in messages:
        body = message.body
        if body.element is not None and body.root not in found:
            found[body.root] = Element(
                body.element.getroottree().getroot(), body.reading, body.root
            )
    return list(found.values())


def set_aside_rest(message: Message) -> None:
    """Report what a MsgHead carries beside the message: attachments, tokens and the signature."""
    here = message.info.element
    head = here.getparent() if here is not None else None
    if head is None:
        return
    reading, prefix = message.info.reading, message.info.root
    body = message.body.element
    for child in xml.children(head):
        part = Node(child, reading, prefix)
        if xml.local(child) == "Signature":
            reading.lose(part.path, "(signature)", Fate.NOT_CARRIED,
                         "The signature holds for the Norwegian message only; the European "
                         "document is another one.")  # fmt: skip
        elif xml.local(child) == "Document":
            _document(part, body)


def set_aside_list(listing: Message) -> None:
    """Report what an M9.6 says beside its prescriptions, each in an envelope of its own."""
    body, reading = listing.body, listing.body.reading
    for entry in body.children("Listeelement"):
        entry.reading.lose(entry.path, entry.text("Status"), Fate.APPROXIMATE,
                           "The state in Reseptformidleren becomes the status of the "
                           "prescription.", PRESCRIPTION, "7408")  # fmt: skip
    body.set_aside("StatusSok", "Tells how the search went, nothing about a prescription.")
    head = listing.info.element.getparent() if listing.info.element is not None else None
    if head is None:
        return
    reason = "Routes the list; each prescription in it has an envelope of its own."
    reading.lose(listing.info.path, "(envelope of the list)", Fate.NOT_CARRIED, reason)
    for child in xml.children(head):
        part = Node(child, reading, listing.info.root)
        if xml.local(child) == "Signature":
            reading.lose(part.path, "(signature)", Fate.NOT_CARRIED, reason)
        elif xml.local(child) == "Document":
            _described(part)


def _described(part: Element) -> None:
    reference = part.child("RefDoc")
    for name in ("IssueDate", "MsgType", "MimeType", "Description"):
        reference.set_aside(name, "Describes the Norwegian message, not the prescription.")


def _document(part: Element, body: etree._Element | None) -> None:
    assert part.element is not None
    own = any(element is body for element in part.element.iter())
    if not own:
        reason = (
            "A token of the prescriber for the national services; it must not leave them."
            if "HelseID" in part.child("RefDoc").text("Description")
            else "An attachment of the message; the European document has no place for it."
        )
        part.reading.lose(part.path, "(attachment)", Fate.NOT_CARRIED, reason)
        return
    _described(part)
