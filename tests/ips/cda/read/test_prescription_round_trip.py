"""A prescription written as CDA and read back keeps its medicine, dose, amount and validity."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import data
from ips.cda.read import to_fhir
from ips.conformance.engine import check_bundle
from ips.conformance.output import is_valid

write = pytest.importorskip("ips.cda.write")
prescription = pytest.importorskip("ips.prescription")

FOLDER = data.path("prescriptions")
NAMES = ("as-needed", "brand", "magistral", "narcotic", "package", "substance", "tapering")
FILES = [path for name in NAMES for path in sorted(FOLDER.rglob(f"{name}.xml"))]


def requests(bundle: dict[str, Any]) -> list[dict[str, Any]]:
    return [
        entry["resource"]
        for entry in bundle["entry"]
        if entry["resource"]["resourceType"] == "MedicationRequest"
    ]


@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_a_prescription_comes_back(file: Path) -> None:
    bundle = prescription.build(file.read_bytes(), None).bundle
    back = to_fhir(write.to_cda(bundle, form="pivot", level=3).xml).bundle
    assert is_valid(check_bundle(back))
    ((one,), (other,)) = requests(bundle), requests(back)
    assert other["authoredOn"][:10] == one["authoredOn"][:10]
    asked = one.get("dispenseRequest", {})
    if "validityPeriod" in asked:
        assert other["dispenseRequest"]["validityPeriod"] == asked["validityPeriod"]
    if "numberOfRepeatsAllowed" in asked:
        given = other["dispenseRequest"]["numberOfRepeatsAllowed"]
        assert given == asked["numberOfRepeatsAllowed"]
    amounts = [d["doseAndRate"] for d in one.get("dosageInstruction", ()) if "doseAndRate" in d]
    back_amounts = [
        d["doseAndRate"] for d in other.get("dosageInstruction", ()) if "doseAndRate" in d
    ]
    values = [[part.get("doseQuantity", {}).get("value") for part in a] for a in amounts]
    assert values == [[p.get("doseQuantity", {}).get("value") for p in a] for a in back_amounts]


def words_of(node: Any) -> list[str]:
    """Return what stands in words anywhere in a resource; the narrative is made anew."""
    if isinstance(node, list):
        return [word for one in node for word in words_of(one)]
    if not isinstance(node, dict):
        return []
    named = ("text", "display", "patientInstruction", "unit")
    own = [node[name] for name in named if isinstance(node.get(name), str)]
    return own + [word for one in node.values() for word in words_of(one)]


@pytest.mark.parametrize("form", ["pivot", "friendly"])
@pytest.mark.parametrize("file", FILES, ids=lambda path: path.stem)
def test_the_second_round_trip_adds_nothing_to_the_first(file: Path, form: Any) -> None:
    bundle = prescription.build(file.read_bytes(), None).bundle
    trips = []
    for _ in range(3):
        bundle = to_fhir(write.to_cda(bundle, form=form, level=3).xml).bundle
        trips.append([
            {key: value for key, value in entry["resource"].items() if key != "text"}
            for entry in bundle["entry"]
            if entry["resource"]["resourceType"] in ("Medication", "MedicationRequest")
        ])  # fmt: skip
    first, second, third = (sorted(words_of(trip)) for trip in trips)
    assert first == second == third
    assert not [word for word in first if "original text" in word or "originaltekst" in word]
    assert requests_of(trips[0]) == requests_of(trips[2])


def requests_of(resources: list[dict[str, Any]]) -> list[Any]:
    """Return when the medicines are taken and how much is dispensed, without ids."""
    found = [one for one in resources if one["resourceType"] == "MedicationRequest"]
    return [
        [one.get("dispenseRequest"), [d.get("timing") for d in one.get("dosageInstruction", ())]]
        for one in found
    ]
