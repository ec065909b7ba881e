"""The medication list message M25.1: entries, doses, stops, its allergies, and its envelopes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from data.errors import InputError
from ips import sources
from ips.sources import Source
from tests.ips.sources.samples import (
    DAILY,
    OTHER,
    REACTION,
    Json,
    download,
    entry,
    medication_list,
    prescription,
)  # fmt: skip

ID = "dcc1291d-b26b-4aab-b57e-ac8fca4b7ea3"


def read(message: str, *, lenient: bool = False) -> Source:
    source = sources.read_any(message.encode(), "m25.xml", lenient=lenient)
    assert source.kind == "m25"
    return source


def of(source: Source, kind: str) -> list[Json]:
    return [r for r in source.resources if r["resourceType"] == kind]


def one(message: str) -> Json:
    (made,) = of(read(message), "MedicationStatement")
    return made


def test_an_entry_becomes_a_statement_with_its_medicine() -> None:
    source = read(medication_list(entry(ID)))
    (made,), (drug,) = of(source, "MedicationStatement"), of(source, "Medication")
    assert made["identifier"][0]["value"] == f"urn:uuid:{ID}"
    assert made["medicationReference"] == {"reference": f"Medication/{drug['id']}"}
    assert made["effectivePeriod"]["start"] == "2024-01-05"
    assert made["reasonCode"] == [{"text": "KOLESTEROLSENKENDE"}]
    assert {"system": "http://www.whocc.no/atc", "code": "C10AA01", "display": "Simvastatin"} in (
        drug["code"]["coding"]
    )
    assert drug["code"]["text"] == "Simvastatin Tab 10 mg"
    assert drug["form"]["coding"][0]["system"] == "http://standardterms.edqm.eu"
    dosage = made["dosage"][0]
    assert dosage["text"] == "1 tablett morgen"
    assert dosage["timing"]["repeat"]["when"] == ["MORN"]
    assert dosage["doseAndRate"][0]["doseQuantity"]["code"] == "15054000"


def test_the_patient_and_the_author_come_from_the_envelope() -> None:
    source = read(medication_list(entry(ID)))
    assert source.patient is not None
    assert source.patient["name"][0]["family"] == "Prøve"
    assert source.patient["gender"] == "female"
    assert source.author.startswith("Practitioner/")
    assert source.date == "2024-02-01T12:00:00+01:00"


def test_a_list_inside_m912_and_a_bare_list_are_the_same() -> None:
    message = medication_list(entry(ID))
    inner = message[message.index("<LegemidlerIBruk") : message.index("</Content>")]
    alone = [dict(r, meta=None) for r in of(read(inner), "MedicationStatement")]
    packed = [dict(r, meta=None) for r in of(read(download(message)), "MedicationStatement")]
    assert [r["dosage"] for r in alone] == [r["dosage"] for r in packed]
    assert len(packed) == 1


def test_the_prescription_may_stand_as_xml_in_place_of_base64() -> None:
    packed = entry(ID)
    start = packed.index("<ReseptDokLegemiddelB64>") + len("<ReseptDokLegemiddelB64>")
    end = packed.index("</ReseptDokLegemiddelB64>")
    made = one(medication_list(packed[:start] + prescription() + packed[end:]))
    assert made["dosage"][0]["text"] == "1 tablett morgen"


@pytest.mark.parametrize(("when", "status"), [("2024-01-20", "stopped"), ("2024-03-01", "active")])
def test_a_stop_ahead_of_the_message_has_not_happened_yet(when: str, status: str) -> None:
    stop = (
        f"<Seponering><Tidspunkt>{when}T00:00:00+01:00</Tidspunkt>"
        "<Arsak V='L' DN='Legemiddelreaksjon'/><Merknad>Utslett</Merknad></Seponering>"
    )
    made = one(medication_list(entry(ID, more=stop)))
    assert made["status"] == status
    assert made["effectivePeriod"]["end"] == f"{when}T00:00:00+01:00"
    assert made["statusReason"][0]["text"] == "Legemiddelreaksjon"
    assert {"text": "Utslett"} in made["note"]


def test_doses_as_needed_have_their_maximum() -> None:
    dosing = (
        '<DoseEtterBehov><Mengde V="1" U="tablett"/><Intervall V="6" U="Time"/>'
        '<DoseDognMaks V="4" U="tablett"/><DoseTidsromMaks V="0" U="tablett"/>'
        '<Tidsrom V="0" U="Døgn"/><DoseIntervallMin V="4" U="Time"/></DoseEtterBehov>'
    )
    dosage = one(medication_list(entry(ID, prescription(dosing=dosing))))["dosage"][0]
    assert dosage["asNeededBoolean"] is True
    assert dosage["maxDosePerPeriod"]["numerator"]["value"] == 4
    assert (dosage["timing"]["repeat"]["period"], dosage["timing"]["repeat"]["periodUnit"]) == (
        6, "h",
    )  # fmt: skip


def test_weekdays_clock_times_and_rhythms() -> None:
    dosing = (
        '<DoseFastTidspunkt><Mengde V="2" U="tablett"/><Intervall V="1" U="Døgn"/>'
        "<Klokkeslett>08:30</Klokkeslett><GisEksakt>true</GisEksakt>"
        '<FastDose><FasteUkedager V="1"/><FasteUkedager V="5"/></FastDose></DoseFastTidspunkt>'
        '<DoseFastTidspunkt><Mengde V="1" U="tablett"/><Intervall V="1" U="Døgn"/>'
        "<FastDose><DagerPa>21</DagerPa><DagerAv>7</DagerAv></FastDose></DoseFastTidspunkt>"
    )
    first, second = one(medication_list(entry(ID, prescription(dosing=dosing))))["dosage"]
    assert first["timing"]["repeat"]["dayOfWeek"] == ["mon", "fri"]
    assert first["timing"]["repeat"]["timeOfDay"] == ["08:30:00"]
    assert "when" not in first["timing"]["repeat"]
    assert second["timing"]["code"]["text"] == "21 dager på, 7 dager av"


def test_a_mixture_keeps_its_parts_as_text() -> None:
    mixture = prescription().replace(
        prescription()[prescription().index("<LegemiddelVirkestoff>") :
                       prescription().index("</Forskrivning>")],
        "<Legemiddelblanding><Id>x</Id><Navn>Krem etter resept</Navn><Legemiddelform V='33' "
        "DN='Krem'/><BestanddelVirkestoff><Navn>Urea</Navn><Styrke>10 %</Styrke>"
        "</BestanddelVirkestoff></Legemiddelblanding>",
    )  # fmt: skip
    (drug,) = of(read(medication_list(entry(ID, mixture))), "Medication")
    assert drug["code"]["text"] == "Krem etter resept"
    assert drug["ingredient"][0]["itemCodeableConcept"]["text"] == "Urea 10 %"


@pytest.mark.parametrize("refuted", ["true", "false"])
def test_allergies_of_the_list(refuted: str) -> None:
    source = read(medication_list(entry(ID), REACTION.format(refuted=refuted)))
    (made,) = of(source, "AllergyIntolerance")
    assert ("verificationStatus" in made) is (refuted == "true")
    assert made["clinicalStatus"]["coding"][0]["code"] == (
        "inactive" if refuted == "true" else "active"
    )
    assert made["code"]["coding"][0]["code"] == "J01CE02"
    assert made["reaction"][0]["manifestation"][0]["coding"][0]["code"] == "39579001"
    assert made["asserter"] == {"reference": "Patient/patient"}
    assert made["note"] == [{"text": "Ved sykehus"}]


@pytest.mark.parametrize(
    ("reaction", "snomed"),
    [
        ('V="2" DN="Blodtrykksfall"', "45007003"),
        ('V="2" DN="Reaksjoner fra sirkulasjonssystemet"', ""),
        ('V="5"', ""),
        ('V="302" DN="Astma"', "195967001"),
    ],
)
def test_a_group_of_the_older_edition_is_not_taken_for_a_reaction(
    reaction: str, snomed: str
) -> None:
    usual = 'V="1" S="2.16.578.1.12.4.1.1.7497" DN="Anafylaktisk reaksjon"'
    told = REACTION.format(refuted="false").replace(usual, reaction)
    (made,) = of(read(medication_list(entry(ID), told)), "AllergyIntolerance")
    codings = made["reaction"][0]["manifestation"][0].get("coding", [])
    assert [c["code"] for c in codings if "snomed" in c["system"]] == ([snomed] if snomed else [])


def test_a_damaged_prescription_is_an_error_with_its_place() -> None:
    damaged = entry(ID).replace("<ReseptDokLegemiddelB64>", "<ReseptDokLegemiddelB64>!!")
    with pytest.raises(InputError) as caught:
        read(medication_list(damaged))
    assert "ReseptDokLegemiddelB64" in caught.value.problems[0].where


def test_two_patients_in_envelope_and_answer_are_refused() -> None:
    with pytest.raises(InputError, match="more than one patient"):
        read(download(medication_list(entry(ID)), number=OTHER))


def test_an_unknown_element_is_reported() -> None:
    source = read(medication_list(entry(ID, more="<NyttFelt>nål</NyttFelt>")))
    assert any("nål" in i.source_value for i in source.loss.items)
    inside = prescription(more="<Ukjent>nål</Ukjent>")
    assert any("nål" in i.source_value for i in read(medication_list(entry(ID, inside))).loss.items)


def test_a_question_from_the_pharmacy_is_not_the_list() -> None:
    source = read(medication_list(entry(ID, prescription(dosing=DAILY)), kind="ERM252"))
    assert any("not the list itself" in w.what for w in source.warnings)


@pytest.mark.oracle
def test_real_downloads_without_a_list_state_nothing(oracles: Path) -> None:
    with zipfile.ZipFile(oracles / "eresept" / "0182a496.zip") as archive:
        messages = [archive.read(name) for name in archive.namelist() if name.endswith(".xml")]
    downloads = [m for m in messages if b'V="ERM912"' in m and b"<M912>" in m]
    assert downloads
    for message in downloads:
        source = sources.read_any(message, "m912.xml")
        assert (source.resources, source.statements) == ([], set())
        assert source.patient is not None
        assert any("no medication list" in w.what for w in source.warnings)


@pytest.mark.oracle
def test_other_real_messages_are_refused_by_name(oracles: Path) -> None:
    with zipfile.ZipFile(oracles / "eresept" / "0182a496.zip") as archive:
        for name in archive.namelist():
            content = archive.read(name)
            if name.endswith(".xml") and b"<M912>" not in content:
                with pytest.raises(InputError, match="XML message of another kind"):
                    sources.read_any(content, name)
