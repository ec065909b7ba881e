"""Messages that lost or changed a part are read, refused or faulted; nothing else happens."""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from ncp.messages import xca, xcpd, xdr
from ncp.model import DocumentKind, DocumentReference, Refusal, Submission
from ncp.soap import SoapFault
from tests.ncp.messages.samples import (
    ENTRY,
    ENTRY_PDF,
    HOME,
    NOW,
    PATIENT,
    PERSON,
    SWEDEN,
    TRAITS,
    wire,
)

REQUEST = xcpd.request(TRAITS, sender=SWEDEN, receiver=HOME, created=NOW)
ASKED = xcpd.read_request(wire(REQUEST))
DOCUMENT = DocumentReference(HOME, HOME, ENTRY.unique_id)
DISPENSED = replace(ENTRY, kind=DocumentKind.EDISPENSATION, format_code="urn:epSOS:ep:dis:2010")

Reader = Callable[[etree._Element], object]
CASES: dict[str, tuple[etree._Element, Reader]] = {
    "identify": (REQUEST, xcpd.read_request),
    "identified": (xcpd.response(ASKED, [PERSON], home=HOME, created=NOW), xcpd.read_response),
    "not-identified": (xcpd.response(ASKED, [], home=HOME, created=NOW), xcpd.read_response),
    "query": (
        xca.query(xca.QueryRequest(PATIENT, (DocumentKind.LABORATORY,), 5, NOW, NOW)),
        xca.read_query,
    ),
    "list": (
        xca.query_response([ENTRY, ENTRY_PDF], [Refusal("4703", "x")]),
        xca.read_query_response,
    ),
    "retrieve": (xca.retrieve(xca.RetrieveRequest((DOCUMENT,))), xca.read_retrieve),
    "documents": (
        xca.retrieve_response([xca.Retrieved(DOCUMENT, b"<x/>")]),
        xca.read_retrieve_response,
    ),
    "provide": (
        xdr.provide([Submission(DISPENSED, b"<x/>", "1.2.3", "2026")], person=PERSON),
        xdr.read_provide,
    ),
    "taken": (xdr.response([Refusal("4202", "x")]), xdr.read_response),
}
WORDS = ["", " ", "'", "()", "^^^&&ISO", "9" * 30, "-1", "é", "urn:oid:", "2026-13-45", "<&>"]


def damage(element: etree._Element, dice: random.Random) -> None:
    """Take an element or attribute away, double an element, or change a value."""
    one = dice.choice(list(element.iter()))
    what = dice.choice(["drop", "double", "attribute", "value", "text"])
    parent = one.getparent()
    if what == "drop" and parent is not None:
        parent.remove(one)
    elif what == "double" and parent is not None:
        parent.append(etree.fromstring(etree.tostring(one, with_tail=False)))
    elif what == "attribute" and one.attrib:
        del one.attrib[dice.choice(sorted(one.attrib))]
    elif what == "value" and one.attrib:
        one.set(dice.choice(sorted(one.attrib)), dice.choice(WORDS))
    else:
        one.text = dice.choice(WORDS)


@pytest.mark.parametrize("name", CASES)
@settings(max_examples=80, deadline=None)
@given(seed=st.integers(0, 2**32), times=st.integers(1, 6))
def test_a_damaged_message_is_read_refused_or_faulted(name, seed, times):
    message, read = CASES[name]
    damaged = wire(message)
    dice = random.Random(seed)
    for _ in range(times):
        damage(damaged, dice)
    with contextlib.suppress(SoapFault, Refusal):
        read(damaged)
