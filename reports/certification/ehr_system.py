"""The papers on an EHR system: readiness, draft declaration, draft information sheet."""

from __future__ import annotations

from dataclasses import replace

from gap.analysis import Analysis
from gap.certification import EhrReadiness, Entry, Origin, Standing
from gap.certification.tables import Document, Fill, Needed
from reports.certification import points
from reports.certification.paper import Mark, Paper, Section, ground, standing
from reports.texts import Texts
from reports.words import labels


def readiness(found: EhrReadiness, analysis: Analysis, t: Texts) -> Paper:
    """Return Annex II point by point, the duties of the maker and the fields of all documents."""
    records = {r for p in found.essentials for r in p.records}
    lead = [t("cert.no-verdict"), ground(analysis, t), points.count(found.essentials, t),
            _tests(len(records), t), t("cert.eea")]  # fmt: skip
    if found.system.ehr_system == "open":
        lead.insert(1, t("cert.open-class"))
    if found.system.in_house_only:
        lead.append(t("cert.in-house"))
    return Paper(
        title=t("cert.title.ehr-system", name=found.system.name(t.lang)),
        lead=tuple(lead),
        sections=(_essentials(found, t), _duties(found, t),
                  *(_document(found, d, t) for d in Document)),
        day=analysis.judgement.as_of,
        lang=t.lang,
    )  # fmt: skip


def draft(found: EhrReadiness, document: Document, analysis: Analysis, t: Texts) -> Paper:
    """Return the draft of the declaration or of the information sheet."""
    whole = _document(found, document, t)
    columns, rows = whole.columns[:-1], tuple(row[:-1] for row in whole.rows)
    section = replace(whole, columns=columns, rows=rows)  # the reference says the source
    note = "cert.draft" if document is Document.DECLARATION else "cert.draft.sheet"
    return Paper(
        title=t(f"cert.title.{document}", name=found.system.name(t.lang)),
        lead=(t(note), t("cert.no-verdict"), ground(analysis, t)),
        sections=(section,),
        day=analysis.judgement.as_of,
        lang=t.lang,
    )


def _tests(n: int, t: Texts) -> str:
    if not n:
        return t("cert.evidence.none")
    return t("cert.evidence.one") if n == 1 else t("cert.evidence.some", n=n)


def _essentials(found: EhrReadiness, t: Texts) -> Section:
    rows = tuple(
        (p.obligation.id, p.obligation.ref, p.obligation.text("title", t.lang),
         standing(p.standing, t), points.shown_by(p, t), points.checks(p, t),
         points.results(p, t), points.missing(p, t), p.due)
        for p in found.essentials
    )  # fmt: skip
    heads = ("point", "ref", "what", "standing", "shown-by", "checks", "results", "missing", "due")
    return Section("essentials", t("cert.sheet.essentials"), t("cert.section.essentials"),
                   t("cert.note.essentials"), tuple(t(f"cert.col.{h}") for h in heads),
                   rows)  # fmt: skip


def _duties(found: EhrReadiness, t: Texts) -> Section:
    """The article with its condition, as the duty of the one who makes the system."""
    rows = tuple(
        (p.obligation.id, p.obligation.ref,
         f"{p.obligation.text('title', t.lang)}. {p.obligation.text('obligation', t.lang)}",
         standing(p.standing, t), points.shown_by(p, t), points.missing(p, t), p.due)
        for p in found.duties
    )  # fmt: skip
    heads = ("point", "ref", "what", "standing", "shown-by", "missing", "due")
    note = t("cert.note.duties", all=len(found.duties),
             nobody=sum(p.standing is Standing.NOBODY for p in found.duties))  # fmt: skip
    return Section("duties", t("cert.sheet.duties"), t("cert.section.duties"), note,
                   tuple(t(f"cert.col.{h}") for h in heads), rows)  # fmt: skip


def _document(found: EhrReadiness, document: Document, t: Texts) -> Section:
    entries = found.documents[document]
    filled = sum(e.origin in (Origin.FACTS, Origin.TABLE) for e in entries)
    note = t("cert.note.documents", filled=filled, all=len(entries),
             missing=len(found.missing(document)))  # fmt: skip
    if document is Document.DATABASE:
        note = t("cert.note.database", documents=note)
    rows = tuple(
        (e.field.ref, e.field.name(t.lang), _content(e, found, t), t(f"cert.origin.{e.origin}"),
         _remark(e, t), e.field.source)
        for e in entries
    )  # fmt: skip
    heads = ("ref", "what", "content", "origin", "note", "source")
    return Section(document.value, t(f"cert.sheet.{document}"), t(f"cert.section.{document}"),
                   note, tuple(t(f"cert.col.{h}") for h in heads), rows)  # fmt: skip


def _content(entry: Entry, found: EhrReadiness, t: Texts) -> str | Mark:
    if entry.origin is Origin.SIGNER:
        if entry.field.fill is Fill.CONFORMITY:
            return Mark(t("cert.conformity", shown=found.shown, all=len(found.applicable)),
                        "not-met")  # fmt: skip
        return Mark(t("cert.signer"), "not-met")
    if entry.origin is Origin.MISSING:
        return Mark(t("cert.missing"), "not-met")
    if entry.origin is Origin.OPTIONAL:
        return Mark(t("cert.optional"), "not-assessed")
    if entry.origin is Origin.TABLE and entry.field.fill is Fill.NAME:
        return found.system.name(t.lang)
    return entry.value or labels("category", entry.codes, t.lang)


def _remark(entry: Entry, t: Texts) -> str:
    said = [entry.field.remark(t.lang)]
    if entry.field.awaits:
        said.append(points.awaits([entry.field.act], t))
    if entry.field.needed is Needed.INSTEAD_OF_SHEET:
        said.append(t("cert.instead"))
    if entry.field.needed is Needed.WHERE_APPLICABLE:
        said.append(t("cert.where-applicable"))
    return " | ".join(one for one in said if one)
