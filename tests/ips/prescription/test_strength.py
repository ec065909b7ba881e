"""Strength out of NavnFormStyrke: only where it is certain."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ips import terms
from ips.prescription.quantities import measures
from ips.prescription.strength import derive, single_substance


@pytest.mark.parametrize(
    ("name", "value", "unit", "per", "per_unit"),
    [
        ("Simvastatin Tab 10 mg", 10, "mg", 1, "1"),
        ("Digoksin tab 62,5 mikrog", Decimal("62.5"), "ug", 1, "1"),
        ("Morfin mikst, oppl 2 mg/ml", 2, "mg", 1, "mL"),
        ("Amoksicillin mikst 250 mg/5 ml", 250, "mg", 5, "mL"),
        ("Heparin inj 10 000 IE/ml", 10000, "[IU]", 1, "mL"),
        ("Fentanyl depotplast 25 mikrog/time", 25, "ug", 1, "h"),
        ("Hydrokortison krem 10 mg/g", 10, "mg", 1, "g"),
    ],
)
def test_one_strength_is_read(
    name: str, value: object, unit: str, per: object, per_unit: str
) -> None:
    found = derive(name)
    assert found is not None
    above, below = found.ratio["numerator"], found.ratio["denominator"]
    assert (above["value"], above["code"]) == (value, unit)
    assert (below["value"], below["code"]) == (per, per_unit)


@pytest.mark.parametrize(
    "name",
    [
        "Trimetoprim/Sulfametoksazol tab 80 mg/400 mg",
        "Trimetoprim/Sulfametoksazol mikst 8 mg/ml + 40 mg/ml",
        "Budesonid/Formoterol inh pulv 160/4 mikrog/dose",
        "Kalsium/Kolekalsiferol tyggetab 500 mg/800 IE",
        "Piperamin 4 g/0,5 g",
        "Klavumox Tab 1 g/62,5 mg",
        "BCG-vaksine AJVaccines Pulv og væske til inj væske",
        "Dalteparin inj, oppl 5000 anti-Xa IE",
        "Paracet 500 mg tab",
        "",
    ],
)
def test_what_is_not_certain_stays_text(name: str) -> None:
    assert derive(name) is None


def test_units_without_one_meaning_get_no_code() -> None:
    found = derive("Insulin aspart inj, oppl 100 E/ml")
    assert found is not None
    assert "code" not in found.ratio["numerator"]


def test_combinations_are_no_single_substance() -> None:
    assert single_substance("C10AA01")
    assert not single_substance("J07CA09x")
    assert not single_substance("N02BE51")
    assert not single_substance("A12AX")


@given(st.text(max_size=80))
def test_any_text_is_borne(text: str) -> None:
    derive(text)


@pytest.mark.oracle
def test_measures_are_units_of_europe(oracles: object) -> None:
    outside = {"10*6.[IU]", "kBq", "MBq", "GBq", "kJ"}
    for ucum, _ in measures().values():
        if ucum not in outside:
            assert terms.in_value_set("eHDSIUnit", "http://unitsofmeasure.org", ucum) in (
                True,
                None,
            )
