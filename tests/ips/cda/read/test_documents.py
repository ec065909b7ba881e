"""Reading documents of our own: what they say arrives, and what is hostile does no harm."""

from __future__ import annotations

import copy
import random
from pathlib import Path
from typing import Any

import orjson
import pytest
from lxml import etree

from data.errors import InputError
from ips.cda.read import to_fhir
from ips.conformance.engine import check_bundle
from ips.conformance.output import is_valid
from ips.loss import Fate
from tests.ips.cda import samples


def resources(content: bytes, kind: str) -> list[dict[str, Any]]:
    entries = to_fhir(content).bundle["entry"]
    return [e["resource"] for e in entries if e["resource"]["resourceType"] == kind]


def section(content: bytes, code: str) -> dict[str, Any]:
    composition = resources(content, "Composition")[0]
    return next(
        s for s in composition["section"] if s["code"].get("coding", [{}])[0].get("code") == code
    )


def problems(content: bytes) -> list[str]:
    with pytest.raises(InputError) as caught:
        to_fhir(content, name="file.xml")
    assert all(p.where for p in caught.value.problems)
    return [p.what for p in caught.value.problems]


def test_the_plain_summary_is_an_ips() -> None:
    made = to_fhir(samples.document().encode())
    assert is_valid(check_bundle(made.bundle))
    assert {i.fate for i in made.loss.items} == {Fate.EXACT}


def test_no_information_is_an_empty_reason_and_known_absence_an_entry() -> None:
    content = samples.document().encode()
    assert section(content, "47519-4")["emptyReason"]["coding"][0]["code"] == "unavailable"
    assert "entry" not in section(content, "47519-4")
    assert "entry" in section(content, "46264-8")


def test_missing_mandatory_sections_are_there_with_the_reason() -> None:
    content = samples.document(sections="").encode()
    for code in ("10160-0", "48765-2", "11450-4"):
        assert section(content, code)["emptyReason"]["coding"][0]["code"] == "unavailable"
    assert is_valid(check_bundle(to_fhir(content).bundle))


def test_a_negated_problem_is_refuted() -> None:
    content = samples.changed(
        'typeCode="SUBJ"><observation classCode="OBS"',
        'typeCode="SUBJ"><observation negationInd="true" classCode="OBS"',
    )
    condition = resources(content, "Condition")[0]
    assert condition["verificationStatus"]["coding"][0]["code"] == "refuted"


def test_an_unknown_section_stays_as_narrative_and_its_codes_are_reported() -> None:
    entry = (
        '<entry><observation classCode="OBS" moodCode="EVN"><code code="8302-2" '
        'codeSystem="2.16.840.1.113883.6.1"/><value xsi:type="PQ" value="180" unit="cm"/>'
        "</observation></entry>"
    )
    extra = samples.section("x", "99", "69730-0", "Advice", entry, "drink water")
    content = samples.document(sections=samples.SECTIONS + extra).encode()
    assert "drink water" in section(content, "69730-0")["text"]["div"]
    lost = [i for i in to_fhir(content).loss.items if i.fate is Fate.NOT_CARRIED]
    assert any("8302-2" in item.source_value for item in lost)
    assert any("180 cm" in item.source_value for item in lost)


def test_a_section_that_stands_twice_is_joined() -> None:
    again = samples.section(
        "more", "12", "48765-2", "More", samples.ALLERGY.replace("2.999.2", "2.999.20"), "once more"
    )
    content = samples.document(sections=samples.SECTIONS + again).encode()
    made = section(content, "48765-2")
    assert len(made["entry"]) == 2
    assert "once more" in made["text"]["div"]
    assert is_valid(check_bundle(to_fhir(content).bundle))


def test_the_head_is_carried() -> None:
    content = samples.document().encode()
    composition = resources(content, "Composition")[0]
    assert composition["date"] == "2026-11-22T10:49:00+01:00"
    assert composition["language"] == "en-GB"
    assert composition["attester"][0]["mode"] == "legal"
    assert composition["event"][0]["period"]["end"] == "2026-11-22"
    assert composition["relatesTo"][0]["targetIdentifier"]["value"] == "pdf-1"
    assert composition["identifier"] == {"system": "urn:oid:2.999.9", "value": "set-1"}
    assert to_fhir(content).bundle["identifier"]["value"] == "summary-1"
    person = resources(content, "Patient")[0]
    assert (person["gender"], person["birthDate"]) == ("female", "1962-01-13")


