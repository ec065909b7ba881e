"""The pages of regions and systems and the summary: linked both ways, the same numbers, sound."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter

import pytest
from lxml import html

from data.loaders.systems import systems
from reports import summary
from reports.page import pages
from reports.page.answers import about, sure
from reports.page.index import Index, View
from reports.page.names import NATIONAL, SUMMARY, region_file, system_file
from reports.page.pieces import first_sentence
from reports.texts import Texts
from tests.reports.analyses import shipped
from tests.reports.page.test_beside import check_heads

LANGUAGES = ("nb", "en")
QUESTIONS = ("answer.ready", "answer.sure", "answer.worst", "answer.next", "answer.owner")


@pytest.fixture(scope="module", params=LANGUAGES)
def made(request):
    t = Texts(request.param)
    analysis = shipped("norway-2026-11")
    files = {**pages(analysis, t), SUMMARY: summary.render(analysis, t)}
    return analysis, t, {name: html.document_fromstring(text) for name, text in files.items()}


def words(tree, path: str) -> list[str]:
    return [" ".join(e.text_content().split()) for e in tree.xpath(path)]


def test_there_is_a_page_for_every_region_and_every_system(made):
    _, _, files = made
    expected = {NATIONAL, SUMMARY, *(system_file(name) for name in systems())}
    expected |= {region_file(s.region) for s in systems().values()}
    assert set(files) == expected


def test_every_link_leads_to_a_file_and_an_anchor_that_exist(made):
    _, _, files = made
    anchors = {name: set(tree.xpath("//@id")) for name, tree in files.items()}
    for name, tree in files.items():
        for link in tree.xpath("//@href"):
            file, _, anchor = link.partition("#")
            target = file or name
            assert target in files, f"{name}: {link}"
            assert not anchor or anchor in anchors[target], f"{name}: {link}"


def test_pages_are_linked_both_ways(made):
    _, _, files = made
    for system in systems().values():
        mine, region = system_file(system.id), region_file(system.region)
        assert mine in files[NATIONAL].xpath("//@href")
        assert mine in files[region].xpath("//@href")
        assert {NATIONAL, region} <= set(files[mine].xpath("//@href"))


def test_every_page_answers_the_five_questions_before_anything_else(made):
    _, t, files = made
    for name, tree in files.items():
        heads = words(tree, "//main//h2|//main//h3")
        first = [h for h in heads if h != t("page.summary")][:5]
        wanted = [t(key) for key in QUESTIONS]
        if name == SUMMARY:
            assert [h for h in heads if h in wanted] == wanted
        else:
            assert first == wanted, name


def test_what_is_not_assessed_stands_before_any_percentage_on_every_page(made):
    _, t, files = made
    for name, tree in files.items():
        main = tree.xpath("string(//main)")
        if "%" in main:
            assert main.index(t("page.key.unknown")) < main.index("%"), name


def test_every_finding_stands_on_the_page_of_its_system(made):
    analysis, _, files = made
    found = Counter(
        (name, link.partition("#")[2])
        for name, tree in files.items()
        for link in tree.xpath("//ul[@class='findings']/li/p[1]/a/@href")
    )
    assert found == Counter(
        (system_file(f.system), f.obligation) for f in analysis.judgement.findings
    )


def test_every_scored_row_stands_on_the_page_of_its_system(made):
    analysis, _, files = made
    shown = {
        (name, " ".join(row.xpath("th/a/text()")))
        for name, tree in files.items()
        for row in tree.xpath("//table[@class='rows']/tbody/tr")
    }
    assert shown == {(system_file(c.system.id), c.obligation.id) for c in analysis.cells}


def test_the_views_add_up_to_the_national_one():
    analysis = shipped("norway-2026-11")
    index = Index(analysis)
    assert dict(index.national.unassessed) == dict(analysis.roadmap.unassessed)
    regions = [index.region(code) for code in index.regions]
    assert sum(len(v.steps) for v in regions) == len(analysis.roadmap.steps)
    assert sum(v.figure.cells for v in regions if v.figure) == analysis.national.cells
    by_system = {f.key: f for f in analysis.rollups["system"]}
    for system in analysis.judgement.system_list:
        assert index.system(system).figure == by_system.get(system.id)


def test_a_filter_counts_the_rows_that_it_leaves(made):
    _, _, files = made
    seen = 0
    for name, tree in files.items():
        rules = " ".join(words(tree, "//style"))
        for button in tree.xpath("//fieldset//input[starts-with(@id, 'pick-')]"):
            area = button.getparent().getparent().getparent()
            token = button.get("id").removeprefix("pick-").partition("-")[2]
            rows = area.xpath(".//tr[@data-pick]/@data-pick")
            left = sum(token in row.split() for row in rows)
            assert re.search(rf"\({left}\)$", words(button.getparent(), ".")[0]), (name, token)
            assert f'[data-pick~="{token}"]' in rules
            seen += 1
    assert seen > 200


def test_nothing_acts_and_nothing_is_fetched_on_any_page(made):
    _, _, files = made
    for tree in files.values():
        (policy,) = tree.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert policy.startswith("default-src 'none'")
        assert not tree.xpath("//script|//iframe|//object|//link|//form|//img|//@src|//@style")
        assert len(tree.xpath("//h1")) == 1
        ids = tree.xpath("//@id")
        assert len(ids) == len(set(ids))


def test_the_head_of_numbers_stands_above_them(made):
    _, _, files = made
    for name, tree in files.items():
        check_heads(tree, name)


def test_a_count_in_a_sentence_is_whole_unless_it_is_small():
    assert about(311.2, "nb") == "311"
    assert about(2.5, "nb") == "2,5"
    assert about(7176.8, "en") == "7,177"


def test_how_sure_is_said_in_one_sentence_that_the_findings_bear_out(made):
    analysis, t, files = made
    national = words(files[NATIONAL], "//section[@class='answers']//p[@class='lead']")
    shown = [f for f in analysis.judgement.findings if f.grade in ("tested", "verified")]
    assert not shown
    assert national[1] == t("answer.sure.claims", all=len(analysis.judgement.findings))
    grades = ("tested", "verified", "claimed")
    found = tuple(
        dataclasses.replace(f, grade=grade)
        for f, grade in zip(analysis.judgement.findings, grades, strict=False)
    )
    tested = View((), None, (), (), (), found)  # fmt: skip
    assert sure(tested, t) == t("answer.sure.some", n=2, all=3)


def test_what_is_next_does_not_repeat_what_is_worst_and_says_who_acts(made):
    _, t, files = made
    for name in (NATIONAL, region_file("vest")):
        boxes = files[name].xpath("//div[@class='trio']/div")
        links = [set(zip(b.xpath(".//a/@href")[::2], b.xpath(".//a/@href")[1::2], strict=False))
                 for b in boxes[:2]]  # fmt: skip
        assert not {frozenset(pair) for pair in links[0]} & {frozenset(p) for p in links[1]}
    owners = re.search(rf"{t('answer.next.owners')} (.*?)\.", words(files[NATIONAL],
                       "//div[@class='trio']/div[2]")[0])  # fmt: skip
    assert owners
    assert "Helsedirektoratet (" in owners[1]


@pytest.mark.parametrize(("comment", "first"), [
    ("One thing holds. Another does not.", "One thing holds."),
    ("So (art. 3 nr. 2), bl.a. for NPR here. More.", "So (art. 3 nr. 2), bl.a. for NPR here."),
    ("No end", "No end"),
    ("word " * 60, "word " * 33 + "word\N{NO-BREAK SPACE}…"),
])  # fmt: skip
def test_a_list_shows_the_first_sentence_of_a_comment(comment, first):
    assert first_sentence(comment) == first


def test_another_scheme_makes_the_same_pages():
    analysis = shipped("norway-2026-11", "xt-ehr")
    assert set(pages(analysis, Texts("nb"))) == set(pages(shipped("norway-2026-11"), Texts("nb")))


def test_a_bar_has_the_colour_of_the_style_sheet_without_it(made):
    _, _, files = made
    for name, tree in files.items():
        css = " ".join(words(tree, "//style"))
        for rect in tree.xpath("//svg/rect"):
            rule = re.search(rf"\.{rect.get('class')}\b[^{{]*\{{fill:(#\w+)", css)
            assert rule, (name, rect.get("class"))
            assert rule[1] == rect.get("fill")
