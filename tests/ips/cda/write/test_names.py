"""The tables of the documents, and systems as OIDs and back."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from ips.cda import names

OID = re.compile(r"[0-2](\.(0|[1-9][0-9]*))+")


def test_the_five_sections_that_a_summary_must_have() -> None:
    mandatory = {one.loinc for one in names.sections().values() if "ps" in one.mandatory}
    assert mandatory == {"10160-0", "48765-2", "47519-4", "11450-4", "46264-8"}


def test_icd10_is_written_under_the_oid_of_ehdsi_and_read_under_the_old_one_too() -> None:
    icd10 = "http://hl7.org/fhir/sid/icd-10"
    assert names.oid_of(icd10)[0] == "1.3.6.1.4.1.12559.11.10.1.3.1.44.2"
    assert names.uri_of("2.16.840.1.113883.6.3") == icd10


def test_a_national_list_keeps_its_oid() -> None:
    uri = "urn:oid:2.16.578.1.12.4.1.1.7519"
    assert names.oid_of(uri) == ("2.16.578.1.12.4.1.1.7519", "")
    assert names.uri_of("2.16.578.1.12.4.1.1.7519") == uri


@given(st.from_regex(r"\Ahttps?://[a-z]{1,9}\.example/[A-Za-z0-9/_-]{0,40}\Z"))
def test_a_system_without_an_oid_comes_back(uri: str) -> None:
    oid, name = names.oid_of(uri)
    assert OID.fullmatch(oid)
    assert len(oid) <= 64
    assert names.uri_of(oid, name) == uri


def test_a_bare_arc_that_was_read_as_an_address_of_the_registry_is_written_as_an_oid() -> None:
    assert names.oid_of("http://oid-info.com/get/2.999.7") == ("2.999.7", "")
    assert names.oid_of("http://oid-info.com/get/1.2") == ("1.2", "")
    # Another page of the registry is no OID: it comes back as what it is.
    page = "http://oid-info.com/get/about-us"
    assert names.uri_of(*names.oid_of(page)) == page
