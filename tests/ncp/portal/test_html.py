"""The pages under html-validate and axe-core, as the page of the reports is."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.a11y.test_accessibility import judged, modules

__all__ = ["modules"]
PATHS = ("/", "/patient", "/matches", "/documents", "/document/1", "/dispensations", "/messages",
         "/messages/3", "/nowhere")  # fmt: skip


@pytest.mark.slow
@pytest.mark.oracle
@pytest.mark.parametrize("lang", ["nb", "en"])
def test_the_judges_of_html_find_nothing(tester, request, tmp_path: Path, lang):
    folder = request.getfixturevalue("modules")
    tester.open(f"/language?to={lang}&back=/")
    tester.document("everything", "60591-5")
    for number, path in enumerate(PATHS):
        file = tmp_path / f"{number}.html"
        file.write_text(tester.web.get(path).text, encoding="utf-8")
        assert judged(folder, file)["violations"] == [], path
