"""The files of a profile, by name."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from gap.analysis import Analysis
from gap.certification import EhrReadiness, NcpReadiness, RegionReadiness
from gap.certification.facts import FORMULA, Facts, ehr_keys, ncp_keys
from gap.certification.tables import Document, fields, steps
from reports.certification import ehr_system, forms, ncp, region
from reports.certification.paper import Paper
from reports.page.names import NATIONAL, SUMMARY, profile_file, region_file, system_file
from reports.page.region import region_name
from reports.texts import Texts


@dataclass(frozen=True, slots=True)
class File:
    """One file of the result.

    Attributes:
        what: key of the text that says what it is.
        title: of a page.
    """

    name: str
    content: bytes | str
    what: str
    title: str = ""


def ehr_system_files(
    found: EhrReadiness, analysis: Analysis, facts: Facts, t: Texts
) -> tuple[File, ...]:
    """Return page, workbook, both drafts, and the form for what is missing."""
    ident = found.system.id
    drafts = [
        File(f"{document}-{ident}.md",
             forms.markdown(ehr_system.draft(found, document, analysis, t)),
             f"cert.wrote.{document}")
        for document in (Document.DECLARATION, Document.SHEET)
    ]  # fmt: skip
    names = {f.key: f.name(t.lang) for f in reversed(fields()) if f.key}
    return (
        *_both(
            "ehr-system",
            ident,
            ehr_system.readiness(found, analysis, t),
            _ways(system_file(ident), found.system.name(t.lang), t),
        ),
        *drafts,
        _form(ident, ehr_keys(), names, facts),
    )


def ncp_files(found: NcpReadiness, analysis: Analysis, facts: Facts, t: Texts) -> tuple[File, ...]:
    """Return page, workbook, and the form for the go-live steps."""
    ident = found.system.id
    names = {s.id: s.name(t.lang) for s in steps()}
    return (
        *_both("ncp", ident, ncp.readiness(found, analysis, t),
               _ways(system_file(ident), found.system.name(t.lang), t)),
        _form(ident, [k for k in ncp_keys() if k in {s.step.id for s in found.steps}], names,
              facts),
    )  # fmt: skip


def region_files(found: RegionReadiness, analysis: Analysis, t: Texts) -> tuple[File, ...]:
    """Return page and workbook."""
    ways = _ways(region_file(found.region), region_name(found.region, t), t)
    return _both("region", found.region, region.readiness(found, analysis, t), ways)


def _both(profile: str, of: str, paper: Paper, ways: Mapping[str, str]) -> tuple[File, ...]:
    page = profile_file(profile, of)
    return (
        File(page, forms.html(paper, ways), "cert.wrote.page", paper.title),
        File(page.replace(".html", ".xlsx"), forms.workbook(paper), "cert.wrote.workbook"),
    )


def _ways(own: str, name: str, t: Texts) -> dict[str, str]:
    """Return the pages of the report that a profile belongs to, by file name."""
    return {NATIONAL: t("page.to_national"), own: name, SUMMARY: t("page.short")}


def _form(ident: str, keys: Sequence[str], names: Mapping[str, str], facts: Facts) -> File:
    """Return the facts as a table: what is known stands in it, what is missing is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(("key", "what", "value"))
    for key in keys:
        value = facts.get(key, "")
        writer.writerow((key, names[key], f"'{value}" if value.startswith(FORMULA) else value))
    return File(f"facts-{ident}.csv", stream.getvalue(), "cert.wrote.facts")
