"""From a record to a document: head, sections, entries, and the proof of where they are from.

Implements: IPS 2.0.0 Bundle-uv-ips and Composition-uv-ips; EPS 1.0.0-xtehr bundle-eu-eps; EHDS
Annex I (1).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from data.errors import InputError, Problem
from ips.loss import LossReport
from ips.provenance import SYSTEMS
from ips.summary import header
from ips.summary.bodies import bodies
from ips.summary.copying import identified, stable_id
from ips.summary.coverage import CoverageRow, coverage
from ips.summary.narrative import TAGS
from ips.summary.tables import LANGUAGES, PROFILES, canonical
from ips.summary.work import (
    Entry,
    RecordLike,
    Resource,
    Work,
    note_unreached,
    prepare,
    take_referenced,
    take_sections,
)

VERSION = "0.1.0"
"""Version of the assembly rules; stands in the document as the version of its author."""


@dataclass(frozen=True)
class Built:
    """A document with its balance; it shares parts with the record, so neither is to be changed.

    Attributes:
        bundle: FHIR R4 document Bundle.
        loss: what did not travel exactly, from the sources to the document.
    """

    bundle: Resource
    loss: LossReport

    @cached_property
    def coverage(self) -> list[CoverageRow]:
        """The 18 elements of EHDS Annex I (1), counted in the document when first asked for."""
        return coverage(self.bundle)


def assemble(
    record: RecordLike, *, profile: str, lang: str = "nb", now: dt.datetime | None = None
) -> Built:
    """Put a summary together, without the structural gate (see ``ips.summary.build``).

    Args:
        record: one patient's sources, read.
        profile: ``ips`` or ``eps``.
        lang: language of titles and narrative, ``nb`` or ``en``.
        now: time of the document, with time zone; now by default.

    Raises:
        InputError: unknown profile or language, two different resources of the same name.
    """
    _check_choice("profile", profile, PROFILES)
    _check_choice("language", lang, LANGUAGES)
    moment = now or dt.datetime.now().astimezone()
    if moment.tzinfo is None:
        moment = moment.astimezone()
    timestamp = moment.isoformat(timespec="seconds")
    work = prepare(record, profile, lang, timestamp[:10])
    take_sections(work)
    patient = (work.patient_url, work.entries[work.patient_url])
    author = header.author(profile, VERSION)
    keeper = header.custodian(profile)
    body = bodies(work, record.statements)
    content = [*work.entries.items(), *work.added]
    seed = "|".join([profile, lang, timestamp, *(url for url, _ in content)])
    composition = header.composition(
        profile=profile, id_=stable_id(f"Composition|{seed}".encode()), timestamp=timestamp,
        patient=patient, author_url=author[0], custodian_url=keeper[0], sections=body,
        sources=[SYSTEMS.get(s.kind, s.kind) for s in record.sources], speak=work.speak,
    )  # fmt: skip
    del work.entries[work.patient_url]
    proofs = _provenance(work, record.provenance, timestamp, author[0], seed)
    everything = [composition, patient, *work.entries.items(), *work.added, author, keeper, *proofs]
    bundle = _bundle(everything, profile, lang, timestamp, seed)
    note_unreached(work)
    return Built(bundle, work.context.loss)


def _check_choice(what: str, value: str, choices: Sequence[str]) -> None:
    if value not in choices:
        raise InputError(Problem(f"unknown {what} «{value}»", remedy=f"use {' or '.join(choices)}"))


def _provenance(
    work: Work, given: Iterable[Resource], timestamp: str, author_url: str, seed: str
) -> list[Entry]:
    """Return the Provenance of every entry: the record's own, and one per source for the rest."""
    inside = {*work.entries, *(url for url, _ in work.added)}
    proofs: list[Entry] = []
    covered: set[str] = set()
    within = _proofs_within(given, work.copier.targets)
    for proof, url, references in identified(within, plain=True):
        copied = work.copier.copy(proof, references)
        targets = copied["target"] = _among(copied["target"], inside)
        if not targets:
            continue
        for target in targets:
            covered.add(target["reference"])
        if "recorded" not in copied and "_recorded" not in copied:
            copied["recorded"] = timestamp
        copied["id"] = url[len("urn:uuid:") :]
        copied.pop("meta", None)
        proofs.append((url, copied))
    take_referenced(work)
    rest: dict[str, list[str]] = {}
    for url, resource in (*work.entries.items(), *work.added):
        if url in covered:
            continue
        source = resource.get("meta", {}).get("source", "").split("#")[0]
        if source:
            rest.setdefault(source, []).append(url)
    proofs += [
        header.provenance(source, targets, timestamp, author_url, seed)
        for source, targets in rest.items()
    ]
    return proofs


def _proofs_within(given: Iterable[Resource], names: Container[str]) -> Iterator[Resource]:
    for proof in given:
        targets = _among(proof["target"], names)
        if targets:
            yield proof if targets is proof["target"] else {**proof, "target": targets}


def _among(targets: list[Resource], names: Container[str]) -> list[Resource]:
    """Return the targets that lead to one of some names; the list itself when all do."""
    for target in targets:
        if target.get("reference") not in names:
            return [t for t in targets if t.get("reference") in names]
    return targets


def _bundle(
    entries: Sequence[Entry], profile: str, lang: str, timestamp: str, seed: str
) -> Resource:
    id_ = stable_id(f"Bundle|{seed}".encode())
    return {
        "resourceType": "Bundle",
        "id": id_,
        "meta": {"profile": [canonical("Bundle", profile)]},
        "language": TAGS[lang],
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{id_}"},
        "type": "document",
        "timestamp": timestamp,
        "entry": [{"fullUrl": url, "resource": resource} for url, resource in entries],
    }
