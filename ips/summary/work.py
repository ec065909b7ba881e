"""The workshop of one document: the record's resources on their way to become its entries."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from data.errors import InputError, Problem
from ips.loss import Fate, LossReport
from ips.summary import extras
from ips.summary.copying import Identified, identified
from ips.summary.entries import Context, conform
from ips.summary.kinds import is_alerting, kind, reason_to_leave_out, section_of
from ips.summary.phrases import Speaker
from ips.summary.references import Copier
from ips.summary.rows import Row, row
from ips.summary.tables import sections

Resource = dict[str, Any]
Entry = tuple[str, Resource]


class RecordLike(Protocol):
    """What the summary needs of a record (``ips.record.Record``).

    The proofs are made by ``ips.provenance``: no empty values, no extension but international ones.
    """

    patient: Resource
    sources: list[Any]
    resources: list[Resource]
    provenance: list[Resource]
    loss: LossReport
    statements: set[str]


@dataclass(slots=True)
class Work:
    """Everything one document is made from."""

    profile: str
    lang: str
    speak: Speaker
    copier: Copier
    context: Context
    patient_url: str
    raw: dict[str, Identified] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)
    entries: dict[str, Resource] = field(default_factory=dict)
    listed: dict[str, list[Entry]] = field(default_factory=dict)
    added: list[Entry] = field(default_factory=list)


def prepare(record: RecordLike, profile: str, lang: str, today: str) -> Work:
    """Name every resource of a record, leave out what has no place, and lay out the rest.

    Args:
        record: one patient's sources, read.
        profile: ``ips`` or ``eps``.
        lang: language of the document.
        today: its day, ``2026-11-22``.

    Raises:
        InputError: two different resources of the same name.
    """
    loss = LossReport(list(record.loss.items))
    patient, *others = identified([record.patient, *_clinical(record)])
    person, patient_url, references = patient
    copier = Copier({}, patient_url, loss)
    context = Context(profile, patient_url, loss)
    work = Work(profile, lang, Speaker(lang), copier, context, patient_url)
    reported = _reported_by_patient(record.provenance)
    for known in others:
        resource, url, _ = known
        name = f"{resource['resourceType']}/{resource.get('id', '')}"
        reason = reason_to_leave_out(resource, today)
        kind_ = kind(resource)
        if reason:
            loss.add(name, short(resource), Fate.NOT_CARRIED, reason,
                     obligations=_obligations(resource, kind_))  # fmt: skip
            continue
        if copier.targets.setdefault(name, url) != url:
            raise InputError(
                Problem("two different resources have the same name", name,
                        rule="a name means one resource in a record")
            )  # fmt: skip
        work.raw[url] = known
        work.kinds[url] = kind_
        if name in reported:
            context.reported.add(url)
    # Last, because the patient may refer to others (the general practitioner).
    work.entries[patient_url] = conform(
        copier.copy(person, references), "Patient", context, patient_url
    )
    return work


def _clinical(record: RecordLike) -> Iterator[Resource]:
    for resource in record.resources:
        if resource["resourceType"] not in ("Patient", "Provenance"):
            yield resource


def _reported_by_patient(proofs: Iterable[Resource]) -> set[str]:
    """Return the names of the entries of which the patient is an informant."""
    names: set[str] = set()
    for proof in proofs:
        for agent in proof.get("agent", ()):
            who = agent.get("who")
            if who and "reference" in who and str(who["reference"]).startswith("Patient/"):
                names.update(target.get("reference", "") for target in proof.get("target", ()))
    return names


def short(resource: Resource) -> str:
    """Say in a few words what a resource was; never with a number of the patient."""
    for key in ("code", "vaccineCode", "type", "medicationCodeableConcept"):
        element = resource.get(key)
        if isinstance(element, dict):
            said = element.get("text") or next(
                (c.get("display") or c.get("code") for c in element.get("coding", ())), ""
            )
            if said:
                return str(said)
    return str(resource["resourceType"])


def _obligations(resource: Resource, kind_: str) -> tuple[str, ...]:
    key = section_of(resource, kind_)
    return sections()[key].obligations if key else ()


def take_sections(work: Work) -> None:
    """Conform every resource that a section lists, then everything they refer to."""
    for resource, url, _ in list(work.raw.values()):
        key = section_of(resource, work.kinds[url])
        if key is None:
            continue
        entry = (url, _take(work, url))
        if work.kinds[url] == "Consent" and work.profile == "eps":
            entry = _as_document(work, *entry)
        work.listed.setdefault(key, []).append(entry)
        if work.kinds[url] == "Condition" and key == "problems" and is_alerting(resource):
            word = work.speak.words["category.safety"]
            alert = extras.alert_for(entry[1], url, work.profile, work.patient_url, word)
            work.listed.setdefault("alerts", []).append(alert)
            work.added.append(alert)
    take_referenced(work)


def take_referenced(work: Work) -> None:
    """Take what the entries refer to, and what that refers to, until nothing is missing."""
    queue = work.copier.found
    while queue:
        url = queue.pop()
        if url not in work.entries and url in work.raw:
            _take(work, url)


def _take(work: Work, url: str) -> Resource:
    if url not in work.entries:
        resource, _, references = work.raw[url]
        copied = work.copier.copy(resource, references)
        work.entries[url] = conform(copied, work.kinds[url], work.context, url)
    return work.entries[url]


def _as_document(work: Work, url: str, consent: Resource) -> Entry:
    cells = row(consent, work.speak, resolver(work.entries))
    text = line({name: cells[name] for name in ("directive", "note")})
    del work.entries[url]
    entry = extras.directive_document(consent, text, work.profile)
    if url in work.context.person_entered:
        work.context.person_entered.add(entry[0])
    work.added.append(entry)
    original, _, _ = work.raw.pop(url)
    work.copier.redirect(f"Consent/{original.get('id', '')}", entry[0])
    return entry


def line(cells: Row) -> str:
    """Return a row as one line of text."""
    return ". ".join("; ".join(phrase.text for phrase in cell) for cell in cells.values() if cell)


def resolver(entries: Mapping[str, Resource]) -> Any:
    """Return a function that gives the entry a Reference points to, or nothing."""
    return lambda reference: entries.get((reference or {}).get("reference", ""), {})


def note_unreached(work: Work) -> None:
    """Report what no section lists and nothing in the document refers to."""
    inside = set(work.entries) | {url for url, _ in work.added}
    for resource, url, _ in work.raw.values():
        if url not in inside:
            work.context.loss.add(
                f"{resource['resourceType']}/{resource.get('id', '')}", short(resource),
                Fate.NOT_CARRIED, "No section of a summary has a place for it.",
            )  # fmt: skip
