"""Values that the tests of messages share, and strategies that make any of them."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from hypothesis import strategies as st
from lxml import etree

from ncp import codes
from ncp.model import Address, Coded, DocumentEntry, DocumentKind, PatientId, Person, Traits

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
HOME = codes.NORWAY_HOME
SWEDEN = "1.2.752.221.3.1.1"
PATIENT = PatientId(codes.FNR, "29824803127")
TRAITS = Traits(
    (PATIENT,), "Nordmann", "Kari Anne", "F", "19480229",
    Address("Storgata 1", "Oslo", "0155", "NO"),
)  # fmt: skip
PERSON = Person(
    (PATIENT,), "Nordmann", ("Kari", "Anne"), "F", "19480229",
    Address("Storgata 1", "Oslo", "0155", "NO"),
)  # fmt: skip
STRUCTURED = "urn:uuid:6a0bd7e2-5bd9-4e55-a1c0-3c0b34d9c0a3"
PDF = "urn:uuid:6a0bd7e2-5bd9-4e55-a1c0-3c0b34d9c0a1"
ENTRY = DocumentEntry(
    f"{HOME}^rx-1.3", STRUCTURED, PATIENT, DocumentKind.EPRESCRIPTION, 3, "urn:epsos:ep:pre:2010",
    "eHDSI - ePrescription", NOW, HOME, HOME, size=14112, hash="da39a3ee", country="NO",
    description="Paracetamol 500 mg", author_person="Ola Lege", author_institution="Legekontoret",
    author_specialty="221", pair=PDF, started="20261101",
    events=(Coded(codes.DISPENSABLE, codes.DISPENSABLE_SYSTEM, "Open"),
            Coded("N02BE01", codes.ATC, "paracetamol")),
)  # fmt: skip
ENTRY_PDF = replace(
    ENTRY, unique_id=f"{HOME}^rx-1.1", entry_id=PDF, pair=STRUCTURED, level=1,
    format_code="urn:ihe:iti:xds-sd:pdf:2008",
)  # fmt: skip


def wire(element: etree._Element) -> etree._Element:
    """Return an element as it comes out of bytes."""
    return etree.fromstring(etree.tostring(element))


text = st.text(
    st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff"), max_size=30
).map(lambda t: " ".join(t.split()))
word = text.filter(bool)
number = st.text("0123456789abcXYZ|-", min_size=1, max_size=20)
oid = st.lists(st.integers(1, 99999), min_size=3, max_size=8).map(
    lambda arcs: "2." + ".".join(map(str, arcs))
)
patient_id = st.builds(PatientId, oid, number)
address = st.builds(Address, text, text, text, st.sampled_from(["", "NO", "SE"]))
date = st.sampled_from(["", "19480229", "19560000", "0"])
traits = st.builds(
    Traits, st.lists(patient_id, max_size=3).map(tuple), text, text,
    st.sampled_from(["", "M", "F", "UN"]), date, address,
)  # fmt: skip
person = st.builds(
    Person, st.lists(patient_id, min_size=1, max_size=3).map(tuple), text,
    st.lists(word, max_size=3).map(tuple), st.sampled_from(["", "M", "F", "UN"]), date, address,
)  # fmt: skip
moment = st.integers(-2_000_000_000, 30_000_000_000).map(
    lambda seconds: dt.datetime(1970, 1, 1, tzinfo=dt.UTC) + dt.timedelta(seconds=seconds)
)
coded = st.builds(Coded, word, text, text)


@st.composite
def entries(draw: st.DrawFn) -> DocumentEntry:
    """Any document entry whose level is that of its format."""
    kind, level, form = draw(st.sampled_from([
        (DocumentKind.PATIENT_SUMMARY, 3, "urn:epSOS:ps:ps:2010"),
        (DocumentKind.PATIENT_SUMMARY, 1, "urn:ihe:iti:xds-sd:pdf:2008"),
        (DocumentKind.EPRESCRIPTION, 3, "urn:epsos:ep:pre:2010"),
        (DocumentKind.EDISPENSATION, 3, "urn:epSOS:ep:dis:2010"),
        (DocumentKind.DISCARD, 3, "urn:eHDSI:ed:discard:2020"),
        (DocumentKind.LABORATORY, 1, "urn:eHDSI:orcd:pdf:2021"),
        (DocumentKind.IMAGES, 1, "urn:eHDSI:orcd:png:2021"),
    ]))  # fmt: skip
    return DocumentEntry(
        draw(word), f"urn:uuid:{draw(st.uuids())}", draw(patient_id), kind, level, form,
        draw(text), draw(moment), draw(oid), draw(oid), draw(st.sampled_from(["en-GB", "nb-NO"])),
        "text/xml", draw(st.none() | st.integers(0, 10**9)), draw(text), draw(text),
        draw(st.sampled_from(["", "NO", "SE"])), draw(text), draw(text), draw(text),
        draw(st.lists(coded, max_size=4).map(tuple)), "", draw(st.sampled_from(["", "20260101"])),
        draw(st.sampled_from("NRV")),
    )  # fmt: skip
