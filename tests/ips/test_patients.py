"""The sample patients: what they promise, that they are well-formed, that readers read them."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from fhir.resources.R4B import get_fhir_model_class
from lxml import etree

from data.errors import InputError
from ehds.cli.patients import command
from ips import identifiers, terms
from ips.generate import generate
from ips.generate.samples import Sample, sample, samples

ATC = "http://www.whocc.no/atc"
LIST = "urn:oid:2.16.578.1.12.4.1.1."
M251 = "{http://www.kith.no/xmlstds/eresept/m251/2013-10-08}"

each = pytest.mark.parametrize("case", samples().values(), ids=list(samples()))


def opened(case: Sample | str, name: str) -> Any:
    found = sample(case) if isinstance(case, str) else case
    return json.loads(found.files()[name])


def walk(value: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in a JSON value."""
    if isinstance(value, dict):
        yield value
        value = list(value.values())
    if isinstance(value, list):
        for part in value:
            yield from walk(part)


def critical(case: Sample | str) -> list[dict[str, Any]]:
    return [e["resource"] for e in opened(case, "critical-information.json")["entry"]]


def statements(case: Sample | str) -> list[dict[str, Any]]:
    found = walk(opened(case, "medication.json"))
    return [part for part in found if part.get("resourceType") == "MedicationStatement"]


def codes(value: Any) -> set[str]:
    return {part["code"] for part in walk(value) if isinstance(part.get("code"), str)}


def profile(resource: dict[str, Any]) -> str:
    return str(resource["meta"]["profile"][0]).rpartition("/")[2]


def test_there_are_at_least_twelve_and_the_index_names_every_folder() -> None:
    folders = {
        path.name for path in (samples()["mrsa"].folder.parent).iterdir()
        if path.is_dir() and path.name != "tables"
    }  # fmt: skip
    assert folders == set(samples())
    assert len(folders) >= 12


@each
def test_every_sample_says_what_it_is_and_what_it_tests(case: Sample) -> None:
    assert case.title_nb
    assert case.title_en
    assert case.title_nb != case.title_en
    assert case.tests
    assert "patient.json" in case.files()


def test_nobody_shares_a_name_or_a_number() -> None:
    people = [opened(case, "patient.json") for case in samples().values()]
    numbers = {p["identifier"][0]["value"] for p in people}
    names = {(p["name"][0]["family"], *p["name"][0]["given"]) for p in people}
    assert len(numbers) == len(names) == len(samples())


@each
def test_the_number_is_valid_synthetic_and_agrees_with_the_patient(case: Sample) -> None:
    person = opened(case, "patient.json")
    number = identifiers.person_number(person["identifier"][0]["value"], relaxed_k1=False)
    assert number.synthetic
    assert number.system == person["identifier"][0]["system"]
    assert str(number.birth_date) == person["birthDate"]
    assert number.gender == person["gender"]


@each
def test_no_telephone_and_no_real_address(case: Sample) -> None:
    for name, content in case.files().items():
        if name.endswith(".json"):
            for part in walk(json.loads(content)):
                assert "telecom" not in part
                assert part.get("postalCode", "9999") == "9999"
        else:
            assert b"TeleCom" not in content
            assert b"StreetAdr" not in content


@each
def test_the_fhir_files_are_fhir(case: Sample) -> None:
    for name, content in case.files().items():
        if name.endswith(".json") and name != "maternity.json":
            made = json.loads(content)
            get_fhir_model_class(made["resourceType"]).model_validate(made)


@each
def test_every_national_code_has_the_text_of_its_list(case: Sample) -> None:
    for name, content in case.files().items():
        for part in walk(json.loads(content)) if name.endswith(".json") else ():
            system = part.get("system")
            if not isinstance(system, str) or "code" not in part or "display" not in part:
                continue
            text = terms.label(system, part["code"], "nb")
            # ATC and the list of municipalities are not ours to name; an own code has no text.
            if text is not None and system != ATC:
                assert part["display"].casefold() == text.casefold(), f"{name}: {system}"


