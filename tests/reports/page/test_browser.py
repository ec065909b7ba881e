"""The pages in a real browser: axe with contrast, narrow screens, filters, sheets of paper."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from reports import summary
from reports.page import pages
from reports.page.names import NATIONAL, SUMMARY
from reports.texts import Texts
from tests.ncp.portal.browser import modules, node
from tests.reports.analyses import shipped

pytestmark = pytest.mark.xdist_group("browser")

LOOKED_AT = (NATIONAL, SUMMARY, "region-vest.html", "system-helseid.html")
SHEETS = {NATIONAL: 25, SUMMARY: 2, "region-vest.html": 12, "system-helseid.html": 6}


@pytest.mark.slow
@pytest.mark.oracle
@pytest.mark.xdist_group("browser")
@pytest.mark.parametrize("lang", ["nb", "en"])
def test_the_pages_hold_in_a_real_browser(tmp_path, tmp_path_factory, lang):
    installed = modules(tmp_path_factory.mktemp("npm"))
    analysis, t = shipped("norway-2026-11"), Texts(lang)
    for name, text in {**pages(analysis, t), SUMMARY: summary.render(analysis, t)}.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    script = Path(__file__).with_name("look.mjs")
    seen = json.loads(node(script, installed, str(tmp_path), *LOOKED_AT))
    for name in LOOKED_AT:
        found = seen[name]
        assert found["violations"] == [], name
        assert "color-contrast" in found["passes"]
        assert found["requests"] == 1, "the page fetches something"
        assert found["narrow"] <= 320, f"{name} scrolls sideways at 320 pixels"
        assert 0 < found["sheets"] <= SHEETS[name]
        for label, rows in found["filters"]:
            counted = re.search(r"\((\d+)\)$", label)
            assert counted, label
            assert rows == int(counted[1]), (name, label)
    assert len(seen[NATIONAL]["filters"]) > 10
