"""The sections of a document: what each lists, and what is said where nothing is known."""

from __future__ import annotations

from collections.abc import Sequence

from ips.loss import Fate
from ips.summary import extras
from ips.summary.narrative import section_div
from ips.summary.order import arrange
from ips.summary.rows import row
from ips.summary.systems import EMPTY_REASON, LOINC, concept
from ips.summary.tables import Section, sections
from ips.summary.work import Entry, Resource, Work, line, resolver


def bodies(work: Work, statements: set[str]) -> list[Resource]:
    """Return Composition.section: what has content, and what the profile asks for anyway."""
    bodies = []
    for key, section in sections().items():
        entries = work.listed.get(key, [])
        stated = section.statement in statements if section.statement else False
        if entries:
            if stated:
                work.context.loss.add(
                    f"statement.{section.statement}", section.absent_nb, Fate.NOT_CARRIED,
                    "One source states that there is none, another lists some; the list stands.",
                    obligations=section.obligations,
                )  # fmt: skip
            bodies.append(_filled(work, section, arrange(key, entries)))
        elif stated:
            made = extras.known_absence(section, work.profile, work.patient_url)
            work.added += made
            bodies.append(_filled(work, section, made[:1]))
        elif work.profile in section.mandatory:
            bodies.append(_empty(work, section))
    return bodies


def _head(work: Work, section: Section, div: str) -> Resource:
    return {
        "title": section.titles[work.lang],
        "code": concept(LOINC, section.loinc, section.display),
        "text": {"status": "generated", "div": div},
    }


_UNSLICEABLE = ("pregnancy", "social")
"""Sections in which an EPS cannot list observations (see ``extras.observations_document``)."""


def _filled(work: Work, section: Section, entries: Sequence[Entry]) -> Resource:
    known = {**work.entries, **dict(work.added)} if work.added else work.entries
    resolve = resolver(known)
    rows = [
        (f"{section.key}-{n}", row(resource, work.speak, resolve),
         url in work.context.person_entered)
        for n, (url, resource) in enumerate(entries, 1)
    ]  # fmt: skip
    made = _head(work, section, section_div(section.key, rows, work.speak))
    if work.profile == "eps" and section.key in _UNSLICEABLE:
        text = "\n".join(line(cells) for _, cells, _ in rows)
        made_of = extras.observations_document(
            section, text, entries, work.profile, work.patient_url
        )
        work.added.append(made_of)
        entries = [made_of]
    made["entry"] = [{"reference": url} for url, _ in entries]
    return made


def _empty(work: Work, section: Section) -> Resource:
    """Return a section without entries: no source says anything, which is not «none known»."""
    sentence = section.empty[work.lang]
    made = _head(work, section, section_div(section.key, (), work.speak, sentence))
    made["emptyReason"] = concept(EMPTY_REASON, "unavailable", "Unavailable", sentence)
    return made
