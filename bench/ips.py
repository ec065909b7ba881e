"""Patient summaries and CDA: ratios against serialising, or parsing, the same bytes bare."""

from __future__ import annotations

import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson
from lxml import etree

import data
from ips.cda.read import to_fhir
from ips.cda.write import to_cda
from ips.conformance import hl7_validator
from ips.conformance.engine import check_bundle
from ips.prescription import assemble as build_prescription
from ips.prescription.samples import samples
from ips.record import Record, load
from ips.summary import assemble
from ips.summary.output import to_json

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
RUNS = 9
Row = tuple[str, str, str]


def rows() -> Iterator[Row]:
    """Yield what was measured, the figure, and the aim."""
    names = sorted(p.parent.name for p in data.path("patients").glob("*/patient.json"))
    records = {name: load(name) for name in names}
    documents = {name: _built(record) for name, record in records.items()}
    build = [_build_ratio(records[n], documents[n]) for n in names]
    yield "build a summary against orjson, same bytes (median)", _times(build), "<= 25 x"
    check = [_check_ratio(documents[n]) for n in names]
    yield "check a summary against orjson, same bytes (median)", _times(check), "<= 100 x"
    ours = statistics.median(_seconds(lambda n=n: _check(documents[n])) for n in names)
    yield "  check, milliseconds a document", f"{ours * 1000:.1f} ms", ""
    yield from _official(documents)
    yield from _cda(documents)


def _built(record: Record) -> bytes:
    return to_json(assemble(record, profile="ips", now=NOW).bundle)


def _check(document: bytes) -> object:
    return check_bundle(orjson.loads(document))


def _seconds(work: Callable[[], object], times: int = 1) -> float:
    measured = []
    for _ in range(RUNS):
        start = time.process_time()
        for _ in range(times):
            work()
        measured.append((time.process_time() - start) / times)
    return statistics.median(measured)


def _serialise(document: bytes) -> float:
    content = orjson.loads(document)
    return _seconds(lambda: orjson.dumps(content, option=orjson.OPT_INDENT_2), 50)


def _build_ratio(record: Record, document: bytes) -> float:
    return _seconds(lambda: _built(record), 3) / _serialise(document)


def _check_ratio(document: bytes) -> float:
    content = orjson.loads(document)
    return _seconds(lambda: check_bundle(content), 3) / _serialise(document)


def _times(ratios: list[float]) -> str:
    return f"{statistics.median(ratios):.0f} x ({min(ratios):.0f}-{max(ratios):.0f})"


def _official(documents: dict[str, bytes]) -> Iterator[Row]:
    """The official validator's own time for each document, in one warm JVM."""
    if not hl7_validator.is_prepared():
        yield "  the official validator, milliseconds a document", "not at hand", ""
        return
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for name, document in documents.items():
            files.append(Path(folder) / f"{name}.json")
            files[-1].write_bytes(document)
        verdicts = hl7_validator.validate([*files, *files])
    warm = statistics.median(v.milliseconds for v in verdicts[len(files) :])
    yield "  the official validator, warm, milliseconds a document", f"{warm:.0f} ms", ""


def _bare(xml: bytes) -> float:
    return _seconds(lambda: etree.tostring(etree.fromstring(xml)), 20)


def _cda(documents: dict[str, bytes]) -> Iterator[Row]:
    """CDA and prescriptions against parsing and serialising the same XML bare."""
    write, read = [], []
    for document in documents.values():
        bundle = orjson.loads(document)
        xml = to_cda(bundle, form="pivot", level=3).xml
        bare = _bare(xml)
        write.append(_seconds(lambda b=bundle: to_cda(b, form="pivot", level=3)) / bare)
        read.append(_seconds(lambda x=xml: to_fhir(x)) / bare)
    yield "write a CDA against lxml, same XML (median)", _times(write), "<= 10 x"
    yield "read a CDA against lxml, same XML (median)", _times(read), "<= 10 x"
    ratios = []
    for sample in samples().values():
        if sample.kind == "M1" and sample.id != "goods":
            content = sample.path.read_bytes()
            ratios.append(_seconds(lambda c=content: build_prescription(c)) / _bare(content))
    yield "build a prescription against lxml, same XML (median)", _times(ratios), "<= 10 x"
