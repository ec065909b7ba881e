"""The page as PDF: judged by veraPDF, and a plain word where it cannot be made."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest

from data.errors import EnvironmentProblem
from ehds.cli import readiness_profile
from reports import pdf, summary
from reports.page import pages
from reports.texts import Texts
from tests.reports.analyses import shipped
from tools.verapdf.prepare import MAIN_CLASS, home, is_prepared

# WeasyPrint leaves its colour profile to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore:unclosed file .*sRGB2014.icc:ResourceWarning")


@pytest.fixture
def writer():
    try:
        pdf.check()
    except EnvironmentProblem as problem:
        pytest.skip(str(problem))


def papers() -> dict[str, str]:
    """Return one page of each kind, some of them in each language."""
    analysis, nb, en = shipped("norway-2026-11"), Texts("nb"), Texts("en")
    national, english = pages(analysis, nb), pages(analysis, en)
    found = {
        "ehds-gap": national["ehds-gap.html"],
        "summary-nb": summary.render(analysis, nb),
        "region": english["region-vest.html"],
        "summary-en": summary.render(analysis, en),
    }
    for profile, system, region in (("region", None, "nord"), ("ehr-system", "sfm", None)):
        for file in readiness_profile.files(analysis, profile, system, region, None, "nb"):
            if file.title:
                found[f"profile-{profile}"] = str(file.content)
    return found  # fmt: skip


@pytest.mark.slow
@pytest.mark.oracle
def test_the_pages_are_pdf_a_2a_and_pdf_ua_1(writer, tmp_path):
    if not is_prepared():
        pytest.skip("veraPDF is not prepared (tools/verapdf/prepare.py)")
    paths = []
    for name, source in papers().items():
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
