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
