"""``ehds ncp journal`` lists, filters, exports, verifies, and answers the patient."""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

import pytest
from sqlalchemy import text

from ncp.audit import Indicator
from ncp.audit.journal import record
from ncp.model import Operation
from ncp.store import Store
from tests.builders import call, run
from tests.ncp.audit.transactions import NOON, OTHER, PATIENT, exchange

NUMBER = PATIENT.extension


@pytest.fixture
def home(tmp_path):
    store = Store(str(tmp_path / "store.db"))
    later = NOON + dt.timedelta(days=1)
    for made in (
        exchange(Operation.IDENTIFY, documents=()),
        exchange(Operation.PS_RETRIEVE),
        exchange(Operation.EP_LIST, patients=(OTHER,), outcome=Indicator.MAJOR, started=later,
                 ended=later, error_code="4703", error=f"no right to {OTHER.extension}"),
    ):  # fmt: skip
        with store.begin() as connection:
            record(connection, made, f"<q>{NUMBER}</q>".encode(), b"\xff\x00binary")
    store.close()
    return tmp_path


def journal(home, *args):
    return call("ncp", "journal", "--home", home, *args)


def test_the_list(home):
    shown = journal(home)
    assert shown.code == 0
    lines = shown.out.splitlines()
    assert len(lines) == 3
    assert "PatientService::Retrieve" in lines[1]
    assert "success" in lines[1]
    assert "13*********" in lines[1]
    assert "major" in lines[2]
    assert "4703: no right to 24*********" in lines[2]
    assert "3 entries" in shown.err


@pytest.mark.parametrize("fmt", ["text", "json", "csv", "har"])
def test_numbers_are_masked_unless_asked_for(home, fmt):
    assert NUMBER not in journal(home, "--format", fmt).out
    assert OTHER.extension not in journal(home, "--format", fmt).out
    assert NUMBER in journal(home, "--format", fmt, "--show-numbers").out
    assert NUMBER not in journal(home, "--format", fmt, "--patient", NUMBER).out


def test_filters(home):
    assert "retrieve" in journal(home, "--operation", "retrieve").out.lower()
    assert len(journal(home, "--outcome", "major").out.splitlines()) == 1
    assert len(journal(home, "--since", "2026-11-23").out.splitlines()) == 1
    assert len(journal(home, "--until", "2026-11-23").out.splitlines()) == 2
    assert journal(home, "--country", "DK").out == ""
    assert len(journal(home, "--professional", "lind", "--limit", 2).out.splitlines()) == 2
    assert len(journal(home, "--entry", 2).out.splitlines()) == 1


def test_an_entry_that_is_not_there_is_told(home):
    for fmt in ("text", "json", "csv", "har"):
        told = journal(home, "--entry", 99, "--format", fmt)
        assert (told.code, told.out) == (2, "")
        assert "there is no entry 99" in told.err


def test_csv_and_json(home):
    rows = list(csv.DictReader(io.StringIO(journal(home, "--format", "csv").out)))
    assert [r["operation"] for r in rows] == [Operation.IDENTIFY, Operation.PS_RETRIEVE,
                                              Operation.EP_LIST]  # fmt: skip
    assert (rows[1]["category"], rows[1]["milliseconds"]) == ("a", "42")
    content = json.loads(journal(home, "--format", "json").out)
    assert content["schema"] == "ehds.journal/1"
    assert content["entries"][1]["professional"]["name"] == "Anna Lind"
    assert content["entries"][1]["previous"] == content["entries"][0]["digest"]


def test_har_1_2(home):
    har = json.loads(journal(home, "--format", "har", "--show-numbers").out)["log"]
    assert (har["version"], har["creator"]["name"]) == ("1.2", "ehds")
    entry = har["entries"][1]
    # Required members of HAR 1.2.
    assert {"startedDateTime", "time", "request", "response", "cache", "timings"} <= set(entry)
    assert {"method", "url", "httpVersion", "cookies", "headers", "queryString", "headersSize",
            "bodySize"} <= set(entry["request"])  # fmt: skip
    assert {"status", "statusText", "httpVersion", "cookies", "headers", "content", "redirectURL",
            "headersSize", "bodySize"} <= set(entry["response"])  # fmt: skip
    assert {"send", "wait", "receive"} <= set(entry["timings"])
    assert entry["request"]["postData"]["text"] == f"<q>{NUMBER}</q>"
    assert entry["response"]["content"]["encoding"] == "base64"
    assert entry["time"] == 42
    assert dt.datetime.fromisoformat(entry["startedDateTime"]) == NOON


