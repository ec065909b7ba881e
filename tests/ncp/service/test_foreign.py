"""Whole requests as other tools write them: envelopes, prefixes, white space, what they leave out.

Written here after the shapes that the Danish and German test tools publish; the assertions of such
tools are tried in ``tests/ncp/trust/test_foreign.py``.
"""

from __future__ import annotations

import base64
import uuid

import pytest

from ncp.codes import NOT_DISPENSABLE
from ncp.model import PatientId
from ncp.service.wire import Incoming
from ncp.soap import SoapFault
from tests.ncp.service.asking import EP, FNR, MRSA, NORWAY, WORKER, ask, codes, dispensation
from tests.ncp.service.test_pipeline import prescription

SOAP12, ADDRESSING = (
    "http://www.w3.org/2003/05/soap-envelope",
    "http://www.w3.org/2005/08/addressing",
)
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
RIM, XDS = "urn:oasis:names:tc:ebxml-regrep:xsd:rim:3.0", "urn:ihe:iti:xds-b:2007"
ASK_QUERY, ASK_RETRIEVE = (
    "urn:ihe:iti:2007:CrossGatewayQuery",
    "urn:ihe:iti:2007:CrossGatewayRetrieve",
)
ASK_WHO = "urn:hl7-org:v3:PRPA_IN201305UV02:CrossGatewayPatientDiscovery"
ASK_TAKE = "urn:ihe:iti:2007:ProvideAndRegisterDocumentSet-b"
SERVICE = {ASK_WHO: "XCPD_Service", ASK_QUERY: "XCA_Service", ASK_RETRIEVE: "XCA_Service",
           ASK_TAKE: "XDR_Service"}  # fmt: skip
UNKNOWN = PatientId(FNR, "14817510028")


def message(country, action: str, body: str, patient=None) -> Incoming:
    """Return a message without wsa:To and ReplyTo, with an id that is no URN, pretty-printed."""
    assertions = "\n      ".join(a.decode() for a in country.assertions(patient))
    text = f"""<?xml version="1.0" encoding="utf-8"?>
<s12:Envelope xmlns:s12="{SOAP12}">
  <s12:Header xmlns:addr="{ADDRESSING}" xmlns:unused="urn:somebody:else:1.0">
    <addr:Action s12:mustUnderstand="1">{action}</addr:Action>
    <addr:MessageID>uuid:{uuid.uuid4()}</addr:MessageID>
    <wsse:Security xmlns:wsse="{WSSE}">
      {assertions}
    </wsse:Security>
  </s12:Header>
  <s12:Body>
    {body}
  </s12:Body>
</s12:Envelope>"""
    return Incoming(SERVICE[action], text.encode(), "application/soap+xml;charset=utf-8",
                    country.certificates.tls_client.certificate, "127.0.0.1")  # fmt: skip


def who(ids: tuple[PatientId, ...], receiver: str = NORWAY, prefix: str = "h") -> str:
    """Return an identification with every namespace of the exchange declared, and empty texts."""
    p = f"{prefix}:" if prefix else ""
    own = f"xmlns:{prefix}" if prefix else "xmlns"

    def device(name: str, code: str, oid: str) -> str:
        return (f'<{p}{name} typeCode="{code}"><{p}device classCode="DEV" '
                f'determinerCode="INSTANCE"><{p}id root="{oid}"/></{p}device></{p}{name}>'
                )  # fmt: skip

    asked = "".join(
        f'<{p}livingSubjectId><{p}value root="{i.root}" extension="{i.extension}"/>'
        f"<{p}semanticsText/></{p}livingSubjectId>" for i in ids
    )  # fmt: skip
    return f"""<{p}PRPA_IN201305UV02 {own}="urn:hl7-org:v3" xmlns:r="{RIM}" ITSVersion="XML_1.0">
      <!-- a comment of the tool -->
      <{p}id root="{uuid.uuid4()}" extension="1"/><{p}creationTime value="20240101101112.131+0000"/>
      <{p}versionCode code="V3PR1"/>
      <{p}interactionId extension="PRPA_IN201305UV02" root="2.16.840.1.113883.1.6"/>
      <{p}processingCode code="P"/><{p}processingModeCode code="T"/><{p}acceptAckCode code="AL"/>
      {device("receiver", "RCV", receiver)}{device("sender", "SND", "101")}
      <{p}controlActProcess classCode="CACT" moodCode="EVN"><{p}code code="PRPA_TE201305UV02"/>
        <{p}authorOrPerformer typeCode="AUT"><{p}assignedPerson classCode="ASSIGNED"/>
        </{p}authorOrPerformer>
        <{p}queryByParameter><{p}queryId root="1.2634"/><{p}statusCode code="new"/>
          <{p}responseModalityCode code="R"/><{p}responsePriorityCode code="I"/>
          <{p}matchCriterionList/><{p}parameterList>{asked}</{p}parameterList>
        </{p}queryByParameter></{p}controlActProcess></{p}PRPA_IN201305UV02>"""


