"""The sample messages: read whole, built valid, and saying what the message says."""

from __future__ import annotations

import gc
import re
import weakref
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from data.errors import InputError
from data.results import Outcome, Severity
from ips.conformance.engine import check_bundle
from ips.conformance.reader import read_document
from ips.eresept.fest import read as read_fest
from ips.loss import Fate
from ips.prescription import Built, OutsideScope, assemble, build, build_dispensation
from ips.prescription.bundle import only, target
from ips.prescription.samples import fest, locate, samples
from ips.summary.output import to_json
from ips.summary.xmlout import to_xml
from tests.ips.mutants import mutated
from tests.ips.prescription.accounts import unaccounted, unforeseen

PRESCRIPTIONS = [s.id for s in samples().values() if s.kind in ("M1", "M9.6") and s.id != "goods"]


def sample(name: str) -> bytes:
    return samples()[name].path.read_bytes()


def built(name: str, *, with_fest: bool = False, **more: Any) -> Built:
    products = fest().read_bytes() if with_fest else None
    if samples()[name].kind == "M10":
        return build_dispensation(sample(name), products, name=f"{name}.xml")
    return build(sample(name), products, name=f"{name}.xml", **more)


def request(result: Built) -> dict[str, Any]:
    (one,) = only(result.bundle, "MedicationRequest")
    return one


def drug(result: Built) -> dict[str, Any]:
    return target(result.bundle, request(result)["medicationReference"])


def test_ten_and_more_kinds_are_shipped() -> None:
    assert len(PRESCRIPTIONS) >= 10


@pytest.mark.parametrize("name", [*PRESCRIPTIONS, "package.m10"])
@pytest.mark.parametrize("with_fest", [False, True])
def test_every_field_is_carried_or_named(name: str, with_fest: bool) -> None:
    result = built(name, with_fest=with_fest)
    assert unaccounted(sample(name), result.loss) == []
    assert unforeseen(result.loss) == []


