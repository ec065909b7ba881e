"""The portal in a real Chromium, with and without script, judged by axe-core on every page."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.ncp.portal import browser
from tests.ncp.portal.tester import Process

# One worker: the browser is unpacked once, and cannot be started while another unpacks it.
pytestmark = [pytest.mark.slow, pytest.mark.oracle, pytest.mark.xdist_group("browser")]
PAGES = {
    "start": "/", "patient": "/patient", "faults": "/identify", "matches": "/matches",
    "documents": "/documents", "list": "/documents", "summary": "/document/1",
    "prescription": "/document/2", "dispensed": "/dispensations", "back": "/dispensations",
    "messages": "/messages", "message": "/messages/7", "english": "/messages/7",
    "missing": "/nowhere",
}  # fmt: skip
SCRIPTED = pytest.mark.parametrize("seen", ["script"], indirect=True)
"""For what is measured by a script in the page."""


@pytest.fixture(scope="module")
def chromium(tmp_path_factory) -> Path:
    return browser.modules(tmp_path_factory.mktemp("npm"))


@pytest.fixture(scope="module", params=["script", "plain"])
def seen(request, chromium, home):
    portal = Process(home, "portal")
    try:
        told = browser.node(browser.HERE / "tour.mjs", chromium, portal.url, request.param)
    finally:
        code = portal.end()
    assert code == 0
    return {"url": portal.url, **json.loads(told)}


def test_a_tester_comes_all_the_way(seen):
    assert {name: page["path"] for name, page in seen["pages"].items()} == PAGES
    assert (seen["dispensed"], seen["back"]) == ("tatt imot", "trukket tilbake")
    assert "Kaffekanne" in seen["read"]
    assert seen["downloaded"] == "original.xml"
    assert "List" not in seen["pages"]["english"]["title"]
    assert "Discard of a dispensation" in seen["pages"]["english"]["title"]


@SCRIPTED
def test_axe_finds_nothing_on_any_page(seen):
    found = {name: page["violations"] for name, page in seen["pages"].items()}
    assert found == {name: [] for name in PAGES}
    for page in seen["pages"].values():
        assert {"color-contrast", "document-title", "html-has-lang"} <= {*page["passes"]}


@SCRIPTED
def test_it_fits_a_narrow_screen_and_a_keyboard(seen):
    assert {name: page["narrow"] for name, page in seen["pages"].items()} == dict.fromkeys(
        PAGES, 320
    )
    assert (seen["firstStop"], seen["afterSkip"]) == ("skip", "content")
    assert seen["focus"] == "summary"


def test_nothing_is_refused_by_the_policy_and_nothing_leaves_the_machine(seen):
    """What remains on the console are the two pages that are meant to fail."""
    told = [line for line in seen["console"] if "the server responded with a status of" not in line]
    assert told == []
    assert {urlsplit(url).netloc for url in seen["requests"]} == {urlsplit(seen["url"]).netloc}


def test_the_lock_names_no_registry():
    packages = json.loads((browser.HERE / "package-lock.json").read_text("utf-8"))["packages"]
    assert "node_modules/@sparticuz/chromium" in packages
    assert not [name for name, fields in packages.items() if "resolved" in fields]
    assert all(fields.get("integrity") for name, fields in packages.items() if name)
