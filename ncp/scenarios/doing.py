"""Carries out the steps of a scenario: what country B sends, with what it has learnt before."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from ncp.codes import DISPENSABLE, FIND_DOCUMENTS
from ncp.messages import xca, xcpd, xdr
from ncp.model import (
    DocumentEntry,
    DocumentKind,
    DocumentReference,
    Operation,
    PatientId,
    Submission,
    Traits,
)
from ncp.scenarios import giving
from ncp.scenarios.asking import CountryB
from ncp.scenarios.model import Asked, Exchange, Step, Unable
from ncp.scenarios.profile import Profile
from ncp.tables import document_kinds

KINDS = {"PS": DocumentKind.PATIENT_SUMMARY, "eP": DocumentKind.EPRESCRIPTION,
         "lab": DocumentKind.LABORATORY, "discharge": DocumentKind.DISCHARGE,
         "imaging": DocumentKind.IMAGING_REPORT, "images": DocumentKind.IMAGES,
         "consent": DocumentKind.CONSENT}  # fmt: skip
_EP = DocumentKind.EPRESCRIPTION
_RUBBISH = b"<ClinicalDocument xmlns='urn:hl7-org:v3'><id root='1.2.3'/>"
_ED, _DISCARD = DocumentKind.EDISPENSATION, DocumentKind.DISCARD


@dataclass
class Given:
    """A dispensation that was sent."""

    patient: PatientId
    content: bytes
    who: str
    country: str
    accepted: bool = False


@dataclass
class World:
    """What country B knows in the course of a scenario.

    Attributes:
        entries: lists that came, by patient and kind.
        contents: documents that came, by unique id.
        given: dispensations that were sent.
        before: exchanges so far.
    """

    b: CountryB
    profile: Profile
    entries: dict[tuple[PatientId, DocumentKind], Sequence[DocumentEntry]] = field(
        default_factory=dict)  # fmt: skip
    contents: dict[str, bytes] = field(default_factory=dict)
    given: list[Given] = field(default_factory=list)
    before: list[Exchange] = field(default_factory=list)

    def id(self, name: str) -> PatientId:
        """Return the identifier of a patient of the profile."""
        return self.profile.patient(name).id

    def carry_out(self, step: Step) -> list[Exchange]:
        """Do one step; several exchanges where it asks for some at the same time.

        Raises:
            Unable: something is missing that earlier steps should have brought.
        """
        made = _STEPS[step.do](self, step)
        self.before += made
        return made

    def send(self, step: Step, name: str, body: etree._Element, asked: Asked) -> Exchange:
        """Send a message, a second time with the same id where the step says so."""
        again = "message.again" in step.tamper
        same = self.before[-1].asked.message_id if again and self.before else ""
        return self.b.send(step, name, body, asked, message_id=same)


def _identify(world: World, step: Step) -> list[Exchange]:
    option = step.options
    people = [world.profile.patient(name) for name in step.patient.split()]
    first = people[0]
    traits = Traits(
        () if option.get("no-id") else tuple(p.id for p in people),
        family=_said(option.get("family", ""), first.family),
        birth_date=_said(option.get("birth", ""), first.birth_date),
    )  # fmt: skip
    if traits == Traits():
        traits = Traits(family=first.family or "Test")
    sender = world.b.professional(step).home_community
    body = xcpd.request(traits, sender=option.get("sender", sender),
                        receiver=option.get("receiver", world.b.home_a),
                        created=world.b.clock())  # fmt: skip
    patient = first.id if traits.ids else None
    asked = Asked(Operation.IDENTIFY, "ITI-55", patient, traits)
    return [world.send(step, "ITI-55", body, asked)]


def _said(option: str, right: str) -> str:
    if option == "right" and not right:
        raise Unable("the target profile does not say name and birth date of the patient")
    return right if option == "right" else option


def _query(world: World, step: Step) -> list[Exchange]:
    option = step.options
    patient = world.id(step.patient)
    kinds = tuple(KINDS[k] for k in option.get("kinds", ["PS"]))
    about = world.id(option["asked"]) if option.get("asked") else patient
    body = xca.query(xca.QueryRequest(about, kinds, max_size=option.get("max-size")))
    _change_query(body, option)
    operation = document_kinds()[kinds[0]].list_operation or Operation.PS_LIST
    made = world.send(step, "ITI-38", body, Asked(operation, "ITI-38", patient))
    if isinstance(made.answer, xca.QueryResponse):
        for kind in kinds:
            world.entries[about, kind] = [e for e in made.answer.entries if e.kind == kind]
    return [made]


def _change_query(body: etree._Element, option: Any) -> None:
    """Say something that the builder of right messages does not."""
    for slot in list(body.iter("{*}Slot")):
        name = slot.get("name", "")
        value = slot.find(".//{*}Value")
        if "class" in option and name.endswith("ClassCode") and value is not None:
            value.text = f"('{option['class']}^^2.16.840.1.113883.6.1')"
        if "raw-patient" in option and name.endswith("PatientId") and value is not None:
            value.text = option["raw-patient"]
        if option.get("missing") and name.endswith(option["missing"]):
            parent = slot.getparent()
            assert parent is not None
            parent.remove(slot)
    if option.get("missing") == "query-id":
        for adhoc in body.iter("{*}AdhocQuery"):
            adhoc.set("id", FIND_DOCUMENTS[:-4] + "0000")


def _retrieve(world: World, step: Step) -> list[Exchange]:
    option, patient = step.options, world.id(step.patient)
    kind = KINDS[option.get("kind", "PS")]
    ids = _wanted(world, patient, kind, option.get("which", "structured"))
    home = option.get("home", world.b.home_a)
    listed = {e.unique_id: e for found in world.entries.values() for e in found}
    references = tuple(
        DocumentReference(home, option.get("repository") or (
            listed[one].repository if one in listed else world.b.home_a), one)
        for one in ids
    )  # fmt: skip
    operation = document_kinds()[kind].retrieve_operation or Operation.PS_RETRIEVE
    asked = Asked(operation, "ITI-39", patient, documents=tuple(ids))
    made = world.send(step, "ITI-39", xca.retrieve(xca.RetrieveRequest(references)), asked)
    if isinstance(made.answer, xca.RetrieveResponse):
        world.contents |= {d.reference.unique_id: d.content for d in made.answer.documents}
    return [made]


def _wanted(world: World, patient: PatientId, kind: DocumentKind, which: str) -> list[str]:
    """Return the ids of a choice: ``structured``, ``pdf``, ``all``, ``unknown``, with ``+``."""
    ids: list[str] = []
    listed = next((found for (_, k), found in world.entries.items() if k is kind), ())
    own = world.entries.get((patient, kind), listed)
    levels = {
        level: [e.unique_id for e in own if e.level == number]
        for level, number in (("structured", 3), ("pdf", 1))
    }
    for word in which.split("+"):
        if word == "unknown":
            ids.append(f"2.25.{uuid.uuid4().int}")
        elif word == "all":
            ids += levels["structured"]
        else:
            ids += levels[word][:1]
    if len(ids) < len(which.split("+")):
        raise Unable(f"no document of the wanted kind ({which}) is listed")
    return ids


def _dispense(world: World, step: Step) -> list[Exchange]:
    patient = world.id(step.patient)
    documents = _dispensations(world, step, patient)
    lots = [[d] for d in documents] if step.options.get("parallel") else [documents]
    results: list[Exchange | BaseException | None] = [None] * len(lots)

    def one(number: int) -> None:
        try:
            results[number] = _provide(world, step, patient, lots[number], _ED)
        except Unable as unable:
            results[number] = unable

    threads = [threading.Thread(target=one, args=(n,)) for n in range(1, len(lots))]
    for thread in threads:
        thread.start()
    one(0)
    for thread in threads:
        thread.join()
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return [r for r in results if isinstance(r, Exchange)]


def _dispensations(world: World, step: Step, patient: PatientId) -> list[bytes]:
    option = step.options
    if option.get("again"):
        if not world.given:
            raise Unable("nothing was dispensed before")
        return [world.given[-1].content]
    fetched = _dispensable(world, patient)[: option.get("number", 1)]
    if len(fetched) < option.get("number", 1):
        raise Unable("the patient has no prescription that can be dispensed (any more)")
    country_b = step.country or world.b.line.credentials.country
    made = []
    for content in fetched:
        for _ in range(option.get("copies", 1)):
            one = giving.dispensation(content, now=world.b.clock(), country_b=country_b,
                                      quantity=str(option.get("quantity", "")),
                                      substituted=bool(option.get("substituted")))  # fmt: skip
            if option.get("unknown"):
                one = giving.of_nobody(one)
            if option.get("about"):
                one = giving.about(one, world.id(option["about"]))
            made.append(one)
        if option.get("with-unknown"):
            made.append(giving.renamed(giving.of_nobody(made[-1])))
    return made


def _dispensable(world: World, patient: PatientId) -> list[bytes]:
    """Contents that were fetched; those that are listed as open first."""
    fetched: list[tuple[bool, bytes]] = []
    for entry in world.entries.get((patient, _EP), ()):
        if entry.level == 3 and entry.unique_id in world.contents:
            closed = all(e.code != DISPENSABLE for e in entry.events)
            fetched.append((closed, world.contents[entry.unique_id]))
    return [content for _, content in sorted(fetched, key=lambda pair: pair[0])]


def _discard(world: World, step: Step) -> list[Exchange]:
    if not world.given:
        raise Unable("nothing was dispensed before")
    last = world.given[-1]
    content = giving.renamed(last.content) if step.options.get("unknown") else last.content
    return [_provide(world, step, world.id(step.patient), [content], _DISCARD)]


def _provide(
    world: World, step: Step, patient: PatientId, contents: Sequence[bytes], kind: DocumentKind
) -> Exchange:
    country_b = step.country or world.b.line.credentials.country
    set_id = f"2.25.{uuid.uuid4().int}"
    sent: list[Submission] = []
    for content in contents:
        name = giving.identity(content)
        body = _RUBBISH if step.options.get("rubbish") else content
        sent.append(giving.submission(body, kind, patient, set_id, now=world.b.clock(),
                                      country_b=country_b, name=name,
                                      format_code=step.options.get("class", "")))  # fmt: skip
    operation = Operation.DISPENSE if kind is _ED else Operation.DISCARD
    asked = Asked(operation, "ITI-41", patient, submission_set=set_id,
                  documents=tuple(s.entry.unique_id for s in sent),
                  contents=tuple(s.content for s in sent))  # fmt: skip
    made = world.send(step, "ITI-41", xdr.provide(sent), asked)
    accepted = isinstance(made.answer, xdr.Response) and made.word in ("Success", "PartialSuccess")
    if kind is _ED:
        world.given += [Given(patient, s.content, step.who, step.country, accepted) for s in sent]
    elif accepted:
        world.given = [replace(g, accepted=False) if g.content in contents else g
                       for g in world.given]  # fmt: skip
    return made


def tidy(world: World, patient_of: Callable[[PatientId], str]) -> None:
    """Take back what a scenario has dispensed, so that the next one finds it again."""
    for given in [g for g in world.given if g.accepted]:
        step = Step("discard", given.who, patient_of(given.patient), given.country)
        _provide(world, step, given.patient, [given.content], _DISCARD)


def _none(world: World, step: Step) -> list[Exchange]:  # noqa: ARG001
    return []


_STEPS: dict[str, Callable[[World, Step], list[Exchange]]] = {
    "identify": _identify, "query": _query, "retrieve": _retrieve, "dispense": _dispense,
    "discard": _discard, "audit": _none, "log": _none,
}  # fmt: skip
