"""Writes the ATNA audit message of an event: IHE ITI-20, in the form that contact points use.

The DICOM extension of RFC 3881 writes the code of a coded value as ``csd-code``; plain RFC 3881
writes ``code``. Validators exist for both, so the flavour is a choice.
"""

from __future__ import annotations

import base64
import datetime as dt
import ipaddress
import re
from collections.abc import Callable
from enum import StrEnum

from lxml import etree

from ncp.audit.table import EventRow, event
from ncp.audit.transaction import Party, Transaction

SECURITY = "eHealth DSI Security"
SERVICES = "eHealth DSI"
SUBMISSION_SET = "urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
PATIENT_NUMBER = "Patient Number"
_SERVICE = {"ServiceConsumer": "Service Consumer", "ServiceProvider": "Service Provider"}
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_DISCARDED = "14"
"""ParticipantObjectDataLifeCycle 14: logical deletion."""
_TRANSLATED = "5"
"""ParticipantObjectDataLifeCycle 5: translation."""


class Flavour(StrEnum):
    """Name of the attribute that carries a code."""

    DICOM = "csd-code"
    RFC3881 = "code"


def atna(transaction: Transaction, flavour: Flavour = Flavour.DICOM) -> bytes:
    """Return the audit message of an event as UTF-8 XML.

    Implements the event table of OpenNCP's audit module (both sides), IHE ITI TF-2 3.20 and EHDS
    Annex II 3.2(a) (point of care, services), (b) (human requestor), (d) (EventDateTime).

    Raises:
        ValueError: the event does not happen on that side.
    """
    return _Writer(transaction, event(transaction.operation, transaction.side), flavour).write()


