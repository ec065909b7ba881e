"""M5 Tilbakekalling (ERM5): a prescription is called back, and why."""

from __future__ import annotations

from dataclasses import dataclass

from ips.eresept.envelope import find, open_message
from ips.eresept.values import Coded, coded
from ips.sources.base import Reading


@dataclass(frozen=True, slots=True)
class Recall:
    """A recall.

    Attributes:
        prescription: ReseptId of the prescription that is called back.
        reason: list 7500.
        remark: free text.
        replacement: ReseptId of the prescription that takes its place; empty when none does.
        path: where it stands in its message.
    """

    prescription: str
    reason: Coded
    remark: str
    replacement: str
    path: str


def read(
    content: bytes, *, name: str = "m5.xml", lenient: bool = False
) -> tuple[Reading, list[Recall]]:
    """Return the recalls of a message.

    Raises:
        InputError: not readable, no recall inside, or one that names no prescription.
    """
    reading, root = open_message(content, name=name, kind="m5", lenient=lenient)
    found = []
    for message in find(root, "Tilbakekalling"):
        body = message.body
        recall = Recall(body.text("ReseptId"), coded(body.child("Arsak")), body.text("Merknad"),
                        body.text("NyReseptId"), body.path)  # fmt: skip
        if not recall.prescription:
            reading.error("the recall names no prescription", body.path, rule="M5: ReseptId 1..1")
        found.append(recall)
    if not found:
        reading.error("no recall (Tilbakekalling) in the message", root.path, rule="M5 (ERM5)",
                      remedy="check that this is a recall")  # fmt: skip
    reading.stop()
    return reading, found
