"""A country B for tests: signed messages to a contact point, in process or over the line."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from lxml import etree

from ncp.codes import bare
from ncp.messages import xca, xcpd, xdr
from ncp.model import (
    DocumentEntry,
    DocumentKind,
    DocumentReference,
    HealthProfessional,
    PatientId,
    Submission,
    Traits,
)
from ncp.service.pipeline import Pipeline
from ncp.service.wire import Answer, Incoming
from ncp.soap import content_type, read, write, write_mtom
from ncp.tables import transactions
from ncp.trust import certs, issue
from ncp.trust.policy import role

NORWAY = "2.16.578.1.12.4.5.10.1"
SWEDEN = "1.2.752.221.3.1.1"
FNR, DNR = "2.16.578.1.12.4.1.4.1", "2.16.578.1.12.4.1.4.2"
WORKER = PatientId(DNR, "59909002146")
MRSA = PatientId(FNR, "09926601137")
PS, EP = DocumentKind.PATIENT_SUMMARY, DocumentKind.EPRESCRIPTION
SERVICES = {"ITI-55": "XCPD_Service", "ITI-38": "XCA_Service", "ITI-39": "XCA_Service",
            "ITI-41": "XDR_Service"}  # fmt: skip
HL7 = "urn:hl7-org:v3"


def doctor(code: str = "221", **more: Any) -> HealthProfessional:
    """Return a professional with the usual permissions of a role."""
    known = role(code)
    return replace(
        HealthProfessional(
            name_id="user@hospital.se", name="Astrid Testsson", role=known.coded,
            locality="Testsjukhuset", facility_type="Hospital", organization="Testsjukhuset",
            organization_id="urn:hl7ii:1.2.752:1", home_community=SWEDEN,
            permissions=known.permissions, country="SE",
        ),
        **more,
    )  # fmt: skip


PHARMACIST = "2262"


@dataclass
class CountryB:
    """Sweden as country B."""

    folder: Path
    now: dt.datetime
    professional: HealthProfessional = field(default_factory=doctor)
    home_a: str = NORWAY

    def __post_init__(self) -> None:
        """Make the certificates of Sweden under the authority of the folder."""
        self.certificates = certs.ensure(self.folder / "SE", "SE", now=self.now)

    def assertions(self, patient: PatientId | None, **more: Any) -> list[bytes]:
        """Return identity and treatment assertions."""
        seal = self.certificates.seal
        who = more.get("professional", self.professional)
        hcp = issue.hcp(who, seal, now=self.now)
        if patient is None:
            return [hcp]
        return [hcp, issue.trc(hcp, patient, seal, now=self.now, purpose="TREATMENT")]

    def incoming(
        self, name: str, body: etree._Element, patient: PatientId | None, **more: Any
    ) -> Incoming:
        """Return a whole request."""
        action = transactions()[name].request_action
        given = more.get("assertions")
        options: dict[str, Any] = {
            "action": action, "to": "https://a.example/", "assertions":
            self.assertions(patient, **more) if given is None else given,
            "message_id": more.get("message_id", f"urn:uuid:{uuid.uuid4()}"),
        }  # fmt: skip
        if name == "ITI-41":
            content, kind = write_mtom(body, **options)
        else:
            content, kind = write(body, **options), content_type(action)
        return Incoming(SERVICES[name], content, kind, self.certificates.tls_client.certificate,
                        "127.0.0.1", f"https://localhost/{SERVICES[name]}")  # fmt: skip

    def identify(self, traits: Traits, **more: Any) -> Incoming:
        """Ask who a patient is."""
        body = xcpd.request(traits, sender=SWEDEN, receiver=more.pop("receiver", self.home_a),
                            created=self.now)  # fmt: skip
        return self.incoming("ITI-55", body, None, **more)

    def query(self, patient: PatientId, *kinds: DocumentKind, **more: Any) -> Incoming:
        """Ask for documents."""
        body = xca.query(xca.QueryRequest(more.pop("asked", patient), kinds or (PS,)))
        return self.incoming("ITI-38", body, patient, **more)

    def retrieve(self, patient: PatientId, *ids: str, **more: Any) -> Incoming:
        """Fetch documents."""
        place = more.pop("place", self.home_a)
        wanted = tuple(DocumentReference(self.home_a, place, one) for one in ids)
        return self.incoming("ITI-39", xca.retrieve(xca.RetrieveRequest(wanted)), patient, **more)

    def submit(self, patient: PatientId, *contents: bytes, **more: Any) -> Incoming:
        """Report dispensations, or take them back with ``kind``."""
        kind = more.pop("kind", DocumentKind.EDISPENSATION)
        set_id = more.pop("set_id", f"2.25.{uuid.uuid4().int}")
        made = [Submission(self._entry(patient, kind, one), one, set_id,
                           f"{self.now:%Y%m%d%H%M%S}") for one in contents]  # fmt: skip
        return self.incoming("ITI-41", xdr.provide(made), patient, **more)

    def _entry(self, patient: PatientId, kind: DocumentKind, content: bytes) -> DocumentEntry:
        root = etree.fromstring(content)
        own = root.find(f"{{{HL7}}}id")
        unique = "^".join(filter(None, (own.get("root"), own.get("extension"))))
        formats = {DocumentKind.EDISPENSATION: "urn:epSOS:ep:dis:2010",
                   DocumentKind.DISCARD: "urn:eHDSI:ed:discard:2020"}  # fmt: skip
        return DocumentEntry(unique, f"urn:uuid:{uuid.uuid4()}", patient, kind, 3, formats[kind],
                             kind.name, self.now, SWEDEN, SWEDEN, country="SE",
                             author_institution="Apoteket^^^^^&1.2.752&ISO^^^^1")  # fmt: skip


def dispensation(
    prescription: bytes, number: str, *, quantity: str = "1", item: str = "",
    patient: PatientId | None = None, substituted: bool = False, unit: str = "1",
) -> bytes:  # fmt: skip
    """Return a small eDispensation of a prescription (template 1.3.6.1.4.1.12559.11.10.1.3.1.1.2).

    Written here from the template, not with the product, which must understand other writers.
    """
    root = etree.fromstring(prescription)
    ns = {"v": HL7}
    order = root.find("v:id", ns)
    own = root.find(".//v:entry/v:substanceAdministration/v:id", ns)
    who = root.find("v:recordTarget/v:patientRole/v:id", ns)
    patient = patient or PatientId(who.get("root"), who.get("extension"))

    def ii(root_: str, extension: str | None) -> str:
        return f'<id root="{root_}"' + (f' extension="{extension}"' if extension else "") + "/>"

    item = item or ii(own.get("root"), own.get("extension"))
    act = ('<entryRelationship typeCode="COMP"><act classCode="ACT" moodCode="EVN"><code '
           'code="SUBST" codeSystem="2.16.840.1.113883.5.6"/></act></entryRelationship>'
           )  # fmt: skip
    return f"""<ClinicalDocument xmlns="{HL7}">
