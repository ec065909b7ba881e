"""Action and body must name the same transaction (the WSDL of the exchange)."""

from __future__ import annotations

import pytest

from ncp import soap, tables
from ncp.soap import SoapFault
from tests.ncp.soap.samples import ACTION, BODY, MESSAGE_ID, QUERY, TYPE, envelope


def test_a_query_is_recognised():
    read = soap.read(envelope(), TYPE)
    assert soap.transaction_of(read).name == "ITI-38"
    assert soap.transaction_of(read, "XCA_Service").name == "ITI-38"


def test_a_query_is_not_for_the_identification_service():
    with pytest.raises(SoapFault) as caught:
        soap.transaction_of(soap.read(envelope(), TYPE), "XCPD_Service")
    assert (caught.value.code, caught.value.subcode) == ("Sender", "wsa:ActionNotSupported")


def test_an_unknown_action_is_not_supported():
    read = soap.read(envelope(ACTION.replace(QUERY, "urn:x") + MESSAGE_ID), TYPE)
    with pytest.raises(SoapFault, match="cannot be processed"):
        soap.transaction_of(read)


def test_a_body_that_the_action_does_not_mean_is_refused():
    retrieve = tables.transactions()["ITI-39"].request_action
    read = soap.read(envelope(ACTION.replace(QUERY, retrieve) + MESSAGE_ID), TYPE)
    with pytest.raises(SoapFault, match="AdhocQueryRequest"):
        soap.transaction_of(read)


def test_an_answer_that_is_a_fault_is_raised():
    fault = SoapFault("Sender", "no", "HP Missing Attributes").to_bytes("urn:uuid:1")
    read = soap.read(fault, TYPE, answer=True)
    with pytest.raises(SoapFault) as caught:
        soap.check_answer(read, tables.transactions()["ITI-38"])
    assert caught.value.subcode == "HP Missing Attributes"


def test_an_answer_of_another_transaction_is_refused():
    response = BODY.replace("Request", "Response")
    read = soap.read(envelope(body=f"<s:Body>{response}</s:Body>"), TYPE, answer=True)
    soap.check_answer(read, tables.transactions()["ITI-38"])
    with pytest.raises(SoapFault, match="RetrieveDocumentSetResponse"):
        soap.check_answer(read, tables.transactions()["ITI-39"])
