"""None of the known errors of public EHDS material stands here (reference/ehds.md, part 0.3)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import data
from data.loaders import structure
from data.loaders.catalogue import catalogue
from data.loaders.structure import articles
from tests.builders import ROOT, call

PLACES = ("data/catalogue", "data/systems", "data/assessments", "data/codes.csv",
          "data/sources.csv", "data/schemes.toml", "data/loaders", "reports", "gap", "ehds", "docs",
          "README.md", "CHANGELOG.md", "CONTRIBUTING.md")  # fmt: skip
KINDS = {".csv", ".toml", ".md", ".py", ".j2"}

_ART = r"\b(?:Art\.?|Article|Artikkel)\s*"
_NEAR = r"[^.;:|\n]{0,40}"
"""Inside one phrase."""


def _both(one: str, other: str) -> str:
    """Match two things in one phrase, in either order."""
    return f"(?:{one}{_NEAR}{other}|{other}{_NEAR}{one})"


ERRORS = {
    "entry into force was 25 March 2025, not 26": (
        r"26\.?\s*(?:March|mars)\s*2025|March 26,? 2025|2025-03-26|26\.0?3\.2025"),
    "third countries join HealthData@EU from 2035, not 2034": (
        r"(?:March|mars)\s*2034|2034-03|0?3\.2034"),
    "group 2 is dated 26 March 2031, not 28": (
        r"28\.?\s*(?:March|mars)\s*2031|2031-03-28|28\.0?3\.2031"),
    "the groups start on 26 March 2029, not 28 or 25": (
        r"2[58]\.?\s*(?:March|mars)\s*20(?:27|29|31|35)|20(?:27|29|31|35)-03-2[58]"),
    "article numbers with a letter are of a draft": rf"{_ART}\d+[A-Z]\b",
    "CE marking is Article 41; 27 is of the draft": _both(
        r"CE[- ](?:mark|merk)\w*", rf"{_ART}27\b"),
    "fees are Article 62; 70 is templates": _both(r"\b(?:fees?|gebyr\w*)\b", rf"{_ART}70\b"),
    "the exchange format is Article 15; 6 is rectification": _both(
        r"(?:exchange format|utvekslingsformat\w*)", rf"{_ART}6\b(?!\d)"),
    "the opt-out from secondary use is Article 71": _both(
        r"(?:opt-out|reservasjon\w*)", rf"{_ART}35\b"),
    "MyHealth@EU is Article 23; 12 is access of professionals": _both(
        r"MyHealth@EU", rf"{_ART}12\b(?! and| og)"),
    "market surveillance starts at Article 43; 42 is national requirements": _both(
        r"(?:market surveillance|markedstilsyn\w*)", rf"{_ART}42\b"),
    "the technical file is Annex III, not II": (
        r"\b(?:Annex|Vedlegg) II\b (?:is|er|sets|gives|lists|contains|inneholder|lister)"
        r"[^.;]{0,40}(?:technical (?:file|documentation)|teknisk\w* (?:fil|dokumentasjon\w*))"),
    "Article 30 asks for no quality management system": (
        r"quality management system|\bQMS\b|kvalitetsstyringssystem\w*|kvalitetsledelsessystem\w*"),
    "Article 30 asks for no post-market surveillance system": (
        r"post-?market (?:surveillance|monitoring)|overvåk\w* etter (?:omsetning|markedsføring)"),
    "Article 86 makes storage in the Union no duty, but an option": (
        rf"{_ART}86\b[^.;]{{0,40}}(?:must|shall|requires?|skal|må|krever)[^.;]{{0,40}}"
        r"(?:stor|lagr)\w*[^.;]{0,40}(?:Union|EU)"),
    "categories (a) to (c) apply from 2029, (d) to (f) from 2031": (
        r"14\(1\)(?:, points? )?\((?:a|b|c)\)[^.;]{0,30}(?:from|fra) 26\.? (?:March|mars) 2031"
        r"|14\(1\)(?:, points? )?\((?:d|e|f)\)[^.;]{0,30}(?:from|fra) 26\.? (?:March|mars) 2029"),
}  # fmt: skip
PATTERNS = {what: re.compile(pattern, re.IGNORECASE) for what, pattern in ERRORS.items()}
_CASED = "article numbers with a letter are of a draft"
PATTERNS[_CASED] = re.compile(ERRORS[_CASED].replace("Artikkel", "[Aa]rtikkel"))

WRONG = [
    "The EHDS entered into force on 26 March 2025.",
    "Forordningen trådte i kraft 26. mars 2025.",
    "Third countries can connect from March 2034.",
    "Laboratory results and imaging follow on 28 March 2031.",
    "The CE marking of Article 27 is needed.",
    "Gebyrene følger artikkel 70.",
    "The exchange format under Article 6 is not ready.",
    "The opt-out of Art 35F applies.",
    "Markedstilsyn etter artikkel 42.",
    "Annex II is the format of the technical file.",
    "Vedlegg II er teknisk dokumentasjon.",
    "Article 30 requires a quality management system.",
    "Art 30 asks for a post-market surveillance system.",
    "Article 86 requires storage in the Union.",
    "Artikkel 86 krever lagring i Unionen.",
    "It applies to Article 14(1)(a), (b) and (c) from 26 March 2031.",
]
TRUE = [
    "The regulation entered into force on 25 March 2025 and applies from 26 March 2027.",
    "Kategori (a) til (c) fra 26. mars 2029, (d) til (f) fra 26. mars 2031.",
    "Article 75(5) applies from 26 March 2035.",
    "Article 14 of Directive 2011/24/EU is deleted with effect from 26 March 2031.",
    "The general principles for CE marking are in Article 30 of Regulation 765/2008.",
    "The requirements are in Annex II and the technical documentation in Annex III.",
    "Fees follow Article 62; templates follow Article 70.",
    "National law may require storage within the Union (Article 86).",
    "Artikkel 87 krever lagring i Unionen for sekundærbruk.",
    "Article 6 lets persons ask for rectification; Article 15 sets the exchange format.",
    "The opt-out from secondary use is Article 71.",
    "Market surveillance authorities follow Articles 43 to 46; Article 42 is on national rules.",
    "Article 14(1)(a), (b) and (c) from 26 March 2029.",
    "Artikkel 30 nr. 2 krever prosedyrer for fortsatt samsvar.",
]


def told(text: str) -> set[str]:
    """Return the known errors that a text repeats."""
    plain = text.replace("\N{NO-BREAK SPACE}", " ")
    return {what for what, pattern in PATTERNS.items() if pattern.search(plain)}


def texts() -> Iterator[tuple[Path, int, str]]:
    """Yield every line that the product says something in."""
    for place in PLACES:
        start = ROOT / place
        files = [start] if start.is_file() else sorted(start.rglob("*"))
        for file in files:
            if file.suffix in KINDS and file.is_file():
                for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
                    yield file, number, line


@pytest.mark.parametrize("sentence", WRONG)
def test_a_known_error_is_recognised(sentence):
    assert told(sentence)


@pytest.mark.parametrize("sentence", TRUE)
def test_a_true_sentence_is_left_alone(sentence):
    assert told(sentence) == set()


def test_no_known_error_stands_in_data_reports_or_documentation():
    found = [
        (str(file.relative_to(ROOT)), number, error)
        for file, number, line in texts()
        for error in told(line)
    ]
    assert found == []


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_no_known_error_stands_in_the_page(tmp_path, lang):
    assert call("readiness", "--out", tmp_path, "--lang", lang).code == 0
    page = (tmp_path / "ehds-gap.html").read_text("utf-8")
    assert told(re.sub(r"<style>.*?</style>", "", page, flags=re.S)) == set()


# ---- the same facts where they are data


@pytest.mark.parametrize(
    ("article", "word"),
    [("6", "rectification"), ("12", "professional"), ("15", "exchange format"),
     ("23", "MyHealth@EU"), ("27", "medical devices"), ("30", "manufacturer"),
     ("37", "technical documentation"), ("40", "testing environment"), ("41", "CE marking"),
     ("42", "national requirements"), ("43", "market surveillance"), ("47", "wellness"),
     ("62", "fees"), ("70", "templates"), ("71", "opt"), ("86", "storage"), ("87", "storage")],
)  # fmt: skip
def test_articles_have_their_final_numbers(article, word):
    title = articles()[article]["title_en"].lower()
    assert word.lower() in title or (article == "27" and "medical" in title), title


def test_the_technical_documentation_is_annex_iii():
    assert "technical documentation" in structure.parts()["Annex III"]["title_en"].lower()
    assert "technical" not in structure.parts()["Annex II"]["title_en"].lower()


def test_storage_in_the_union_is_an_option_for_primary_and_a_duty_for_secondary_use():
    """Art 86 leaves it to national law; Art 87 requires it."""
    rows = catalogue().obligations.values()
    primary = [o for o in rows if o.ref.startswith("Art 86") and "Union" in o.obligation_en]
    assert [o.modality for o in primary] == ["O"]
    secondary = [o for o in rows if o.ref.startswith("Art 87") and "Union" in o.obligation_en]
    assert any(o.binding for o in secondary)


def test_the_duty_on_access_services_is_not_laid_on_products():
    """A published report made duties of the State (Art 4, 12, 13) duties of a product."""
    for o in catalogue().obligations.values():
        if o.ref.startswith(("Art 4(", "Art 12 ")) and o.binding:
            assert "MAN" not in o.actors, o.id


def test_third_countries_join_from_26_march_2035():
    assert catalogue().obligations["E75.5"].eu_date.isoformat() == "2035-03-26"


def test_the_shipped_tables_are_the_ones_looked_at():
    assert data.path("catalogue").is_relative_to(ROOT)
    assert len({file for file, _, _ in texts()}) > 40
