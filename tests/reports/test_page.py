"""The page: sound HTML, the numbers of the JSON, and nothing that acts or fetches."""

from __future__ import annotations

import dataclasses
import itertools
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from data.loaders.catalogue import catalogue
from data.loaders.codes import closed_sets
from data.loaders.systems import systems
from gap.analysis import Analysis
from gap.export import document
from gap.schemes import schemes
from reports.numbers import date
from reports.page import render
from reports.page.names import SUMMARY, region_file, system_file
from reports.page.seal import sealed
from reports.texts import Texts, _all
from reports.words import group_label, part_label
from tests.builders import call
from tests.gap.builders import finding, judge, obligation, system
from tests.reports.analyses import shipped

VARIANTS = [
    ("norway-2026-11", "share-met", "nb"),
    ("norway-2026-11", "share-met", "en"),
    ("norway-2026-11", "xt-ehr", "nb"),
    ("norway-2024-10", "level", "en"),
]
SECTIONS = ("summary", "worst", "dates", "regions", "figures", "heat", "roadmap", "systems",
            "obligations", "options", "method", "words", "sources")  # fmt: skip
HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onmouseover='alert(1)",
    "</style><script>alert(2)</script>",
    "</title><h1>x</h1>",
    "<!-- ]]> &lt;b&gt; &",
    "{{ 7 * 7 }} {% raw %}",
    "javascript:alert(1)",
)


class Page:
    """A page with what it was made from."""

    def __init__(self, analysis: Analysis, lang: str) -> None:
        self.analysis, self.lang, self.t = analysis, lang, Texts(lang)
        self.json: dict[str, Any] = document(analysis)
        self.source = render(analysis, self.t)
        self.tree = html.document_fromstring(self.source)

    def texts(self, path: str) -> list[str]:
        return [text(e) for e in self.tree.xpath(path)]

    def table(self, caption: str) -> list[list[str]]:
        """Return the cells of the body of a table by the id of its caption."""
        (table,) = self.tree.xpath(f"//table[caption[@id='{caption}']]")
        return [[text(cell) for cell in row.xpath("th|td")] for row in table.xpath("tbody/tr")]


def text(element: Any) -> str:
    return " ".join(element.text_content().split(" ")).strip()


def number(shown: str) -> float | None:
    """Return a number as it is shown in either language; None for the dash."""
    plain = re.sub(r"[\s\u00a0\u202f%]", "", shown).replace("<1", "0.4").replace(">99", "99.6")
    if plain == "–":
        return None
    if re.fullmatch(r"\d{1,3}(,\d{3})+(\.\d+)?", plain):  # English thousands
        plain = plain.replace(",", "")
    return float(plain.replace(",", "."))


def near(shown: str, value: float | None, within: float) -> bool:
    """Whether a shown number is a value rounded to what is shown."""
    found = number(shown)
    if value is None or found is None:
        return value is found
    return abs(found - value) <= within + 1e-6


@pytest.fixture(scope="module", params=VARIANTS, ids="-".join)
def page(request: pytest.FixtureRequest) -> Page:
    assessment, scheme, lang = request.param
    return Page(shipped(assessment, scheme), lang)


def small(lang: str = "nb", comment: str = "Fordi", **fields: Any) -> str:
    row, one = obligation("E03.1", **fields), system()
    said = finding("E03.1", 1, comment_nb=comment, comment_en=comment, section=comment)
    j = judge([row], [one], [said])
    return render(Analysis(j, schemes()["share-met"]), Texts(lang))


# --- structure -----------------------------------------------------------------------------------


def test_the_page_says_its_language_and_has_one_title_and_one_heading(page: Page) -> None:
    assert page.source.startswith("<!doctype html>")
    assert page.tree.get("lang") == page.lang
    assert len(page.tree.xpath("//h1")) == 1
    (title,) = page.texts("//head/title")
    assert page.analysis.judgement.assessment.title(page.lang) in title
    assert page.tree.xpath("//meta[@name='viewport']")
    assert not page.tree.xpath("//meta[@name='viewport'][contains(@content, 'user-scalable=no')]")


