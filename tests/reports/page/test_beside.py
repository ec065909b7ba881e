"""A report beside an earlier one: profiles are linked, stale pages of ours go, nothing foreign."""

from __future__ import annotations

import pytest
from lxml import html

from data.files import Outbox
from ehds.cli import readiness_pages, readiness_profile
from reports.page.names import NATIONAL, profile_file, region_file, system_file
from reports.page.seal import beside, digest, seal, sealed
from reports.texts import Texts
from tests.reports.analyses import shipped

REGION, SYSTEM = profile_file("region", "nord"), profile_file("ehr-system", "sfm")
ONE, OTHER = digest("one"), digest("other")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """The pages of two runs in one folder: with one profile, then with another."""
    place = tmp_path_factory.mktemp("report")
    analysis, t = shipped("norway-2026-11"), Texts("nb")
    for profile, system, region in (("region", None, "nord"), ("ehr-system", "sfm", None)):
        more = readiness_profile.files(analysis, profile, system, region, None, "nb")
        with Outbox(place) as outbox:
            readiness_pages.add(outbox, analysis, t, "the analysis", more, as_pdf=False)
    return place


def links(folder, name):
    return set(html.parse(folder / name).getroot().xpath("//header//@href"))


def test_profiles_are_linked_from_the_national_page_and_from_their_own(folder):
    assert {REGION, SYSTEM} <= links(folder, NATIONAL)
    assert REGION in links(folder, region_file("nord"))
    assert SYSTEM in links(folder, system_file("sfm"))
    assert REGION not in links(folder, region_file("vest"))


@pytest.mark.parametrize(("name", "own"), [(REGION, region_file("nord")),
                                           (SYSTEM, system_file("sfm"))])  # fmt: skip
def test_profiles_lead_back(folder, name, own):
    found = links(folder, name)
    assert {NATIONAL, own} <= found
    assert all((folder / link).is_file() for link in found)


def test_a_profile_of_another_analysis_is_not_linked(folder):
    assert beside(folder, (), OTHER).profiles == {}


def test_every_page_is_known_again(folder):
    pages = list(folder.glob("*.html"))
    assert len(pages) > 50
    assert len({sealed(page.read_text("utf-8")) for page in pages}) == 1


def test_numbers_of_a_profile_stand_under_their_heads(folder):
    for name in (REGION, SYSTEM):
        check_heads(html.parse(folder / name).getroot(), name)


def check_heads(tree, name):
    """The head of a column of numbers stands at the right, and no other."""
    for table in tree.xpath("//table"):
        right = [i for i, head in enumerate(table.xpath("thead/tr/th")) if head.get("class") == "n"]
        for row in table.xpath("tbody/tr"):
            cells = row.xpath("th|td")
            assert right == [i for i, c in enumerate(cells) if c.get("class") == "n"], name


def test_pages_that_are_no_more_are_stale_and_foreign_ones_are_not(tmp_path):
    page = seal("<html><h1>x</h1></html>", ONE)
    for name, text in {
        "system-gone.html": page,
        "region-gone.html": seal("<p>", OTHER),
        "system-here.html": page,
        "system-changed.html": page.replace("x", "y"),
        "system-foreign.html": "<html></html>",
        "other.html": page,
        "ehds-gap.html": page,
    }.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    (tmp_path / "system-bytes.html").write_bytes(b"\xff\xfe")
    (tmp_path / "system-folder.html").mkdir()
    (tmp_path / "system-link.html").symlink_to(tmp_path / "other.html")
    found = beside(tmp_path, {"system-here.html"}, ONE)
    assert [p.name for p in found.stale] == ["region-gone.html", "system-gone.html"]
    readiness_pages.clear(found.stale, Texts("nb"))
    left = {p.name for p in tmp_path.iterdir()}
    assert not left & {"region-gone.html", "system-gone.html"}
    assert len(left) == 8


def test_a_seal_holds_whatever_the_page_says():
    for page in ("", "<p>", "<p>\n", "<!-- ehds page -->\n", seal("<p>", ONE)):
        assert sealed(seal(page, OTHER)) == OTHER
        assert sealed(seal(page, OTHER) + " ") is None
    assert sealed("<p>\n") is None


def test_no_folder_has_nothing_beside(tmp_path):
    assert beside(tmp_path / "none", (), ONE).stale == ()
