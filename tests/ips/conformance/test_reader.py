"""Documents come from anywhere: right ones are read, wrong ones are told where they are wrong."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from ips.conformance import reader
from ips.conformance.engine import check_bundle
from ips.conformance.reader import read_document
from ips.summary.xmlout import to_xml
from tests.ips.conformance.documents import Json, official_examples, summary

PATIENT = (
    '<Patient xmlns="http://hl7.org/fhir"><id value="p"/>{}<active value="true"/>'
    '<name><given value="Kari"/><given value="Anne"/></name></Patient>'
)


def problem(source: bytes | Path) -> str:
    with pytest.raises(InputError) as caught:
        read_document(source)
    return " | ".join(f"{p.where}: {p.what}" for p in caught.value.problems)


def test_json_and_xml_of_the_same_document_are_read_alike() -> None:
    document = summary()
    assert read_document(orjson.dumps(document)) == document
    assert read_document(to_xml(document)) == document


def test_xml_of_the_official_examples_is_read_as_their_json() -> None:
    def without_narrative(value: object) -> object:
        if isinstance(value, dict):
            return {k: without_narrative(v) for k, v in value.items() if k != "div"}
        return [without_narrative(v) for v in value] if isinstance(value, list) else value

    for name, document in official_examples().items():
        read = read_document(to_xml(document))
        assert without_narrative(read) == without_narrative(document), name
        assert check_bundle(read).extra["valid"], name


def test_xml_primitives_get_their_json_types() -> None:
    read = read_document(PATIENT.format("").encode())
    assert read == {
        "resourceType": "Patient",
        "id": "p",
        "active": True,
        "name": [{"given": ["Kari", "Anne"]}],
    }


def test_extensions_of_xml_primitives_stand_beside_them() -> None:
    extended = (
        '<birthDate><extension url="https://example.org/e"><valueCode value="x"/></extension>'
        "</birthDate>"
    )
    read = read_document(PATIENT.format(extended).replace("<active", "<active").encode())
    assert read["_birthDate"] == {"extension": [{"url": "https://example.org/e", "valueCode": "x"}]}


@pytest.mark.parametrize(
    ("source", "told"),
    [
        (b"", "empty"),
        (b"   ", "empty"),
        (b"{", "not JSON"),
        (b'{"resourceType": "Patient", "id": NaN}', "not a JSON number"),
        (b'{"id": "x"}', "resourceType is missing"),
        (b"[]", "resourceType is missing"),
        (b'{"resourceType": 3}', "resourceType is missing"),
        (b'{"resourceType": "Patient", "id": "a", "id": "b"}', "stands twice"),
        (b'{"resourceType": "\xff"}', "not UTF-8"),
        (b"\xff\xfe{\x00", "UTF-16"),
        (b"[" * 5000 + b"]" * 5000, "nested"),
        (b'{"resourceType": "Basic", "id": %b}' % (b"7" * 5000), "too many digits"),
        (b'<Patient xmlns="http://hl7.org/fhir">' + b"<a>" * 300, "nested too deep"),
        (
            b'<Patient xmlns="http://hl7.org/fhir"><id value="%b"/></Patient>' % (b"7" * 10**7),
            "longer than 10 MB",
        ),
        (b"<Patient", "not XML"),
        (b'<Patient xmlns="http://hl7.org/fhir">', "not XML"),
        (b"<Patient/>", "not a FHIR R4 resource"),
        (b'<Nothing xmlns="http://hl7.org/fhir"/>', "not a FHIR R4 resource"),
        (PATIENT.format('<shoeSize value="38"/>').encode(), "not an element"),
        (PATIENT.format("text").encode(), "text stands directly"),
        (PATIENT.format('<gender value="male"/><gender value="male"/>').encode(), "more than once"),
        (b'<!DOCTYPE x [<!ENTITY a "b">]><Patient xmlns="http://hl7.org/fhir"/>', "document type"),
        (
            b'<?xml version="1.0"?><!DOCTYPE x SYSTEM "file:///etc/passwd"><Patient/>',
            "document type",
        ),
    ],
)
def test_what_is_wrong_is_told(source: bytes, told: str) -> None:
    said = problem(source)
    assert told in said
    assert not [word for word in ("sys.", "XML_PARSE", "set_int") if word in said]


@pytest.mark.parametrize("kind", ["integer", "decimal"])
def test_a_number_in_xml_with_too_many_digits_stays_text(kind: str) -> None:
    digits = "7" * 5000
    value = f"value{kind.title()}"
    read = read_document(
        PATIENT.format(
            f'<extension url="https://example.org/e"><{value} value="{digits}"/></extension>'
        ).encode()
    )
    assert read["extension"] == [{"url": "https://example.org/e", value: digits}]


def test_the_line_of_a_broken_file_is_told(tmp_path: Path) -> None:
    file = tmp_path / "broken.json"
    file.write_bytes(b'{\n"resourceType": "Patient",\n"id": }')
    assert f"{file}:3" in problem(file)
    file = tmp_path / "broken.xml"
    file.write_bytes(b'<Patient xmlns="http://hl7.org/fhir">\n<id value="x">\n</Patient>')
    assert f"{file}:3" in problem(file)


def test_what_is_no_file_is_told(tmp_path: Path) -> None:
    assert "no such file" in problem(tmp_path / "absent.json")
    assert "folder" in problem(tmp_path)


def test_a_file_that_is_too_large_is_refused_unread(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(reader, "MAX_BYTES", 10)
    file = tmp_path / "large.json"
    file.write_bytes(b" " * 11)
    assert "larger than" in problem(file)
    assert "larger than" in problem(file.read_bytes())


def _judged(raw: bytes) -> None:
    try:
        document: Json = read_document(raw)
    except InputError:
        return
    check_bundle(document)


@given(st.data())
@settings(max_examples=80, deadline=None)
def test_truncated_and_garbled_documents_never_crash(data: st.DataObject) -> None:
    raw = bytearray(to_xml(summary()) if data.draw(st.booleans()) else orjson.dumps(summary()))
    if data.draw(st.booleans()):
        raw = raw[: data.draw(st.integers(0, len(raw)))]
    for _ in range(data.draw(st.integers(0, 4))):
        if raw:
            raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    _judged(bytes(raw))


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_never_crash(raw: bytes) -> None:
    _judged(raw)