def test_the_samples_hold_all_eleven_kinds_of_critical_information() -> None:
    kinds = set()
    for case in samples().values():
        if "critical-information.json" not in case.files():
            continue
        for resource in critical(case):
            if resource["resourceType"] == "AllergyIntolerance":
                kinds.add("1" if "medication" in resource["category"] else "2")
            elif resource["resourceType"] == "DeviceUseStatement":
                kinds.add("7")
            else:
                kinds |= codes(resource["category"])
    assert kinds == {str(number) for number in range(1, 12)}


def test_no_sample_has_both_kinds_of_treatment_limits() -> None:
    for case in samples().values():
        if "critical-information.json" in case.files():
            profiles = {profile(r) for r in critical(case)}
            assert not {"KjConsent", "KjConsentBehandlingsavklaring"} <= profiles


def test_penicillin_anaphylaxis_is_confirmed_and_latex_is_probable() -> None:
    penicillin, latex = critical("penicillin-anaphylaxis")
    assert "J01CE02" in codes(penicillin["code"])
    assert codes(penicillin["reaction"]) == {"1"}, "7497 1: anaphylaxis"
    assert codes(penicillin["verificationStatus"]) == {"confirmed"}
    assert codes(latex["code"]) == {"14"}, "7514 14: latex"
    assert codes(latex["verificationStatus"]) == {"unconfirmed"}
    assert latex["verificationStatus"]["extension"][0]["valueBoolean"] is True
    repeated = [p for p in walk(opened("penicillin-anaphylaxis", "medication.json"))
                if p.get("resourceType") == "AllergyIntolerance"]  # fmt: skip
    assert codes(repeated[0]["code"]) == codes(penicillin["code"])


def test_the_difficult_airway_carries_both_gradings() -> None:
    first = critical("difficult-airway")[0]
    systems = {p["system"] for p in walk(first["evidence"]) if "system" in p}
    assert systems == {LIST + "7515", LIST + "7516"}


def test_pacemaker_and_defibrillator_are_two_devices() -> None:
    devices = [r for r in critical("pacemaker-icd") if r["resourceType"] == "DeviceUseStatement"]
    assert [codes(d["contained"]) & {"9", "10"} for d in devices] == [{"9"}, {"10"}]


def test_the_transplanted_kidney_comes_with_immunosuppression() -> None:
    profiles = {profile(r) for r in critical("kidney-transplant")}
    assert {"KjConditionTransplantsAndOtherForeignBodies", "KjProcedure"} <= profiles
    taken = codes(opened("kidney-transplant", "medication.json"))
    assert {"L04AD02", "L04AA06", "H02AB06"} <= taken


def test_the_pregnant_woman_lacks_the_d_antigen_and_got_anti_d() -> None:
    record = opened("pregnant-anti-d", "maternity.json")
    assert record["clinicalTests"]["rhesusD"] == "Neg"
    assert record["rhesusDNegative"]["antiDProphylaxis"]["given"] is True
    assert "J06BB01" in codes(opened("pregnant-anti-d", "medication.json"))


def test_the_child_is_a_child_and_reacts_to_peanut() -> None:
    assert opened("peanut-child", "patient.json")["birthDate"] > "2016"
    assert "10" in codes(critical("peanut-child")[0]["code"])


def test_multidose_has_ten_medicines_and_one_stopped() -> None:
    root = etree.fromstring(sample("multidose").files()["m25.xml"])
    entries = root.findall(f".//{M251}EnkeltoppforingLIB")
    stopped = [entry for entry in entries if entry.find(f"{M251}Seponering") is not None]
    assert len(entries) == 11
    assert len(stopped) == 1


def test_mrsa_and_the_refusal_of_blood_products_are_there() -> None:
    assert "1" in codes(critical("mrsa")[0]["code"])
    flag = critical("no-blood-products")[0]
    assert flag["resourceType"] == "Flag"
    assert codes(flag["code"]) == {"1"}


