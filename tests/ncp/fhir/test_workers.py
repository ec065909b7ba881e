"""Several processes answer over FHIR from one store: what one keeps, the others know."""

from __future__ import annotations

import base64
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ncp.audit.verification import verify
from ncp.client.asker import Asker, professional
from ncp.client.fhir import EhrApi, NcpApi
from ncp.client.partner import at_home
from ncp.fhir import register
from ncp.fhir.settings import SCOPES
from ncp.model import DocumentKind
from ncp.service.workers import possible
from ncp.store import Store
from ncp.trust import certs
from tests.ncp.fhir.asking import now, pushed
from tests.ncp.postgres import postgresql_url
from tests.ncp.service.asking import MRSA, WORKER, dispensation
from tests.ncp.service.test_server import Server, serving

__all__ = ["postgresql_url"]

pytestmark = pytest.mark.skipif(not possible(), reason="needs several processes at an address")


def pharmacy(server: Server, store: Store) -> NcpApi:
    seal = certs.load(server.home / "certs" / "SE").seal
    return NcpApi(at_home(server.home, "SE", now=now(), url=server.url),
                  Asker(professional("SE", "2262"), seal), store=store)  # fmt: skip


def hospital(server: Server, key: Path) -> EhrApi:
    pair = (server.home / "certs/SE/client.pem", server.home / "certs/SE/client.key")
    return EhrApi(server.url, "hospital", key, SCOPES, ca=server.home / "certs/ca/ca.pem",
                  pair=pair)  # fmt: skip


def report(value: str) -> dict:
    return {
        "resourceType": "DocumentReference", "status": "current",
        "masterIdentifier": {"system": "urn:ietf:rfc:3986", "value": value},
        "type": {"coding": [{"system": "http://loinc.org", "code": "11502-2"}]},
        "subject": {"identifier": {"system": f"urn:oid:{WORKER.root}",
                                   "value": WORKER.extension}},
        "content": [{"attachment": {"contentType": "application/pdf",
                                    "data": base64.b64encode(b"%PDF-1.7").decode()}}],
    }  # fmt: skip


@pytest.mark.parametrize("database", ["sqlite", "postgresql"])
def test_workers_share_what_comes_over_fhir(database, request, tmp_path, samples):
    url = (str(tmp_path / "store.db") if database == "sqlite"
           else request.getfixturevalue("postgresql_url"))  # fmt: skip
    store, kept = Store(url), Store(tmp_path / "b.db")
    store.clear()
    key = register(tmp_path, "hospital", SCOPES)
    with serving(tmp_path, "--workers", "2", "--store", url) as server:
        _dispense_once(server, kept, samples)
        _publish_once(server, key)
        assert server.stop() == 0
    with store.connect() as connection:
        assert verify(connection).sound
    store.close()
    kept.close()


def _dispense_once(server: Server, kept: Store, samples) -> None:
    """Four connections report the same dispensation at once; one of them is taken."""
    clients = [pharmacy(server, kept) for _ in range(4)]
    (reference,) = clients[0].documents(MRSA, DocumentKind.EPRESCRIPTION).matches
    assert clients[1].document(MRSA, reference).good
    cda = samples.content(samples.documents(MRSA, DocumentKind.EPRESCRIPTION)[0].unique_id)
    entry = {"resource": pushed(dispensation(cda, "once"), MRSA),
             "request": {"method": "POST", "url": "DocumentReference"}}  # fmt: skip
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda client: client.provide(MRSA, bundle), clients))
    assert sorted(answer.status for answer in answers) == [200, *[409] * 3]
    made = next(answer for answer in answers if answer.good).resource
    identity = made["entry"][0]["response"]["location"].rpartition("/")[2]
    assert clients[2].withdraw(MRSA, {**entry["resource"], "id": identity}).good
    assert not clients[3].withdraw(MRSA, {**entry["resource"], "id": identity}).good
    for client in clients:
        client.close()


def _publish_once(server: Server, key: Path) -> None:
    """A token of one worker is good at the other; a document is published once and found by all."""
    systems = [hospital(server, key) for _ in range(4)]
    value = f"urn:uuid:{uuid.uuid4()}"
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda system: system.publish(report(value)), systems))
    assert sorted(answer.status for answer in answers) == [201, *[409] * 3]
    query = {"patient.identifier": f"urn:oid:{WORKER.root}|{WORKER.extension}", "type": "11502-2"}
    headers = systems[0]._headers("application/fhir+json")
    for _ in range(8):  # each a connection of its own, so that both workers get some
        with server.session() as session:
            answer = session.get(f"{server.url}/ehr/DocumentReference", params=query,
                                 headers=headers, timeout=30)  # fmt: skip
        assert answer.json()["total"] == 1, answer.text
    for system in systems:
        found = system.get("DocumentReference", params=list(query.items()))
        assert [one["masterIdentifier"]["value"] for one in found.matches] == [value]
        system.close()
