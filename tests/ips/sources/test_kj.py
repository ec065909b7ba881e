"""Critical information from Kjernejournal: the eleven kinds of list 7651, states and extensions."""

from __future__ import annotations

from typing import Any

import pytest

from ips import sources
from ips.loss import Fate
from ips.sources import Source
from tests.ips.sources.samples import (
    KJ,
    SYSTEM,
    Json,
    allergy,
    concept,
    kj,
    recorder,
    searchset,
    status,
    to_bytes,
)  # fmt: skip


def read(*resources: Json, lenient: bool = False) -> Source:
    source = sources.read_any(searchset(*resources), "critical-information.json", lenient=lenient)
    assert source.kind == "kj-critical-info"
    return source


def only(source: Source, kind: str) -> Json:
    found = [r for r in source.resources if r["resourceType"] == kind]
    assert len(found) == 1
    return found[0]


def codes(value: Any) -> set[tuple[str, str]]:
    return {(c["system"], c["code"]) for c in value["coding"]}


def condition(profile: str, category: str, code: Json, **more: Any) -> Json:
    return kj(
        "Condition", profile,
        clinicalStatus=status("condition-clinical", "active"),
        verificationStatus=status("condition-ver-status", "confirmed"),
        category=[concept("7651", category)], code=code, recorder={"reference": "#recorderRef"},
        **more,
    )  # fmt: skip


def test_kind_1_medicine_reaction() -> None:
    reaction = {"manifestation": [{"coding": [{"system": SYSTEM + "TypeOfReaction", "code": "1",
                                               "display": "Anafylaktisk reaksjon"}]}]}  # fmt: skip
    made = only(read(allergy(criticality="high", reaction=[reaction])), "AllergyIntolerance")
    assert ("http://www.whocc.no/atc", "J01CE02") in codes(made["code"])
    assert ("http://snomed.info/sct", "39579001") in codes(made["reaction"][0]["manifestation"][0])
    assert made["criticality"] == "high"
    assert made["patient"] == {"reference": "Patient/patient"}


def test_kind_2_other_allergy_takes_its_code_from_7514_when_the_system_says_nothing() -> None:
    code = {"coding": [{"system": SYSTEM + "OtherAllergy", "code": "14", "display": "Latex"}]}
    made = only(read(allergy(category=["environment"], code=code)), "AllergyIntolerance")
    assert ("http://snomed.info/sct", "111088007") in codes(made["code"])


@pytest.mark.parametrize(("kind", "icd10"), [("3", "T88.4"), ("4", "T88.5")])
def test_kinds_3_and_4_anaesthesia_with_gradings(kind: str, icd10: str) -> None:
    evidence = [{"code": [concept("7515", "3")]}, {"code": [concept("7516", "2")]}]
    code = concept("7651", kind, text="Trang munnåpning")
    source = read(condition("KjConditionComplicationsOfAnesthesia", kind, code, evidence=evidence))
    made = only(source, "Condition")
    assert ("http://hl7.org/fhir/sid/icd-10", icd10) in codes(made["code"])
    assert made["code"]["text"] == "Trang munnåpning"
    assert [e["code"][0]["coding"][0]["system"][-4:] for e in made["evidence"]] == ["7515", "7516"]


def test_kind_5_condition_keeps_its_consequence_apart_from_the_diagnosis() -> None:
    code = concept("7110", "G409", "Uspesifisert epilepsi")
    code["coding"][0]["userSelected"] = True
    code["coding"].append(concept("7513", "1")["coding"][0])
    made = only(read(condition("KjConditionCriticalMedicalCondition", "5", code)), "Condition")
    assert ("http://hl7.org/fhir/sid/icd-10", "G40.9") in codes(made["code"])
    assert not any("7513" in system for system, _ in codes(made["code"]))
    assert "Kan påvirke bevissthetsgrad" in made["note"][0]["text"]


def test_kind_6_ongoing_treatment_with_an_alert_date_that_is_no_end() -> None:
    until = {"url": KJ + "KjValidUntil", "valueDateTime": "2027-01-01"}
    made = only(
        read(
            kj("Procedure", "KjProcedure", status="in-progress", category=concept("7651", "6"),
               code=concept("7517", "5", "Dialyse"), performedDateTime="2024-05-01",
               extension=[until], recorder={"reference": "#recorderRef"})
        ),
        "Procedure",
    )  # fmt: skip
    assert ("http://snomed.info/sct", "108241001") in codes(made["code"])
    assert made["performedDateTime"] == "2024-05-01"
    assert made["note"] == [{"text": "Varsles til 2027-01-01"}]
    assert made["recorder"]["reference"].startswith("PractitionerRole/")