def listing(class_code: str, patient: PatientId = MRSA, status: str = "Approved") -> str:
    """Return a query in the default namespace of the registry model."""
    slots = {
        "$XDSDocumentEntryPatientId": f"'{patient.cx}'".replace("&", "&amp;"),
        "$XDSDocumentEntryStatus": f"('urn:oasis:names:tc:ebxml-regrep:StatusType:{status}')",
        "$XDSDocumentEntryClassCode": class_code,
    }
    made = "".join(f'<Slot name="{name}">\n<ValueList>\n<Value>{value}</Value>\n</ValueList></Slot>'
                   for name, value in slots.items())  # fmt: skip
    return f"""<q:AdhocQueryRequest xmlns="{RIM}"
        xmlns:q="urn:oasis:names:tc:ebxml-regrep:xsd:query:3.0">
      <q:ResponseOption returnComposedObjects="true" returnType="LeafClass" />
      <AdhocQuery id="urn:uuid:14d4debf-8f97-4251-9a74-a90016b0af0d">{made}</AdhocQuery>
    </q:AdhocQueryRequest>"""


def fetching(*ids: str, home: bool = True, repository: str = NORWAY) -> str:
    """Return a retrieve in the default namespace; some tools leave out the home community."""
    community = f"<HomeCommunityId>urn:oid:{NORWAY}</HomeCommunityId>" if home else ""
    asked = "".join(
        f"\n<DocumentRequest>{community}<RepositoryUniqueId>{repository}</RepositoryUniqueId>"
        f"<DocumentUniqueId>{one}</DocumentUniqueId>\n</DocumentRequest>" for one in ids
    )  # fmt: skip
    return f'<RetrieveDocumentSetRequest xmlns="{XDS}">{asked}</RetrieveDocumentSetRequest>'


def taking(content: bytes, patient: PatientId = MRSA, format_code: str = "urn:epSOS:ep:dis:2010",
           class_code: str = "60593-1") -> str:  # fmt: skip
    """Return a submission with the document as Base64 in lines, and little metadata."""
    cx, doc, own = patient.cx.replace("&", "&amp;"), f"urn:uuid:{uuid.uuid4()}", "urn:uuid:set"
    lines = base64.encodebytes(content).decode()

    def coded(scheme: str, code: str) -> str:
        return (f'<Classification classificationScheme="urn:uuid:{scheme}" classifiedObject="{doc}"'
                f' nodeRepresentation="{code}"/>')  # fmt: skip

    def named(scheme: str, of: str, value: str) -> str:
        return (f'<ExternalIdentifier identificationScheme="urn:uuid:{scheme}" '
                f'registryObject="{of}" value="{value}"/>')  # fmt: skip

    return f"""<x:ProvideAndRegisterDocumentSetRequest xmlns="{RIM}" xmlns:x="{XDS}"
      xmlns:lcm="urn:oasis:names:tc:ebxml-regrep:xsd:lcm:3.0"><lcm:SubmitObjectsRequest>
      <RegistryObjectList>
        <ExtrinsicObject id="{doc}" mimeType="text/xml"
          objectType="urn:uuid:7edca82f-054d-47f2-a032-9b2a5b5186c1">
          <Slot name="creationTime"><ValueList><Value>20240101101112</Value></ValueList></Slot>
          <Slot name="sourcePatientId"><ValueList><Value>{cx}</Value></ValueList></Slot>
          <!-- class and format -->
          {coded("41a5887f-8865-4c09-adf7-e362475b143a", class_code)}
          {coded("a09d5840-386c-46f2-b5ad-9c3699a4309d", format_code)}
          {named("58a6f841-87b3-4a3e-92fd-a8ffeff98427", doc, cx)}
          {named("2e82c1f6-a085-4c72-9da3-8640a32e42ab", doc, f"1.2.3^{uuid.uuid4().hex[:16]}")}
        </ExtrinsicObject>
        <RegistryPackage id="{own}">
          {named("96fdda7c-d067-4183-912e-bf5ee74998a8", own, f"2.25.{uuid.uuid4().int}")}
          {named("6b5aea1a-874d-4603-a4bc-96a0a7b38446", own, cx)}
        </RegistryPackage>
        <Classification classificationNode="urn:uuid:a54d6aa5-d40d-43f9-88c5-b4633d873bdd"
          classifiedObject="{own}" id="urn:uuid:c"/>
        <Association associationType="urn:oasis:names:tc:ebxml-regrep:AssociationType:HasMember"
          id="urn:uuid:a" sourceObject="{own}" targetObject="{doc}"/>
      </RegistryObjectList></lcm:SubmitObjectsRequest>
      <x:Document id="{doc}">
    {lines}
      </x:Document></x:ProvideAndRegisterDocumentSetRequest>"""


