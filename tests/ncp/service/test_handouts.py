"""What an eDispensation gives, whoever wrote it, and of which prescription."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ips.cda.write import to_cda
from ips.prescription import Product, Supply, build, dispense
from ips.prescription.document import as_document
from ips.prescription.samples import fest, samples
from ncp.connector.described import describe
from ncp.model import PatientId, Refusal
from ncp.service.handouts import Item, amount, document_id, match, read
from ncp.store.prescriptions import Order
from tests.ncp.service.asking import dispensation

PATIENT = PatientId("2.16.578.1.12.4.1.4.1", "05865301555")


@pytest.fixture(scope="module")
def prescribed():
    built = build(samples()["substance"].path.read_bytes(), fest().read_bytes(), name="m1")
    return built.bundle, to_cda(as_document(built.bundle), form="pivot", level=3).xml


def order(issue: str = "1", unit: str = "1", *, packaged: bool = False, repeats: int = 0) -> Order:
    return Order("d", "i", PATIENT, Decimal(issue), repeats, unit, packaged)


def item(value: str = "1", unit: str = "1", pack: tuple[str, str] | None = None) -> Item:
    size = (Decimal(pack[0]), pack[1]) if pack else None
    return Item("i", (Decimal(value), unit), size, substituted=False)


@pytest.mark.parametrize(("what", "of", "taken"), [
    (item("1"), order("1"), "1"),
    (item("1", pack=("100", "1")), order("100"), "100"),
    (item("2", pack=("30", "1")), order("98", repeats=3), "60"),
    (item("1", pack=("30", "1")), order("2"), "1"),
    (item("1", pack=("30", "1")), order("1", packaged=True), "1"),
    (item("1", pack=("100", "g")), order("100", "g"), "100"),
    (item("50", "g"), order("100", "g"), "50"),
    (item("1"), order("100", "g"), None),
    (item("10", "mL"), order("1"), None),
], ids=["packages", "pieces by pack", "pieces of several packs", "packages where pieces make no "
        "sense", "a named package", "grams by pack", "grams", "no pack size", "other unit"]
)  # fmt: skip
def test_amounts_compare_where_they_can(what, of, taken):
    assert amount(what, of) == (None if taken is None else Decimal(taken))


def test_without_an_amount_nothing_compares():
    assert amount(Item("i", None, None, substituted=False), order()) is None


@given(value=st.decimals("0.001", "10000", places=3), issue=st.decimals("0.001", "10000", places=3))
def test_an_amount_in_the_unit_of_the_order_is_taken_as_it_is(value, issue):
    got = Item("i", (value, "mg"), None, substituted=False)
    assert amount(got, Order("d", "i", PATIENT, issue, 0, "mg")) == value


def test_a_dispensation_that_the_product_writes_is_understood(prescribed):
    bundle, content = prescribed
    supply = Supply(Decimal(1), dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC), "Apoteket", "SE")
    made = dispense(bundle, Product("Atorvastatin 40 mg"), supply)
    written = to_cda(as_document(made.bundle), form="pivot", level=3).xml
    (handout,), (document,) = match(read(written), [describe(content, "ep")])
    assert handout.document_id == document.unique_id == describe(content, "ep").unique_id
    assert document_id(written)


def test_an_item_is_found_by_its_id_or_by_the_order_in_the_header(prescribed):
    document = describe(prescribed[1], "ep")
    by_id = read(dispensation(prescribed[1], "1"))
    by_header = read(dispensation(prescribed[1], "1", item='<id root="9.9.9"/>'))
    by_document = read(dispensation(prescribed[1], "1", item=f'<id root="{document.unique_id}"/>'))
    for dispensed in (by_id, by_header, by_document):
        assert match(dispensed, [document])[1] == [document]


def test_an_item_of_another_prescription_is_not_identifiable(prescribed):
    with pytest.raises(Refusal) as caught:
        match(read(dispensation(prescribed[1], "1")), [])
    assert caught.value.code == "ERROR_ED_EPRESCRIPTION_NOT_IDENTIFIABLE"


@pytest.mark.oracle
def test_the_danish_test_dispensation_is_read(oracles):
    found = read((oracles / "cda-samples" / "ED_dispensation1.xml").read_bytes())
    assert found.id == "1.2.3^wIn0UNs+hKNMzWK+"
    assert found.patients == ("1.2.208.176.1.2^0201909309",)
    assert found.orders == ("1.2.208.176.7.2.2^462617619087101",)
    (one,) = found.items
    assert one.order == found.orders[0], "the Danish item repeats the id of the prescription"
    assert (one.amount, one.pack) == ((1, "1"), (100, "mL"))


@pytest.mark.oracle
def test_amounts_of_a_prescription_of_another_country_are_read(oracles):
    content = (oracles / "cda-samples" / "EP_1-1234-W8.xml").read_bytes()
    (found,) = describe(content, "ep").orders
    assert (found.issue, found.unit, found.packaged) == (5, "1", True)
    given_, _ = match(read(dispensation(content, "1", quantity="2")), [describe(content, "ep")])
    assert given_[0].amount == 2
