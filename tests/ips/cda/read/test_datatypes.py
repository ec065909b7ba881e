"""The data types of HL7 V3 in FHIR: what is exact, what is cut, what is refused."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ips.cda.read import datatypes, people
from ips.cda.read.node import Node, Reading
from ips.loss import Fate

V3 = "urn:hl7-org:v3"
XSI = "http://www.w3.org/2001/XMLSchema-instance"


def node(inside: str) -> Node:
    xml = inside.replace(">", f' xmlns="{V3}" xmlns:xsi="{XSI}">', 1) if "/>" not in inside[
        : inside.index(">") + 1
    ] else inside.replace("/>", f' xmlns="{V3}" xmlns:xsi="{XSI}"/>', 1)  # fmt: skip
    return Node(etree.fromstring(xml), Reading(), "x")


@pytest.mark.parametrize(
    ("raw", "time"),
    [
        ("2022", "2022"),
        ("202206", "2022-06"),
        ("20220608", "2022-06-08"),
        ("20220608104900+0200", "2022-06-08T10:49:00+02:00"),
        ("202206081049+0200", "2022-06-08T10:49:00+02:00"),
        ("20220608104900.123-0330", "2022-06-08T10:49:00.123-03:30"),
        ("20220608104900", "2022-06-08"),  # no zone: the time cannot be told in FHIR
        ("20220230", ""),
        ("20221301", ""),
        ("20220608250000+0000", ""),
        ("20220608100000+2500", ""),
        ("yesterday", ""),
        ("٢٠٢٢", ""),
    ],
)
def test_points_in_time(raw: str, time: str) -> None:
    assert datatypes.moment(node(f'<t value="{raw}"/>')) == time


def test_a_time_that_is_cut_is_told() -> None:
    element = node('<t value="20220608104900"/>')
    datatypes.moment(element)
    assert [item.fate for item in element.reading.loss.items] == [Fate.APPROXIMATE]


@given(st.text(alphabet="0123456789+-.TZ: x", max_size=24))
def test_any_text_gives_a_fhir_date_or_nothing(raw: str) -> None:
    found = datatypes.moment(node(f'<t value="{raw}"/>'))
    assert found == "" or re.fullmatch(
        r"\d{4}(-\d\d(-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?)?)?", found
    )


@given(st.text(max_size=30).filter(lambda t: all(c.isprintable() and c not in '<&"' for c in t)))
def test_any_text_as_a_number_is_one_or_none(raw: str) -> None:
    found = datatypes.number(raw)
    assert found is None or abs(found) < datatypes.MAX_NUMBER


def test_a_quantity_with_a_unit_of_presentation() -> None:
    element = node(
        '<q value="2" unit="1"><translation value="2" code="15054000" '
        'codeSystem="0.4.0.127.0.16.1.1.2.1" displayName="Tablet"/></q>'
    )
    assert datatypes.quantity(element) == {
        "value": 2, "unit": "Tablet", "system": "http://standardterms.edqm.eu", "code": "15054000"
    }  # fmt: skip


def test_an_interval_open_on_one_side_is_a_comparator() -> None:
    element = node('<v><high value="5" unit="mg/L" inclusive="false"/></v>')
    assert datatypes.bounded(element)["quantity"]["comparator"] == "<"


@pytest.mark.parametrize(
    ("raw", "made"),
    [
        ('root="2.999.12345" extension="7"', {"system": "urn:oid:2.999.12345", "value": "7"}),
        ('root="2.999" extension="7"', {"system": "http://oid-info.com/get/2.999", "value": "7"}),
        ('root="2.999.1"', {"system": "urn:ietf:rfc:3986", "value": "urn:oid:2.999.1"}),
        ('root="1F09AFE9-BF3A-490C-B3F6-FA00FFE471E3"',
         {"system": "urn:ietf:rfc:3986",
          "value": "urn:uuid:1f09afe9-bf3a-490c-b3f6-fa00ffe471e3"}),
        ('root="entryOid" extension="9"', {"value": "9"}),
        ('nullFlavor="NI"', {}),
    ],
)  # fmt: skip
def test_identifiers(raw: str, made: dict[str, Any]) -> None:
    assert datatypes.identifier(node(f"<id {raw}/>")) == made


def test_nested_translations_stay_in_their_order() -> None:
    element = node(
        '<code code="F" codeSystem="2.16.840.1.113883.5.1" displayName="Female">'
        '<translation code="S" codeSystem="1.3.6.1.4.1.38760.2.111" displayName="SIEVIETE">'
        '<translation code="2" codeSystem="2.999.5"/></translation></code>'
    )
    assert [c["code"] for c in datatypes.concept(element)["coding"]] == ["F", "S", "2"]


def test_a_code_that_is_only_a_translation() -> None:
    element = node(
        '<value nullFlavor="OTH" codeSystem="2.16.840.1.113883.6.96"><originalText>Word'
        '</originalText><translation code="NCSP1" codeSystem="2.999.3"/></value>'
    )
    made = datatypes.concept(element)
    assert made == {"coding": [{"system": "urn:oid:2.999.3", "code": "NCSP1"}], "text": "Word"}


def test_swapped_name_and_oid_of_a_code_system_are_put_right_and_told() -> None:
    element = node('<code code="5" codeSystem="CNPEM" codeSystemName="2.16.620.1.101.10.5.2.1"/>')
    made = datatypes.concept(element)
    assert made["coding"][0]["system"] == "urn:oid:2.16.620.1.101.10.5.2.1"
    assert element.reading.loss.items[0].fate is Fate.APPROXIMATE


def test_a_null_flavour_says_nothing() -> None:
    assert datatypes.concept(node('<code nullFlavor="NA"/>')) == {}


def test_a_name_without_parts_is_text() -> None:
    assert people.name(node("<name>Kari Nordmann</name>")) == {"text": "Kari Nordmann"}


@pytest.mark.parametrize(
    ("raw", "made"),
    [
        ('value="tel:+47 1" use="MC"', {"system": "phone", "value": "+47 1", "use": "mobile"}),
        ('value="mailto:a@b.no" use="WP"', {"system": "email", "value": "a@b.no", "use": "work"}),
        ('value="+4712345678"', {"system": "phone", "value": "+4712345678"}),
        ('value="tel:"', {}),
        ('nullFlavor="NI"', {}),
    ],
)
def test_telecoms(raw: str, made: dict[str, Any]) -> None:
    assert people.telecom(node(f"<telecom {raw}/>")) == made
