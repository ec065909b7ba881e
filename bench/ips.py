"""Patient summaries: ratios against serialising the same bytes bare."""

from __future__ import annotations

import datetime as dt
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import orjson

import data
from ips.conformance import hl7_validator
from ips.conformance.engine import check_bundle
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