def test_the_foreign_worker_has_a_d_number_and_uses_no_medicine() -> None:
    person = opened("foreign-worker", "patient.json")
    assert person["identifier"][0]["system"] == identifiers.DNR
    assert int(person["identifier"][0]["value"][0]) in (4, 5, 6, 7)
    sections = [p for p in walk(opened("foreign-worker", "medication.json")) if "emptyReason" in p]
    assert "nilknown" in codes(sections[0]["emptyReason"])


def test_nothing_recorded_states_nothing() -> None:
    assert critical("nothing-recorded") == []
    answer = opened("nothing-recorded", "medication.json")
    assert statements("nothing-recorded") == []
    assert "nilknown" not in codes(answer), "nothing found is not known absence"


def test_everything_has_every_source_but_the_exclusive_ones() -> None:
    assert set(sample("everything").files()) == {
        "patient.json", "critical-information.json", "medication.json", "vaccinations.json",
        "laboratory.json", "measurements.json",
    }  # fmt: skip
    assert {s["status"] for s in statements("everything")} == {"active", "stopped"}


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(InputError) as caught:
        sample("penicilin")
    assert "penicillin-anaphylaxis" in caught.value.problems[0].remedy


def test_list_gives_every_sample_in_every_form() -> None:
    runner = CliRunner()
    text = runner.invoke(command, ["list", "--lang", "en"])
    assert text.exit_code == 0
    assert all(case.title_en in text.stdout for case in samples().values())
    rows = list(
        csv.DictReader(io.StringIO(runner.invoke(command, ["list", "--format", "csv"]).stdout))
    )
    assert [row["id"] for row in rows] == list(samples())
    answer = json.loads(runner.invoke(command, ["list", "--format", "json"]).stdout)
    assert answer["schema"] == "ehds.patients/1"
    assert "m25.xml" in next(p for p in answer["patients"] if p["id"] == "multidose")["files"]


def test_copy_gives_the_shipped_bytes_and_never_overwrites(tmp_path: Path) -> None:
    runner = CliRunner()
    done = runner.invoke(command, ["copy", "all", "--out", str(tmp_path)])
    assert done.exit_code == 0
    for case in samples().values():
        for name, content in case.files().items():
            assert (tmp_path / case.id / name).read_bytes() == content
    again = runner.invoke(command, ["copy", "mrsa", "--out", str(tmp_path)])
    assert isinstance(again.exception, InputError)


def test_generate_writes_what_the_generator_gives(tmp_path: Path) -> None:
    done = CliRunner().invoke(
        command,
        ["generate", "-n", "130", "--seed", "5", "--out", str(tmp_path), "--format", "json"],
    )
    assert done.exit_code == 0
    answer = json.loads(done.stdout)
    assert answer["seed"] == 5
    assert len(answer["patients"]) == len(list(tmp_path.iterdir())) == 130
    for patient in generate(130, 5):
        for name, content in patient.files.items():
            assert (tmp_path / patient.id / name).read_bytes() == content


@each
def test_the_readers_read_every_sample(case: Sample) -> None:
    from ips.record import load

    record = load(case.id)
    expected = opened(case, "patient.json")["identifier"][0]["value"]
    assert expected in {i["value"] for i in record.patient["identifier"]}
    assert len(record.sources) == len(case.files())
    problems = [warning for source in record.sources for warning in source.warnings]
    assert not problems, [f"{p.where}: {p.what}" for p in problems]


def test_the_readers_read_fifty_generated_patients(tmp_path: Path) -> None:
    from ips.record import load

    for patient in generate(50, seed=50):
        folder = tmp_path / patient.id
        folder.mkdir()
        for name, content in patient.files.items():
            (folder / name).write_bytes(content)
        record = load(str(folder))
        assert len(record.sources) == len(patient.files)
        problems = [warning for source in record.sources for warning in source.warnings]
        assert not problems, [f"{patient.id} {p.where}: {p.what}" for p in problems]
