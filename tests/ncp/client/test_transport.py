"""The line to country A: bounded, secured, asked again only where nothing can be done twice."""

from __future__ import annotations

import ssl

import pytest
import requests
import responses
from requests.exceptions import ConnectTimeout, ReadTimeout
from urllib3.exceptions import MaxRetryError, NewConnectionError
from urllib3.exceptions import SSLError as TlsError

from data.errors import Exit
from ncp.client import Asker, Client, Limits, Partner, Transport
from ncp.client.failures import Unreachable
from ncp.model import Traits
from ncp.soap import SoapFault, read
from tests.ncp.client.answering import (
    PATIENT,
    PERSON,
    document,
    faults,
    gives,
    identifies,
    takes,
)

XCPD = "https://a.example:8443/openncp-ws-server/services/XCPD_Service"
XCA = "https://a.example:8443/openncp-ws-server/services/XCA_Service"
XDR = "https://a.example:8443/openncp-ws-server/services/XDR_Service"
TRAITS = Traits(ids=(PATIENT,))
SOAP = "application/soap+xml; charset=UTF-8"


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def client(partner: Partner, asker: Asker, waits: list[float]) -> Client:
    transport = Transport(partner, Limits(connect=1, read=2, size=200_000), waits.append)
    return Client(partner, asker, transport=transport)


def refused() -> requests.ConnectionError:
    """Return what requests raises when nobody listens."""
    return requests.ConnectionError(
        MaxRetryError(None, XDR, NewConnectionError(None, "Connection refused"))
    )  # type: ignore[arg-type]


def message_ids() -> list[str]:
    return [read(c.request.body, c.request.headers["Content-Type"]).message_id
            for c in responses.calls]  # fmt: skip


def failed(client: Client) -> Unreachable:
    with pytest.raises(Unreachable) as told:
        client.identify(TRAITS)
    assert told.value.exit_code is Exit.ENVIRONMENT
    assert told.value.problems[0].remedy
    return told.value


@responses.activate
def test_every_request_has_timeouts_and_both_certificates(client, partner) -> None:
    responses.add_callback(responses.POST, XCPD, identifies(PERSON))
    seen = {}
    original = client._transport._session.send

    def send(request, **kwargs):
        seen.update(kwargs)
        return original(request, **kwargs)

    client._transport._session.send = send
    assert client.identify(TRAITS).persons == (PERSON,)
    assert seen["timeout"] == (1, 2)
    assert seen["verify"] == str(partner.ca)
    assert seen["cert"] == (str(partner.certificate), str(partner.key))
    assert seen["allow_redirects"] is False


@responses.activate
def test_what_the_environment_says_of_proxies_and_authorities_does_not_count(
    client, monkeypatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", "/nowhere.pem")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.example:3128")
    responses.add_callback(responses.POST, XCPD, identifies(PERSON))
    assert client.identify(TRAITS).persons


@responses.activate
def test_a_busy_country_is_asked_again_with_another_message_id(client, waits) -> None:
    responses.add(responses.POST, XCPD, status=503, body="busy")
    responses.add(responses.POST, XCPD, status=500, body="<html>oops</html>",
                  content_type="text/html")  # fmt: skip
    responses.add_callback(responses.POST, XCPD, identifies(PERSON))
    answer = client.identify(TRAITS)
    assert answer.persons == (PERSON,)
    assert answer.reply.attempts == 3
    # A contact point refuses an id that it has seen (WS-Addressing), and it may have seen it.
    assert len(set(message_ids())) == 3
    assert waits == [0.3, 0.6]


@responses.activate
def test_it_is_not_asked_for_ever(client, waits) -> None:
    responses.add(responses.POST, XCPD, status=503, body="busy")
    assert failed(client).status == 503
    assert len(responses.calls) == 3


@responses.activate
def test_a_broken_connection_is_tried_again_for_a_question(client) -> None:
    responses.add(responses.POST, XCPD, body=requests.ConnectionError("reset by peer"))
    responses.add_callback(responses.POST, XCPD, identifies(PERSON))
    assert client.identify(TRAITS).persons


@responses.activate
def test_who_waited_for_an_answer_is_not_made_to_wait_again(client, waits) -> None:
    responses.add(responses.POST, XCPD, body=ReadTimeout("slow"))
    assert "in time" in failed(client).problems[0].what
    assert waits == []


@pytest.mark.parametrize("error", [requests.ConnectionError("reset by peer"), ReadTimeout("slow")])
@responses.activate
def test_a_report_that_may_have_arrived_is_never_sent_twice(client, error) -> None:
    responses.add(responses.POST, XDR, body=error)
    with pytest.raises(Unreachable) as told:
        client.dispense(PATIENT, document())
    assert told.value.doubtful
    assert "not known whether the report arrived" in told.value.problems[0].remedy
    assert len(responses.calls) == 1


def tls(reason: ssl.SSLError) -> requests.exceptions.SSLError:
    """Return what requests raises when TLS fails."""
    return requests.exceptions.SSLError(MaxRetryError(None, XDR, TlsError(reason)))  # type: ignore[arg-type]


@responses.activate
def test_a_certificate_that_is_not_trusted_is_told_once_and_nothing_was_sent(client) -> None:
    responses.add(responses.POST, XDR, body=tls(ssl.SSLCertVerificationError("unknown authority")))
    with pytest.raises(Unreachable) as told:
        client.dispense(PATIENT, document())
    assert "unknown authority" in told.value.problems[0].what
    assert not told.value.doubtful
    assert len(responses.calls) == 1


