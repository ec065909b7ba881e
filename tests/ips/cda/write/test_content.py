"""What becomes of clinical content: codes, absence, doses, directives, losses."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from lxml import etree

from data.errors import EnvironmentProblem, InputError
from ips.cda.write import sheet, to_cda
from ips.loss import Fate

NS: Any = {"v": "urn:hl7-org:v3", "p": "urn:hl7-org:pharm"}
SNOMED, LOINC = "http://snomed.info/sct", "http://loinc.org"


def _with(small: dict[str, Any], loinc: str, *resources: dict[str, Any], **section: Any) -> Any:
    made = copy.deepcopy(small)
    entries = []
    for number, one in enumerate(resources):
        url = f"urn:uuid:00000000-0000-4000-8000-0000000001{number:02}"
        made["entry"].append({"fullUrl": url, "resource": one})
        entries.append({"reference": url})
    code = {"coding": [{"system": LOINC, "code": loinc}]}
    made["entry"][0]["resource"]["section"].append(
        {"code": code, **({"entry": entries} if entries else {}), **section}
    )
    return made


def _write(given: dict[str, Any], form: str = "pivot") -> etree._Element:
    return etree.fromstring(to_cda(given, form=form, level=3).xml)


def _problem(*codings: dict[str, str], text: str = "Ord") -> dict[str, Any]:
    return {"resourceType": "Condition", "code": {"coding": list(codings), "text": text}}


EUROPEAN = {"system": "http://hl7.org/fhir/sid/icd-10", "code": "E10.9", "display": "Type 1"}
NATIONAL = {"system": "urn:oid:2.16.578.1.12.4.1.1.7110", "code": "E109", "display": "Diabetes"}
PROBLEM = (
    "//v:section[v:code/@code='11450-4']//v:observation"
    "[v:templateId/@root='1.3.6.1.4.1.12559.11.10.1.3.1.3.7']/v:value"
)


def test_the_pivot_has_the_european_code_and_the_national_one_as_translation(small) -> None:
    value = _write(_with(small, "11450-4", _problem(NATIONAL, EUROPEAN))).xpath(
        PROBLEM, namespaces=NS
    )[0]
    assert (value.get("code"), value.get("codeSystem")) == (
        "E10.9", "1.3.6.1.4.1.12559.11.10.1.3.1.44.2",
    )  # fmt: skip
    beside = value.find("v:translation", NS)
    assert (beside.get("code"), beside.get("codeSystem")) == ("E109", "2.16.578.1.12.4.1.1.7110")


def test_the_friendly_form_has_the_national_code_first(small) -> None:
    given = _with(small, "11450-4", _problem(NATIONAL, EUROPEAN))
    (value,) = _write(given, "friendly").xpath(PROBLEM, namespaces=NS)
    assert (value.get("code"), value.get("displayName")) == ("E109", "Diabetes")
    assert value.find("v:translation", NS).get("code") == "E10.9"


def test_a_national_code_without_counterpart_is_null_and_kept_beside(small) -> None:
    given = _with(small, "11450-4", _problem(NATIONAL))
    written = to_cda(given, form="pivot", level=3)
    value = etree.fromstring(written.xml).xpath(PROBLEM, namespaces=NS)[0]
    assert value.get("nullFlavor") == "OTH"
    assert value.get("codeSystem") == "1.3.6.1.4.1.12559.11.10.1.3.1.44.2"
    assert value.find("v:translation", NS).get("code") == "E109"
    (loss,) = [one for one in written.loss.items if one.element.endswith(".code")]
    assert (loss.fate, loss.list_id) == (Fate.APPROXIMATE, "7110")


def test_a_code_that_the_value_set_lacks_stands_beside(small) -> None:
    """281647001 «adverse reaction» is not in eHDSIReactionAllergy 8.1.0."""
    one = {"resourceType": "AllergyIntolerance", "code": {"text": "Mat"}, "reaction": [
        {"manifestation": [{"coding": [{"system": SNOMED, "code": "281647001"}]}]}]}  # fmt: skip
    value = _write(_with(small, "48765-2", one)).find(".//v:entryRelationship[@typeCode='MFST']"
                                                      "//v:value", NS)  # fmt: skip
    assert value.get("nullFlavor") == "OTH"
    assert value.find("v:translation", NS).get("code") == "281647001"


def test_norwegian_words_are_not_passed_off_as_an_english_name(document) -> None:
    for one in document("everything").iterfind(
        ".//p:code[@codeSystem='2.16.840.1.113883.6.73']", NS
    ):
        assert one.get("displayName") != "Amoksicillin"


@pytest.mark.parametrize(
    ("reason", "code"), [("nilknown", "no-known-problems"), ("unavailable", "no-problem-info")]
)
def test_an_empty_section_says_why_it_is_empty(small, reason, code) -> None:
    why = {"coding": [{"code": reason}]}
    made = _write(_with(small, "11450-4", emptyReason=why))
    assert made.xpath(f"//v:observation/v:value[@code='{code}']", namespaces=NS)


def test_a_stated_absence_travels_as_one(small) -> None:
    one = {"resourceType": "AllergyIntolerance",
           "code": {"coding": [{"system": SNOMED, "code": "716186003"}]}}  # fmt: skip
    made = _write(_with(small, "48765-2", one))
    assert made.xpath("//v:value[@code='no-known-allergies']", namespaces=NS)
    assert not made.xpath("//v:playingEntity", namespaces=NS)


def _dose(**repeat: Any) -> dict[str, Any]:
    return {"resourceType": "MedicationStatement", "status": "active",
            "medicationCodeableConcept": {"text": "X"},
            "dosage": [{"timing": {"repeat": repeat}}]}  # fmt: skip


@pytest.mark.parametrize(
    ("repeat", "value", "unit"),
    [
        ({"frequency": 3, "period": 1, "periodUnit": "d"}, "8", "h"),
        ({"frequency": 1, "period": 1, "periodUnit": "wk"}, "1", "wk"),
        ({"frequency": 1, "period": 1, "periodUnit": "d", "when": ["MORN", "EVE"]}, "12", "h"),
        ({"frequency": 1, "period": 72, "periodUnit": "h"}, "72", "h"),
    ],
)
def test_a_frequency_becomes_the_interval_between_doses(small, repeat, value, unit) -> None:
    period = _write(_with(small, "10160-0", _dose(**repeat))).find(".//v:period", NS)
    assert (period.get("value"), period.get("unit")) == (value, unit)


def test_a_dose_at_bedtime_is_an_event(small) -> None:
    made = _write(_with(small, "10160-0", _dose(when=["HS"], frequency=1, period=1,
                                               periodUnit="d")))  # fmt: skip
    assert made.find(".//v:event", NS).get("code") == "HS"


@pytest.mark.parametrize(
    ("amount", "unit", "beside"),
    [
        ({"value": 5, "system": "http://unitsofmeasure.org", "code": "mL"}, "mL", None),
        ({"value": 1, "unit": "tablett", "system": "http://standardterms.edqm.eu",
          "code": "15054000"}, "1", "15054000"),
        ({"value": 100, "unit": "E"}, "{E}", None),
    ],
)  # fmt: skip
def test_an_amount_keeps_its_unit(small, amount, unit, beside) -> None:
    one = _dose(frequency=1, period=1, periodUnit="d")
    one["dosage"][0]["doseAndRate"] = [{"doseQuantity": amount}]
    made = _write(_with(small, "10160-0", one)).find(".//v:doseQuantity", NS)
    assert (made.get("value"), made.get("unit")) == (str(amount["value"]), unit)
    code = made.find("v:translation", NS)
    assert (code.get("code") if code is not None else None) == beside


def test_an_amount_in_other_words_is_no_bare_number(small) -> None:
    one = _dose(frequency=1, period=1, periodUnit="d")
    one["dosage"][0]["doseAndRate"] = [{"doseQuantity": {"value": 2, "unit": "små skjeer"}}]
    made = _write(_with(small, "10160-0", one)).find(".//v:doseQuantity", NS)
    assert made.get("value") is None
    assert made.findtext("v:translation/v:originalText", "", NS) == "små skjeer"


def test_as_needed_is_a_precondition(small) -> None:
    one = _dose(frequency=1, period=1, periodUnit="d")
    one["dosage"][0]["asNeededBoolean"] = True
    act = _write(_with(small, "10160-0", one)).find(".//v:substanceAdministration", NS)
    assert act.find("v:precondition/v:criterion", NS) is not None
    assert "1.3.6.1.4.1.19376.1.5.3.1.4.7.10" in [t.get("root") for t in act.iterfind(
        "v:templateId", NS)]  # fmt: skip


def test_a_stopped_medicine_is_not_active(small) -> None:
    one = {**_dose(), "status": "stopped"}
    status = _write(_with(small, "10160-0", one)).find(
        ".//v:substanceAdministration/v:statusCode", NS
    )
    assert status.get("code") == "aborted"


def test_the_words_of_a_directive_reach_the_reader(document) -> None:
    """Consent.policyRule.text says what is to be done and what not."""
    (section,) = document("everything").xpath("//v:section[v:code/@code='42348-3']", namespaces=NS)
    assert "Ikke hjerte-lunge-redning" in "".join(section.find("v:text", NS).itertext())


def test_alerts_stand_with_the_allergies(document) -> None:
    made = document("no-blood-products")
    (section,) = made.xpath("//v:section[v:code/@code='48765-2']", namespaces=NS)
    assert "blod" in "".join(section.find("v:text", NS).itertext()).lower()


def test_what_the_patient_told_is_marked(document) -> None:
    made = document("everything")
    assert made.xpath("//v:informant/v:relatedEntity/v:code[@code='SELF']", namespaces=NS)


CARRIED_OR_NAMED = ("AllergyIntolerance", "Condition", "Immunization", "Observation", "Procedure",
                    "MedicationStatement", "Provenance")  # fmt: skip


def test_every_resource_is_carried_or_named(name, bundle) -> None:
    given = bundle(name)
    written = to_cda(given, form="pivot", level=3)
    text = written.xml.decode()
    named = {
        part for one in written.loss.items for part in one.element.replace(".", "/").split("/")
    }
    for entry in given["entry"]:
        one = entry["resource"]
        if one["resourceType"] in CARRIED_OR_NAMED:
            assert one["id"] in text or one["id"] in named, one["resourceType"]


def test_no_loss_shows_an_identity_number(bundle) -> None:
    given = bundle("everything")
    number = given["entry"][1]["resource"]["identifier"][0]["value"]
    losses = to_cda(given, form="pivot", level=3).loss
    assert not any(number in one.source_value for one in losses.items)


HOSTILE = (
    '<div xmlns="http://www.w3.org/1999/xhtml"><script>alert(1)</script><p onclick="x">Hei '
    '<a href="file:///etc/passwd">du</a></p><img src="http://x/"/><ul><li>en</li></ul></div>'
)


def test_a_hostile_narrative_is_text(small) -> None:
    given = _with(small, "42348-3", text={"status": "additional", "div": HOSTILE})
    (section,) = _write(given).xpath("//v:section[v:code/@code='42348-3']", namespaces=NS)
    text = etree.tostring(section.find("v:text", NS), encoding="unicode")
    assert "Hei du" in text
    assert "<item>en</item>" in text
    for bad in ("script", "alert", "onclick", "href", "passwd", "img"):
        assert bad not in text


def test_an_entity_in_a_narrative_is_not_resolved(small) -> None:
    div = '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/hostname">]><div>a&e;b</div>'
    given = _with(small, "42348-3", text={"status": "additional", "div": div})
    assert b"ENTITY" not in to_cda(given, form="pivot", level=3).xml


@pytest.mark.parametrize(
    "given", [{}, {"resourceType": "Patient"}, {"resourceType": "Bundle", "type": "searchset"}]
)
def test_what_is_no_document_is_refused_with_a_remedy(given) -> None:
    with pytest.raises(InputError) as caught:
        to_cda(given, form="pivot", level=3)
    assert caught.value.problems[0].remedy


def test_a_broken_shape_is_refused_with_its_place(small) -> None:
    one = {"resourceType": "Condition", "subject": {"reference": "x"}, "code": {"coding": "E10"}}
    with pytest.raises(InputError) as caught:
        to_cda(_with(small, "11450-4", one), form="pivot", level=3)
    assert any("coding" in problem.where for problem in caught.value.problems)


def test_level_1_without_its_library_names_it(small, monkeypatch) -> None:
    def missing(_name: str) -> Any:
        raise ImportError

    monkeypatch.setattr(sheet, "import_module", missing)
    with pytest.raises(EnvironmentProblem) as caught:
        to_cda(small, form="pivot", level=1)
    assert "fpdf2" in caught.value.problems[0].remedy