@pytest.mark.parametrize("name", [*PRESCRIPTIONS, "package.m10"])
@pytest.mark.parametrize("form", ["json", "xml"])
def test_documents_break_no_rule_of_mpd(name: str, form: str) -> None:
    bundle = built(name, with_fest=True).bundle
    written = to_json(bundle) if form == "json" else to_xml(bundle)
    report = check_bundle(read_document(written))
    wrong = [
        f"{r.location}: {r.message}"
        for r in report.results
        if r.severity is Severity.ERROR and r.outcome in (Outcome.FAIL, Outcome.ERROR)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", PRESCRIPTIONS)
def test_the_same_message_gives_the_same_bytes(name: str) -> None:
    assert to_json(built(name).bundle) == to_json(built(name).bundle)


@pytest.mark.parametrize("name", PRESCRIPTIONS)
def test_bulk_gives_the_same_bytes(name: str) -> None:
    products = read_fest(fest().read_bytes())
    assert to_json(assemble(sample(name), products).bundle) == to_json(
        built(name, with_fest=True).bundle
    )


def test_a_message_is_let_go_with_its_loss_report() -> None:
    """The notes hold the message, but nothing holds them in a circle: memory comes back at once."""
    content = samples()["package"].path.read_bytes()
    gc.collect()
    gc.disable()
    try:
        built = assemble(content)
        unread = weakref.ref(built.loss)
        kept = assemble(content).loss
        assert kept.items
        read = weakref.ref(kept)
        del built, kept
        assert unread() is None
        assert read() is None
    finally:
        gc.enable()


def test_substance_says_what_the_message_says() -> None:
    result = built("substance", with_fest=True)
    made = request(result)
    assert made["status"] == "active"
    assert made["authoredOn"] == "2026-10-05"
    assert made["dispenseRequest"]["numberOfRepeatsAllowed"] == 3
    assert made["dispenseRequest"]["quantity"]["value"] == 100
    whole = made["dispenseRequest"]["extension"][0]["valueQuantity"]
    assert whole["value"] == 400  # once, and three times again
    assert made["dispenseRequest"]["validityPeriod"] == {"start": "2026-10-05", "end": "2027-10-05"}
    (dosage,) = made["dosageInstruction"]
    assert dosage["timing"]["repeat"]["when"] == ["EVE"]
    assert dosage["route"]["coding"][0]["code"] == "20053000"  # EDQM Oral use
    assert "substitution" not in made  # M1 says nothing about it
    ingredient = drug(result)["ingredient"][0]
    assert ingredient["itemCodeableConcept"]["text"] == "Atorvastatin"
    assert ingredient["strength"]["numerator"]["code"] == "mg"
    assert ingredient["strength"]["numerator"]["value"] == 40


def test_without_fest_strength_is_derived_and_route_left_out() -> None:
    result = built("substance")
    places = {item.element.rpartition("/")[2]: item for item in result.loss.items}
    assert places["NavnFormStyrke"].fate is Fate.APPROXIMATE
    assert "derived" in places["NavnFormStyrke"].reason
    assert places["(route)"].fate is Fate.NOT_CARRIED
    assert "route" not in request(result)["dosageInstruction"][0]
    assert drug(result)["ingredient"][0]["strength"]["numerator"]["value"] == 40


def test_several_routes_in_fest_are_not_chosen_from() -> None:
    result = built("vaccine", with_fest=True)
    assert all("route" not in d for d in request(result)["dosageInstruction"])
    (item,) = [i for i in result.loss.items if i.element.endswith("(route)")]
    assert "Intramuskulær" in item.source_value
    assert "guess" in item.reason


def test_brand_keeps_the_reservation_and_the_diagnosis() -> None:
    made = request(built("brand"))
    assert made["substitution"] == {"allowedBoolean": False}
    codes = {c["code"] for c in made["reasonCode"][0]["coding"]}
    # E10 has no ICPC-2 chapter, so list 7435 can only mean ICD-10 by it.
    assert "E10" in codes
    assert made["dosageInstruction"][0]["timing"]["repeat"]["timeOfDay"] == ["22:00:00"]


def test_package_has_item_number_gtin_and_size() -> None:
    result = built("package")
    made = drug(result)
    systems = {i["system"]: i["value"] for i in made["identifier"]}
    assert systems["http://dmp.no/fhir/NamingSystem/fest-varenummer"] == "999101"
    assert systems["https://www.gs1.org/gtin"] == "7090000999100"
    assert made["amount"]["numerator"]["value"] == 30  # «3 x 10»
    assert request(result)["substitution"] == {"allowedBoolean": True}
    repeat = request(result)["dosageInstruction"][0]["timing"]["repeat"]
    assert (repeat["frequency"], repeat["period"], repeat["periodUnit"]) == (1, 8, "h")


def test_magistral_is_its_ingredients() -> None:
    result = built("magistral")
    first, second = drug(result)["ingredient"]
    assert first["strength"]["numerator"]["value"] == 10
    assert first["strength"]["denominator"]["code"] == "g"
    assert "ad" in second["itemCodeableConcept"]["text"]
    assert any("Tilberedning" in n["text"] for n in request(result)["note"])


def test_group_a_is_named_and_warned_of() -> None:
    result = built("narcotic")
    assert {"text": "Reseptgruppe A"} in request(result)["note"]
    told = " ".join(p.what for p in result.warnings)
    assert "group A" in told
    assert "locked" in told


def test_tapering_is_a_sequence_of_phases() -> None:
    dosages = request(built("tapering"))["dosageInstruction"]
    assert [d["sequence"] for d in dosages] == [1, 2, 3, 4]
    assert [d["doseAndRate"][0]["doseQuantity"]["value"] for d in dosages] == [4, 3, 2, 1]
    ends = [d["timing"]["repeat"]["boundsPeriod"]["end"] for d in dosages]
    assert ends == ["2026-10-11", "2026-10-18", "2026-10-25", "2026-11-01"]


def test_as_needed_keeps_its_limits() -> None:
    result = built("as-needed")
    (dosage,) = request(result)["dosageInstruction"]
    assert dosage["asNeededBoolean"] is True
    assert dosage["maxDosePerPeriod"]["numerator"]["value"] == 4
    assert dosage["maxDosePerPeriod"]["denominator"]["code"] == "d"
    words = [i["text"] for i in dosage["additionalInstruction"]]
    assert words == ["høyst 2 tablett i løpet av 6 time", "minst 4 time mellom dosene"]


def test_multidose_keeps_half_tablets_and_the_first_day() -> None:
    made = request(built("multidose"))
    values = [d["doseAndRate"][0]["doseQuantity"]["value"] for d in made["dosageInstruction"]]
    assert values == [1, Decimal("0.5")]
    assert made["dispenseRequest"]["validityPeriod"]["start"] == "2026-10-12"
    assert [d["sequence"] for d in made["dosageInstruction"]] == [1, 1]  # at the same time


def test_weekly_is_not_daily() -> None:
    repeat = request(built("weekly"))["dosageInstruction"][0]["timing"]["repeat"]
    assert repeat["dayOfWeek"] == ["mon"]


def test_recall_stops_the_prescription() -> None:
    made = request(built("recalled", recall=sample("recalled.m5")))
    assert made["status"] == "stopped"
    assert made["statusReason"]["coding"][0]["code"] == "2"
    assert made["note"][0]["text"] == "Redusert nyrefunksjon"
    assert request(built("recalled"))["status"] == "active"


def test_recall_of_another_prescription_is_refused() -> None:
    with pytest.raises(InputError, match="another prescription"):
        built("substance", recall=sample("recalled.m5"))


def test_goods_are_outside_and_named_whole() -> None:
    with pytest.raises(OutsideScope) as caught:
        build(sample("goods"))
    assert unaccounted(sample("goods"), caught.value.loss) == []
    assert {item.fate for item in caught.value.loss.items} == {Fate.NOT_CARRIED}


def test_list_gives_each_prescription_its_status() -> None:
    made = only(built("list.m96").bundle, "MedicationRequest")
    assert sorted(r["status"] for r in made) == ["active", "active", "cancelled"]
    assert len(only(built("list.m96").bundle, "Patient")) == 1


def test_dispensation_names_its_prescription() -> None:
    (made,) = only(built("package.m10").bundle, "MedicationDispense")
    (authority,) = made["authorizingPrescription"]
    assert authority["identifier"] == request(built("package"))["identifier"][0]
    assert made["quantity"]["value"] == 1
    assert made["substitution"]["wasSubstituted"] is True
    assert made["whenHandedOver"] == "2026-10-05"


def test_no_identity_number_in_loss_reports() -> None:
    for name in PRESCRIPTIONS:
        text = orjson.dumps(built(name).loss.to_dict()).decode()
        numbers = [i["value"] for p in only(built(name).bundle, "Patient") for i in p["identifier"]]
        assert numbers
        assert not any(number in text for number in numbers)


def test_a_folder_is_named_as_one_with_a_file_to_take(tmp_path: Path) -> None:
    (tmp_path / "m1.xml").write_bytes(sample("brand"))
    with pytest.raises(InputError) as error:
        locate(str(tmp_path))
    (problem,) = error.value.problems
    assert "this is a folder" in problem.what
    assert str(tmp_path / "m1.xml") in problem.remedy


def test_no_value_of_a_prescription_is_empty() -> None:
    """Empty text is left out by the readers; the bundle is not searched for it again."""
    for name in PRESCRIPTIONS:
        for seed in range(6):
            try:
                bundle = assemble(mutated(sample(name), seed), lenient=True).bundle
            except InputError:
                continue
            written = to_json(bundle)
            assert not any(mark in written for mark in (b'""', b"null", b"{}", b"[]"))
            assert not re.search(rb'"\s+"(?!:)', written.replace(b'": "', b'":"'))