# What must be accepted --------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["h", ""])
def test_an_identification_of_another_tool_is_answered(norway, sweden, prefix):
    answer = ask(norway, message(sweden, ASK_WHO, who((WORKER,), prefix=prefix)))
    assert [p.family for p in answer.persons] == ["Parasol"]


def test_a_second_identifier_of_another_kind_does_not_hinder(norway, sweden):
    """Germany sends an access code as second identifier."""
    both = (WORKER, PatientId("1.2.276.0.76.4.298", "A2C4E6"))
    assert ask(norway, message(sweden, ASK_WHO, who(both))).persons


@pytest.mark.parametrize("code", ["('60591-5^^2.16.840.1.113883.6.1')", "60591-5^^"])
@pytest.mark.parametrize("status", ["Approved", ""])
def test_a_query_of_another_tool_is_answered(norway, sweden, code, status):
    """Class codes without quotes and an unfinished status stand in published requests."""
    answer = ask(norway, message(sweden, ASK_QUERY, listing(code, status=status), MRSA))
    assert {e.level for e in answer.entries} >= {3}


@pytest.mark.parametrize("named", [True, False])
def test_a_retrieve_of_another_tool_is_answered(norway, sweden, named):
    entries = norway.point.connector.documents(MRSA, "60591-5")
    ids = [entry.unique_id for entry in entries]
    answer = ask(norway, message(sweden, ASK_RETRIEVE, fetching(*ids, home=named), MRSA))
    assert [one.reference.unique_id for one in answer.documents] == ids


def test_a_dispensation_inline_in_lines_is_taken_once_and_discarded(norway, pharmacy):
    _, content = prescription(norway, pharmacy)
    given = dispensation(content, "4hM/UnZyWlRvGHJM")
    for expected in ([], ["4106"]):
        answer = ask(norway, message(pharmacy, ASK_TAKE, taking(given), MRSA))
        assert codes(answer) == expected
    (entry, *_) = ask(norway, pharmacy.query(MRSA, EP)).entries
    assert NOT_DISPENSABLE in {e.code for e in entry.events}
    back = taking(given, format_code="urn:eHDSI:ed:discard:2020", class_code="DISCARD-60593-1")
    assert codes(ask(norway, message(pharmacy, ASK_TAKE, back, MRSA))) == []


# What must be refused ---------------------------------------------------------------------------


def test_the_same_tool_is_refused_with_the_code_of_what_is_wrong(norway, sweden):
    for asked, code in (
        (who((WORKER,), receiver="101"), "ERROR_PI_GENERIC"),
        (who((UNKNOWN,)), "ERROR_PI_NO_MATCH"),
        (who(()), "ERROR_PI_GENERIC"),
        (who((PatientId(WORKER.root, ""),)), "ERROR_PI_GENERIC"),
    ):
        answer = ask(norway, message(sweden, ASK_WHO, asked))
        assert (answer.refusal.code, list(answer.persons)) == (code, [])


@pytest.mark.parametrize(("action", "body", "code"), [
    (ASK_QUERY, listing("60591-5^^", PatientId("", "")).replace("'^^^&amp;&amp;ISO'",
                                                                "'KEY^^^11111'"),
     "ERROR_PS_INCORRECT_FORMATTING"),
    (ASK_QUERY, listing("99999-9^^"), "ERROR_GENERIC_SERVICE_SIGNIFIER_UNKNOWN"),
    (ASK_QUERY, listing("60591-5^^", WORKER), "ERROR_PS_NOT_FOUND"),
    (ASK_RETRIEVE, fetching("1.2.208^1L1", home=False, repository="1.2.208"),
     "ERROR_GENERIC_DOCUMENT_MISSING"),
])  # fmt: skip
def test_documents_of_another_form_or_patient_are_not_given(norway, sweden, action, body, code):
    answer = ask(norway, message(sweden, action, body, MRSA))
    assert codes(answer) == [code]
    assert not list(getattr(answer, "entries", ())) + list(getattr(answer, "documents", ()))


def test_a_submission_is_refused_with_the_code_of_what_is_wrong(norway, pharmacy):
    _, content = prescription(norway, pharmacy)
    given = dispensation(content, "1")
    for body, code in (
        (taking(given, format_code="urn:unknown:2010", class_code="60593-9"), "4202"),
        (taking(dispensation(content, "2", patient=WORKER)), "ERROR_ED_GENERIC"),
        (taking(given, WORKER), "ERROR_ED_GENERIC"),
        (taking(b"<a/>"), "ERROR_ED_INCORRECT_FORMATTING"),
    ):
        answer = ask(norway, message(pharmacy, ASK_TAKE, body, MRSA))
        assert (codes(answer), answer.status.word) == ([code], "Failure")


def test_a_body_that_is_named_wrongly_is_a_fault(norway, sweden):
    body = fetching("1.2").replace("RetrieveDocumentSetRequest", "RetrieveDocumentSetRequestType")
    with pytest.raises(SoapFault):
        ask(norway, message(sweden, ASK_RETRIEVE, body, MRSA))
