"""The gap analysis: start-up, scoring 1,000 systems, and the workbook against bare xlsxwriter."""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from data.loaders.assessments import Assessment, Finding, load
from data.loaders.catalogue import catalogue
from data.loaders.systems import systems
from ehds.cli.options import analyse
from gap.analysis import Analysis
from gap.judgement import Judgement
from gap.schemes import scheme
from reports.page import render
from reports.texts import Texts
from reports.workbook import build

RUNS = 5
N_SYSTEMS = 1000


def rows() -> Iterator[tuple[str, str, str]]:
    """Yield what was measured, the figure, and the aim."""
    yield "ehds --help, CPU (median of 5)", f"{_help_cpu() * 1000:.0f} ms", "< 150 ms"
    seconds, cells, findings = _score_thousand()
    what = (
        f"score {N_SYSTEMS} systems x {len(catalogue())} rows ({cells} cells, {findings} findings)"
    )
    yield what, f"{seconds:.2f} s", "< 3 s"
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    yield "  peak memory of this process so far", f"{peak:.0f} MiB", "< 1024 MiB"
    ours, bare, n = _workbook()
    yield (
        f"workbook against xlsxwriter writing the same {n} cells",
        f"{ours / bare:.2f} x",
        "<= 1.5 x",
    )
    yield "  workbook, seconds", f"{ours:.2f} s", ""
    analysis = analyse("norway-2026-11", "share-met", None)
    yield "page, seconds", f"{_median(lambda: render(analysis, Texts('nb'))):.2f} s", ""


def _median(work: Callable[[], object], runs: int = RUNS) -> float:
    times = []
    for _ in range(runs):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return statistics.median(times)


def _help_cpu() -> float:
    times = []
    for _ in range(RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([sys.executable, "-m", "ehds", "--help"], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        times.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(times)


def _many_systems() -> tuple[dict[str, object], list[Finding]]:
    """Copy the shipped systems with their findings until there are a thousand."""
    shipped = load("norway-2026-11")
    many: dict[str, object] = {}
    found: list[Finding] = []
    copy = 0
    while len(many) < N_SYSTEMS:
        for system in systems().values():
            if len(many) == N_SYSTEMS:
                break
            name = f"{system.id}-{copy}"
            many[name] = dataclasses.replace(system, id=name)
            found += [
                dataclasses.replace(f, system=name)
                for f in shipped.findings
                if f.system == system.id
            ]
        copy += 1
    return many, found


def _score_thousand() -> tuple[float, int, int]:
    many, found = _many_systems()
    shipped = load("norway-2026-11")
    assessment: Assessment = dataclasses.replace(shipped, findings=found)

    def work() -> Analysis:
        judgement = Judgement(catalogue(), many, assessment, dt.date(2026, 11, 22))  # type: ignore[arg-type]
        analysis = Analysis(judgement, scheme("share-met"))
        assert analysis.rollups
        assert analysis.heat
        return analysis

    seconds = _median(work, 3)
    return seconds, len(work().judgement.cells), len(found)


def _workbook() -> tuple[float, float, int]:
    """Return seconds of our workbook, seconds of the same cells bare, and how many cells."""
    analysis = analyse("norway-2026-11", "share-met", None)
    t = Texts("nb")
    assert analysis.cells
    assert analysis.heat
    assert analysis.roadmap
    calls = _record(analysis, t)

    def bare() -> None:
        book = xlsxwriter.Workbook(io.BytesIO(), {"in_memory": True})
        sheets = [book.add_worksheet() for _ in range(7)]
        form = book.add_format({"valign": "top"})
        for index, name, args in calls:
            sheet = sheets[index]
            cell = (*args[:3], form) if name != "write_formula" else (*args[:3], form, *args[4:])
            getattr(sheet, name)(*cell)
        book.close()

    pairs = []
    for _ in range(RUNS):
        pairs.append((_median(lambda: build(analysis, t), 1), _median(bare, 1)))
    ours, raw = min(
        pairs, key=lambda p: abs(p[0] / p[1] - statistics.median(a / b for a, b in pairs))
    )
    return ours, raw, len(calls)


def _record(analysis: Analysis, t: Texts) -> list[tuple[int, str, tuple[object, ...]]]:
    """Build once with recording sheets, and return every cell written with its sheet."""
    import reports.workbook as workbook_module

    calls: list[tuple[int, str, tuple[object, ...]]] = []

    class Recording(xlsxwriter.Workbook):  # type: ignore[misc]
        def add_worksheet(self, name: str | None = None) -> Worksheet:  # type: ignore[override]
            index = len(self.worksheets())
            sheet = super().add_worksheet(name)
            for method in ("write_string", "write_number", "write_datetime", "write_formula"):
                _wrap(sheet, method, index, calls)
            return sheet

    original = workbook_module.xlsxwriter.Workbook
    workbook_module.xlsxwriter.Workbook = Recording
    try:
        build(analysis, t)
    finally:
        workbook_module.xlsxwriter.Workbook = original
    return calls


def _wrap(
    sheet: Worksheet, method: str, index: int, calls: list[tuple[int, str, tuple[object, ...]]]
) -> None:
    inner = getattr(sheet, method)

    def noting(*args: object) -> object:
        calls.append((index, method, args))
        return inner(*args)

    setattr(sheet, method, noting)
