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
from ips.generate import generate
from ips.record import Record, load
from ips.summary import assemble
from ips.summary.output import to_json
from ips.summary.tables import PROFILES

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)
RUNS = 9
NEWCOMERS, SEED = 40, 77
Row = tuple[str, str, str]


def rows() -> Iterator[Row]:
    """Yield what was measured, the figure, and the aim."""
    names = sorted(p.parent.name for p in data.path("patients").glob("*/patient.json"))
    records = {name: load(name) for name in names}
    documents = {name: _built(record) for name, record in records.items()}
    for profile in PROFILES:
        build = [_build_ratio(records[n], profile) for n in names]
        what = f"build a summary ({profile}) against orjson, same bytes (median)"
        yield what, _times(build), "<= 25 x"
    yield from _checks(records)
    ours = statistics.median(_seconds(lambda n=n: _check(documents[n])) for n in names)
    yield "  check, milliseconds a document", f"{ours * 1000:.1f} ms", ""
    yield from _official(documents)


def _built(record: Record, profile: str = "ips") -> bytes:
    return to_json(assemble(record, profile=profile, now=NOW).bundle)


def _checks(records: dict[str, Record]) -> Iterator[Row]:
    """Check by both guides: the samples over and over, and patients never seen before."""
    newcomers = _newcomers()
    for profile in PROFILES:
        documents = [_built(r, profile) for r in records.values()]
        ratios = [_check_ratio(document) for document in documents]
        what = f"check a summary ({profile}) against orjson, same bytes (median)"
        yield what, _times(ratios), "<= 100 x"
        new = [_first_check_ratio(_built(record, profile)) for record in newcomers]
        yield "  the same, each document checked once", _times(new), ""


def _newcomers() -> list[Record]:
    """Return generated patients, none of whom was judged before."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for patient in generate(NEWCOMERS, SEED):
            home = Path(folder) / patient.id
            home.mkdir()
            for name, content in patient.files.items():
                (home / name).write_bytes(content)
            found.append(load(str(home)))
    return found


def _first_check_ratio(document: bytes) -> float:
    content = orjson.loads(document)
    start = time.process_time()
    check_bundle(content)
    return (time.process_time() - start) / _serialise(document)


def _check(document: bytes) -> object:
    return check_bundle(orjson.loads(document))


def _seconds(work: Callable[[], object], times: int = 1) -> float:
    return statistics.median(_once(work, times) for _ in range(RUNS))


def _once(work: Callable[[], object], times: int) -> float:
    start = time.process_time()
    for _ in range(times):
        work()
    return (time.process_time() - start) / times


def _serialise(document: bytes) -> float:
    content = orjson.loads(document)
    return _seconds(lambda: _indented(content), 50)


def _indented(content: object) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2)


def _build_ratio(record: Record, profile: str) -> float:
    content = orjson.loads(_built(record, profile))
    return _in_turn(lambda: _built(record, profile), lambda: _indented(content))


def _in_turn(work: Callable[[], object], serialise: Callable[[], object]) -> float:
    """Work and serialising in turn, so that what else the machine does weighs on both."""
    ours, bare = [], []
    for _ in range(RUNS):
        bare.append(_once(serialise, 50))
        ours.append(_once(work, 3))
    return statistics.median(ours) / statistics.median(bare)


def _check_ratio(document: bytes) -> float:
    content = orjson.loads(document)
    return _in_turn(lambda: check_bundle(content), lambda: _indented(content))


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
