"""CDA documents and prescriptions: how many a second, and against the same XML bare with lxml.

Bare is what nobody can do without: parse what comes in, serialise what goes out, nothing else.
Both are measured in turn, so that a busy machine weighs on both.
"""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial

import orjson
from lxml import etree

import data
from ips.cda.read import to_fhir
from ips.cda.write import to_cda
from ips.prescription import assemble as build_prescription
from ips.prescription.document import as_document
from ips.prescription.samples import samples
from ips.record import load
from ips.summary import assemble
from ips.summary.output import to_json

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
RUNS = 15
TIMES = 5
Row = tuple[str, str, str]
Case = tuple[Callable[[], object], Callable[[], object]]
"""The work, and the same XML bare."""


def rows() -> Iterator[Row]:
    """Yield what was measured, the figure, and the aim."""
    write: list[Case] = []
    read: list[Case] = []
    for name in sorted(p.parent.name for p in data.path("patients").glob("*/patient.json")):
        bundle = orjson.loads(to_json(assemble(load(name), profile="ips", now=NOW).bundle))
        xml = _cda(bundle)
        write.append((partial(_cda, bundle), partial(_bare, xml, xml)))
        read.append((partial(to_fhir, xml), partial(_bare, xml, xml)))
    yield from _compared("write a CDA against lxml, same XML (median)", write)
    yield from _compared("read a CDA against lxml, same XML (median)", read)
    build: list[Case] = []
    account: list[Case] = []
    send: list[Case] = []
    for sample in samples().values():
        if sample.kind == "M1" and sample.id != "goods":
            m1 = sample.path.read_bytes()
            cda = _sent(m1)
            build.append((partial(build_prescription, m1), partial(_bare, m1, m1)))
            account.append((partial(_with_account, m1), partial(_bare, m1, m1)))
            send.append((partial(_sent, m1), partial(_bare, m1, cda)))
    yield from _compared("build a prescription against lxml, same XML (median)", build)
    yield from _compared("the same, and its loss report read (median)", account)
    yield from _compared("M1 to CDA against lxml, M1 in and CDA out (median)", send)


def _cda(bundle: dict[str, object]) -> bytes:
    return to_cda(bundle, form="pivot", level=3).xml


def _sent(m1: bytes) -> bytes:
    """Return the CDA of an M1: what a country sends to another today."""
    return _cda(as_document(build_prescription(m1).bundle))


def _with_account(m1: bytes) -> object:
    """Build a prescription and read its loss report, which is worded when it is read."""
    return build_prescription(m1).loss.items


def _bare(incoming: bytes, outgoing: bytes) -> object:
    """Parse the one and serialise the other."""
    root = etree.fromstring(incoming)
    return etree.tostring(root if incoming is outgoing else _parsed(outgoing))


_PARSED: dict[bytes, etree._Element] = {}


def _parsed(document: bytes) -> etree._Element:
    """Return the tree of a document, which is not what is measured."""
    if document not in _PARSED:
        _PARSED[document] = etree.fromstring(document)
    return _PARSED[document]


def _compared(what: str, cases: list[Case]) -> Iterator[Row]:
    ratios, seconds = [], []
    for work, bare in cases:
        ours, theirs = [], []
        for _ in range(RUNS):
            theirs.append(_seconds(bare, TIMES))
            ours.append(_seconds(work, TIMES))
        seconds.append(statistics.median(ours))
        ratios.append(seconds[-1] / statistics.median(theirs))
    figure = f"{statistics.median(ratios):.0f} x ({min(ratios):.0f}-{max(ratios):.0f})"
    yield what, figure, "<= 10 x"
    yield "  the same, a second on one core", f"{1 / statistics.median(seconds):.0f}", ""


def _seconds(work: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times
