"""M10 Utleveringsrapport (ERM10): what a pharmacy has handed over on a prescription."""

from __future__ import annotations

from dataclasses import dataclass

from ips.eresept.envelope import Message, find, open_message, roots
from ips.sources.base import Reading
from ips.sources.element import Element


@dataclass
class Dispensation:
    """One Utlevering, its elements unread.

    Attributes:
        message: the Utleveringsrapport.
        supply: Utlevering.
        document: ReseptDokLegemiddel that was handed over; empty when the report holds goods.
    """

    message: Message
    supply: Element
    document: Element

    @property
    def report(self) -> Element:
        """The element ``Utleveringsrapport``."""
        return self.message.body


@dataclass
class Report:
    """What a file of dispensations holds.

    Attributes:
        reading: the notebook of the reader.
        dispensations: in the order of the message.
        roots: the root of the file, and the roots inside its base64.
    """

    reading: Reading
    dispensations: list[Dispensation]
    roots: list[Element]


def read(content: bytes, *, name: str = "m10.xml", lenient: bool = False) -> Report:
    """Return the dispensations of a report.

    Raises:
        InputError: not readable, no dispensation inside, or one without ReseptId.
    """
    reading, root = open_message(content, name=name, kind="m10", lenient=lenient)
    found = []
    messages = find(root, "Utleveringsrapport")
    for message in messages:
        for supply in message.body.children("Utlevering"):
            if not supply.text("ReseptId"):
                reading.fault("the dispensation names no prescription", supply.path,
                              rule="Utlevering: ReseptId")  # fmt: skip
            found.append(Dispensation(message, supply, supply.child("ReseptDokLegemiddel")))
    if not found:
        reading.error("no dispensation (Utlevering) in the message", root.path, rule="M10 (ERM10)",
                      remedy="check that this is a dispensation report")  # fmt: skip
    reading.stop()
    return Report(reading, found, roots(root, messages))
