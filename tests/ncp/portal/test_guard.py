"""What keeps others out: other hosts, other sites, other desks; and nothing from abroad runs."""

from __future__ import annotations

import re
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html

from ncp.model import PatientId, Person
from ncp.portal import Settings, asking
from ncp.portal.app import COOKIE
from ncp.portal.calls import Call
from ncp.portal.desk import Desk
from ncp.portal.guard import MAX_FORM
from tests.ncp.portal.tester import BASE


def token(tester) -> str:
    (found, *_) = tester.open("/").xpath("//input[@name='token']/@value")
    return found


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.nip.io", ""])
def test_another_name_of_this_machine_gets_nothing(tester, host):
    answer = tester.web.get("/", headers={"host": host})
    assert answer.status_code == 421
    assert "token" not in answer.text


@pytest.mark.parametrize("host", ["localhost:8480", "127.0.0.1:8480", "[::1]:8480"])
def test_the_names_of_this_machine_are_answered(tester, host):
    assert tester.web.get("/", headers={"host": host}).status_code == 200


def test_a_form_of_another_site_is_not_used(tester):
    values = {"token": token(tester), "target": "here"}
    for headers in (
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": "http://localhost:1"},
        {"sec-fetch-site": "cross-site"},
    ):
        assert tester.post("/target", values, **headers).status_code == 403
    assert tester.post("/target", values).status_code == 200


def test_a_form_without_the_token_of_its_desk_is_not_used(tester):
    mine = token(tester)
    for values in ({}, {"token": ""}, {"token": "guess"}, {"token": mine + "x"}, {"token": "ø"}):
        assert tester.post("/target", {**values, "target": "here"}).status_code == 403
    tester.web.cookies.clear()
    assert tester.post("/target", {"token": mine, "target": "here"}).status_code == 403


def test_a_form_is_bounded(tester):
    values = {"token": token(tester), "name": "x" * MAX_FORM}
    assert tester.post("/target", values).status_code == 400
    many = {"token": token(tester), **{f"f{i}": "" for i in range(300)}}
    assert tester.post("/target", many).status_code == 400
    assert tester.web.post("/target", content=b"{}", headers={
        "origin": BASE, "content-type": "application/json"}).status_code == 400  # fmt: skip


def test_the_cookie_stays_in_this_browser(tester):
    said = tester.web.get("/").headers["set-cookie"]
    assert said.startswith(f"{COOKIE}=")
    assert {"HttpOnly", "SameSite=strict", "Path=/"} <= {*re.split("; ?", said)}
    assert tester.web.get("/").headers.get("set-cookie") is None


def test_every_answer_binds_the_browser(tester):
    tester.document("penicillin-anaphylaxis", "60591-5")
    for path in ("/", "/nowhere", "/messages/1", "/document/1", "/static/portal.js"):
        headers = tester.web.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert "frame-ancestors 'none'" in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
    for path in ("/document/1/page", "/document/1/file/original.xml",
                 "/messages/1/file/response.xml"):  # fmt: skip
        policy = tester.web.get(path).headers["content-security-policy"]
        assert policy.startswith("sandbox; default-src 'none'")
        assert "script-src" not in policy


def test_no_page_holds_script_or_style_of_its_own(tester):
    tester.document("multidose", "57833-6")
    for path in ("/", "/patient", "/matches", "/documents", "/document/1", "/messages/1"):
        page = tester.open(path)
        assert not page.xpath("//style|//@style|//script[not(@src)]")
        assert not [a for a in page.xpath("//@*") if a.attrname.startswith("on")]


@given(st.text(alphabet=st.sampled_from("<>&\"'/={}%abc \u202e\0"), max_size=40))
def test_what_another_country_says_is_text(said):
    person = Person((PatientId("1.2", said or "1"),), said, (said,), "F", said)
    desk = Desk(Settings("", lambda *_: ""), None, "nb", partner=_PARTNER, persons=(person,),
                identified=1)  # fmt: skip
    page = html.fromstring(asking.matches(Call(desk, "/matches")).body.decode())
    (heading,) = page.xpath("//li/h2")
    assert not len(heading)
    plain = html.fromstring(asking.matches(Call(_EMPTY, "/matches")).body.decode())
    tags = {e.tag for e in page.iter()} - {e.tag for e in plain.iter()}
    assert tags <= {"li", "h2", "dl", "div", "dt", "dd", "form", "input", "button", "span", "ul",
                    "br", "p", "section"}  # fmt: skip


_PARTNER = SimpleNamespace(url="https://a.example", country=SimpleNamespace(code="NO"))
_EMPTY = Desk(Settings("", lambda *_: ""), None, "nb", partner=_PARTNER, identified=1)