def test_the_national_identity_number_is_nowhere_in_the_loss_report() -> None:
    content = samples.changed("no-known-medications", "13816248213")
    report = orjson.dumps(to_fhir(content).loss.to_dict()).decode()
    assert "13816248213" not in report


def test_a_level_1_document_carries_its_file() -> None:
    content = samples.level_one().encode()
    document = resources(content, "DocumentReference")[0]
    attachment = document["content"][0]["attachment"]
    assert attachment == {"contentType": "application/pdf", "data": "JVBERi0="}
    assert is_valid(check_bundle(to_fhir(content).bundle))


def test_a_file_that_is_no_base64_is_left_out_and_told() -> None:
    content = samples.changed("JVBERi0=", "!!!", samples.level_one())
    assert resources(content, "DocumentReference") == []
    assert any(i.fate is Fate.NOT_CARRIED for i in to_fhir(content).loss.items)


def test_what_a_document_cannot_be_without_is_told_all_at_once() -> None:
    text = samples.document().replace('value="20261122104900+0100"', "", 1)
    text = text.replace('code="60591-5"', "", 1)
    start, end = text.index("<recordTarget>"), text.index("</recordTarget>")
    text = text[:start] + text[end + len("</recordTarget>") :]
    assert len(problems(text.encode())) == 3


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not xml",
        b"<a/>",
        b'<ClinicalDocument xmlns="urn:other"/>',
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b'<?xml version="1.0" encoding="utf-16"?><a/>',
        b"<a>" * 5000,
    ],
)
def test_what_is_no_document_is_refused(content: bytes) -> None:
    assert problems(content)


def test_two_patients_are_refused() -> None:
    text = samples.document()
    start, end = text.index("<recordTarget>"), text.index("<author>")
    doubled = text[:end] + text[start:end] + text[end:]
    assert problems(doubled.encode()) == ["the document names several patients"]


@pytest.mark.parametrize(
    "hostile",
    [
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        '<linkHtml href="javascript:alert(1)">x</linkHtml>',
        '<script xmlns="http://www.w3.org/1999/xhtml">alert(1)</script>',
        '<content ID="a" onclick="x()" styleCode="bold">x</content>',
        '<renderMultiMedia referencedObject="x"/>',
        '<table><tr><td ID="a"/></tr><tr><td ID="a">x</td></tr></table>',
        "<list><caption>c</caption><item>i</item>stray</list>",
        "\u202e\u00a0",
    ],
)
def test_hostile_narrative_becomes_harmless_xhtml(hostile: str) -> None:
    extra = samples.section("x", "99", "69730-0", "Advice", "", "TEXT").replace("TEXT", hostile)
    content = samples.document(sections=samples.SECTIONS + extra).encode()
    made = to_fhir(content)
    assert is_valid(check_bundle(made.bundle))
    div = section(content, "69730-0")["text"]["div"]
    assert "<script" not in div
    assert "javascript:" not in div
    assert "onclick" not in div


BAD = ("", "x" * 300, "<script>", "2.999", "-1", "1e400", "9" * 20, "20229999", "٣", "\u00a0",
       "no-known-allergies", "true")  # fmt: skip


def mutated(root: etree._Element, chance: random.Random) -> bytes:
    """Return a document with some elements removed, doubled, emptied, renamed or spoilt."""
    elements = [e for e in root.iter(etree.Element) if e.getparent() is not None]
    for _ in range(chance.randint(1, 6)):
        element, kind = chance.choice(elements), chance.randrange(6)
        parent = element.getparent()
        if kind == 0 and parent is not None:
            parent.remove(element)
        elif kind == 1 and parent is not None:
            parent.insert(0, copy.deepcopy(element))
        elif kind == 2 and element.attrib:
            element.set(chance.choice(sorted(map(str, element.attrib))), chance.choice(BAD))
        elif kind == 3:
            element.text = chance.choice(BAD)
        elif kind == 4:
            element.tag = "{urn:other}" + etree.QName(element).localname
        else:
            element.set("nullFlavor", "NI")
    return etree.tostring(root)


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(60))
def test_a_damaged_document_is_read_validly_or_refused(oracles: Path, seed: int) -> None:
    chance = random.Random(seed)
    files = sorted((oracles / "cda-samples").glob("*.xml"))
    content = mutated(etree.fromstring(chance.choice(files).read_bytes()), chance)
    try:
        made = to_fhir(content)
    except InputError as error:
        told = [bool(p.what and p.where) for p in error.problems]
    else:
        report = check_bundle(made.bundle)
        told = [is_valid(report)]
    assert all(told)
