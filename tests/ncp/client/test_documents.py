"""A document from abroad is checked, translated and turned into FHIR, or said not to be usable."""

from __future__ import annotations

import base64
import hashlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ncp.client.documents import received
from ncp.model import DocumentReference
from tests.ncp.client.answering import NORWAY, OTHER, PATIENT, document, entry

ASKED = DocumentReference(NORWAY, NORWAY, "2.25.7")
PDF = b"%PDF-1.4 small"


def failed(one) -> set[str]:
    return {r.id for r in one.report.results if r.outcome == "fail" and r.id.startswith("b-")}


def nonxml(content: str) -> str:
    return (f'<component><nonXMLBody><text mediaType="application/pdf" representation="B64">'
            f"{content}</text></nonXMLBody></component>")  # fmt: skip


def test_the_right_document_of_the_right_patient_is_safe() -> None:
    one = received(document(), ASKED, PATIENT)
    assert one.safe
    assert failed(one) == set()
    assert one.translated


def test_a_document_about_somebody_else_is_not_safe() -> None:
    one = received(document(OTHER), ASKED, PATIENT)
    assert not one.safe
    assert failed(one) == {"b-document-patient"}


def test_a_document_with_another_id_is_not_safe() -> None:
    one = received(document(), DocumentReference(NORWAY, NORWAY, "2.25.8"), PATIENT)
    assert not one.safe
    assert failed(one) == {"b-document-id"}


def test_size_and_hash_are_those_of_the_list() -> None:
    content = document()
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    same = received(content, ASKED, PATIENT, entry(size=len(content), hash=digest.upper()))
    assert failed(same) == set()
    other = received(content, ASKED, PATIENT, entry(size=1, hash="0" * 40))
    assert failed(other) == {"b-document-size", "b-document-hash"}
    assert not other.safe
    only_size = received(content, ASKED, PATIENT, entry(size=1))
    assert only_size.safe  # told, but the bytes are those that were signed for


def test_the_pdf_of_a_level_1_document_is_taken_out() -> None:
    one = received(document(body=nonxml(base64.b64encode(PDF).decode())), ASKED, PATIENT)
    assert (one.level, one.pdf) == (1, PDF)


@pytest.mark.parametrize("content", ["%%%", base64.b64encode(b"MZ program").decode(), ""])
def test_what_is_no_pdf_is_not_given_as_one(content) -> None:
    assert received(document(body=nonxml(content)), ASKED, PATIENT).pdf is None


@pytest.mark.parametrize("content", [
    b"", b"%PDF-1.4", b"<html/>", b"<ClinicalDocument",
    b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>',
])  # fmt: skip
def test_what_is_no_cda_is_kept_and_nothing_is_made_of_it(content) -> None:
    one = received(content, ASKED, PATIENT)
    assert one.content == content
    assert (one.safe, one.bundle, one.translated) == (False, None, None)
    assert "b-document-cda" in failed(one)


def test_why_there_is_no_fhir_is_told() -> None:
    timeless = document().replace(b'<effectiveTime value="20261122120000+0000"/>', b"")
    one = received(timeless, ASKED, PATIENT)
    assert one.bundle is None
    assert one.problems


@settings(max_examples=60, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 700))
def test_a_damaged_document_never_breaks_the_reader(noise: bytes, place: int) -> None:
    whole = document()
    damaged = whole[:place] + noise + whole[place + len(noise) :]
    one = received(damaged, ASKED, PATIENT)
    assert one.content == damaged
    if one.safe:
        assert PATIENT.extension.encode() in damaged
