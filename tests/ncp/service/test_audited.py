"""What the audit of country A holds, and how it leaves the house: origins, evidence, syslog."""

from __future__ import annotations

import time
from pathlib import Path

from ncp.audit.evidence import read_evidence
from ncp.audit.journal import entries
from ncp.soap import read
from tests.ncp.service.asking import EP, MRSA, ask
from tests.ncp.service.test_pipeline import prescription, summary_id
from tests.ncp.service.test_server import serving

LEVEL = "urn:oasis:names:tc:SAML:2.0:ac:classes:"


def last(pipeline, *parts: str):
    with pipeline.point.store.connect() as connection:
        return list(entries(connection, parts=parts))[-1]


def test_the_origin_of_the_data_is_in_the_audit(norway, sweden, pharmacy):
    """EHDS Annex II 3.2(e): the systems that the answer came from."""
    ask(norway, sweden.retrieve(MRSA, summary_id(norway, sweden)))
    origins = last(norway).transaction.origins
    assert any("Kjernejournal" in name for name in origins)
    prescription(norway, pharmacy)
    assert last(norway, "events").transaction.origins == ("Reseptformidleren",)
    assert b"Reseptformidleren" in last(norway, "events").parts["events"]


def test_a_refused_request_has_no_origin(norway, sweden):
    ask(norway, sweden.query(MRSA, EP, assertions=[]))
    assert last(norway).transaction.origins == ()


def test_how_the_professional_signed_in_is_in_the_audit(norway, sweden):
    ask(norway, sweden.query(MRSA))
    assert last(norway).transaction.assurance.startswith(LEVEL)


def test_evidence_of_receipt_proves_the_request(make, sweden):
    """ETSI TS 102 640-2: signed with the seal of country A, over the SOAP body."""
    norway = make(evidence=True)
    incoming = sweden.query(MRSA)
    ask(norway, incoming)
    seal = norway.point.seal.certificate
    found = read_evidence(last(norway, "nrr").parts["nrr"], seal)
    assert found.accepted
    assert found.proves(read(incoming.content, incoming.content_type).body)
    ask(norway, sweden.query(MRSA, assertions=[]))
    assert not read_evidence(last(norway, "nrr").parts["nrr"], seal).accepted


def test_without_the_option_there_is_no_evidence(norway, sweden):
    ask(norway, sweden.query(MRSA))
    assert "nrr" not in last(norway).sums


def test_the_audit_reaches_the_repository_while_the_server_runs_and_at_its_end(tmp_path):
    file = tmp_path / "audit.log"
    with serving(tmp_path, "--syslog", f"file:{file}") as running:
        assert running.send(running.b.query(MRSA)).entries
        until = time.monotonic() + 20
        while not (file.exists() and _lines(file)) and time.monotonic() < until:
            time.sleep(0.1)
        assert len(_lines(file)) == 1
        running.send(running.b.query(MRSA))
        running.stop()
    told = _lines(file)
    assert len(told) == 2
    assert all("PatientService::List" in line and line.startswith("<85>1 ") for line in told)
    assert 'NetworkAccessPointID="127.0.0.1"' in told[0]


def _lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()
