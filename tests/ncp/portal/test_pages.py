"""The portal used by a tester without script, against a real country A."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import json
import re
import zipfile

import pytest
from lxml import etree

from ncp.audit.journal import Filter, entries
from ncp.client.documents import received
from ncp.model import Operation, PatientId
from ncp.portal import Settings, Target, asking, build
from ncp.store import Store
from reports.clinical import page as readable
from tests.ncp.portal.tester import Tester, text

PS, EP = "60591-5", "57833-6"


def test_the_way_from_a_country_to_a_document(tester):
    tester.begin()
    assert tester.at() == "/patient"
    page = tester.document("penicillin-anaphylaxis", PS)
    said = text(page)
    assert tester.at() == "/document/1"
    assert "Nysgjerrig Lun Regnjakke" in said
    assert "0 feil" in said
    (frame,) = page.xpath("//iframe")
    assert frame.get("sandbox") == ""
    shown = tester.web.get(frame.get("src")).text
    assert "Penicillin" in shown or "penicillin" in shown


def test_a_document_is_kept_as_it_came_translated_and_as_fhir(tester):
    page = tester.document("penicillin-anaphylaxis", PS)
    links = page.xpath("//a[@download]/@href")
    files = {link.rpartition("/")[2]: tester.web.get(link) for link in links}
    assert {*files} == {"original.xml", "check.json", "translated-nb.xml", "fhir.json",
                        "page.html"}  # fmt: skip
    assert etree.fromstring(files["original.xml"].content).tag.endswith("ClinicalDocument")
    assert json.loads(files["fhir.json"].content)["resourceType"] == "Bundle"
    assert json.loads(files["check.json"].content)["safe"] is True
    for answer in files.values():
        assert answer.headers["content-disposition"].startswith("attachment")


def test_a_pdf_is_offered_as_such(tester):
    page = tester.document("penicillin-anaphylaxis", PS, entry="1")
    (link,) = [a for a in page.xpath("//a[@download]/@href") if a.endswith("document.pdf")]
    assert tester.web.get(link).content.startswith(b"%PDF")


def test_every_message_is_shown_and_is_the_one_that_went_over_the_line(tester, store):
    tester.patient("mrsa")
    page = tester.open("/messages/1")
    names = [a.rpartition("/")[2] for a in page.xpath("//a[contains(@href, '/file/')]/@href")]
    assert names[:4] == ["assertion-hcp.xml", "request.xml", "response.xml", "headers.txt"]
    assert {n.rpartition("-")[2] for n in names[4:]} >= {"atna.xml", "events.json", "nro.xml"}
    got = {name: tester.web.get(f"/messages/1/file/{name}").content for name in names}
    ident = etree.fromstring(got["request.xml"]).findtext(".//{*}MessageID")
    with store.connect() as connection:
        sides = {e.transaction.side: e for e in entries(connection, parts=("request", "response"))
                 if e.transaction.request_id == ident}  # fmt: skip
    assert got["request.xml"] == sides["A"].parts["request"] == sides["B"].parts["request"]
    assert got["response.xml"] == sides["A"].parts["response"]
    assert got["assertion-hcp.xml"] in got["request.xml"]


def test_all_messages_of_a_step_come_in_one_file(tester):
    tester.patient("mrsa")
    answer = tester.web.get("/messages/1/all")
    packed = zipfile.ZipFile(io.BytesIO(answer.content))
    assert packed.testzip() is None
    assert {"request.xml", "response.xml", "assertion-hcp.xml"} <= {*packed.namelist()}


def test_a_prescription_is_dispensed_once_and_taken_back(tester, store):
    began = dt.datetime.now(dt.UTC)
    page = tester.document("multidose", EP)
    assert "Utlever på resepten" in text(page)
    form = {n: v for n, v in page.forms[0].fields.items() if v is not None}
    first = tester.post("/document/1/dispense", form)
    again = tester.post("/document/1/dispense", form)  # the button was pressed twice
    assert "tatt imot" in first.text
    assert str(again.url).endswith("/dispensations")
    steps = tester.open("/messages")
    assert text(steps).count("ITI-41") == 1
    with store.connect() as connection:
        wanted = Filter(operations=(Operation.DISPENSE,), side="A", since=began)
        assert len(list(entries(connection, wanted))) == 1
    back = tester.send(tester.open("/dispensations"), "/discard", dispensation="1")
    assert "trukket tilbake" in text(back)
    assert not back.forms


def test_what_a_prescription_forbids_is_told_at_the_form_and_not_sent(tester):
    page = tester.document("multidose", EP)
    for fields, why in (({"quantity": "mange"}, "is not a number"), ({"package": ""}, "missing")):
        refused = tester.send(page, "/document/1/dispense", 400, **fields)
        assert why in text(refused)
    assert "ITI-41" not in text(tester.open("/messages"))


def test_a_refusal_is_explained_with_code_and_remedy(tester):
    nobody = {"id__2.16.578.1.12.4.1.4.1": "16858399649", "birthDate": ""}
    page = tester.identify("penicillin-anaphylaxis", **nobody)
    said = text(page)
    assert "ERROR_PI_NO_MATCH" in said
    assert "Ingen pasient passer" in said
    assert "Se etter skrivefeil i nummeret" in said
    assert "avslått" in said


def test_a_closed_service_and_a_missing_right_are_explained(tester):
    tester.begin(role="221")
    page = tester.send(tester.open("/patient?sample=multidose"), "/identify")
    page = tester.send(tester.send(page, "/choose", person="0"), "/query", kind=EP)
    assert "4703" in text(page)
    assert "Velg en rolle som har rett" in text(page)


def test_what_the_mask_refuses_is_not_sent_unless_wanted(tester):
    wrong = {"id__2.16.578.1.12.4.1.4.1": "123"}
    page = tester.identify("mrsa", 400, **wrong)
    assert "ERROR_PI_INCORRECT_FORMATTING" in text(page)
    assert page.xpath("//input[@aria-invalid]/@value") == ["123"]
    assert "Ingenting er sendt ennå" in text(tester.open("/messages"))
    page = tester.identify("mrsa", **wrong, unchecked="yes")
    assert "ERROR_PI_INCORRECT_FORMATTING" in text(page)
    assert text(tester.open("/messages")).count("ITI-55") == 1


def test_no_contact_point_is_explained_at_the_start(tmp_path):
    store = Store(tmp_path / "store.db")
    tester = Tester(build(Settings(tmp_path, readable), store))
    page = tester.send(tester.open("/"), "/target", 400)
    assert "no contact point of country A is running here" in text(page)
    assert "ehds ncp serve" in text(page)
    page = tester.send(page, "/target", 400, target="other", country="DE", url="http://a.example")
    assert "without TLS only this machine is spoken to" in text(page)
    assert page.xpath("//input[@id='url']/@value") == ["http://a.example"]
    store.close()


def test_a_country_that_does_not_answer_is_a_step_of_its_own(home, settings, store):
    made = dataclasses.replace(settings, targets=(Target("NO", "https://localhost:9"),))
    tester = Tester(build(made, store))
    tester.begin(target="0")
    page = tester.send(tester.open("/patient?sample=mrsa"), "/identify")
    assert "intet svar" in text(page)
    assert "country A cannot be reached" in text(page)
    assert "audit" in text(tester.open("/messages/1"))


def test_a_document_about_somebody_else_is_not_shown(tester, monkeypatch):
    def swapped(content, reference, _patient, entry, lang):
        return received(content, reference, PatientId("1.2.3", "4"), entry, lang)

    monkeypatch.setattr(asking, "received", swapped)
    page = tester.document("multidose", EP)
    assert "IKKE BRUK" in text(page)
    assert "b-document-patient" in text(page)
    assert not page.xpath("//iframe")
    assert "Utlever på resepten" not in text(page)
    assert tester.web.get("/document/1/page").status_code == 404
    assert tester.web.get("/document/1/file/original.xml").status_code == 200
    assert tester.web.get("/document/1/file/fhir.json").status_code == 404


def test_another_patient_means_an_empty_desk(tester):
    tester.document("penicillin-anaphylaxis", PS)
    page = tester.patient("mrsa")
    assert "Regnjakke" not in text(page)
    assert tester.web.get("/document/1").status_code == 404
    assert tester.web.get("/dispensations/1/file").status_code == 404


def test_no_number_of_a_patient_stands_in_an_address(tester):
    tester.document("multidose", EP)
    assert not [url for url in tester.seen if re.search(r"[0-9]{6,}", url)]


def test_two_testers_see_nothing_of_each_other(tester, settings):
    tester.patient("mrsa")
    other = Tester(tester.web.app)
    assert "Ingenting er sendt ennå" in text(other.open("/messages"))
    assert other.web.get("/messages/1").status_code == 404


def test_it_speaks_norwegian_and_english(tester):
    page = tester.open("/")
    assert page.xpath("/html/@lang") == ["nb"]
    page = tester.open("/language?to=en&back=/messages")
    assert (page.xpath("/html/@lang"), tester.at()) == (["en"], "/messages")
    assert "Nothing was sent yet" in text(page)
    assert "Patient summary" in text(tester.patient("mrsa"))


@pytest.mark.parametrize("back", ["//evil.example", "https://evil.example", "/\\evil.example"])
def test_the_way_back_stays_here(tester, back):
    answer = tester.web.get("/language", params={"to": "en", "back": back}, follow_redirects=False)
    assert answer.headers["location"] == "/"


@pytest.mark.parametrize("path", ["/patient", "/matches", "/documents", "/dispensations"])
def test_a_page_that_is_too_early_leads_to_what_comes_first(tester, path):
    tester.open(path)
    assert tester.at() == "/"


@pytest.mark.parametrize("path", [
    "/nowhere", "/document/7", "/messages/7", "/messages/7/file/request.xml", "/messages/7/all",
])  # fmt: skip
def test_what_is_not_there_is_told(tester, path):
    assert "ikke lenger" in text(tester.open(path, 404))