<typeId extension="POCD_HD000040" root="2.16.840.1.113883.1.3"/>
<templateId root="1.3.6.1.4.1.12559.11.10.1.3.1.1.2"/>{ii("1.2.752.99", number)}
<code code="60593-1" codeSystem="2.16.840.1.113883.6.1"/><title>eDispensation</title>
<effectiveTime value="20261122120000+0000"/>
<recordTarget><patientRole>{ii(patient.root, patient.extension)}</patientRole></recordTarget>
<inFulfillmentOf><order>{ii(order.get("root"), order.get("extension"))}</order></inFulfillmentOf>
<component><structuredBody><component><section><entry>
<supply classCode="SPLY" moodCode="EVN"><templateId root="1.3.6.1.4.1.12559.11.10.1.3.1.3.3"/>
<quantity value="{quantity}" unit="{unit}"/>
<entryRelationship typeCode="REFR"><substanceAdministration classCode="SBADM" moodCode="INT">
{item}</substanceAdministration></entryRelationship>{act if substituted else ""}</supply>
</entry></section></component></structuredBody></component></ClinicalDocument>""".encode()


def said(answer: Answer) -> Any:
    """Return the answer as country B reads it; a fault is raised."""
    envelope = read(answer.content, answer.content_type, answer=True)
    if envelope.fault:
        raise envelope.fault
    name = etree.QName(envelope.body).localname
    if name == "PRPA_IN201306UV02":
        return xcpd.read_response(envelope.body)
    if name == "AdhocQueryResponse":
        return xca.read_query_response(envelope.body)
    if name == "RetrieveDocumentSetResponse":
        return xca.read_retrieve_response(envelope.body, envelope.attachments)
    return xdr.read_response(envelope.body)


def ask(pipeline: Pipeline, incoming: Incoming) -> Any:
    """Send a request in process and return what is answered."""
    return said(pipeline.handle(incoming))


def codes(response: Any) -> list[str]:
    """Return the error codes of an answer."""
    return [refusal.code for refusal in response.refusals]


__all__ = ["DNR", "EP", "FNR", "MRSA", "NORWAY", "PS", "WORKER", "CountryB", "ask", "bare",
           "codes", "dispensation", "doctor", "said"]  # fmt: skip