@responses.activate
def test_an_encrypted_line_that_is_cut_is_a_broken_line(client) -> None:
    cut = tls(ssl.SSLEOFError("EOF occurred in violation of protocol"))
    responses.add(responses.POST, XDR, body=cut)
    with pytest.raises(Unreachable) as told:
        client.dispense(PATIENT, document())
    assert told.value.doubtful
    assert len(responses.calls) == 1
    responses.add(responses.POST, XCPD, body=cut)
    responses.add_callback(responses.POST, XCPD, identifies(PERSON))
    assert client.identify(TRAITS).persons


@pytest.mark.parametrize("status", [500, 502, 503])
@responses.activate
def test_a_report_is_not_repeated_to_a_busy_country(client, status) -> None:
    responses.add(responses.POST, XDR, status=status, body="busy")
    with pytest.raises(Unreachable) as told:
        client.discard(PATIENT, document())
    assert told.value.doubtful
    assert len(responses.calls) == 1


@pytest.mark.parametrize("error", [refused(), ConnectTimeout("nobody there")])
@responses.activate
def test_a_report_is_repeated_when_nobody_was_there_to_take_it(client, error) -> None:
    responses.add(responses.POST, XDR, body=error)
    responses.add_callback(responses.POST, XDR, takes())
    assert client.dispense(PATIENT, document()).status.word == "Success"
    assert len(responses.calls) == 2


@pytest.mark.parametrize(
    ("status", "said"),
    [(401, "who asks"), (403, "certificate"), (404, "no such service"), (418, "HTTP 418")],
)
@responses.activate
def test_a_refused_connection_says_what_to_check(client, status, said) -> None:
    responses.add(responses.POST, XCPD, status=status, body="no")
    problem = failed(client)
    assert said in problem.problems[0].what
    assert len(responses.calls) == 1


@responses.activate
def test_assertions_do_not_follow_a_redirect(client) -> None:
    responses.add(responses.POST, XCPD, status=307, headers={"Location": "https://evil.example/"})
    assert "another address" in failed(client).problems[0].what
    assert len(responses.calls) == 1


@pytest.mark.parametrize(("kind", "body", "said"), [
    ("text/html", b"<html>Welcome</html>", "no SOAP message"),
    ("", b"<x/>", "no SOAP message"),
    (SOAP, b"", "no SOAP message"),
    (SOAP, b"<not-closed>", "cannot be read"),
    (SOAP, b"<soap/>", "cannot be read"),
    (SOAP, b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "cannot be read"),
    ("multipart/related; boundary=x", b"--x\r\nbroken", "cannot be read"),
])  # fmt: skip
@responses.activate
def test_an_answer_that_is_none_is_a_problem_of_the_other_side(client, kind, body, said) -> None:
    responses.add(responses.POST, XCPD, body=body, content_type=kind)
    problem = failed(client)
    assert said in problem.problems[0].what
    assert problem.content == body


@responses.activate
def test_an_answer_is_bounded_in_size(client) -> None:
    responses.add(responses.POST, XCPD, body=b" " * 200_001, content_type=SOAP)
    assert "larger than" in failed(client).problems[0].what
    assert len(responses.calls) == 1


@responses.activate
def test_an_answer_is_bounded_in_time_however_steadily_it_drips(partner, asker) -> None:
    transport = Transport(partner, Limits(whole=-1.0), lambda _s: None)
    responses.add_callback(responses.POST, XCPD, identifies(PERSON))
    assert "took longer" in failed(Client(partner, asker, transport=transport)).problems[0].what


@responses.activate
def test_a_fault_of_the_sender_is_a_refusal(client) -> None:
    fault = SoapFault("Sender", "The country of the seal is another", "Invalid Security Token")
    responses.add_callback(responses.POST, XCPD, faults(fault))
    refusal = client.identify(TRAITS).refused
    assert (refusal.code, refusal.location) == ("SOAP-SENDER", "Invalid Security Token")
    assert len(responses.calls) == 1


@responses.activate
def test_a_fault_comes_with_200_too(client) -> None:
    responses.add_callback(responses.POST, XCPD, faults(SoapFault("Sender", "no"), 200))
    assert client.identify(TRAITS).refused.text == "no"


@responses.activate
def test_a_fault_of_the_receiver_is_a_problem_of_the_other_side(client) -> None:
    responses.add_callback(responses.POST, XCPD, faults(SoapFault("Receiver", "reference 17")))
    assert "reference 17" in failed(client).problems[0].what
    assert len(responses.calls) == 1


@responses.activate
def test_another_message_than_the_answer_is_a_problem_of_the_other_side(client) -> None:
    responses.add_callback(responses.POST, XCPD, takes())
    assert "RegistryResponse" in failed(client).problems[0].what


@pytest.mark.parametrize("mtom", [True, False])
@responses.activate
def test_a_document_comes_as_a_part_or_inline(client, mtom) -> None:
    from ncp.model import DocumentReference

    content = document()
    responses.add_callback(responses.POST, XCA, gives(("2.25.7", content), mtom=mtom))
    got = client.retrieve(PATIENT, [DocumentReference("1.2", "1.2", "2.25.7")])
    assert [one.content for one in got.documents] == [content]