def test_kind_7_mechanical_implant_is_a_device_in_use() -> None:
    device = {"resourceType": "Device", "id": "dev", "type": concept("7518", "9", "Pacemaker")}
    use = kj("DeviceUseStatement", "KjDeviceUseStatement", status="active",
             device={"reference": "#dev"}, source={"reference": "#recorderRef"},
             extension=[{"url": KJ + "KjImplanted", "valueDateTime": "2019-03-04"}])  # fmt: skip
    use["contained"].append(device)
    source = read(use)
    made = only(source, "DeviceUseStatement")
    assert made["timingDateTime"] == "2019-03-04"
    assert made["device"] == {"reference": f"Device/{only(source, 'Device')['id']}"}
    emdn = "urn:oid:1.3.6.1.4.1.12559.11.10.1.3.1.44.6"
    assert (emdn, "J0101") in codes(only(source, "Device")["type"])


def test_kind_7_transplant_is_a_condition() -> None:
    code = concept("7518", "20", "Transplantert nyre")
    made = only(
        read(condition("KjConditionTransplantsAndOtherForeignBodies", "7", code)), "Condition"
    )
    assert ("http://hl7.org/fhir/sid/icd-10", "Z94.0") in codes(made["code"])


def consent(kind: str, scope: str, profile: str = "KjConsent", **more: Any) -> Json:
    return kj("Consent", profile, status="active", category=[concept("7651", kind)],
              scope={"coding": [{"code": scope}]}, policyRule={"coding": [{"code": "1"}]},
              dateTime="2024-01-02T10:00:00+01:00", performer=[{"reference": "#recorderRef"}],
              **more)  # fmt: skip


def test_kind_8_limitation_keeps_note_and_validity_without_ending_the_consent() -> None:
    extension = [
        {"url": KJ + "KjValidUntil", "valueDateTime": "2025-01-01"},
        {"url": KJ + "KjText", "valueString": "Ikke respirator"},
    ]
    made = only(read(consent("8", "adr", extension=extension)), "Consent")
    assert made["policyRule"]["text"] == "Ikke respirator; Gyldig til 2025-01-01"
    assert "provision" not in made
    assert made["status"] == "active"


def test_kind_9_change_of_procedure_is_a_flag() -> None:
    made = only(
        read(kj("Flag", "KjFlag", status="active", category=[concept("7651", "9")],
                code=concept("7522", "1", "Reservert mot blod"), period={"end": "2027-01-01"},
                author={"reference": "#recorderRef"})),
        "Flag",
    )  # fmt: skip
    assert made["code"]["text"] == "Reservert mot blod"
    assert made["period"] == {"end": "2027-01-01"}
    assert "author" in made


def test_kind_10_infection() -> None:
    made = only(read(condition("KjConditionInfection", "10", concept("7519", "1"))), "Condition")
    assert any(system.endswith("icd-10") for system, _ in codes(made["code"]))


def test_kind_11_beside_an_active_kind_8_is_doubtful() -> None:
    eleven = consent("11", "treatment", "KjConsentBehandlingsavklaring",
                     provision={"code": [concept("7655", "1")]})  # fmt: skip
    assert not read(eleven).warnings
    both = read(consent("8", "adr"), eleven)
    assert any("exclude" in w.rule for w in both.warnings)


@pytest.mark.parametrize("name", ["Presumed", "KjPresumed", "presumed"])
def test_presumed_becomes_unconfirmed_with_a_note_even_without_a_base_code(name: str) -> None:
    system = "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification"
    verification = {"coding": [{"system": system}],
                    "extension": [{"url": KJ + name, "valueBoolean": True}]}  # fmt: skip
    source = read(allergy(verificationStatus=verification))
    made = only(source, "AllergyIntolerance")
    assert codes(made["verificationStatus"]) == {(system, "unconfirmed")}
    assert {"text": "Sannsynlig (presumed)"} in made["note"]
    assert any(i.list_id == "7521" and i.fate is Fate.APPROXIMATE for i in source.loss.items)


def test_a_refuted_allergy_stays_refuted() -> None:
    refuted = allergy(
        verificationStatus=status("allergyintolerance-verification", "refuted"),
        clinicalStatus=status("allergyintolerance-clinical", "inactive"),
    )
    made = only(read(refuted), "AllergyIntolerance")
    assert made["verificationStatus"]["coding"][0]["code"] == "refuted"
    assert made["clinicalStatus"]["coding"][0]["code"] == "inactive"