def test_har_without_numbers_has_no_bodies(home):
    har = json.loads(journal(home, "--format", "har").out)["log"]
    assert all(e["request"]["postData"]["text"] == "" for e in har["entries"])


def test_who_saw_what_of_mine(home):
    shown = journal(home, "--patient", NUMBER)
    assert "Hvem så hva om 13*********" in shown.out
    assert "Anna Lind (lege)" in shown.out
    english = journal(home, "--patient", PATIENT.cx, "--lang", "en", "--show-numbers")
    assert f"Who saw what of {PATIENT.cx}" in english.out
    content = json.loads(journal(home, "--patient", NUMBER, "--format", "json").out)
    assert content["schema"] == "ehds.access/1"
    assert "E09.2e" in content["obligations"]
    assert [a["deed"] for a in content["accesses"]] == ["retrieve", "identify"]
    rows = list(csv.DictReader(
        io.StringIO(journal(home, "--patient", NUMBER, "--format", "csv").out)))  # fmt: skip
    assert rows[0]["country_text"] == "Sverige"


def test_a_message_is_shown_as_it_was(home):
    asked = ("--entry", 1, "--part", "request", "--show-numbers")
    shown = run("ncp", "journal", "--home", home, *asked)
    assert shown.out == f"<q>{NUMBER}</q>"
    assert journal(home, "--entry", 1, "--part", "request").code == 2
    assert journal(home, "--part", "atna").code == 2
    missing = journal(home, "--entry", 1, "--part", "nro", "--show-numbers")
    assert missing.code == 2
    assert "has no message «nro»" in missing.err
    target = home / "answer.bin"
    asked = ("--entry", 1, "--part", "response", "--show-numbers", "-o", target)
    assert journal(home, *asked).code == 0
    assert target.read_bytes() == b"\xff\x00binary"


def test_verify(home):
    shown = journal(home, "--verify")
    assert shown.code == 0
    head = shown.out.splitlines()[-1].split()[-1]
    assert len(head) == 64
    assert journal(home, "--verify", "--head", head).code == 0
    assert journal(home, "--verify", "--head", "0123").code == 1
    store = Store(str(home / "store.db"))
    with store.begin() as connection:
        connection.execute(text("DROP TRIGGER journal_fixed"))
        connection.execute(text("UPDATE journal SET outcome = 0 WHERE number = 3"))
    store.close()
    broken = journal(home, "--verify")
    assert broken.code == 1
    assert "entry 3" in broken.out
    assert json.loads(journal(home, "--verify", "--format", "json").out)["sound"] is False


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--operation", "nothing"), "no operation is named"),
        (("--patient", "1^^^"), "not of the form"),
        (("--since", "yesterday"), "is not a time"),
        (("--head", "00"), "needs --verify"),
    ],
)
def test_wrong_use_is_told(home, args, said):
    shown = journal(home, *args)
    assert shown.code == 2
    assert said in shown.err


def test_no_journal_yet(tmp_path):
    shown = journal(tmp_path)
    assert shown.code == 2
    assert "no journal yet" in shown.err
    assert "ehds ncp serve" in shown.err
    assert not list(tmp_path.iterdir())


def test_the_folder_may_come_from_the_environment(home, monkeypatch):
    monkeypatch.setenv("EHDS_NCP_HOME", str(home))
    assert call("ncp", "journal").code == 0
    monkeypatch.delenv("EHDS_NCP_HOME")
    assert call("ncp", "journal", "--store", home / "store.db").code == 0


def test_complete(home):
    shown = journal(home, "--complete")
    assert shown.code == 0
    assert shown.out.count("pass") == 5
    assert "all 2 accesses name the natural person" in shown.out  # the refused one does not count
    assert "all 1 accesses name the origin" in shown.out  # nor does an identification
    store = Store(str(home / "store.db"))
    with store.begin() as connection:
        record(connection, exchange(Operation.PS_LIST, origins=()), b"q", b"r")
    store.close()
    short = journal(home, "--complete", "--format", "json")
    assert short.code == 1
    outcomes = {r["id"][-1]: r["outcome"] for r in json.loads(short.out)["results"]}
    assert outcomes == {"a": "pass", "b": "pass", "c": "pass", "d": "pass", "e": "fail"}
    none = journal(home, "--complete", "--country", "DK")
    assert none.code == 0
    assert none.out.count("omit") == 5
