"""ITI-39: documents asked for and given, inline and as attachments."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ncp import soap
from ncp.codes import Status
from ncp.messages import xca
from ncp.model import DocumentReference, Refusal
from ncp.soap import SoapFault
from tests.ncp.messages.samples import HOME, oid, wire, word

ACTION = "urn:ihe:iti:2007:CrossGatewayRetrieveResponse"
reference = st.builds(DocumentReference, oid, oid, word)
retrieved = st.builds(xca.Retrieved, reference, st.binary(max_size=100), st.just("text/xml"))
ONE = DocumentReference(HOME, HOME, f"{HOME}^ps-1.3")
TWO = DocumentReference(HOME, HOME, f"{HOME}^ps-1.1")


@settings(max_examples=50, deadline=None)
@given(st.lists(reference, min_size=1, max_size=5).map(tuple))
def test_a_request_is_read_back_as_it_was_written(documents):
    read = xca.read_retrieve(wire(xca.retrieve(xca.RetrieveRequest(documents))))
    assert (read.documents, read.findings) == (documents, ())


@settings(max_examples=50, deadline=None)
@given(st.lists(retrieved, max_size=3))
def test_documents_come_out_inline_and_as_attachments(documents):
    built = xca.retrieve_response(documents)
    assert xca.read_retrieve_response(wire(built)).documents == tuple(documents)
    message, kind = soap.write_mtom(built, action=ACTION, relates_to="urn:uuid:1")
    read = soap.read(message, kind, answer=True)
    got = xca.read_retrieve_response(read.body, read.attachments)
    assert (got.documents, got.status, got.findings) == (tuple(documents), Status.SUCCESS, ())


def test_openncp_sees_the_first_document_only():
    message = wire(xca.retrieve(xca.RetrieveRequest((ONE, TWO))))
    assert xca.read_retrieve(message).documents == (ONE, TWO)
    assert xca.read_retrieve(message, quirks="openncp").documents == (ONE,)


REQUEST = """<x:RetrieveDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"><x:DocumentRequest>
  <x:RepositoryUniqueId>1.2.208.176.7.2.3</x:RepositoryUniqueId>{unique}
</x:DocumentRequest></x:RetrieveDocumentSetRequest>"""


def test_a_danish_request_names_no_home_community():
    unique = "<x:DocumentUniqueId>\n  1.2.208.176.7.2.3^47L1\n</x:DocumentUniqueId>"
    read = xca.read_retrieve(etree.fromstring(REQUEST.format(unique=unique)))
    assert read.documents == (DocumentReference("", "1.2.208.176.7.2.3", "1.2.208.176.7.2.3^47L1"),)
    assert {f.id for f in read.findings} == {"iti39-home"}


@pytest.mark.parametrize(
    "message",
    [REQUEST.format(unique=""), '<x:RetrieveDocumentSetRequest xmlns:x="urn:ihe:iti:xds-b:2007"/>'],
)
def test_a_request_for_nothing_is_refused(message):
    with pytest.raises(Refusal, match="ERROR_GENERIC_DOCUMENT_MISSING"):
        xca.read_retrieve(etree.fromstring(message))


@pytest.mark.parametrize(
    ("given_documents", "status"),
    [([xca.Retrieved(ONE, b"<x/>")], Status.PARTIAL), ([], Status.FAILURE)],
)
def test_a_missing_document_makes_it_partial_or_a_failure(given_documents, status):
    refusal = Refusal("ERROR_EP_NOT_FOUND", TWO.unique_id, location=TWO.unique_id)
    read = xca.read_retrieve_response(wire(xca.retrieve_response(given_documents, [refusal])))
    assert read.status is status
    assert [(r.code, r.location) for r in read.refusals] == [("ERROR_EP_NOT_FOUND", TWO.unique_id)]


def test_a_status_can_be_forced():
    """gematik answers PartialSuccess even where nothing is given."""
    message = xca.retrieve_response([], [Refusal("ERROR_EP_GENERIC")], "PartialSuccess")
    assert xca.read_retrieve_response(wire(message)).status is Status.PARTIAL


def test_an_answer_without_its_frame_is_a_fault():
    with pytest.raises(SoapFault):
        xca.read_retrieve_response(
            etree.fromstring('<RetrieveDocumentSetResponse xmlns="urn:ihe:iti:xds-b:2007"/>')
        )
    with pytest.raises(SoapFault):
        xca.read_retrieve_response(etree.fromstring("<x/>"))
    with pytest.raises(SoapFault):
        xca.read_retrieve(etree.fromstring("<x/>"))
