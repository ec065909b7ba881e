"""Words from another country reach the terminal without numbers of people and without control."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data.results import Outcome, Result, Severity
from ehds.cli.ncp import answered
from ehds.cli.output import as_json
from ips.words import harmless, plain, plain_lines
from ncp.client.failures import why
from ncp.client.texts import refusal_lines
from ncp.model import Address, Coded, PatientId, Refusal
from tests.ncp.client.answering import FNR, PERSON, entry

NUMBER = "09926601137"
HOSTILE = "\x9b[31mred\x1b]0;title\x07\r\n\u202eeman\x7f\ud800"
"""ECMA-48 control sequences in eight and seven bits, a line end, and a turned line (UAX 9)."""


def test_a_national_number_is_masked_and_control_characters_are_gone():
    said = harmless(f"\x9b[31mno such patient {NUMBER}\x1b[0m\r")
    assert NUMBER not in said
    assert said.isprintable()
    assert "no such patient" in said


@given(st.text(st.characters()))
def test_nothing_that_steers_a_terminal_is_left_of_any_words(words):
    assert plain(words).replace("\u200c", "").replace("\u200d", "").isprintable()
    assert len(plain(words)) == len(words)


@pytest.mark.parametrize(
    "name",
    ["Åse Çelik-Østby", "\u0645\u062d\u0645\u062f\u200c\u0631\u0636\u0627", "Nguyễn Thị", "李小龍"],
)
def test_a_name_is_shown_as_it_is_spelt(name):
    assert plain(name) == name


def test_lines_stay_lines():
    assert plain_lines("a\x1b\nb\x85c") == "a \nb c"


def test_a_refusal_cannot_steer_the_terminal_and_names_nobody():
    refusal = Refusal(f"4703{HOSTILE}", f"patient {NUMBER}{HOSTILE}", location=f"{NUMBER}{HOSTILE}",
                      reason=f"{NUMBER}{HOSTILE}")  # fmt: skip
    for line in refusal_lines(refusal, "nb"):
        assert line.isprintable()
        assert NUMBER not in line
    told = answered.refusal_json(refusal, "en")
    assert NUMBER not in json.dumps(told)


def test_a_finding_cannot_steer_the_terminal_and_names_nobody():
    one = Result("b-person-id", Outcome.FAIL, Severity.ERROR, f"{NUMBER} came{HOSTILE}",
                 f"/a[{NUMBER}]{HOSTILE}")  # fmt: skip
    (line,) = answered.finding_lines([one])
    assert line.isprintable()
    assert NUMBER not in line + json.dumps(answered.finding_json(one))


def test_a_person_is_shown_with_name_and_number_but_steers_nothing():
    person = replace(
        PERSON, family=f"Test{HOSTILE}", ids=(PatientId(FNR, f"{NUMBER}\x1b"),), birth_date="\x9b",
        address=Address(f"Gate 1{HOSTILE}", HOSTILE, "0001", "NO"),
    )  # fmt: skip
    lines = list(answered.person_lines(person, "nb"))
    assert all(map(str.isprintable, lines))
    assert NUMBER in "".join(lines)
    assert "Nysgjerrig Test" in lines[0]


def test_a_listed_document_steers_nothing():
    listed = replace(
        entry(f"2.25.7{HOSTILE}"), title=f"Summary{HOSTILE}", description=HOSTILE,
        author_institution=f"Clinic{HOSTILE}^^^",
        events=(Coded(f"J01{HOSTILE}", "1.2.3", f"name{HOSTILE}"),),
    )  # fmt: skip
    lines = list(answered.entry_lines(listed, 1, "en"))
    assert all(map(str.isprintable, lines))
    assert len(lines) == 3


def test_json_says_what_came_without_steering_the_terminal():
    text = as_json({"title": HOSTILE})
    assert text.replace("\n", "").isprintable()
    assert json.loads(text) == {"title": HOSTILE}


def test_why_a_line_broke_is_told_in_one_line():
    error = ConnectionResetError(104, f"reset by {NUMBER}{HOSTILE}")
    assert why(error).isprintable()
    assert NUMBER not in why(error)
