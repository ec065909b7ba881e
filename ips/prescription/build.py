"""From the messages of Reseptformidleren to European prescriptions and dispensations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from data.errors import InputError, Problem
from ips.eresept import fest as fest_reader
from ips.eresept import m1, m10
from ips.eresept import recall as recall_reader
from ips.eresept.envelope import (
    DISPENSATION,
    PRESCRIPTION,
    Message,
    set_aside_list,
    set_aside_rest,
)
from ips.eresept.m1 import Kind, Prescription
from ips.eresept.recall import Recall
from ips.eresept.sweep import sweep
from ips.loss import Fate, Loss, LossReport
from ips.prescription import people, request
from ips.prescription.bundle import Collection, Resource
from ips.prescription.medicine import in_fest, medication, route
from ips.prescription.received import dispensation
from ips.sources.base import Reading
from ips.sources.element import Element
from ips.summary import gate

_GOODS = ("A prescription of goods (medical devices, food) is no prescription of a medicinal "
          "product; Directive 2011/24/EU Art 3(k).")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Built:
    """A European document with its balance.

    Attributes:
        bundle: FHIR R4 Bundle of type collection with the resources of HL7 Europe MPD 1.0.0.
        loss: every element of the message, with what became of it.
        warnings: what is doubtful, and what must be known before it crosses a border.
    """

    bundle: Resource
    loss: LossReport
    warnings: tuple[Problem, ...] = field(default=())


class OutsideScope(InputError):
    """The message holds goods only: nothing of it is a European prescription.

    Attributes:
        loss: every element of the message, as not carried.
    """

    def __init__(self, problems: Sequence[Problem], loss: LossReport) -> None:
        super().__init__(problems)
        self.loss = loss


def build(
    content: bytes,
    fest: bytes | None = None,
    *,
    recall: bytes | None = None,
    name: str = "m1.xml",
    lenient: bool = False,
) -> Built:
    """Build the ePrescription of an M1, or of all prescriptions in an M9.6 list.

    Args:
        content: the message; M1 of version 2.4 or 2.5, bare or in its MsgHead, or M9.6.
        fest: an M30 (FEST) or an extract of it, for strength and route.
        recall: an M5 that calls back one of the prescriptions.
        name: file name for errors and the loss report.
        lenient: faults in the data become warnings.

    Raises:
        InputError: unreadable, faults in the data, or a recall of another prescription.
        OutsideScope: goods only.
        StructureError: what was built is not FHIR R4 (an internal error).
    """
    products = fest_reader.read(fest) if fest is not None else None
    built = assemble(content, products, recall=recall, name=name, lenient=lenient)
    gate.check(built.bundle)
    return built


def assemble(
    content: bytes,
    products: fest_reader.Fest | None = None,
    *,
    recall: bytes | None = None,
    name: str = "m1.xml",
    lenient: bool = False,
) -> Built:
    """Build like ``build``, with FEST read once for many messages and without the gate.

    Args:
        products: FEST, read.

    Raises:
        InputError: as ``build``.
        OutsideScope: goods only.
    """
    mail = m1.read(content, name=name, lenient=lenient)
    reading, prescriptions = mail.reading, mail.prescriptions
    for listing in mail.lists:
        set_aside_list(listing)
    recalls = _recalls(recall, prescriptions, reading, lenient=lenient)
    medicines = [p for p in prescriptions if p.kind is not Kind.GOODS]
    for prescription in prescriptions:
        if prescription.kind is Kind.GOODS:
            _goods(prescription)
    if not medicines:
        sweep(mail.roots, reading, PRESCRIPTION)
        reading.stop()
        what = "the message holds goods only, no medicine" if prescriptions else (
            "the list holds no prescription")  # fmt: skip
        problem = Problem(what, reading.source.name, rule=_GOODS if prescriptions else "M9.6",
                          remedy="there is nothing to send abroad")  # fmt: skip
        raise OutsideScope([problem], reading.loss.handed_over())
    into = Collection()
    warnings = []
    numbers: set[str] = set()
    for prescription in medicines:
        warnings += request.cautions(prescription)
        subject = _one(prescription, into, products, recalls.get(prescription.id.lower()))
        numbers |= {number["value"] for number in subject.get("identifier", ())}
    sweep(mail.roots, reading, PRESCRIPTION)
    source = reading.finish()
    if len(numbers) > 1:
        raise InputError(
            Problem(
                "the list is about more than one patient",
                source.name,
                rule="one record, one patient",
                remedy="give each patient a file of their own",
            )
        )
    return _built(into, medicines[0].message, reading, warnings)


def _one(
    prescription: Prescription,
    into: Collection,
    products: fest_reader.Fest | None,
    recall: Recall | None,
) -> Resource:
    """Add everything of one prescription to the collection and return its Patient."""
    message = prescription.message
    known = in_fest(prescription.product, products)
    patient = people.patient(message.info)
    subject = into.add(patient)
    requester = people.requester(message, into)
    drug = into.add(medication(prescription.product, prescription.kind, known))
    way = route(prescription.product, known)
    into.add(
        request.request(prescription, subject=subject, requester=requester, medication=drug,
                        route=way, recall=recall)
    )  # fmt: skip
    message.body.reading.loss.add_later(_closed, message)
    return patient


def build_dispensation(
    content: bytes, fest: bytes | None = None, *, name: str = "m10.xml", lenient: bool = False
) -> Built:
    """Build the eDispensation of an M10.

    Raises:
        InputError: unreadable, or faults in the data.
        OutsideScope: goods only.
    """
    report = m10.read(content, name=name, lenient=lenient)
    reading, supplies = report.reading, report.dispensations
    products = fest_reader.read(fest) if fest is not None else None
    into = Collection()
    medicines = [s for s in supplies if s.document]
    for supply in supplies:
        if not supply.document:
            _all_lost(supply.supply.child("ReseptDokHandelsvare"), _GOODS)
    if not medicines:
        sweep(report.roots, reading, DISPENSATION)
        reading.stop()
        raise OutsideScope([Problem("the report holds no medicine", reading.source.name,
                                    rule=_GOODS, remedy="there is nothing to send abroad")],
                           reading.loss.handed_over())  # fmt: skip
    for supply in medicines:
        dispensation(supply, into, products)
    for message in {id(s.report.element): s.message for s in supplies}.values():
        message.body.reading.loss.add_later(_closed, message)
    sweep(report.roots, reading, DISPENSATION)
    reading.stop()
    built = _built(into, medicines[0].message, reading, [])
    gate.check(built.bundle)
    return built


def _built(
    into: Collection, message: Message, reading: Reading, warnings: Sequence[Problem]
) -> Built:
    moment = message.info.moment("GenDate")
    reading.stop()
    bundle = into.bundle(moment if "T" in moment else "")
    return Built(bundle, reading.loss.handed_over(), (*reading.source.warnings, *warnings))


def _closed(message: Message, _: Sequence[Loss]) -> list[Loss]:
    """Return the notes on what is left of a message when everything that is known has been read.

    The report has left the notebook by now, which is used again for these notes alone.
    """
    info = message.info
    people.envelope(info)
    stamp = info.child("GenDate")
    if stamp:
        info.reading.exact(stamp.path, stamp.value, ("X1.2",))
    for part in (message.body, info):
        part.rest(("X1.2",))
    set_aside_rest(message)
    return info.reading.loss.handed_over().items


def _recalls(
    content: bytes | None, prescriptions: Sequence[Prescription], reading: Reading, *, lenient: bool
) -> dict[str, Recall]:
    if content is None:
        return {}
    _, found = recall_reader.read(content, lenient=lenient)
    known = {p.id.lower() for p in prescriptions}
    for recall in found:
        if recall.prescription.lower() not in known:
            reading.error("the recall is about another prescription", f"m5.xml: {recall.path}",
                          rule="M5: ReseptId is the MsgId of the prescription",
                          remedy="give the recall of this prescription")  # fmt: skip
    reading.stop()
    return {recall.prescription.lower(): recall for recall in found}


def _goods(prescription: Prescription) -> None:
    """Everything of a prescription of goods is named, and why it stays."""
    for part in (prescription.message.info, prescription.resept):
        _all_lost(part, _GOODS)
    set_aside_rest(prescription.message)


def _all_lost(part: Element, reason: str) -> None:
    for element in part.parts:
        personal = element.name in ("Patient", "Sender", "Utlending")
        part.reading.lose(element.path, "(given)" if personal else element.shown(),
                          Fate.NOT_CARRIED, reason, ("X1.2",))  # fmt: skip
