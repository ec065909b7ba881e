"""Writing a KITH message: the envelope and its namespaces (e-resept v2.5)."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

_KITH = "http://www.kith.no/xmlstds/"
HEAD = _KITH + "msghead/2006-05-24"
M1 = _KITH + "eresept/m1/2013-10-08"
FORSKRIVNING = _KITH + "eresept/forskrivning/2013-10-08"
UTLEVERING = _KITH + "eresept/utlevering/2013-10-08"
M10 = _KITH + "eresept/m10/2013-10-08"
_LISTS = "2.16.578.1.12.4.1.1."
_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


class Writer:
    """One message under construction."""

    def __init__(self) -> None:
        self.root = etree.Element(f"{{{HEAD}}}MsgHead", nsmap=_spaces(HEAD))

    def add(
        self, parent: Any, space: str, name: str, text: str = "", **attributes: str
    ) -> etree._Element:
        """Append an element; empty attributes are left out."""
        found = {key: _clean(value) for key, value in attributes.items() if value}
        node = etree.SubElement(parent, f"{{{space}}}{name}", found, nsmap=_spaces(space))
        if text:
            node.text = _clean(text)
        return node

    def message(
        self, identity: str, moment: str, sender: str, patient: dict[str, str]
    ) -> etree._Element:
        """Write the envelope of an M10 and return its Utleveringsrapport.

        Args:
            identity: MsgId.
            moment: GenDate, as FHIR dateTime.
            sender: name of who reports.
            patient: FamilyName, GivenName, and Id with TypeId where a number is known.
        """
        info = self.add(self.root, HEAD, "MsgInfo")
        self.add(info, HEAD, "Type", V="ERM10", DN="Utleveringsrapport")
        self.add(info, HEAD, "MIGversion", "v1.2 2006-05-24")
        self.add(info, HEAD, "GenDate", moment)
        self.add(info, HEAD, "MsgId", identity)
        self._organisation(info, "Sender", sender)
        self._organisation(info, "Receiver", "Reseptformidleren")
        person = self.add(info, HEAD, "Patient")
        for name in ("FamilyName", "GivenName"):
            if patient.get(name):
                self.add(person, HEAD, name, patient[name])
        if patient.get("Id"):
            ident = self.add(person, HEAD, "Ident")
            self.add(ident, HEAD, "Id", patient["Id"])
            self.add(ident, HEAD, "TypeId", V=patient["TypeId"], S=f"{_LISTS}8116")
        reference = self.add(self.add(self.root, HEAD, "Document"), HEAD, "RefDoc")
        self.add(reference, HEAD, "MsgType", V="XML", DN="XML-instans")
        return self.add(self.add(reference, HEAD, "Content"), M10, "Utleveringsrapport")

    def _organisation(self, info: etree._Element, role: str, name: str) -> None:
        place = self.add(self.add(info, HEAD, role), HEAD, "Organisation")
        self.add(place, HEAD, "OrganisationName", name)

    def to_bytes(self) -> bytes:
        """Return the message as UTF-8."""
        written: bytes = etree.tostring(
            self.root, encoding="UTF-8", xml_declaration=True, pretty_print=True
        )
        return written


def _spaces(space: str) -> Any:
    return {None: space}


def _clean(text: str) -> str:
    return _BAD.sub("�", text)
