"""Damaged and hostile messages: always an InputError that says what and where, nothing else."""

from __future__ import annotations

import base64
import re
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from data.errors import InputError
from ips.eresept import fest as fest_reader
from ips.eresept import m1, m10, recall
from ips.prescription import OutsideScope, build, build_dispensation
from ips.prescription.samples import fest, samples
from tests.ips.mutants import mutated
from tests.ips.prescription.accounts import unaccounted

NAMES = [s.id for s in samples().values() if s.kind in ("M1", "M9.6")]


def sample(name: str) -> bytes:
    return samples()[name].path.read_bytes()


def borne(content: bytes, *, lenient: bool = False) -> None:
    """Build what can be built: only InputError may come out, and nothing is lost in silence."""
    make = build_dispensation if b"Utleveringsrapport" in content else build
    told, loss = None, None
    try:
        loss = make(content, lenient=lenient).loss
    except OutsideScope as outside:
        loss = outside.loss
    except InputError as error:
        told = error.problems
    assert told is None or all(problem.what for problem in told)
    assert loss is None or unaccounted(content, loss) == []


@pytest.mark.parametrize("name", [*NAMES, "package.m10"])
def test_mutated_messages_never_crash(name: str) -> None:
    for seed in range(60):
        borne(mutated(sample(name), seed), lenient=seed % 2 == 0)


@given(st.binary(max_size=400))
@settings(max_examples=100)
def test_any_bytes_are_borne(content: bytes) -> None:
    for reader in (m1.read, m10.read, recall.read, fest_reader.read):
        with suppress(InputError):
            reader(content)


@given(cut=st.integers(min_value=1, max_value=3000))
@settings(max_examples=60)
def test_cut_off_messages_are_refused(cut: int) -> None:
    with pytest.raises(InputError, match=r"not well-formed|empty|is not UTF-8"):
        build(sample("tapering").rstrip()[:-cut])


@pytest.mark.parametrize("read", [build, build_dispensation, recall.read, fest_reader.read])
def test_entities_are_refused(read: object, tmp_path_factory: pytest.TempPathFactory) -> None:
    secret = tmp_path_factory.mktemp("secret") / "file"
    secret.write_text("geheim")
    attack = (f'<?xml version="1.0"?><!DOCTYPE Resept [<!ENTITY x SYSTEM "file://{secret}">]>'
              "<Resept>&x;</Resept>").encode()  # fmt: skip
    assert callable(read)
    with pytest.raises(InputError, match="document type") as caught:
        read(attack)
    assert "geheim" not in str(caught.value)


def test_a_hundred_megabytes_of_text_are_refused() -> None:
    huge = sample("substance").replace(b"1 tablett om kvelden", b"x" * (100 * 1024 * 1024), 1)
    with pytest.raises(InputError, match="MiB"):
        build(huge)


def test_damaged_base64_in_a_list_is_told() -> None:
    content = sample("list.m96")
    inner = re.search(rb">([A-Za-z0-9+/=]{200,})<", content)
    assert inner
    with pytest.raises(InputError, match="base64"):
        build(content.replace(inner[1], inner[1][:-3] + b"!!!"))


def test_hostile_words_stay_words() -> None:
    bad = "<script>alert(1)</script> &amp; \u202e"
    content = sample("substance").replace(
        b"KOLESTEROLSENKENDE", bad.replace("&", "&amp;").replace("<", "&lt;").encode()
    )
    made = build(content).bundle["entry"][0]["resource"]
    assert made["reasonCode"][0]["text"] == bad


def test_two_patients_in_one_list_are_refused() -> None:
    content = sample("list.m96")
    other = base64.b64encode(sample("substance")).decode()
    inner = re.search(rb">([A-Za-z0-9+/=]{200,})<", content)
    assert inner
    with pytest.raises(InputError, match="more than one patient"):
        build(content.replace(inner[1], other.encode()))


def test_wrong_check_digit_is_an_error_and_leniently_a_warning() -> None:
    content = sample("substance").replace(b"05865301555", b"05865301554")
    with pytest.raises(InputError, match="check digits") as caught:
        build(content)
    assert "05865301554" not in str([p.lines() for p in caught.value.problems])
    assert any("check digits" in p.what for p in build(content, lenient=True).warnings)


def test_all_problems_come_at_once() -> None:
    content = sample("substance").replace(b"05865301555", b"05865301554")
    content = content.replace(b"<Reiterasjon>3<", b"<Reiterasjon>mange<")
    content = content.replace(b"2027-10-05+02:00", b"2027-02-30+02:00")
    with pytest.raises(InputError) as caught:
        build(content)
    assert len(caught.value.problems) >= 3


def test_m1_with_two_medicines_is_refused() -> None:
    content = sample("substance")
    match = re.search(rb"<LegemiddelVirkestoff>.*?</LegemiddelVirkestoff>", content, re.DOTALL)
    assert match
    brand = match[0].replace(b"LegemiddelVirkestoff", b"LegemiddelMerkevare")
    with pytest.raises(InputError, match="2 medicines"):
        build(content.replace(match[0], match[0] + brand))


def test_bare_resept_is_read_with_what_it_lacks_named() -> None:
    root = etree.fromstring(sample("substance"))
    bare = root.find(".//{*}Resept")
    assert bare is not None
    with pytest.raises(InputError, match="names no patient"):
        build(etree.tostring(bare))
    built = build(etree.tostring(bare), lenient=True)
    assert built.bundle["entry"][0]["resource"]["resourceType"] == "MedicationRequest"


def test_goods_only_list_is_outside() -> None:
    with pytest.raises(OutsideScope):
        build(sample("goods"))


def test_fest_is_read_by_id_and_item_number() -> None:
    found = fest_reader.read(fest().read_bytes()).product("999202")
    assert found is not None
    assert [r.words for r in found.routes] == ["Oral bruk"]  # through its brand
    assert found.strengths[0].english == "Oxycodone"
    assert found.strengths[0].amount == (10, "mg")


def test_fest_without_products_is_refused() -> None:
    with pytest.raises(InputError, match="no products"):
        fest_reader.read(b"<FEST/>")
