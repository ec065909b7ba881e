"""The narrative: what FHIR admits as XHTML, in both languages, whatever a source wrote."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ips.summary import build
from ips.summary.output import to_json
from ips.summary.tables import sections as known_sections
from ips.summary.tables import words
from ips.summary.xmlout import to_xml
from tests.ips.summary import samples

XHTML = "{http://www.w3.org/1999/xhtml}"
XML_LANG = "{http://www.w3.org/XML/1998/namespace}lang"
TAGS = {"div", "table", "thead", "tbody", "tr", "th", "td", "p", "span"}
HOSTILE = st.text(
    st.characters(codec=None) | st.sampled_from("<>&\"'{}%#\x00\x1b\ufffe\ud800"), max_size=60
)


def narratives(record: samples.FakeRecord, lang: str, profile: str = "ips") -> list[str]:
    bundle = build(record, profile=profile, lang=lang, now=samples.NOW).bundle
    return [s["text"]["div"] for s in bundle["entry"][0]["resource"]["section"]]


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_only_plain_elements_with_language_and_ids_are_written(lang: str) -> None:
    for div in narratives(samples.full_record(), lang):
        root = etree.fromstring(div)
        assert root.tag == f"{XHTML}div"
        assert root.get("lang") == root.get(XML_LANG) == {"nb": "nb-NO", "en": "en"}[lang]
        for element in root.iter():
            assert element.tag.removeprefix(XHTML) in TAGS
            assert set(element.attrib) <= {"lang", XML_LANG, "id"}
        assert "".join(root.itertext()).strip()


@given(HOSTILE)
def test_hostile_text_stays_text_in_json_and_xml(text: str) -> None:
    record = samples.full_record()
    record.patient["name"] = [{"text": text or "x"}]
    record.resources[0]["code"] = {"text": text or "x"}
    record.resources[0]["note"] = [{"text": text}]
    bundle = build(record, profile="eps", lang="en", now=samples.NOW).bundle
    to_json(bundle)
    to_xml(bundle)
    for section in bundle["entry"][0]["resource"]["section"]:
        root = etree.fromstring(section["text"]["div"])
        assert {e.tag.removeprefix(XHTML) for e in root.iter()} <= TAGS


def test_english_has_the_european_name_and_the_original_beside_it() -> None:
    text = " ".join(narratives(samples.full_record(), "en"))
    assert "Anaphylaxis (original text: " in text
    assert '<span lang="nb" xml:lang="nb">Anafylaktisk reaksjon</span>' in text
    assert "phenoxymethylpenicillin [ATC J01CE02]" in text


def test_norwegian_has_the_words_of_the_source() -> None:
    text = " ".join(narratives(samples.full_record(), "nb"))
    assert "Anafylaktisk reaksjon" in text
    assert "Anaphylaxis" not in text
    assert "13,5 g/dL" in text
    assert "01.10.2026 08:15" in text


def test_a_dose_in_words_does_not_contradict_its_times_of_day() -> None:
    text = " ".join(narratives(samples.full_record(), "en"))
    assert "1 tablett, morning and evening" in text
    assert "once per day" not in text


def test_a_structure_without_an_amount_does_not_replace_the_written_dose() -> None:
    record = samples.full_record()
    dose = {"text": "1 penn i låret ved reaksjon", "asNeededBoolean": True}
    record.resources = [{**samples.statement(), "dosage": [dose]}, samples.medication()]
    text = " ".join(narratives(record, "en"))
    assert text.index("1 penn i låret") < text.index("as needed")


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_an_empty_section_says_that_nothing_is_known_not_that_there_is_nothing(lang: str) -> None:
    text = " ".join(narratives(samples.empty_record(), lang))
    assert {"nb": "betyr ikke at pasienten er uten", "en": "does not mean"}[lang] in text


def test_every_word_stands_in_both_languages() -> None:
    assert words("nb").keys() == words("en").keys()
    assert all(words("nb").values())
    assert all(words("en").values())
    for section in known_sections().values():
        assert section.titles["nb"]
        assert section.titles["en"]
        assert section.empty["nb"]
        assert section.empty["en"]


def test_numbers_keep_the_digits_of_their_source() -> None:
    from decimal import Decimal

    record = samples.full_record()
    lab = samples.laboratory()
    lab["valueQuantity"]["value"] = Decimal("13.50")
    record.resources = [lab]
    bundle = build(record, profile="ips", lang="en", now=samples.NOW).bundle
    assert b'"value": 13.50' in to_json(bundle)
    assert b'<value value="13.50"/>' in to_xml(bundle)
    assert "13.50 g/dL" in to_json(bundle).decode()
