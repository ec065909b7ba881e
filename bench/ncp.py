"""The exchange: messages against parsing or serialising the same bytes bare, then over the line."""

from __future__ import annotations

import datetime as dt
import statistics
import time
from collections.abc import Callable, Iterator

from lxml import etree

from bench import exchange
from ncp import codes, soap
from ncp.messages import xca, xcpd
from ncp.model import (
    Coded,
    DocumentEntry,
    DocumentKind,
    PatientId,
    Person,
    Traits,
)

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
PATIENT = PatientId(codes.FNR, "29824803127")
RUNS = 9
Row = tuple[str, str, str]


def rows() -> Iterator[Row]:
    """Yield what was measured, the figure, and the aim."""
    for name, build, read, aim in _work():
        message = build()
        tree = etree.fromstring(message)
        bare_read = _seconds(lambda m=message: etree.fromstring(m))
        bare_write = _seconds(lambda t=tree: etree.tostring(t))
        ours_build, ours_read = _seconds(build), _seconds(lambda m=message, r=read: r(m))
        yield (f"build {name} against lxml, same XML",
               f"{ours_build / bare_write:.0f} x", aim[0])  # fmt: skip
        yield f"  milliseconds ({len(message)} bytes)", f"{ours_build * 1000:.2f} ms", "< 1 ms"
        yield f"read {name} against lxml, same XML", f"{ours_read / bare_read:.0f} x", aim[1]
        yield "  milliseconds", f"{ours_read * 1000:.2f} ms", "< 1 ms"
    yield from exchange.rows(rounds=3)


def _seconds(work: Callable[[], object], times: int = 40) -> float:
    measured = []
    for _ in range(RUNS):
        start = time.process_time()
        for _ in range(times):
            work()
        measured.append((time.process_time() - start) / times)
    return statistics.median(measured)


def _entries(number: int) -> list[DocumentEntry]:
    """A list of prescriptions, each at both levels."""
    entries = []
    for i in range(number):
        ids = [f"urn:uuid:00000000-0000-4000-8000-{i:06d}{level:06d}" for level in (3, 1)]
        for level, own, other in ((3, *ids), (1, *reversed(ids))):
            entries.append(
                DocumentEntry(
                    f"{codes.NORWAY_HOME}^{i}.{level}", own, PATIENT, DocumentKind.EPRESCRIPTION,
                    level, "urn:epsos:ep:pre:2010" if level == 3 else
                    "urn:ihe:iti:xds-sd:pdf:2008", "eHDSI - ePrescription", NOW,
                    codes.NORWAY_HOME, codes.NORWAY_HOME, description="Paracetamol 500 mg",
                    country="NO", author_person="Kari Nordmann", pair=other, size=14000,
                    events=(Coded(codes.DISPENSABLE, codes.DISPENSABLE_SYSTEM, "Open"),
                            Coded("N02BE01", codes.ATC, "paracetamol")),
                )
            )  # fmt: skip
    return entries


Build = Callable[[], bytes]
Read = Callable[[bytes], object]


def _work() -> Iterator[tuple[str, Build, Read, tuple[str, str]]]:
    query = "urn:ihe:iti:2007:CrossGatewayQuery"
    asked = xca.QueryRequest(PATIENT, (DocumentKind.EPRESCRIPTION,))
    yield (
        "an ITI-38 request",
        lambda: soap.write(xca.query(asked), action=query),
        lambda m: xca.read_query(soap.read(m, soap.content_type(query)).body),
        ("<= 20 x", "<= 15 x"),
    )
    entries = _entries(2)
    yield (
        "an ITI-38 answer, two prescriptions",
        lambda: soap.write(xca.query_response(entries), action=query, relates_to="urn:uuid:1"),
        lambda m: xca.read_query_response(soap.read(m, soap.content_type(query), answer=True).body),
        ("<= 20 x", "<= 15 x"),
    )
    yield from _identify()


def _identify() -> Iterator[tuple[str, Build, Read, tuple[str, str]]]:
    action = "urn:hl7-org:v3:PRPA_IN201305UV02:CrossGatewayPatientDiscovery"
    traits = Traits((PATIENT,), "Nordmann", "Kari", "F", "19700117")
    person = Person((PATIENT,), "Nordmann", ("Kari",), "F", "19700117")

    def ask() -> etree._Element:
        return xcpd.request(
            traits, sender="1.2.752.221.3.1.1", receiver=codes.NORWAY_HOME, created=NOW
        )

    request = xcpd.read_request(ask())
    yield (
        "an ITI-55 request",
        lambda: soap.write(ask(), action=action),
        lambda m: xcpd.read_request(soap.read(m, soap.content_type(action)).body),
        ("<= 20 x", "<= 15 x"),
    )
    yield (
        "an ITI-55 answer",
        lambda: soap.write(
            xcpd.response(request, [person], home=codes.NORWAY_HOME, created=NOW),
            action=action, relates_to="urn:uuid:1",
        ),
        lambda m: xcpd.read_response(
            soap.read(m, soap.content_type(action), answer=True).body
        ),
        ("<= 20 x", "<= 15 x"),
    )  # fmt: skip
