"""The texts: both languages, nothing missing, nothing unused, a remedy for every code."""

from __future__ import annotations

import re
from string import Formatter

import pytest

from ncp import tables
from ncp.model import DocumentKind, Refusal
from ncp.portal import asking, mask
from ncp.portal.calls import HERE, PARTS
from ncp.portal.texts import Words, refusal, texts
from ncp.trust.policy import purposes

TEMPLATES = "".join(file.read_text("utf-8") for file in (HERE / "templates").glob("*.j2"))
CODE = "".join(file.read_text("utf-8") for file in HERE.glob("*.py"))


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_text_is_in_both_languages_with_the_same_values():
    for key, said in texts().items():
        assert said["nb"].strip(), key
        assert said["en"].strip(), key
        assert fields(said["nb"]) == fields(said["en"]), key


def test_every_text_that_a_page_asks_for_is_there():
    wanted = set(re.findall(r'\bt\("([^"]+)"[,)]', TEMPLATES))
    wanted |= set(re.findall(r'words\("([^"]+)"[,)]', CODE))
    assert len(wanted) > 80
    assert sorted(wanted - {*texts()}) == []


def test_every_text_is_used():
    whole = {*re.findall(r'"([A-Za-z0-9.]+)"', TEMPLATES + CODE)}
    families = {*re.findall(r't\("([a-z]+\.)" ~', TEMPLATES), "remedy.", "domain.", "field."}
    families |= {"forbidden."}
    unused = [key for key in texts() if key not in whole and not key.startswith(tuple(families))]
    assert unused == []


def test_families_of_texts_are_whole():
    wanted = [f"nav.{part}" for part in PARTS]
    wanted += [f"purpose.{one}" for one in purposes()]
    wanted += [f"kind.{DocumentKind(kind).value}" for kind in asking.KINDS]
    countries = [*tables.search_masks(), "AT"]
    wanted += [f"field.{one.label}" for code in countries for one in mask.inputs(code)]
    wanted += [f"mask.{one.status}" for one in tables.search_masks().values()]
    wanted += [f"state.{one}" for one in ("done", "warned", "refused", "unreachable")]
    assert [key for key in wanted if key not in texts()] == []


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_every_code_has_meaning_and_remedy(lang):
    for code, known in tables.errors().items():
        told = refusal(Refusal(code), Words(lang))
        assert told.meaning, code
        assert told.remedy, code
        if known.area not in ("germany", "quality", "transformation"):
            assert told.remedy != Words(lang)("remedy.unknown") or known.area == "numeric", code


def test_remedies_are_of_codes_that_exist():
    areas = {known.area for known in tables.errors().values()}
    for key in texts():
        if key.startswith("remedy.area."):
            assert key.removeprefix("remedy.area.") in areas
        elif key.startswith("remedy.") and key != "remedy.unknown":
            bare = key.removeprefix("remedy.")
            assert bare in tables.errors() or bare == "SOAP-SENDER"


def test_an_english_meaning_on_a_norwegian_page_is_marked():
    codes = [code for code in tables.errors() if refusal(Refusal(code), Words("nb")).foreign]
    assert all(not refusal(Refusal(code), Words("en")).foreign for code in codes)
    assert "ERROR_PI_NO_MATCH" not in codes
