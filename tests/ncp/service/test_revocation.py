"""Country A with revocation lists: who was taken back is not let in, or not answered."""

from __future__ import annotations

import datetime as dt

import pytest
import requests

from data.errors import InputError
from ncp.fhir import Settings, ehr, exchange
from ncp.fhir.wire import Asked
from ncp.model import Operation, Traits
from ncp.trust import certs
from tests.ncp.service.asking import WORKER, ask
from tests.ncp.service.test_server import serving


def taken_back(home, *names: str):
    """Return the revocation list of a home folder with certificates of Sweden."""
    for country in ("NO", "SE"):
        certs.ensure(home / "certs" / country, country, now=dt.datetime.now(dt.UTC))
    sweden = certs.load(home / "certs" / "SE")
    known = {"client": sweden.tls_client, "seal": sweden.seal}
    return certs.revoke(home / "certs" / "ca", [known[n].certificate for n in names],
                        now=dt.datetime.now(dt.UTC))  # fmt: skip


def test_a_revoked_certificate_is_not_let_in_and_a_revoked_seal_not_answered(tmp_path):
    crl = taken_back(tmp_path, "client", "seal")
    with serving(tmp_path, "--crl", str(crl)) as server:
        with server.session() as session, pytest.raises(requests.ConnectionError):
            session.get(server.url + "/fhir/metadata", timeout=20)
        with server.session("NO") as session:  # another certificate of the authority is let in
            assert session.get(server.url + "/fhir/metadata", timeout=20).status_code == 200
            answer = server.send(server.b.identify(Traits(ids=(WORKER,))), session)
            assert "ERROR_SEC_DATA_INTEGRITY_NOT_ENSURED" in str(answer)
        assert server.stop() == 0


def test_a_list_that_has_ended_is_refused_at_the_start(make, tmp_path):
    taken_back(tmp_path)
    old = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    crl = certs.revoke(tmp_path / "certs" / "ca", [], now=old)
    with pytest.raises(InputError, match="ended at 2026-04-01"):
        make(revoked=[crl])


def test_a_connection_that_lasts_longer_than_its_certificate_is_refused(make, home, sweden):
    """The handshake came before the list: what is asked over the connection is refused."""
    norway = make(revoked=[taken_back(home, "client")])
    incoming = sweden.query(WORKER)
    answer = norway.handle(incoming)
    assert b"Invalid Security Token" in answer.content
    entry = norway.journal(1)[-1]
    assert entry["operation"] == Operation.PS_LIST or entry["error"]
    client = certs.load(home / "certs" / "SE").tls_client.certificate
    assert norway.point.trust.revoked(client, dt.datetime.now(dt.UTC))
    for desk in (exchange.desk(norway.point, Settings()), ehr.desk(norway.point, Settings())):
        for path in ("metadata", "Patient"):
            asked = Asked("GET", path, (), {}, b"", "https://localhost/x", peer=client)
            assert desk.handle(asked).status == 401
    assert ask(make(), sweden.query(WORKER)).entries
