"""The files say what is shown and what is missing, and never more."""

from __future__ import annotations

import csv
import io
import re
from functools import cache
from pathlib import Path

import openpyxl
import pytest
from lxml import html

import data
from data.errors import InputError
from data.files import Outbox
from ehds.cli.readiness_profile import add_profile, check
from gap.certification import ehr_system, read
from gap.certification.facts import ehr_keys
from gap.certification.tables import Document
from reports.certification import ehr_system_files
from reports.texts import LANGUAGES, Texts
from tests.builders import ROOT
from tests.reports.analyses import shipped

REGIONS = ("nord", "midt", "vest", "sor-ost", "municipal")
PROFILES = [
    ("ehr-system", "sfm", None),
    ("ehr-system", "kjernejournal", None),
    ("ncp", None, None),
    ("ncp", "ncp-a", None),
    *[("region", None, region) for region in REGIONS],
]
TOO_MUCH = re.compile(r"sertifisert|certified", re.I)
OWN = re.compile(
    r"sertifisert|certified|er godkjent|is approved|is in conformity|er i samsvar", re.I
)
"""In our own words; a finding may tell what a source says of itself."""


@cache
def made(profile, system, region, lang):
    """Return the files of a profile as text by name; of a workbook, all its cells."""

    class Kept(dict):
        def add(self, name, content):
            self[name] = content
            return Path(name)

    kept = Kept()
    add_profile(kept, shipped("norway-2026-11"), profile, system, region, None, lang)
    return {name: cells(c) if isinstance(c, bytes) else c for name, c in kept.items()}


def cells(content: bytes) -> str:
    book = openpyxl.load_workbook(io.BytesIO(content))
    return "\n".join(str(c) for sheet in book for row in sheet.iter_rows(values_only=True)
                     for c in row if c is not None)  # fmt: skip


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: "-".join(x for x in p if x))
def test_no_file_says_more_than_is_shown(profile, lang):
    for name, text in made(*profile, lang).items():
        assert not TOO_MUCH.search(text), name


def test_no_text_or_table_says_it_either():
    for file in (*data.path("certification").glob("*.csv"),
                 ROOT / "reports/texts/certification.csv"):  # fmt: skip
        assert not OWN.search(file.read_text(encoding="utf-8")), file.name


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("profile", PROFILES, ids=lambda p: "-".join(x for x in p if x))
def test_every_page_begins_with_what_it_is_not(profile, lang):
    page = next(c for n, c in made(*profile, lang).items() if n.endswith(".html"))
    tree = html.fromstring(page)
    assert tree.xpath("string(//p[@class='lead'])") == Texts(lang)("cert.no-verdict")
    assert tree.xpath("//html/@lang") == [lang]
    assert all(th.get("scope") for th in tree.iter("th"))
    ids = tree.xpath("//@id")
    assert sorted(ids) == sorted(a.removeprefix("#") for a in tree.xpath("//nav//a/@href"))


@pytest.mark.parametrize(("lang", "word"), [("nb", "mangler"), ("en", "missing")])
def test_the_drafts_mark_what_is_missing(lang, word):
    files = made("ehr-system", "sfm", None, lang)
    for name in ("declaration-sfm.md", "sheet-sfm.md"):
        assert f"| {word} |" in files[name], name


def test_the_page_lists_the_duties_of_the_manufacturer():
    tree = html.fromstring(made("ehr-system", "sfm", None, "en")["readiness-ehr-system-sfm.html"])
    rows = tree.xpath("//*[@id='duties']//tbody/tr") or tree.xpath("(//table)[2]/tbody/tr")
    said = [" ".join(row.text_content().split()) for row in rows]
    assert [s for s in said if "Art 41(1)" in s and "CE marking" in s and "nobody" in s]
    assert [s for s in said if "Art 31(1)" in s]


def test_the_draft_does_not_declare():
    draft = made("ehr-system", "sfm", None, "en")["declaration-sfm.md"]
    line = next(x for x in draft.splitlines() if "Statement of conformity" in x)
    assert "0 of 19" in line
    assert "missing" in line


def test_the_form_comes_back_as_facts(tmp_path):
    form = made("ehr-system", "sfm", None, "nb")["facts-sfm.csv"]
    rows = list(csv.DictReader(io.StringIO(form)))
    assert [r["key"] for r in rows] == list(ehr_keys())
    for row in rows:
        row["value"] = f"'+{row['key']} | <b>#"
    file = tmp_path / "facts.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ("key", "what", "value"))
        writer.writeheader()
        writer.writerows(rows)
    facts = read(file, ehr_keys())
    analysis, t = shipped("norway-2026-11"), Texts("nb")
    found = ehr_system(analysis, analysis.judgement.systems["sfm"], facts)
    files = {f.name: f.content for f in ehr_system_files(found, analysis, facts, t)}
    assert "+version | &lt;b&gt;#" in files["readiness-ehr-system-sfm.html"]
    assert r"+version \| \<b\>\#" in files["declaration-sfm.md"]
    assert "'+version" in files["facts-sfm.csv"], "a spreadsheet must not compute it"
    assert not any(e.origin == "missing" for e in found.documents[Document.SHEET])
    assert t("cert.origin.facts") in files["sheet-sfm.md"]


def test_the_same_analysis_gives_the_same_bytes():
    analysis, t = shipped("norway-2026-11"), Texts("nb")
    found = ehr_system(analysis, analysis.judgement.systems["sfm"], {})
    assert ehr_system_files(found, analysis, {}, t) == ehr_system_files(found, analysis, {}, t)


def test_a_region_shows_its_three_worst_risks_first():
    page = next(iter(made("region", None, "midt", "en").values()))
    tree = html.fromstring(page)
    assert tree.xpath("//h2/@id") == ["risks", "plans", "systems"]
    assert len(tree.xpath("(//table)[1]/tbody/tr")) == 3


@pytest.mark.parametrize(
    ("profile", "system", "region", "problems"),
    [
        ("ehr-system", None, None, 1),
        ("region", None, None, 1),
        ("region", "sfm", None, 2),
        ("ncp", None, "nord", 1),
        ("ehr-system", "sfmm", None, 1),
        ("ncp", "sfm", None, 1),
        ("region", None, "sør", 1),
    ],
)
def test_a_wrong_choice_is_told_and_nothing_is_written(tmp_path, profile, system, region, problems):
    target = tmp_path / "out"
    with pytest.raises(InputError) as error, Outbox(target) as out:
        add_profile(out, shipped("norway-2026-11"), profile, system, region, None, "nb")
    assert len(error.value.problems) == problems
    assert all(p.remedy for p in error.value.problems)
    assert not target.exists()


def test_options_of_a_profile_mean_nothing_without_one():
    with pytest.raises(InputError) as error:
        check(None, "sfm", "nord", None)
    assert [p.where for p in error.value.problems] == ["--system", "--region"]


def test_without_a_profile_nothing_is_added(tmp_path):
    with Outbox(tmp_path) as out:
        assert add_profile(out, shipped("norway-2026-11"), None, None, None, None, "nb") == []