def test_headings_skip_no_level_and_are_never_empty(page: Page) -> None:
    levels = [int(e.tag[1]) for e in page.tree.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(page.texts("//h1|//h2|//h3|//h4"))


def test_the_contents_lead_to_every_section(page: Page) -> None:
    assert page.tree.xpath("//nav//a/@href") == [f"#{name}" for name in SECTIONS]
    assert page.tree.xpath("//section/@aria-labelledby") == list(SECTIONS)
    assert len(page.tree.xpath("//main")) == len(page.tree.xpath("//header")) == 1
    (skip,) = page.tree.xpath("//a[@class='skip']/@href")
    assert page.tree.xpath(f"//main[@id='{skip[1:]}']")


def test_ids_are_unique_and_every_reference_resolves(page: Page) -> None:
    ids = page.tree.xpath("//@id")
    assert len(ids) == len(set(ids))
    links = page.tree.xpath("//@href")
    inside = {link[1:] for link in links if link.startswith("#")}
    assert inside <= set(ids)
    files = {system_file(name) for name in systems()} | {SUMMARY}
    files |= {region_file(s.region) for s in systems().values()}
    assert {link for link in links if not link.startswith("#")} <= files
    for attribute in ("aria-labelledby", "aria-describedby", "headers", "for"):
        named = {word for value in page.tree.xpath(f"//@{attribute}") for word in value.split()}
        assert named <= set(ids)


def test_every_obligation_has_its_anchor(page: Page) -> None:
    anchors = page.tree.xpath("//section[@aria-labelledby='obligations']//tr/@id")
    assert len(anchors) == 526
    assert set(anchors) == set(catalogue().obligations)


def test_every_table_has_a_caption_and_scoped_heads(page: Page) -> None:
    tables = page.tree.xpath("//table")
    assert len(tables) > 10
    for table in tables:
        (caption,) = table.xpath("caption")
        assert text(caption)
        assert set(table.xpath("thead//th/@scope")) == {"col"}
        assert not table.xpath(".//th[not(@scope)]")
        columns = len(table.xpath("thead/tr/th"))
        for row in table.xpath("tbody/tr"):
            assert len(row.xpath("th|td")) == columns
            assert len(row.xpath("th[@scope='row']")) == 1
        heads = [text(h) for h in table.xpath("thead/tr/th")]
        assert all(heads)
        assert len(heads) == len(set(heads)), heads


def test_scrolled_tables_can_be_reached_by_keyboard_and_have_a_name(page: Page) -> None:
    for box in page.tree.xpath("//div[@class='scroll']"):
        assert box.get("tabindex") == "0"
        assert box.get("role") == "region"
        assert page.tree.xpath(f"//*[@id='{box.get('aria-labelledby')}']")
    assert not page.tree.xpath("//table[not(parent::div[@class='scroll'])]")


def test_every_picture_is_hidden_or_named(page: Page) -> None:
    pictures = page.tree.xpath("//svg")
    assert pictures
    for svg in pictures:
        assert svg.get("aria-hidden") == "true" or svg.xpath("title")
    assert not page.tree.xpath("//img[not(@alt)]")


def test_a_word_stands_beside_every_colour(page: Page) -> None:
    coloured = page.tree.xpath("//*[contains(concat(' ', @class, ' '), ' tag ')]")
    coloured += page.tree.xpath("//td[starts-with(@class, 'h-')]")
    assert coloured
    assert all(text(e) for e in coloured)
    for swatch in page.tree.xpath("//*[@class='legend']//i"):
        assert text(swatch.getparent())
    for bar in page.tree.xpath("//svg"):
        beside = bar.xpath("ancestor::tr|ancestor::p|ancestor::figure|ancestor::section")
        assert any(re.search(r"\d", text(e)) for e in beside)


# --- nothing acts, nothing is fetched ------------------------------------------------------------


def test_the_page_forbids_every_fetch_and_has_no_script(page: Page) -> None:
    (policy,) = page.tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
    assert policy.startswith("default-src 'none'")
    assert "script" not in policy
    assert not page.tree.xpath("//script|//iframe|//object|//embed|//link|//form|//base|//img")
    assert not page.tree.xpath("//@src|//@srcset|//@action|//@background|//@style")
    assert not [a for e in page.tree.iter() for a in e.attrib if a.startswith("on")]
    (css,) = page.texts("//style")
    assert "@import" not in css
    assert "url(" not in css
    assert len(page.source.encode()) < 3_000_000


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_text_is_only_text(hostile: str) -> None:
    for source in (small(comment=hostile), small(title_nb=hostile, obligation_nb=hostile)):
        tree = html.document_fromstring(source)
        assert not tree.xpath("//script|//img")
        assert len(tree.xpath("//h1")) == len(tree.xpath("//style")) == 1
        assert not [a for e in tree.iter() for a in e.attrib if a.startswith("on")]
        assert hostile in tree.xpath("string(//main)")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_names_are_only_text(hostile: str) -> None:
    one = system(name_nb=hostile, owner=hostile, description_nb=hostile)
    j = judge([obligation("E03.1")], [one], [finding("E03.1", 0)])
    j = dataclasses.replace(
        j, assessment=dataclasses.replace(j.assessment, title_nb=hostile, note_nb=hostile)
    )
    tree = html.document_fromstring(render(Analysis(j, schemes()["share-met"]), Texts("nb")))
    assert not tree.xpath("//script|//img")
    assert not [a for e in tree.iter() for a in e.attrib if a.startswith("on")]
    assert hostile in tree.xpath("string(//title)")
    assert len(tree.xpath("//h1")) == 1


def test_the_same_analysis_gives_the_same_page(page: Page) -> None:
    assert render(page.analysis, page.t) == page.source


@pytest.mark.parametrize("lang", ["nb", "en"])
@pytest.mark.parametrize("scheme", list(schemes()))
def test_an_analysis_without_cells_or_findings_makes_a_page(lang: str, scheme: str) -> None:
    empty = Analysis(judge([obligation("A", scopes=("NCP",))], [system()]), schemes()[scheme])
    tree = html.document_fromstring(render(empty, Texts(lang)))
    assert Texts(lang)("worst.none") in tree.xpath("string(//main)")


# --- numbers -------------------------------------------------------------------------------------


def test_the_summary_shows_the_national_figure(page: Page) -> None:
    (figure,) = page.json["rollups"]["national"]
    unknown, level, point, band = page.texts("//dl[@class='key']/div/dd[1]")
    assert near(unknown, 100 * (1 - figure["share_assessed"]), 0.5)
    assert near(level.split(" ")[0], figure["level"], 0.05)
    assert near(point, 100 * figure["point"], 0.5)
    low, high = re.split("–", band)
    assert near(low, 100 * figure["low"], 0.5)
    assert near(high, 100 * figure["high"], 0.5)


def test_every_table_of_figures_shows_the_json(page: Page) -> None:
    names = {s.id: s.name(page.lang) for s in systems().values()}
    shown = [n for n in page.json["rollups"] if n not in ("national", "system")]
    assert page.tree.xpath("//section[@aria-labelledby='figures']/h3/@id") == [
        f"by-{name}" for name in shown
    ]
    for name in shown:
        rows = page.table(f"cap-{name}")
        for row, figure in zip(rows, page.json["rollups"][name], strict=True):
            assert row[0].startswith(group_label(name, figure["key"], page.t, names))
            _same_figure(row[1:], figure)


def _same_figure(shown: list[str], figure: dict[str, Any]) -> None:
    cells, unknown, share, met, partial, not_met, level, point, band = shown[:9]
    assert number(cells) == figure["cells"]
    assert near(unknown, figure["cells"] - figure["assessed"], 0.05)
    assert near(share, 100 * figure["share_assessed"], 0.5)
    assert near(met, figure["met"], 0.05)
    assert near(partial, figure["partial"], 0.05)
    assert near(not_met, figure["assessed"] - figure["met"] - figure["partial"], 0.05)
    assert near(level, figure["level"], 0.05)
    assert near(point, None if figure["point"] is None else 100 * figure["point"], 0.5)
    low, _, high = band.partition("–")
    assert near(low, 100 * figure["low"], 0.5)
    assert near(high or low, 100 * figure["high"], 0.5)


def test_the_bands_are_drawn_where_the_numbers_are(page: Page) -> None:
    by = "owner"
    rows = page.tree.xpath(f"//table[caption[@id='cap-{by}']]/tbody/tr")
    for row, figure in zip(rows, page.json["rollups"][by], strict=True):
        (bar,) = row.xpath(".//rect[@class='range']")
        assert float(bar.get("x")) / 2 == pytest.approx(100 * figure["low"], abs=0.51)
        width = max(100 * (figure["high"] - figure["low"]), 0.5)
        assert float(bar.get("width")) / 2 == pytest.approx(width, abs=1.01)
        assert len(row.xpath(".//rect[@class='point']")) == (figure["point"] is not None)


def test_the_dates_show_gaps_and_what_is_unassessed(page: Page) -> None:
    steps, unknown = page.json["roadmap"], page.json["unassessed_by_date"]
    days = sorted({s["due"] for s in steps} | set(unknown))
    for row, day in zip(page.table("dates-caption"), days, strict=True):
        here = [s["plan"] for s in steps if s["due"] == day]
        late, none = ("late", "overdue"), ("no-plan", "past-plan")
        assert [number(cell) for cell in row[2:7]] == [
            len(here), sum(p in late for p in here), sum(p in none for p in here),
            sum(p == "in-time" for p in here), unknown.get(day, 0),
        ]  # fmt: skip


def test_the_heat_map_shows_word_and_number_of_the_json(page: Page) -> None:
    heat = {(h["system"], h["part"]): h for h in page.json["heat_map"]}
    parts = {part_label(h["part"], page.t): h["part"] for h in page.json["heat_map"]}
    (table,) = page.tree.xpath("//table[@class='heat']")
    heads = [text(h) for h in table.xpath("thead/tr/th")][1:]
    words = {page.t(f"heat.{w}"): w for w in ("low", "middle", "high", "unknown")}
    for row in table.xpath("tbody/tr"):
        ident = row.xpath("th/a/@href")[0].removeprefix("system-").removesuffix(".html")
        for head, cell in zip(heads, row.xpath("td"), strict=True):
            figure = heat.get((ident, parts[head]))
            word, *rest = text(cell).split(" ", 1)
            if figure is None:
                assert word == "–"
                continue
            level = figure["level"]
            expected = "unknown" if level is None else (
                "low" if level < 1 else "middle" if level < 2 else "high")  # fmt: skip
            assert cell.get("class") == f"h-{expected}"
            if level is None:
                assert words[text(cell)] == "unknown"
            else:
                assert words[word] == expected
                found = re.match(r"(\d[.,]\d)(\d+|<1|>99)", rest[0])
                assert found
                assert near(found[1], level, 0.05)
                assert near(found[2], 100 * figure["share_assessed"], 0.5)


def test_the_roadmap_shows_the_first_steps_in_order(page: Page) -> None:
    rows = page.table("roadmap-caption")
    for row, step in zip(rows, page.json["roadmap"], strict=False):
        assert row[3].startswith(step["obligation"])
        assert row[4] == str(step["level"])
        assert row[6] == page.t(f"plan.{step['plan']}")
        assert row[7].split() == (step["after"] or ["–"])
    rest = len(page.json["roadmap"]) - len(rows)
    assert rest == 0 or page.t("page.roadmap.rest", n=rest) in page.tree.xpath("string(//main)")
    missed = sum(s["plan"] in ("late", "overdue") for s in page.json["roadmap"])
    assert page.t("page.missed", n=missed) in page.tree.xpath("string(//main)")


def test_every_finding_stands_with_its_obligation(page: Page) -> None:
    beside = {
        (link.removeprefix("system-").removesuffix(".html"), row.get("id"))
        for row in page.tree.xpath("//section[@aria-labelledby='obligations']//tr[@id]")
        for link in row.xpath("td[last()]/a/@href")
    }
    assert beside == {(f["system"], f["obligation"]) for f in page.json["findings"]}


def test_no_system_is_named_twice_beside_an_obligation(page: Page) -> None:
    for row in page.tree.xpath("//section[@aria-labelledby='obligations']//tr[@id]"):
        named = row.xpath("td[last()]/a/@href")
        assert len(named) == len(set(named)), row.get("id")


def test_every_system_is_in_the_table_of_systems(page: Page) -> None:
    linked = page.tree.xpath("//section[@aria-labelledby='systems']//tbody//th/a/@href")
    assert linked == [system_file(name) for name in systems()]


def test_the_command_on_the_page_makes_it_again(page: Page, tmp_path: Path) -> None:
    (command,) = page.texts("//footer//code")
    program, *words = command.split()
    assert program == "ehds"
    done = call(*words, "--out", tmp_path)
    assert done.code == 0, done.err
    written = (tmp_path / "ehds-gap.html").read_text(encoding="utf-8")
    assert written.startswith(page.source)
    assert sealed(written)


def test_what_is_not_assessed_stands_before_any_percentage(page: Page) -> None:
    main = page.tree.xpath("string(//main)")
    assert main.index(page.t("page.key.unknown")) < main.index("%")


def test_the_dates_of_the_law_are_2025_to_2035_and_the_eea_date_is_open(page: Page) -> None:
    shown = page.texts("//ol[@class='timeline']/li/strong")
    for year in (2027, 2029, 2031):
        day = {"nb": f"26. mars {year}", "en": f"26 March {year}"}[page.lang]
        assert day in shown
    assert {"nb": "25. mars 2025", "en": "25 March 2025"}[page.lang] in shown
    assert page.t("method.eea") in page.tree.xpath("string(//main)")


# --- language ------------------------------------------------------------------------------------


def _pieces(sentence: str) -> Iterator[str]:
    yield from (piece for piece in re.split(r"\{\w+\}", sentence) if len(piece.strip()) > 11)


def test_no_sentence_of_the_other_language_is_on_the_page(page: Page) -> None:
    other = "en" if page.lang == "nb" else "nb"
    ours = " ".join(row[page.lang] for row in _all().values())
    shown = page.tree.xpath("string(/)")
    wrong = [
        f"{key}: {piece}"
        for key, row in _all().items()
        for piece in _pieces(row[other])
        if piece not in ours and piece in shown
    ]
    assert wrong == []


def test_no_label_of_the_other_language_is_on_the_page(page: Page) -> None:
    other = "en" if page.lang == "nb" else "nb"
    codes = [code for codes in closed_sets().values() for code in codes.values()]
    labels = [(c.label(page.lang), c.label(other)) for c in codes]
    labels += [(row[page.lang], row[other]) for row in _all().values()]
    foreign = {theirs for _, theirs in labels} - {ours for ours, _ in labels}
    whole = set(page.texts("//th|//td|//dt|//dd|//h2|//h3|//h4|//strong|//span|//caption|//a"))
    assert foreign & whole == set()


def test_dates_are_written_in_words_of_the_language(page: Page) -> None:
    day = page.analysis.judgement.as_of
    assert date(day, page.lang) in page.texts("//header//dd")
    months = {"nb": r"\d\. (mars|november) \d{4}", "en": r"\d (March|November) \d{4}"}
    other = "en" if page.lang == "nb" else "nb"
    heads = page.texts("//table[caption[@id='dates-caption']]/tbody/tr/th")
    assert all(re.search(months[page.lang], h) for h in heads)
    assert not any(re.search(months[other], h) for h in heads)
