"""Every message we write is valid against the schemas of HL7 and IHE.

The schemas are not ours to ship. Point ``EHDS_MESSAGE_SCHEMAS`` to a folder that holds, at any
depth, the HL7 v3 NE2008 schemas (``PRPA_IN201305UV02.xsd`` with its neighbours) and the schemas of
ebXML RegRep 3.0 and IHE XDS.b (``IHEXDSB.xsd`` or ``XDS.b_DocumentRepository.xsd``). Without it the
tests are skipped, under CI too: this material does not lie beside the checkout.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from ncp import tables
from ncp.codes import QUIRKS
from ncp.messages import xca, xcpd, xdr
from ncp.model import DocumentKind, DocumentReference, Refusal, Submission, Traits, Weight
from tests.ncp.messages.samples import (
    ENTRY,
    ENTRY_PDF,
    HOME,
    NOW,
    PATIENT,
    PERSON,
    SWEDEN,
    TRAITS,
    wire,
)

pytestmark = pytest.mark.oracle


@pytest.fixture(scope="module")
def folder() -> Path:
    named = os.environ.get("EHDS_MESSAGE_SCHEMAS")
    if not named or not Path(named).is_dir():
        pytest.skip("EHDS_MESSAGE_SCHEMAS names no folder with the schemas of HL7 and IHE")
    return Path(named)


def find(folder: Path, *names: str) -> Path:
    for name in names:
        found = sorted(folder.rglob(name))
        if found:
            return found[0]
    pytest.skip(f"EHDS_MESSAGE_SCHEMAS has no {' or '.join(names)}")


@pytest.fixture(scope="module")
def ihe(folder: Path) -> etree.XMLSchema:
    """The schema of IHE XDS.b, with the extension that some editions of ebRIM refer to."""
    main = find(folder, "IHEXDSB.xsd", "XDS.b_DocumentRepository.xsd")
    includes = [main, *sorted(main.parent.glob("xcf.xsd"))]
    lines = "".join(f'<xs:include schemaLocation="{file.name}"/>' for file in reversed(includes))
    wrapper = (
        '<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema" '
        f'targetNamespace="urn:ihe:iti:xds-b:2007">{lines}</xs:schema>'
    )
    base = (main.parent / "wrapper.xsd").as_uri()
    return etree.XMLSchema(etree.fromstring(wrapper, base_url=base).getroottree())


@pytest.fixture(scope="module")
def asked(folder: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(find(folder, "PRPA_IN201305UV02.xsd")))


@pytest.fixture(scope="module")
def answered(folder: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(find(folder, "PRPA_IN201306UV02.xsd")))


def judge(schema: etree.XMLSchema, message: etree._Element) -> None:
    schema.validate(wire(message))
    assert [f"{e.line}: {e.message}" for e in schema.error_log] == []


def request(traits: Traits = TRAITS) -> etree._Element:
    return xcpd.request(traits, sender=SWEDEN, receiver=HOME, created=NOW)


@pytest.mark.parametrize("traits", [TRAITS, Traits((PATIENT,)), Traits((PATIENT, PATIENT))])
def test_the_identification_request(asked, traits):
    judge(asked, request(traits))


REASONS = [None, *sorted(tables.reasons())]


@pytest.mark.parametrize("quirks", QUIRKS)
@pytest.mark.parametrize("reason", REASONS)
def test_the_identification_answer(answered, reason, quirks):
    read = xcpd.read_request(wire(request()))
    refusal = Refusal("ERROR_PI_GENERIC", "no", reason=reason, location="x") if reason else None
    people = [PERSON, replace(PERSON, gender="", birth_date="", given=())]
    judge(answered, xcpd.response(read, people, home=HOME, created=NOW, refusal=refusal,
                                  quirks=quirks))  # fmt: skip


def of_ihe() -> Iterator[tuple[str, etree._Element]]:
    told = [Refusal("4703", "no", location="x"), Refusal("1104", "none", Weight.WARNING)]
    one = DocumentReference(HOME, HOME, ENTRY.unique_id)
    laboratory = replace(ENTRY_PDF, kind=DocumentKind.LABORATORY, pair="", size=None, hash="",
                         format_code="urn:eHDSI:orcd:pdf:2021", title="", country="")  # fmt: skip
    dispensed = replace(ENTRY, kind=DocumentKind.EDISPENSATION, pair="", home="", repository="",
                        format_code="urn:epSOS:ep:dis:2010")  # fmt: skip
    discard = replace(dispensed, kind=DocumentKind.DISCARD,
                      format_code="urn:eHDSI:ed:discard:2020")  # fmt: skip
    filters = xca.QueryRequest(PATIENT, (DocumentKind.LABORATORY, DocumentKind.DISCHARGE), 5, NOW,
                               NOW)  # fmt: skip
    yield "query", xca.query(xca.QueryRequest(PATIENT, (DocumentKind.PATIENT_SUMMARY,)))
    yield "query-filters", xca.query(filters)
    yield "list", xca.query_response([ENTRY, ENTRY_PDF, laboratory])
    yield "list-empty", xca.query_response([], told)
    yield "list-openncp", xca.query_response([ENTRY], told, quirks="openncp")
    yield "retrieve", xca.retrieve(xca.RetrieveRequest((one, replace(one, home=""))))
    yield "documents", xca.retrieve_response([xca.Retrieved(one, b"<x/>")], told)
    yield "no-documents", xca.retrieve_response([], told)
    for name, entry in (("dispensation", dispensed), ("discard", discard)):
        sent = Submission(entry, b"<x/>", "1.2.3.4", "20261122120000")
        yield name, xdr.provide([sent], person=PERSON)
    yield "taken", xdr.response()
    yield "not-taken", xdr.response(told)


MESSAGES = dict(of_ihe())


@pytest.mark.parametrize("name", MESSAGES)
def test_the_messages_of_ihe(ihe, name):
    judge(ihe, MESSAGES[name])
