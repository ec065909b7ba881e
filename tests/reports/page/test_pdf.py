"""The page as PDF: judged by veraPDF, and a plain word where it cannot be made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from data.errors import EnvironmentProblem
from reports import pdf, summary
from reports.page import pages
from reports.texts import Texts
from tests.reports.analyses import shipped
from tools.verapdf.prepare import MAIN_CLASS, home, is_prepared


@pytest.fixture
def writer():
    try:
        pdf.check()
    except EnvironmentProblem as problem:
        pytest.skip(str(problem))


@pytest.mark.slow
@pytest.mark.oracle
@pytest.mark.parametrize("lang", ["nb", "en"])
def test_the_pages_are_pdf_a_2a_and_pdf_ua_1(writer, tmp_path, lang):
    if not is_prepared():
        pytest.skip("veraPDF is not prepared (tools/verapdf/prepare.py)")
    analysis, t = shipped("norway-2026-11"), Texts(lang)
    files = pages(analysis, t)
    shown = {name: files[f"{name}.html"] for name in ("ehds-gap", "region-vest", "system-helseid")}
    shown["summary"] = summary.render(analysis, t)
    paths = []
    for name, source in shown.items():
        paths.append(tmp_path / f"{name}.pdf")
        paths[-1].write_bytes(pdf.render(source))
    for flavour in ("2a", "ua1"):
        done = subprocess.run(
            [shutil.which("java") or "java", "-cp", f"{home() / 'lib'}{os.sep}*", MAIN_CLASS,
             "-f", flavour, "--format", "text", "-v", *map(str, paths)],
            capture_output=True, text=True, check=False, timeout=300,
        )  # fmt: skip
        verdicts = [line for line in done.stdout.splitlines() if line.startswith(("PASS", "FAIL"))]
        assert len(verdicts) == len(paths), done.stdout + done.stderr
        assert all(line.startswith("PASS") for line in verdicts), done.stdout


def test_the_same_page_gives_the_same_bytes(writer):
    page = summary.render(shipped("norway-2026-11"), Texts("nb"))
    assert pdf.render(page) == pdf.render(page)


def test_the_missing_library_is_named_with_its_remedy(monkeypatch):
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    with pytest.raises(EnvironmentProblem) as caught:
        pdf.check()
    assert "ehds-norge[pdf]" in caught.value.problems[0].remedy
