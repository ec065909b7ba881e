"""Translating codes: what the tables and rules say, and that nothing is guessed or dropped."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from ips import terms
from ips.loss import Fate, LossReport
from ips.terms import Equivalence
from ips.terms.own import own_terminology
from ips.terms.tables import code_list, shipped_lists

SNOMED = "http://snomed.info/sct"
OID = "urn:oid:2.16.578.1.12.4.1.1."


def _codes(translation: terms.Translation) -> list[str]:
    return [coding.code for coding in translation.targets]


@pytest.mark.parametrize(
    "spelling",
    [
        "7497", "2.16.578.1.12.4.1.1.7497", "urn:oid:2.16.578.1.12.4.1.1.7497",
        "urn:uid:2.16.578.1.12.4.1.1.7497", "http://helsedir.no/fhir/CodeSystem/no-kodeverk-7497",
        "http://ehelse.no/fhir/CodeSystem/no-kodeverk-7497",
        "http://nhn.no/kj/fhir/CodeSystem/TypeOfReaction",
        "https://finnkode.helsedirektoratet.no/adm/collections/7497?q=7497",
    ],
)  # fmt: skip
def test_every_spelling_of_a_list_is_one_system(spelling: str) -> None:
    assert terms.normalise_system(spelling) == OID + "7497"
    assert terms.list_id(spelling) == "7497"


@pytest.mark.parametrize(
    ("spelling", "uri"),
    [
        ("7180", "http://www.whocc.no/atc"),
        ("2.16.578.1.12.4.1.1.7180", "http://www.whocc.no/atc"),
        ("2.16.840.1.113883.6.73", "http://www.whocc.no/atc"),
        ("http://nhn.no/kj/fhir/CodeSystem/ATC", "http://www.whocc.no/atc"),
        ("0.4.0.127.0.16.1.1.2.1", "http://standardterms.edqm.eu"),
        ("http://helsedir.no/fhir/CodeSystem/no-kodeverk-7280-nlk", OID + "7280"),
        ("http://hl7.org/fhir/sid/icd-10-no", OID + "7110"),
        ("2.16.840.1.113883.6.96", SNOMED),
    ],
)
def test_systems_have_one_canonical_uri(spelling: str, uri: str) -> None:
    assert terms.normalise_system(spelling) == uri


def test_an_unknown_system_stays_as_it_is() -> None:
    assert terms.normalise_system("http://example.org/local") == "http://example.org/local"
    assert terms.list_id("http://example.org/local") is None


def test_atc_passes_through_and_a_broken_code_does_not() -> None:
    found = terms.translate("http://nhn.no/kj/fhir/CodeSystem/ATC", "J01CE02", "Fenoksymetyl")
    assert found.targets[0].to_fhir() == {
        "system": "http://www.whocc.no/atc", "code": "J01CE02", "display": "Fenoksymetyl"
    }  # fmt: skip
    assert found.equivalence is Equivalence.EQUAL
    assert terms.translate("7180", "QJ01CE02").reason == "«QJ01CE02» is a veterinary code (ATCvet)."
    assert terms.translate("7180", "12345").equivalence is Equivalence.UNMATCHED


@pytest.mark.parametrize(
    ("national", "european", "equivalence"),
    [
        ("I10", "I10", "equivalent"),
        ("J450", "J45.0", "equivalent"),
        ("C7700", "C77.0", "wider"),
        ("C77.00", "C77.0", "wider"),
        ("E4300", "E43", "wider"),
        ("E884", "E88", "wider"),
        ("W0100", None, "unmatched"),
        ("A9", None, "unmatched"),
    ],
)
def test_norwegian_icd10_loses_its_national_tail_only_where_europe_lacks_it(
    national: str, european: str | None, equivalence: str
) -> None:
    found = terms.translate("7110", national)
    assert _codes(found) == ([european] if european else [])
    assert found.equivalence == equivalence
    assert found.exact or found.reason


def test_a_code_with_several_narrower_counterparts_is_not_guessed() -> None:
    found = terms.translate("7518", "1", target="emdn")
    assert _codes(found) == ["J0301", "J0302", "P0201"]
    assert found.equivalence is Equivalence.NARROWER
    assert found.carried == ()
    assert "J0301" in found.reason


def test_the_default_target_falls_back_to_the_second_choice() -> None:
    assert _codes(terms.translate("7518", "9")) == ["J0101"]
    assert _codes(terms.translate("7518", "9", target="icd-10")) == ["Z95.0"]
    assert _codes(terms.translate("7518", "20")) == ["Z94.0"]


def test_a_vaccine_standard_gets_atc_and_snomed_together() -> None:
    assert _codes(terms.translate("7447", "16")) == ["J07BD52", "871831003"]
    assert _codes(terms.translate("7447", "16", target="atc")) == ["J07BD52"]


def test_an_inexact_coding_does_not_stand_beside_an_exact_one() -> None:
    # Polio vaccine: ATC says trivalent, which the national standard does not.
    assert _codes(terms.translate("7447", "113")) == ["871740006"]


def test_a_code_that_changed_meaning_needs_its_name() -> None:
    assert _codes(terms.translate("7448", "513", "Transdermalgel")) == ["10546250"]
    assert terms.translate("7448", "513", "Sugepastill").targets == ()
    unnamed = terms.translate("7448", "513")
    assert unnamed.targets == ()
    assert "changed meaning" in unnamed.reason


def test_without_a_name_the_most_careful_edition_decides() -> None:
    assert terms.translate("7497", "4", "Larynxødem").equivalence is Equivalence.EQUIVALENT
    assert terms.translate("7497", "4").equivalence is Equivalence.NARROWER


def test_code_and_name_that_disagree_are_not_translated() -> None:
    found = terms.translate("7514", "1", "Peanøtt")
    assert found.targets == ()
    assert found.reason == "Code and name disagree: «Peanøtt» is code 10."


def test_a_european_code_is_its_own_translation() -> None:
    found = terms.translate("2.16.840.1.113883.6.96", "91936005", "Allergy to penicillin")
    assert found.equivalence is Equivalence.EQUAL
    assert found.targets == (terms.Coding(SNOMED, "91936005", "Allergy to penicillin"),)


def test_codes_of_hl7_are_read_everywhere_as_they_stand() -> None:
    system = "http://terminology.hl7.org/CodeSystem/observation-category"
    assert terms.translate(system, "vital-signs").equivalence is Equivalence.EQUAL
    national = "http://hl7.org/fhir/sid/icd-10-no"
    assert terms.translate(national, "C7700").equivalence is Equivalence.WIDER


def test_concept_has_the_european_coding_first_and_keeps_the_national_one() -> None:
    loss = LossReport()
    made = terms.codeable_concept(
        "7519", "1", "MRSA", element="Condition[0].code", loss=loss, obligations=("X1.1.7",)
    )
    assert made == {
        "coding": [
            {"system": "http://hl7.org/fhir/sid/icd-10", "code": "U82.1",
             "display": "Resistance to methicillin"},
            {"system": OID + "7519", "code": "1", "display": "MRSA"},
        ],
        "text": "MRSA",
    }  # fmt: skip
    (note,) = loss.items
    assert (note.fate, note.list_id, note.source_value) == (Fate.APPROXIMATE, "7519", "7519|1 MRSA")
    assert note.obligations == ("X1.1.7",)
    assert note.reason


def test_concept_without_counterpart_travels_as_text_with_its_national_code() -> None:
    loss = LossReport()
    made = terms.codeable_concept("7517", "13", "", element="e", loss=loss)
    assert made["text"] == "Står i transplantasjonskø"
    assert [c["system"] for c in made["coding"]] == [OID + "7517"]
    assert loss.items[0].fate is Fate.AS_TEXT


def test_text_alone_and_nothing_at_all_are_told_apart() -> None:
    loss = LossReport()
    assert terms.codeable_concept("7514", "", "Kiwi", element="a", loss=loss) == {"text": "Kiwi"}
    assert terms.codeable_concept("7514", "", " ", element="b", loss=loss) == {}
    assert [item.fate for item in loss.items] == [Fate.AS_TEXT, Fate.NOT_CARRIED]
    assert [item.list_id for item in loss.items] == ["", ""]


def test_a_number_that_could_be_a_person_is_hidden_in_the_loss_report() -> None:
    loss = LossReport()
    terms.codeable_concept("7514", "16858399649", "se 16858399649", element="e", loss=loss)
    assert "16858399649" not in str(loss.to_dict())


def test_labels_are_there_in_both_languages() -> None:
    assert terms.label("7514", "10") == "Peanøtt"
    assert (
        terms.label("http://helsedir.no/fhir/CodeSystem/no-kodeverk-7514", "10", "en") == "Peanut"
    )
    assert terms.label(SNOMED, "39579001", "en") == "Anaphylaxis"
    assert terms.label("7514", "99") is None
    assert terms.label("7514", "10", "se") is None


def test_membership_is_yes_no_or_not_at_hand() -> None:
    assert terms.in_value_set("eHDSIDoseForm", "edqm", "10219000") is True
    assert terms.in_value_set("eHDSIDoseForm", "edqm", "99999999") is None
    assert terms.in_value_set("eHDSIReactionAllergy", "snomed", "45007003") is False
    oid = "1.3.6.1.4.1.12559.11.10.1.3.1.42.58"
    assert terms.in_value_set(oid, "allergy-verification", "confirmed") is True
    assert terms.in_value_set(oid, "allergy-verification", "presumed") is False
    url = "http://terminology.ehdsi.eu/ValueSet/eHDSIIllnessandDisorder"
    assert terms.in_value_set(url, "icd-10", "I10") is True
    assert terms.in_value_set(url, "icd-10", "W01") is False
    assert terms.in_value_set("eHDSINone", "icd-10", "I10") is None


_LISTS = st.one_of(
    st.text(max_size=30), st.sampled_from([*shipped_lists(), "7110", "7180", "7170"])
)
_TARGETS = st.one_of(st.none(), st.text(max_size=8), st.sampled_from(["snomed", "edqm", "icd-10"]))


@given(_LISTS, st.text(max_size=12), st.text(max_size=12), _TARGETS)
def test_translate_never_raises_and_always_says_why_not(
    name: str, code: str, display: str, target: str | None
) -> None:
    found = terms.translate(name, code, display, target)
    assert found.exact or found.reason
    assert bool(found.targets) == (found.equivalence is not Equivalence.UNMATCHED)
    loss = LossReport()
    made = terms.codeable_concept(name, code, display, element="e", loss=loss, target=target)
    assert len(loss.items) == 1
    assert bool(made) == (loss.items[0].fate is not Fate.NOT_CARRIED)


@settings(max_examples=300)
@given(st.sampled_from(sorted((n, c) for n in shipped_lists() for c in code_list(n))))
def test_every_code_of_a_shipped_list_is_mapped_or_has_a_reason(pair: tuple[str, str]) -> None:
    number, code = pair
    found = terms.translate(number, code)
    assert found.exact or found.reason.endswith(".")


@given(st.text(max_size=60))
def test_normalising_a_system_twice_changes_nothing(text: str) -> None:
    once = terms.normalise_system(text)
    assert terms.normalise_system(once) == once


@pytest.fixture
def own(tmp_path: Path) -> Path:
    (tmp_path / "maps").mkdir()
    (tmp_path / "value-sets").mkdir()
    return tmp_path


HEAD = ("source_list,source_code,source_display_nb,target_system,target_code,target_display_en,"
        "equivalence,inferred,map_source,edition,note\n")  # fmt: skip


ROW = "7170,K86,Hypertensjon,icd-10,I10,Hypertension,equivalent,no,own,1,\n"
SETS = "value_set,system,code,display_en\n"
NAMES = "system,code,language,display\n"


def write(file: Path, text: str) -> None:
    file.write_text(text, encoding="utf-8")


def told(folder: Path) -> str:
    with pytest.raises(InputError) as caught, own_terminology(folder):
        pass
    return "\n".join(line for problem in caught.value.problems for line in problem.lines())


def test_a_users_own_map_goes_first(own: Path) -> None:
    write(own / "maps" / "icpc2.csv", HEAD + ROW)
    with own_terminology(own):
        assert _codes(terms.translate("7170", "K86")) == ["I10"]
        assert "WONCA" in terms.translate("7170", "K87").reason
    assert _codes(terms.translate("7170", "K86")) == []


def test_a_users_own_map_goes_before_a_rule(own: Path) -> None:
    rule = _codes(terms.translate("7110", "J459"))
    write(own / "maps" / "a.csv", HEAD + "7110,J459,x,icd-10,J46,y,equivalent,no,own,1,\n")
    with own_terminology(own):
        assert _codes(terms.translate("7110", "J459")) == ["J46"] != rule
        assert _codes(terms.translate("7110", "J450")) == ["J45.0"]
    assert _codes(terms.translate("7110", "J459")) == rule


def test_a_map_from_a_system_that_is_no_national_list(own: Path) -> None:
    row = "urn:oid:1.2.3.4.7448,1,x,edqm,10219000,Tablet,equal,no,own,1,\n"
    write(own / "maps" / "a.csv", HEAD + row)
    national = terms.translate("7448", "1")
    with own_terminology(own):
        assert _codes(terms.translate("urn:oid:1.2.3.4.7448", "1")) == ["10219000"]
        assert terms.translate("7448", "1") == national


@pytest.mark.parametrize("name", ["eHDSIDoseForm", "1.3.6.1.4.1.12559.11.10.1.3.1.42.2"])
def test_a_users_own_value_set_makes_membership_complete(own: Path, name: str) -> None:
    write(own / "value-sets" / "form.csv", f"{SETS}{name},edqm,10219000,Tablet\n")
    with own_terminology(own):
        assert terms.in_value_set("eHDSIDoseForm", "edqm", "10219000") is True
        assert terms.in_value_set("eHDSIDoseForm", "edqm", "10210000") is False


def test_a_value_set_in_fhir_shorthand_is_read_with_its_names(own: Path) -> None:
    line = '* http://standardterms.edqm.eu#1 "A \\"fine\\" form"'
    write(own / "eHDSIDoseForm.fsh", f"ValueSet: eHDSIDoseForm\n{line}\n")
    with own_terminology(own):
        assert terms.in_value_set("eHDSIDoseForm", "edqm", "1") is True
        assert terms.in_value_set("eHDSIDoseForm", "edqm", "10210000") is False
        assert terms.label("edqm", "1", "en") == 'A "fine" form'


def test_a_value_set_as_fhir_json_is_read(own: Path) -> None:
    write(own / "x.json",
        '{"resourceType": "ValueSet", "name": "Own", "expansion": {"contains": '
        '[{"system": "http://loinc.org", "code": "718-7"}]}}',
    )  # fmt: skip
    with own_terminology(own):
        assert terms.in_value_set("Own", "http://loinc.org", "718-7") is True
        assert terms.in_value_set("Own", "http://loinc.org", "1-1") is False


def test_a_users_own_names_go_first(own: Path) -> None:
    shipped = terms.label("7448", "53")
    write(own / "designations.csv", f"{NAMES}7448,53,nb,Pille\n7448,53,sv,Piller\n")
    with own_terminology(own):
        assert terms.label("7448", "53") == "Pille"
        assert terms.label("urn:oid:2.16.578.1.12.4.1.1.7448", "53", "sv") == "Piller"
    assert terms.label("7448", "53") == shipped != "Pille"


def test_everything_wrong_in_a_folder_is_told_with_file_and_line(own: Path) -> None:
    rows = "7170,K86,x,icd-10,I10,y,same,no,own,1,\n7170,K87,x,,,,unmatched,perhaps,own,1,\n"
    write(own / "maps" / "bad.csv", HEAD + rows + "7170,K88,x,icd,I10,y,equal,no,own,1,\n")
    write(own / "value-sets" / "bad.csv", f"{SETS},edqm,1,x\neHDSIDoseForm,edqmm,1,x\n")
    write(own / "designations.csv", f"{NAMES}7448,53,norsk,Pille\n7448,,nb,Pille\n")
    write(own / "bad.json", '{"resourceType":\n oops}')
    found = told(own)
    for line in (
        "bad.csv:2: unknown equivalence «same»",
        "bad.csv:3: an unmatched code needs a reason",
        "bad.csv:3: «perhaps» is not yes or no",
        "bad.csv:4: «icd» is no code system",
        "bad.csv:2: value_set, system and code must all be filled",
        "bad.csv:3: «edqmm» is no code system",
        "designations.csv:2: «norsk» is no language",
        "designations.csv:3: system, code, language and display must all be filled",
        "bad.json:2:2: not valid JSON",
    ):
        assert line in found


def test_wrong_columns_of_two_tables_are_told_together(own: Path) -> None:
    write(own / "maps" / "a.csv", "source,target\n1,2\n")
    write(own / "designations.csv", "system,code\n1,2\n")
    found = told(own)
    assert "a.csv:1: column «source_list» is missing" in found
    assert "designations.csv:1: column «language» is missing" in found


def test_a_table_that_would_not_be_read_is_told(own: Path) -> None:
    write(own / "designations.csv", f"{NAMES}7448,53,nb,Pille\n")
    write(own / "mapping.csv", HEAD + ROW)
    assert "mapping.csv: this table would not be read" in told(own)


def test_an_empty_folder_and_none_at_all_are_told(own: Path) -> None:
    assert "nothing to read" in told(own)
    assert "no such folder" in told(own / "none")


def test_the_environment_is_as_it_was(own: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EHDS_TERMINOLOGY", "before")
    write(own / "maps" / "a.csv", HEAD + ROW)
    with own_terminology(own):
        assert os.environ["EHDS_TERMINOLOGY"] == str(own)
    assert os.environ["EHDS_TERMINOLOGY"] == "before"


def test_every_wrong_file_of_a_folder_is_named_at_once(own: Path) -> None:
    for name in ("maps/a.csv", "maps/b.csv", "value-sets/c.csv", "value-sets/d.csv"):
        (own / name).parent.mkdir(exist_ok=True)
        write(own / name, "x,y\n1,2\n")
    write(own / "e.json", "{")
    write(own / "lost.csv", "x\n")
    found = told(own)
    for name in ("a.csv", "b.csv", "c.csv", "d.csv", "e.json", "lost.csv"):
        assert name in found
