"""Who asks, whom, with what: assertions, the search mask, addresses, patients."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

import pytest

from data.errors import EnvironmentProblem, InputError
from ncp.client import Asker, Partner
from ncp.client.asker import professional
from ncp.client.building import Builder, document_id, masked
from ncp.client.partner import address, at_home
from ncp.client.patients import identifier, traits
from ncp.countries import country
from ncp.messages import xca, xcpd, xdr
from ncp.model import Address, DocumentKind, PatientId, Traits
from ncp.soap import read
from ncp.trust import issue
from ncp.trust.names import PURPOSE, SUBJECT_ID, Kind
from ncp.trust.signature import parsed
from ncp.trust.statement import read as read_statement
from tests.ncp.client.answering import FNR, NORWAY, OTHER, PATIENT, document

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
LATER = NOW + dt.timedelta(hours=1, minutes=50)
SWEDEN = "1.2.752.221.3.1.1"


def said(content: bytes):
    return read_statement(parsed(content))


def test_an_assertion_is_kept_and_renewed_before_it_ends(asker) -> None:
    first = asker.for_patient(PATIENT, NOW)
    assert asker.for_patient(PATIENT, NOW + dt.timedelta(hours=1)) == first
    hcp, trc = asker.for_patient(PATIENT, NOW + dt.timedelta(hours=1, minutes=56))
    assert hcp == first[0]  # four hours
    assert trc != first[1]  # two hours
    assert asker.identity(NOW + dt.timedelta(hours=3, minutes=56)) != hcp


def test_a_clock_that_goes_back_does_not_use_an_assertion_of_the_future(asker) -> None:
    first = asker.identity(NOW)
    assert asker.identity(NOW - dt.timedelta(hours=1)) != first


def test_every_patient_has_a_treatment_assertion_of_its_own(asker) -> None:
    for patient in (PATIENT, OTHER):
        hcp, trc = asker.for_patient(patient, NOW)
        assert said(trc).text(SUBJECT_ID) == patient.cx
        assert said(trc).advice == (said(hcp).id,)
    assert [one.patient for one in asker.issued()] == [None, PATIENT, OTHER]
    assert list(asker.issued()) == []


def test_the_treatment_assertion_belongs_to_the_renewed_identity(asker) -> None:
    asker.for_patient(PATIENT, NOW)
    later = NOW + dt.timedelta(hours=3, minutes=57)
    hcp, trc = asker.for_patient(PATIENT, later)
    assert said(trc).advice == (said(hcp).id,)


def test_an_emergency_is_one_in_both_assertions(sweden) -> None:
    asker = Asker(professional("SE", purpose="EMERGENCY"), sweden.seal)
    for one in asker.for_patient(PATIENT, NOW):
        assert said(one).coded(PURPOSE).code == "EMERGENCY"


def test_given_assertions_are_sent_as_they_are(sweden, asker) -> None:
    hcp = asker.identity(NOW)
    trc = issue.trc(hcp, PATIENT, sweden.seal, now=NOW)
    kin = issue.nok(hcp, replace_person(), sweden.seal, now=NOW)
    given = Asker.of_files([trc, hcp, kin])
    # Next of kin, identity, treatment: the order of MyHealth@EU in wsse:Security.
    assert given.for_patient(PATIENT, NOW) == (kin, hcp, trc)
    assert given.for_patient(None, NOW) == (kin, hcp)
    assert given.kin() == OTHER
    assert list(given.issued()) == []


def replace_person():
    from tests.ncp.client.answering import PERSON

    return replace(PERSON, ids=(OTHER,))


def test_a_missing_treatment_assertion_is_issued_with_the_seal(sweden, asker) -> None:
    hcp = asker.identity(NOW)
    _, trc = Asker.of_files([hcp], seal=sweden.seal).for_patient(PATIENT, NOW)
    assert said(trc).advice == (said(hcp).id,)
    with pytest.raises(InputError, match="no seal"):
        Asker.of_files([hcp]).for_patient(PATIENT, NOW)


def test_two_assertions_of_a_kind_or_none_are_refused(asker) -> None:
    hcp = asker.identity(NOW)
    with pytest.raises(InputError, match="two assertions"):
        Asker.of_files([hcp, hcp])
    with pytest.raises(InputError, match="cannot be read"):
        Asker.of_files([b"nothing"])
    with pytest.raises(InputError, match="no identity assertion"):
        Asker().identity(NOW)


def test_a_pharmacist_has_what_discard_asks_for() -> None:
    who = professional("SE", "2262")
    assert "PPD-046" in who.permissions
    assert who.facility_type == "Pharmacy"
    assert who.organization_id.startswith("urn:hl7ii:")


def test_only_what_the_search_mask_asks_for_travels() -> None:
    all_of_it = Traits((PATIENT,), "Regnjakke", "Nysgjerrig", "F", "19840318", Address("Gate 1"))
    assert masked(all_of_it, "NO") == Traits((PATIENT,), birth_date="19840318")
    assert masked(all_of_it, "XX") == all_of_it


def test_an_identifier_that_the_mask_does_not_know_is_sent_when_it_is_the_only_one() -> None:
    foreign = PatientId("1.2.3", "4")
    assert masked(Traits((PATIENT, foreign)), "NO").ids == (PATIENT,)
    assert masked(Traits((foreign,)), "NO").ids == (foreign,)


@pytest.fixture
def builder(partner, asker) -> Builder:
    return Builder(partner, asker, SWEDEN)


def test_an_identification_goes_from_b_to_a_with_the_identity_only(builder) -> None:
    message = builder.identify(Traits((PATIENT,)), NOW)
    envelope = read(*message.written)
    asked = xcpd.read_request(envelope.body)
    assert (asked.sender, asked.receiver, asked.findings) == (SWEDEN, NORWAY, ())
    assert [said_kind(a) for a in envelope.assertions] == [Kind.HCP]
    assert envelope.findings == ()


def said_kind(element):
    return read_statement(element).kind


def test_a_query_comes_with_the_treatment_of_its_patient(builder) -> None:
    message = builder.query(xca.QueryRequest(PATIENT, (DocumentKind.EPRESCRIPTION,)), NOW)
    envelope = read(*message.written)
    assert message.operation == "OrderService::List"
    assert [said_kind(a) for a in envelope.assertions] == [Kind.HCP, Kind.TRC]
    assert read_statement(envelope.assertions[1]).text(SUBJECT_ID) == PATIENT.cx


@pytest.mark.parametrize("packaged", [True, False])
def test_a_report_describes_what_it_carries(builder, packaged) -> None:
    content = document()
    message = builder.submit(PATIENT, [content], DocumentKind.DISCARD, NOW, packaged=packaged)
    envelope = read(*message.written)
    provided = xdr.read_provide(envelope.body, envelope.attachments)
    only = provided.submissions[0]
    assert provided.findings == ()
    assert only.content == content
    assert only.entry.unique_id == "2.25.7"
    assert only.entry.kind is DocumentKind.DISCARD
    assert only.entry.format_code == "urn:eHDSI:ed:discard:2020"
    assert provided.institution == f"Test University Hospital^^^^^&{SWEDEN}&ISO^^^^1"
    assert message.safe is False


def test_the_same_request_again_has_an_id_of_its_own(builder) -> None:
    message = builder.identify(Traits((PATIENT,)), NOW)
    again = message.again()
    assert read(*again.written).message_id != read(*message.written).message_id
    assert again.assertions == message.assertions


@pytest.mark.parametrize("content", [b"<a/>", b"nothing", b'<ClinicalDocument xmlns="urn:hl7-org:'
                                     b'v3"/>'])  # fmt: skip
def test_what_is_no_document_is_not_sent(builder, content) -> None:
    with pytest.raises(InputError):
        builder.submit(PATIENT, [content], DocumentKind.EDISPENSATION, NOW)


def test_a_document_id_may_be_a_root_alone() -> None:
    assert document_id(document()) == "2.25.7"
    both = document().replace(b'<id root="2.25.7"/>', b'<id root="1.2.3" extension="4"/>')
    assert document_id(both) == "1.2.3^4"


@pytest.mark.parametrize(("url", "service"), [
    ("https://a.example:8443", "https://a.example:8443/openncp-ws-server/services/XCA_Service"),
    ("https://a.example/", "https://a.example/openncp-ws-server/services/XCA_Service"),
    ("https://a.example/ncp/services", "https://a.example/ncp/services/XCA_Service"),
    ("https://a.example/x/XCPD_Service", "https://a.example/x/XCA_Service"),
])  # fmt: skip
def test_a_service_is_found_at_the_usual_path_or_beside_the_named_one(url, service) -> None:
    assert Partner(url, country("NO")).service("XCA_Service") == service


@pytest.mark.parametrize("url", [
    "http://a.example", "ftp://a.example", "a.example", "https://", "https://a.example:port",
    "https://a.example:99999", "https://[::1", "https://a.example/\x1b[31m",
])  # fmt: skip
def test_an_address_where_nobody_or_anyone_could_listen_is_refused(url) -> None:
    with pytest.raises(InputError) as told:
        address(url)
    assert told.value.problems[0].where == "--url"
    assert str(told.value).isprintable()


def test_plain_http_is_for_this_machine(tmp_path) -> None:
    found = at_home(tmp_path, "SE", now=NOW, url="http://localhost:8080")
    assert (found.ca, found.certificate) == (None, None)


@pytest.mark.parametrize("content", [None, "{", "[]", '{"url": ""}'])
def test_without_a_running_server_the_remedy_is_told(tmp_path, content) -> None:
    if content is not None:
        (tmp_path / "server.json").write_text(content)
    with pytest.raises(EnvironmentProblem) as told:
        at_home(tmp_path, "SE", now=NOW)
    assert "ehds ncp serve" in told.value.problems[0].remedy


def test_a_patient_is_named_by_sample_number_or_identifier() -> None:
    sample = traits("mrsa", (), "NO")
    assert sample.ids == (OTHER,)
    assert sample.birth_date == "19661209"
    assert traits("09926601137", (), "NO").ids == (OTHER,)
    assert traits("59909002146", (), "NO").ids[0].root == "2.16.578.1.12.4.1.4.2"  # a D-number
    assert traits("", (f"{FNR}^1",), "NO").ids == (PatientId(FNR, "1"),)
    assert traits(OTHER.cx, (), "NO").ids == (OTHER,)


def test_a_number_of_another_country_takes_the_root_of_its_search_mask() -> None:
    assert traits("191212121212", (), "SE").ids == (
        PatientId("1.2.752.129.2.1.3.1", "191212121212"),)  # fmt: skip
    with pytest.raises(InputError, match="not clear which identifier"):
        traits("12", (), "SE")


def test_what_is_stated_counts_more_than_the_sample() -> None:
    found = traits("mrsa", (), "NO", birth_date="19661210", family="")
    assert found.birth_date == "19661210"
    assert found.family == "Skistavtrinse"


@pytest.mark.parametrize("text", ["", "1.2.3", "^4", "x^4", "1.2.3^", "a^b^c"])
def test_another_form_of_identifier_is_refused(text) -> None:
    with pytest.raises(InputError):
        identifier(text)


def test_nobody_is_asked_for_without_a_name_or_number() -> None:
    with pytest.raises(InputError, match="no patient is named"):
        traits("", (), "NO")
