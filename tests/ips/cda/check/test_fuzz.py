"""Mutated documents never break the checks, the transcoding or the showing of a document."""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from lxml import etree

from data.errors import InputError
from ips import record, summary
from ips.cda.check import check_cda, check_pair
from ips.cda.read import to_fhir
from ips.cda.write import to_cda
from ips.prescription import build
from ips.prescription.samples import samples as messages
from ips.show import text_lines, view
from ips.transcode import transcode
from tests.ips.cda.samples import document, level_one

HOSTILE = (
    "", " ", "\u202e\x85", "x" * 70_000, "<script>alert(1)</script>", "../../etc/passwd", "${jndi}",
    "13816248213", "2.16.578.1.12.4.1.1.7110", "0" * 40, "-1", "NaN", "#", "urn:oid:", "20261399",
)  # fmt: skip
NAMES = ("root", "extension", "code", "codeSystem", "codeSystemName", "value", "displayName",
         "nullFlavor", "ID", "unit", "mediaType", "representation",
         "{http://www.w3.org/2001/XMLSchema-instance}type")  # fmt: skip


@cache
def sources() -> tuple[bytes, ...]:
    bundle = summary.build(record.load("everything"), profile="eps", lang="nb").bundle
    prescription = build(messages()["brand"].path.read_bytes()).bundle
    return (
        document().encode(), level_one().encode(),
        to_cda(bundle, form="friendly", level=3).xml,
        to_cda(prescription, form="pivot", level=3).xml,
    )  # fmt: skip


def mutated(content: bytes, seed: int) -> bytes:
    """Return a document with a few changes: something gone, doubled, moved, renamed or strange."""
    draw = random.Random(seed)
    root = etree.fromstring(content)
    for _ in range(draw.randint(1, 6)):
        elements = [e for e in root.iter(etree.Element) if e is not root]
        if not elements:
            break
        _change(draw, draw.choice(elements), elements)
    return etree.tostring(root)


def _change(draw: random.Random, one: etree._Element, every: list[etree._Element]) -> None:
    parent = one.getparent()
    assert parent is not None
    kind = draw.randrange(7)
    if kind == 0:
        parent.remove(one)
    elif kind == 1:
        parent.append(copy.deepcopy(one))
    elif kind == 2:
        space, name = draw.choice(("urn:hl7-org:v3", "urn:hl7-org:pharm", "x")), one.tag
        one.tag = f"{{{space}}}{etree.QName(name).localname}"
    elif kind == 3:
        one.attrib.clear()
    elif kind == 4:
        one.set(draw.choice(NAMES), _plain(draw.choice(HOSTILE)))
    elif kind == 5:
        one.text = _plain(draw.choice(HOSTILE))
    else:
        other = draw.choice(every)
        if other not in set(one.iter()) and one not in set(other.iter()):
            other.append(one)


def _plain(text: str) -> str:
    return "".join(sign for sign in text if sign.isprintable() or sign == " ")


@pytest.mark.parametrize("seed", range(40))
def test_a_mutated_document_is_judged_or_refused(seed: int) -> None:
    for number, content in enumerate(sources()):
        strange = mutated(content, 1000 * number + seed)
        for work in (check_cda, lambda c: check_pair(c, c), lambda c: transcode(c, "pivot"),
                     lambda c: transcode(c, "friendly"), _show):  # fmt: skip
            _held(work, strange)


def _held(work: Callable[[bytes], object], content: bytes) -> None:
    """Let a piece of work end, or refuse with words."""
    refused = None
    try:
        work(content)
    except InputError as error:
        refused = error
    assert refused is None or all(problem.what for problem in refused.problems)


def _show(content: bytes) -> None:
    for lang in ("nb", "en"):
        for line in text_lines(view(to_fhir(content).bundle, lang)):
            assert "\x1b" not in line


@pytest.mark.oracle
@pytest.mark.parametrize("seed", range(5))
def test_a_mutated_document_from_abroad_is_judged_or_refused(oracles: Path, seed: int) -> None:
    for number, file in enumerate(sorted((oracles / "cda-samples").glob("*.xml"))):
        strange = mutated(file.read_bytes(), 100 * number + seed)
        for work in (check_cda, lambda c: transcode(c, "pivot"), _show):
            _held(work, strange)
