"""The tables of the exchange say what OpenNCP 9 and the profiles say."""

from __future__ import annotations

import re

import pytest

import data
from data.errors import InputError
from ncp import codes, tables
from ncp.model import DocumentKind, Operation, Weight

OID = re.compile(r"[1-9][0-9]*(\.(0|([1-9][0-9]*)))+")


def test_every_code_of_openncp_is_there(reference):
    """Reference 3.2: 119 constants, five of which share the code of another."""
    text = (reference / "ncp.md").read_text("utf-8")
    section = text.partition("### 3.2")[2].partition("### 3.3")[0]
    listed = re.findall(r"^\| (\w+) \| (\w*) ?\| (?!meaning)", section, re.MULTILINE)
    wanted = {(code, name or code) for code, name in listed if code != "code"}
    assert len(wanted) == 119
    known = {
        (e.code, name) for e in tables.errors().values() for name in (e.name, *e.aliases)
    }  # fmt: skip
    assert wanted <= known


@pytest.mark.parametrize(
    ("code", "name"),
    [("4703", "ERROR_INSUFFICIENT_RIGHTS"), ("1002", "ERROR_NOT_VALID_TRC_ASSERTION"),
     ("1104", "ERROR_ORCD_NOT_FOUND"), ("ERROR_PI_NO_MATCH", "ERROR_PI_NO_MATCH"),
     ("EHDSI_WARNING_PS_MISSING_EXPECTED_TRANSLATION",
      "WARNING_PS_MISSING_EXPECTED_TRANSLATION")],
)  # fmt: skip
def test_codes_have_the_names_of_openncp(code, name):
    assert tables.errors()[code].name == name


def test_two_constants_of_one_code_are_one_code_with_two_names():
    assert tables.errors()["ERROR_EP_NO_CONSENT"].aliases == ("ERROR_EP_LIST_NO_CONSENT",)


def test_a_warning_is_a_warning():
    assert tables.errors()["WARNING_PI_NO_CONSENT"].weight is Weight.WARNING
    assert tables.errors()["ERROR_PI_NO_MATCH"].weight is Weight.ERROR


def test_numbers_of_transformation_and_terminology_are_kept_apart():
    assert tables.errors("tm")["4505"].meaning != tables.errors("tsam")["4505"].meaning
    assert "4505" not in tables.errors()


def test_every_kind_of_document_is_agreed():
    kinds = tables.document_kinds()
    assert set(kinds) == set(DocumentKind)
    assert kinds[DocumentKind.PATIENT_SUMMARY].formats[3] == ("urn:epSOS:ps:ps:2010",)
    assert kinds[DocumentKind.EPRESCRIPTION].formats[3] == ("urn:epsos:ep:pre:2010",)
    assert kinds[DocumentKind.IMAGES].formats[1] == (
        "urn:eHDSI:orcd:png:2021", "urn:eHDSI:orcd:jpeg:2021",
    )  # fmt: skip


def test_codes_that_kinds_answer_with_are_codes():
    for kind in tables.document_kinds().values():
        for code in (kind.not_found, kind.no_consent, kind.generic, kind.missing_field,
                     kind.malformed, kind.unavailable, kind.missing_mapping):  # fmt: skip
            assert code in tables.errors(), kind.kind
        assert codes.Status.of(kind.not_found_status)


@pytest.mark.parametrize(
    ("kind", "permissions", "lists"),
    [
        (DocumentKind.PATIENT_SUMMARY, {"PRD-003", "PRD-005", "PRD-010", "PRD-016"},
         Operation.PS_LIST),
        (DocumentKind.EPRESCRIPTION, {"PRD-004", "PRD-010"}, Operation.EP_LIST),
        (DocumentKind.LABORATORY, {"PRD-003", "PRD-005", "PRD-010", "PRD-016"},
         Operation.ORCD_LIST),
        (DocumentKind.EDISPENSATION, {"PPD-046"}, None),
    ],
)  # fmt: skip
def test_each_kind_needs_the_permissions_of_its_service(kind, permissions, lists):
    agreed = tables.document_kinds()[kind]
    assert (set(agreed.permissions), agreed.list_operation) == (permissions, lists)


def test_empty_lists_differ_by_kind():
    """OpenNCP 9 XCAServiceImpl."""
    kinds = tables.document_kinds()
    assert kinds[DocumentKind.EPRESCRIPTION].not_found_status == "Failure"
    assert kinds[DocumentKind.PATIENT_SUMMARY].not_found_status == "Success"


def test_format_codes_are_compared_in_any_case():
    kind = tables.document_kinds()[DocumentKind.EPRESCRIPTION]
    assert [kind.level(c) for c in ("urn:epSOS:ep:pre:2010", "urn:ihe:iti:xds-sd:pdf:2008")] == [
        3, 1,
    ]  # fmt: skip


def test_home_communities_are_oids_of_one_country_each():
    countries = tables.countries()
    assert len(countries) == 30
    communities = [c.home_community for c in countries.values()]
    assert len(set(communities)) == len(communities)
    assert all(OID.fullmatch(oid) for oid in communities)
    assert countries["NO"].home_community == codes.NORWAY_HOME


def test_a_country_is_found_by_code_or_community():
    assert tables.country("se").name_en == "Sweden"
    assert tables.country("EL").code == "GR"
    german = tables.country_of_community("urn:oid:1.2.276.0.76.4.291")
    assert german
    assert german.code == "DE"
    assert tables.country_of_community("1.2.3") is None


@pytest.mark.parametrize(("said", "remedy"), [
    ("XX", "one of: AT, "), ("SX", "did you mean: S"), ("NOR", "did you mean: NO"),
    ("Sverige", "did you mean: SE"), ("sweden", "did you mean: SE"),
])  # fmt: skip
def test_an_unknown_country_is_told_with_the_option_that_names_it_and_the_nearest(said, remedy):
    with pytest.raises(InputError, match="no country") as caught:
        tables.country(said, "--country")
    problem = caught.value.problems[0]
    assert problem.where == "--country"
    assert problem.remedy.startswith(remedy)


def test_every_row_names_its_source():
    for file in [*data.path("exchange").glob("*.csv"), data.path("countries.csv")]:
        if file.name in {"errors.csv", "documents.csv", "xcpd-reasons.csv", "actions.csv",
                         "search-masks.csv", "countries.csv"}:  # fmt: skip
            header, *lines = file.read_text("utf-8").splitlines()
            assert header.split(",")[-1] == "source"
            assert not [line for line in lines if line.endswith(",")], file.name