@pytest.mark.parametrize(
    "deleted",
    [
        allergy(verificationStatus=status("allergyintolerance-verification", "entered-in-error")),
        kj("Flag", "KjFlag", status="entered-in-error", code=concept("7522", "1")),
        kj("Procedure", "KjProcedure", status="entered-in-error", code=concept("7517", "1")),
    ],
)
def test_deleted_entries_are_left_out_and_reported(deleted: Json) -> None:
    source = read(deleted)
    assert not source.resources
    assert [i.fate for i in source.loss.items] == [Fate.NOT_CARRIED]


def test_recorder_and_updater_are_contained_and_known_once() -> None:
    changed = allergy(
        extension=[
            {"url": KJ + "KjUpdater", "valueReference": {"reference": "#updater"}},
            {"url": KJ + "KjUpdatedDateTime", "valueDateTime": "2024-02-03T04:05:06+01:00"},
        ]
    )
    second = recorder("updater")
    second["practitioner"] = {"identifier": {"system": "HPR", "value": "900000111"},
                              "display": "Annen, Lege"}  # fmt: skip
    changed["contained"].append(second)
    source = read(changed, allergy())
    kinds = [r["resourceType"] for r in source.resources]
    assert (kinds.count("Practitioner"), kinds.count("Organization")) == (2, 1)
    assert kinds.count("PractitionerRole") == 2
    origin = source.origins[
        f"AllergyIntolerance/{source.resources[kinds.index('AllergyIntolerance')]['id']}"
    ]
    assert origin.updated == "2024-02-03T04:05:06+01:00"
    assert origin.updater != origin.recorder


def test_the_older_organisation_oid_and_the_category_of_health_personnel_are_understood() -> None:
    source = read(allergy())
    assert only(source, "Organization")["identifier"][0]["system"].endswith("4.101")
    role = only(source, "PractitionerRole")
    assert ("urn:oid:2.16.840.1.113883.2.9.6.2.7", "221") in codes(role["code"][0])


def test_what_the_patient_told_is_marked() -> None:
    told = {"url": KJ + "KjSourceOfInformation",
            "valueCoding": {"system": SYSTEM + "SourceOfInformation", "code": "3",
                            "display": "Pasientens egne opplysninger"}}  # fmt: skip
    source = read(allergy(extension=[told]))
    made = only(source, "AllergyIntolerance")
    assert made["asserter"] == {"reference": "Patient/patient"}
    assert source.origins[f"AllergyIntolerance/{made['id']}"].from_patient


def test_an_excipient_as_cause_travels_as_a_note() -> None:
    code = {"coding": [{"system": SYSTEM + "DrugTradeName", "code": "ID_1", "display": "Ibux"}],
            "extension": [{"url": KJ + "KjInactiveIngredient", "valueBoolean": True}]}  # fmt: skip
    made = only(read(allergy(code=code)), "AllergyIntolerance")
    assert any("hjelpestoff" in note["text"] for note in made["note"])
    assert made["code"]["text"] == "Ibux"


def test_an_unknown_profile_and_extension_are_reported() -> None:
    strange = allergy(extension=[{"url": "http://example.org/strange", "valueString": "needle"}])
    strange["meta"]["profile"] = [KJ + "KjSomethingNew"]
    source = read(strange)
    assert any("KjSomethingNew" in w.what for w in source.warnings)
    assert any("needle" in i.source_value for i in source.loss.items)


def test_an_unknown_code_system_travels_as_it_is_and_is_noted() -> None:
    code = {"coding": [{"system": "http://example.org/codes", "code": "x1", "display": "Noe"}]}
    source = read(allergy(code=code))
    assert only(source, "AllergyIntolerance")["code"]["text"] == "Noe"
    assert any("x1" in i.source_value and i.fate is Fate.AS_TEXT for i in source.loss.items)


def test_no_known_allergy_is_stated_only_by_its_code() -> None:
    assert not sources.read_any(searchset(), "critical-information.json").statements
    none = {"coding": [{"system": "http://snomed.info/sct", "code": "716186003"}]}
    source = read(allergy(code=none))
    assert source.statements == {"no-known-allergies"}
    assert "AllergyIntolerance" not in {r["resourceType"] for r in source.resources}


def test_a_single_resource_and_a_list_are_read_too() -> None:
    assert sources.read_any(to_bytes(allergy()), "a.json").resources
    assert len(sources.read_any(to_bytes([allergy(), allergy()]), "a.json").resources) == 5
