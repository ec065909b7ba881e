"""Every sample summary as a MyHealth@EU document: schema, ids, header, links into the narrative."""

from __future__ import annotations

import base64
from collections import Counter
from typing import Any

import pytest
from lxml import etree

from ips.cda.write import sheet, to_cda

NS: Any = {"v": "urn:hl7-org:v3"}
FORMS = ("pivot", "friendly")
TELECOM, ADDRESS = "recordTarget/v:patientRole/v:telecom", "recordTarget/v:patientRole/v:addr"
MANDATORY = ("10160-0", "48765-2", "47519-4", "11450-4", "46264-8")


@pytest.mark.oracle
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("profile", ["ips", "eps"])
def test_the_schema_accepts_level_3(name, profile, form, document, schema) -> None:
    schema.assertValid(document(name, profile, form))


@pytest.mark.oracle
def test_the_schema_accepts_level_1(name, bundle, schema, monkeypatch) -> None:
    monkeypatch.setattr(sheet, "draw", lambda page: b"%PDF-1.7 " + page.title.encode())
    made = etree.fromstring(to_cda(bundle(name), form="pivot", level=1).xml)
    schema.assertValid(made)
    text = made.find("v:component/v:nonXMLBody/v:text", NS)
    assert (text.get("mediaType"), text.get("representation")) == ("application/pdf", "B64")
    assert base64.b64decode(text.text).startswith(b"%PDF")


@pytest.mark.parametrize("form", FORMS)
def test_every_link_into_the_narrative_has_its_target(name, form, document) -> None:
    made = document(name, "ips", form)
    ids = Counter(made.xpath("//@ID"))
    assert [one for one, number in ids.items() if number > 1] == []
    links = {one[1:] for one in made.xpath("//v:reference/@value", namespaces=NS)}
    assert links <= set(ids)


@pytest.mark.parametrize("form", FORMS)
def test_every_entry_points_to_the_narrative(name, form, document) -> None:
    for entry in document(name, "ips", form).iterfind(".//v:entry", NS):
        assert entry.find(".//v:text/v:reference", NS) is not None


def test_the_mandatory_sections_are_there_and_never_empty(name, document) -> None:
    made = document(name, "eps")
    for loinc in MANDATORY:
        (section,) = made.xpath(f"//v:section[v:code/@code='{loinc}']", namespaces=NS)
        assert section.find("v:entry", NS) is not None
        assert "".join(section.find("v:text", NS).itertext()).strip()


def test_the_header_keeps_its_rules(name, document) -> None:
    made = document(name)
    xsi = "{http://www.w3.org/2001/XMLSchema-instance}"
    assert f"{xsi}schemaLocation" not in made.attrib
    time = made.find("v:effectiveTime", NS).get("value")
    assert time[14] in "+-"
    assert made.find("v:languageCode", NS).get("code") == "nb-NO"
    for path in ("author", "custodian", "legalAuthenticator", "documentationOf", TELECOM, ADDRESS):
        assert made.find(f"v:{path}", NS) is not None, path
    event = made.find("v:documentationOf/v:serviceEvent", NS)
    assert event.get("classCode") == "PCPR"
    assert event.find("v:effectiveTime/v:high", NS) is not None


def test_the_two_levels_are_a_pair_and_the_two_forms_one_document(bundle, monkeypatch) -> None:
    monkeypatch.setattr(sheet, "draw", lambda _page: b"%PDF")
    made = {
        (form, level): etree.fromstring(to_cda(bundle("everything"), form=form, level=level).xml)
        for form in FORMS for level in (1, 3)
    }  # fmt: skip

    def root(one: etree._Element, path: str) -> str:
        return one.find(path, NS).get("root")

    full, flat = made["pivot", 3], made["pivot", 1]
    assert root(full, "v:id") != root(flat, "v:id")
    assert root(full, "v:setId") == root(flat, "v:setId")
    parent = "v:relatedDocument[@typeCode='XFRM']/v:parentDocument/v:id"
    assert root(full, parent) == root(flat, "v:id")
    assert root(flat, parent) == root(full, "v:id")
    for level in (1, 3):
        assert root(made["pivot", level], "v:id") == root(made["friendly", level], "v:id")


def test_the_same_bundle_gives_the_same_bytes(bundle) -> None:
    given = bundle("penicillin-anaphylaxis")
    first = to_cda(given, form="pivot", level=3).xml
    assert first == to_cda(given, form="pivot", level=3).xml


def test_nothing_is_claimed_where_nothing_is_recorded(document) -> None:
    made = document("nothing-recorded", "eps")
    absent = made.xpath("//*[@codeSystem='2.16.840.1.113883.5.1150.1']/@code")
    assert sorted(absent) == ["no-allergy-info", "no-device-info", "no-medication-info",
                              "no-problem-info", "no-procedure-info"]  # fmt: skip
