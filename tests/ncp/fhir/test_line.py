"""Both interfaces over a real socket, with the clients of country B and of an EHR system."""

from __future__ import annotations

import base64

import pytest
import requests

from data.errors import EnvironmentProblem
from ncp.audit.journal import Filter, entries
from ncp.client.asker import Asker, professional
from ncp.client.fhir import EhrApi, NcpApi
from ncp.client.partner import Partner, at_home
from ncp.connector.fhir_server import FhirServer
from ncp.countries import country
from ncp.fhir import register
from ncp.fhir.settings import SCOPES
from ncp.model import DocumentKind, Operation, Refusal, Traits
from ncp.store import Store
from ncp.trust import certs
from tests.ncp.fhir.asking import now, pushed
from tests.ncp.service.asking import MRSA, WORKER, dispensation
from tests.ncp.service.test_server import serving


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    home = tmp_path_factory.mktemp("serve")
    register(home, "ehr-one", SCOPES)
    with serving(home) as running:
        yield running


@pytest.fixture
def journal(tmp_path):
    kept = Store(tmp_path / "b.db")
    yield kept
    kept.close()


def api(server, store, role="221"):
    seal = certs.load(server.home / "certs" / "SE").seal
    who = professional("SE", role)
    return NcpApi(at_home(server.home, "SE", now=now(), url=server.url), Asker(who, seal),
                  store=store)  # fmt: skip


def test_a_summary_is_found_and_fetched_over_mutual_tls(server, journal):
    client = api(server, journal)
    assert client.capabilities()["fhirVersion"] == "4.0.1"
    found = client.patients(WORKER, name="parasol")
    assert [p["name"][0]["family"] for p in found.matches] == ["Parasol"]
    (reference,) = client.documents(WORKER).matches
    document = client.document(WORKER, reference)
    assert document.resource["type"] == "document"
    refused = client.documents(WORKER, DocumentKind.EPRESCRIPTION)
    assert (refused.status, refused.codes[:1]) == (403, ["4703"])
    with journal.connect() as connection:
        done = [e.transaction for e in entries(connection, Filter())]
    assert [t.operation for t in done] == [Operation.IDENTIFY, Operation.PS_LIST,
                                           Operation.PS_RETRIEVE, Operation.EP_LIST]  # fmt: skip
    assert [t.done for t in done] == [True, True, True, False]
    client.close()


def test_a_dispensation_is_reported_and_taken_back(server, journal, samples):
    client = api(server, journal, "2262")
    (reference,) = client.documents(MRSA, DocumentKind.EPRESCRIPTION).matches
    assert client.document(MRSA, reference).good
    cda = samples.content(samples.documents(MRSA, DocumentKind.EPRESCRIPTION)[0].unique_id)
    entry = {"resource": pushed(dispensation(cda, "line"), MRSA),
             "request": {"method": "POST", "url": "DocumentReference"}}  # fmt: skip
    answer = client.provide(MRSA, {"resourceType": "Bundle", "type": "transaction",
                                   "entry": [entry]})  # fmt: skip
    assert answer.good, answer.issues
    where = answer.resource["entry"][0]["response"]["location"]
    made = {**entry["resource"], "id": where.rpartition("/")[2]}
    assert client.withdraw(MRSA, made).good
    client.close()


def test_an_ehr_system_gets_a_token_and_publishes(server):
    home = server.home
    client = EhrApi(
        server.url,
        "ehr-one",
        home / "fhir" / "ehr-one.key",
        SCOPES,
        ca=home / "certs" / "ca" / "ca.pem",
        pair=(home / "certs/SE/client.pem", home / "certs/SE/client.key"),
    )
    who = {"system": f"urn:oid:{WORKER.root}", "value": WORKER.extension}
    found = client.match({"resourceType": "Patient", "identifier": [who]})
    assert len(found.matches) == 1
    made = client.publish(
        {
            "resourceType": "DocumentReference",
            "status": "current",
            "type": {"coding": [{"system": "http://loinc.org", "code": "11502-2"}]},
            "subject": {"identifier": who},
            "content": [
                {
                    "attachment": {
                        "contentType": "application/pdf",
                        "data": base64.b64encode(b"%PDF-1.7").decode(),
                    }
                }
            ],
        }
    )
    assert made.status == 201, made.issues
    url = made.resource["content"][0]["attachment"]["url"]
    assert client.get(url, accept="application/pdf").content == b"%PDF-1.7"
    client.close()


def test_a_server_that_is_not_there_is_told(journal, server):
    seal = certs.load(server.home / "certs" / "SE").seal
    client = NcpApi(
        Partner("http://127.0.0.1:9", country("NO")),
        Asker(professional("SE"), seal),
        store=journal,
    )
    with pytest.raises(EnvironmentProblem, match="cannot be reached"):
        client.patients(WORKER)
    with journal.connect() as connection:
        assert not list(entries(connection, Filter()))[-1].transaction.done


def test_one_contact_point_can_be_the_register_of_another(server):
    """The connector to FHIR servers, over real mutual TLS, at the interface for EHR systems."""
    ca, folder = server.home / "certs/ca/ca.pem", server.home / "certs/SE"
    pair = (folder / "client.pem", folder / "client.key")
    client = EhrApi(server.url, "ehr-one", server.home / "fhir/ehr-one.key", SCOPES, ca=ca,
                    pair=pair)  # fmt: skip
    with requests.Session() as session:
        session.trust_env, session.verify, session.cert = False, str(ca), tuple(map(str, pair))
        register = FhirServer(server.url + "/ehr", headers=client._headers("application/fhir+json"),
                              session=session)  # fmt: skip
        (person,) = register.find(Traits(ids=(WORKER,), family="parasol"))
        assert WORKER in person.ids
        assert register.find(Traits(ids=(WORKER,), family="Paraply")) == []
        (entry, *_) = register.documents(WORKER, DocumentKind.PATIENT_SUMMARY)
        assert b"Parasol" in register.content(entry.unique_id)
        session.headers["Authorization"] = "Bearer x"
        with pytest.raises(Refusal, match="REGISTRY_NOT_AVAILABLE"):
            register.find(Traits(ids=(WORKER,)))
    client.close()
