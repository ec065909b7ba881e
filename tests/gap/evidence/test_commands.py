"""``ehds catalogue coverage`` and ``--evidence``: which test proves this, what does it prove?"""

from __future__ import annotations

import csv
import io
import json

import pytest

from data.loaders.catalogue import catalogue
from ehds.cli import options, run
from gap.evidence.coverage import State
from tests.gap.evidence.builders import analysis


def said(capsys, *words):
    """Run a command that must succeed and return what it said."""
    assert run(["catalogue", "coverage", *words]) == 0
    return capsys.readouterr().out


@pytest.mark.parametrize("lang", ["nb", "en"])
def test_the_summary_counts_every_binding_obligation_once(capsys, lang):
    text = said(capsys, "--lang", lang)
    counted = [int(line.split()[0]) for line in text.splitlines() if line.startswith("   ")
               and line.split()[0].isdigit()]  # fmt: skip
    assert len(counted) == len(State)
    assert sum(counted) == sum(o.binding for o in catalogue().obligations.values())


def test_which_test_proves_this(capsys):
    text = said(capsys, "X2.3.2c", "--lang", "en")
    assert "ehds.audit/audit-annex-ii-3.2-c" in text
    assert "EHDS Annex II 3.2(c)" in text


def test_what_does_this_test_prove(capsys):
    assert "E16.4" in said(capsys, "--test", "ehds.ncp/IDN-01")
    assert "ingen plikt" in said(capsys, "--test", "sarif/*")


def test_why_something_cannot_be_tested(capsys):
    lines = json.loads(said(capsys, "--state", "by-people", "--format", "json"))["obligations"]
    assert all(line["reason_nb"] and line["reason_en"] and not line["tests"] for line in lines)
    assert len(lines) > 300


def test_the_whole_table_as_csv_and_json(capsys):
    rows = list(csv.DictReader(io.StringIO(said(capsys, "--format", "csv"))))
    whole = json.loads(said(capsys, "--format", "json"))
    assert whole["schema"] == "ehds.coverage/1"
    assert [r["obligation"] for r in rows] == [o["obligation"] for o in whole["obligations"]]
    assert {t["id"] for t in whole["tests"]} >= {"ehds.ips/verdict", "ehds.ncp/IDN-01"}


@pytest.mark.parametrize("words", [["X2.3.2z"], ["--test", "ehds.ncp/IDN-999"]])
def test_an_unknown_obligation_or_test_gets_the_nearest(capsys, words):
    assert run(["catalogue", "coverage", *words]) == 2
    assert "did you mean" in capsys.readouterr().err


def test_no_evidence_leaves_the_analysis_alone():
    assert options.weigh(analysis(), []) is None


def test_evidence_given_as_a_path_is_weighed(tmp_path):
    (tmp_path / "evidence.toml").write_text('subject = "helsenorge"\n')
    (tmp_path / "a.xml").write_text(
        '<testsuite name="s" timestamp="2026-11-20T10:00:00"><testcase name="t"><properties>'
        '<property name="obligations" value="E09.2e"/></properties><failure/></testcase>'
        "</testsuite>"
    )
    start = options.analyse("norway-2026-11", "level", None)
    weighed = options.weigh(start, [str(tmp_path)])
    moved = {(a.system.id, a.obligation.id): a.level
             for a, b in zip(weighed.analysis.cells, start.cells, strict=True)
             if (a.level, a.assessed, a.status) != (b.level, b.assessed, b.status)}  # fmt: skip
    assert moved == {("helsenorge", "E09.2e"): 0}
    assert [b.finding.level for b in weighed.contradictions] == [2]
    assert weighed.analysis.national.point < start.national.point