def instant(time: dt.datetime) -> str:
    """Return an aware time in UTC with milliseconds: ``2026-11-22T18:24:33.120Z``."""
    return time.astimezone(dt.UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def urn(oid: str) -> str:
    """Return an OID as ``urn:oid:...``; empty stays empty."""
    return f"urn:oid:{oid}" if oid else ""


class _Writer:
    """Builds one message; holds what every part needs."""

    def __init__(self, transaction: Transaction, row: EventRow, flavour: Flavour) -> None:
        self.t = transaction
        self.row = row
        self.flavour = flavour
        self.root = etree.Element("AuditMessage")

    def write(self) -> bytes:
        self._event()
        participants: dict[str, Callable[[], None]] = {
            "point-of-care": self._point_of_care, "human": self._human,
            "consumer": lambda: self._service("ServiceConsumer", self.t.consumer, True),
            "provider": lambda: self._service("ServiceProvider", self.t.provider, False),
            "own": lambda: self._service("ServiceConsumer", self.t.own, True),
            "master-index": self._master_index,
        }  # fmt: skip
        for name in self.row.participants:
            participants[name]()
        source = self._element(self.root, "AuditSourceIdentification",
                               AuditEnterpriseSiteID=self.t.source_id,
                               AuditSourceID=self.t.source_id)  # fmt: skip
        self._code(source, "AuditSourceTypeCode", "4")
        objects: dict[str, Callable[[], None]] = {
            "patient": self._patients, "guarantor": self._guarantor,
            "query": lambda: self._query("24"), "request": lambda: self._query("3"),
            "documents": self._documents, "submission-set": self._submission_set,
            "target": self._targets, "translation": self._translation,
        }  # fmt: skip
        for name in self.row.objects:
            objects[name]()
        self._error()
        return etree.tostring(self.root, xml_declaration=True, encoding="UTF-8")

    def _element(self, parent: etree._Element, name: str, **attributes: str) -> etree._Element:
        clean = {key: _NOT_XML.sub("", value) for key, value in attributes.items()}
        return etree.SubElement(parent, name, clean)

    def _code(self, parent: etree._Element, name: str, code: str, system: str = "",
              display: str = "", text: str = "") -> None:  # fmt: skip
        element = etree.SubElement(parent, name, {self.flavour.value: code})
        optional = (("codeSystemName", system), ("displayName", display), ("originalText", text))
        for key, value in optional:
            if value:
                element.set(key, value)

    def _event(self) -> None:
        row = self.row
        head = self._element(
            self.root, "EventIdentification", EventActionCode=row.action,
            EventDateTime=instant(self.t.ended), EventOutcomeIndicator=str(int(self.t.outcome)),
        )  # fmt: skip
        self._code(head, "EventID", row.event_id, row.event_id_system, row.event_id_name,
                   row.event_id_text)  # fmt: skip
        self._code(head, "EventTypeCode", row.type_code, "IHE Transactions", row.operation,
                   row.type_text)  # fmt: skip
        if row.event_id_system != "DCM":  # service metadata: the second code repeats the event
            self._code(head, "EventTypeCode", row.event_id, row.event_id_system, row.operation,
                       row.operation)  # fmt: skip

    def _participant(self, user: str, other: str, requests: bool, address: str) -> etree._Element:
        element = self._element(
            self.root, "ActiveParticipant", UserID=user, AlternativeUserID=other,
            UserIsRequestor="true" if requests else "false",
        )  # fmt: skip
        if address:
            element.set("NetworkAccessPointID", _NOT_XML.sub("", address))
            element.set("NetworkAccessPointTypeCode", "2" if _is_ip(address) else "1")
        return element

    def _point_of_care(self) -> None:
        name = self.t.place or "N/A"
        element = self._participant(name, name, False, self.t.consumer.address)
        self._code(element, "RoleIDCode", "110152", "DCM", text="Destination Role ID")

    def _human(self) -> None:
        person = self.t.professional
        user, name = (self.t.user_id, person.name) if person else ("N/A", "N/A")
        element = self._participant(user, name, self.row.human_requests, self.t.consumer.address)
        self._code(element, "RoleIDCode", "110153", "DCM", text="Source Role ID")

    def _service(self, role: str, party: Party, requests: bool) -> None:
        name = party.name or "N/A"
        element = self._participant(name, name, requests, party.address)
        text = (
            f"{SERVICES} {'Service Consumer' if role == 'ServiceConsumer' else 'Service Provider'}"
        )
        self._code(element, "RoleIDCode", role, SERVICES, text, text)

    def _master_index(self) -> None:
        name = self.t.master_index or self.t.provider.name or "N/A"
        element = self._participant(name, name, False, self.t.provider.address)
        self._code(element, "RoleIDCode", "MasterPatientIndex", SERVICES, "Master Patient Index",
                   "Master Patient Index")  # fmt: skip

    def _object(
        self, identifier: str, kind: str, role: str = "", cycle: str = ""
    ) -> etree._Element:
        element = self._element(self.root, "ParticipantObjectIdentification",
                                ParticipantObjectID=identifier,
                                ParticipantObjectTypeCode=kind)  # fmt: skip
        if role:
            element.set("ParticipantObjectTypeCodeRole", role)
        if cycle:
            element.set("ParticipantObjectDataLifeCycle", cycle)
        return element

    def _type(self, element: etree._Element, code: str, system: str, display: str) -> None:
        self._code(element, "ParticipantObjectIDTypeCode", code, system, display, display)

    def _patients(self) -> None:
        for patient in self.t.patients:
            self._type(self._object(patient.cx, "1", "1"), "2", "RFC-3881", PATIENT_NUMBER)

    def _guarantor(self) -> None:
        if self.t.next_of_kin:
            element = self._object(self.t.next_of_kin.cx, "1", "10")
            self._type(element, "7", "RFC-3881", "Guarantor Number")

    def _query(self, role: str) -> None:
        home = urn(self.t.provider.home)
        element = self._object(self.t.query_id or self.t.request_id or home or "N/A", "2", role)
        self._type(element, self.row.target_code, self.row.target_system, self.row.target_name)
        if self.t.query:
            self._element(element, "ParticipantObjectQuery").text = _base64(self.t.query)
        if home:
            self._element(element, "ParticipantObjectDetail", type="ihe:homeCommunityID",
                          value=_base64(home.encode()))  # fmt: skip

    def _documents(self) -> None:
        cycle = _DISCARDED if self.row.operation.endswith("::Discard") else ""
        for document in self.t.documents:
            element = self._object(document, "2", "4", cycle)
            self._type(element, "12", "DCM", self.row.target_name)

    def _submission_set(self) -> None:
        if self.t.submission_set:
            element = self._object(self.t.submission_set, "2", "20")
            self._type(element, SUBMISSION_SET, "IHE XDS Metadata", "Submission Set")

    def _targets(self) -> None:
        for identifier in self.t.objects:
            self._type(self._object(identifier, "2"), self.row.target_code, self.row.target_system,
                       self.row.target_name)  # fmt: skip

    def _translation(self) -> None:
        """The translated document: what went in, what came out."""
        for identifier, code, name in zip(
            self.t.objects, ("in", "out"), ("Input Data", "Output Data"), strict=False
        ):
            element = self._object(identifier, "4", cycle=_TRANSLATED)
            self._type(element, code, self.row.target_system, name)

    def _error(self) -> None:
        text = self.t.failure
        if not text:
            return
        element = self._object(self.t.response_id or self.t.request_id or "N/A", "2", "3")
        self._code(element, "ParticipantObjectIDTypeCode", "9", SECURITY, text="error message")
        self._element(element, "ParticipantObjectDetail", type="errormsg",
                      value=_base64(text.encode()))  # fmt: skip


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


def _is_ip(address: str) -> bool:
    try:
        ipaddress.ip_address(address)
    except ValueError:
        return False
    return True
