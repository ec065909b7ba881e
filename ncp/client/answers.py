"""What country A answered, read into plain values.

Sources: IHE ITI-55, 38, 39, 41 answers as ``ncp.messages`` reads them; WS-Addressing 1.0 Core 3.4
(RelatesTo).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from data.errors import Problem
from data.results import Outcome, Result, Severity
from ips.words import harmless
from ncp.client.failures import Unreachable
from ncp.client.message import Message
from ncp.client.transport import Reply
from ncp.codes import Status
from ncp.messages import xca, xcpd, xdr
from ncp.model import DocumentEntry, Person, Refusal, Weight
from ncp.soap import Envelope, SoapFault, check_answer, read


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What all answers have.

    Attributes:
        reply: the messages as they went over the line.
        response_id: message id of the answer.
        refusals: errors and warnings that country A gave.
        findings: where the answer departs from its profile, or from what was asked.
    """

    reply: Reply = field(repr=False)
    response_id: str = ""
    refusals: tuple[Refusal, ...] = ()
    findings: tuple[Result, ...] = ()

    @property
    def empty(self) -> bool:
        """Whether nothing of what was asked for was given."""
        return True

    @property
    def refused(self) -> Refusal | None:
        """The reason why nothing was given, the gravest; None where something was."""
        if not self.empty:
            return None
        ranked = sorted(self.refusals, key=lambda r: r.weight is not Weight.ERROR)
        return ranked[0] if ranked else Refusal("ERROR_GENERIC", "nothing was given, without "
                                                "a reason")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Identified(Answer):
    """Who the patient is (ITI-55)."""

    persons: tuple[Person, ...] = ()
    said: xcpd.Response | None = field(default=None, repr=False, compare=False)

    @property
    def empty(self) -> bool:
        """Whether no patient was found."""
        return not self.persons


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed(Answer):
    """The documents that there are (ITI-38)."""

    entries: tuple[DocumentEntry, ...] = ()
    status: Status = Status.FAILURE

    @property
    def empty(self) -> bool:
        """Whether no document is listed."""
        return not self.entries


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched(Answer):
    """Documents (ITI-39)."""

    documents: tuple[xca.Retrieved, ...] = ()
    status: Status = Status.FAILURE

    @property
    def empty(self) -> bool:
        """Whether no document came."""
        return not self.documents


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken(Answer):
    """How a submission was taken (ITI-41)."""

    status: Status = Status.FAILURE

    @property
    def empty(self) -> bool:
        """Whether nothing was taken."""
        return self.status is Status.FAILURE


def opened(reply: Reply) -> tuple[Envelope, Refusal | None, list[Result]]:
    """Open an answer: its envelope, or the refusal that its SOAP fault is; and its findings.

    Raises:
        Unreachable: no SOAP message, another message than the answer, or a fault of the receiver.
    """
    try:
        envelope = read(reply.content, reply.content_type, answer=True)
    except SoapFault as fault:
        raise _useless(reply, f"the answer cannot be read: {harmless(fault.reason)}") from None
    found = [*envelope.findings, *_related(envelope, reply.sent)]
    try:
        check_answer(envelope, reply.sent.transaction)
    except SoapFault as fault:
        reason = harmless(fault.reason)
        if envelope.fault is None:
            raise _useless(reply, reason) from None
        if fault.code != "Sender":
            code = harmless(fault.code)
            raise _useless(reply, f"country A answers with a fault, {code}: {reason}") from None
        text = f"{reason} ({harmless(fault.detail)})" if fault.detail else reason
        return envelope, Refusal("SOAP-SENDER", text, location=fault.subcode,
                                 status="Failure"), found  # fmt: skip
    return envelope, None, found


def _useless(reply: Reply, what: str) -> Unreachable:
    return Unreachable(
        Problem(what, reply.sent.to, remedy="keep what came with --raw and tell country A"),
        reply.sent, doubtful=True, status=reply.status, content_type=reply.content_type,
        content=reply.content,
    )  # fmt: skip


def read_answer(reply: Reply) -> Identified | Listed | Fetched | Taken:
    """Read an answer for what it gives and refuses, without comparing it with the question.

    Raises:
        Unreachable: it is none.
    """
    envelope, fault, found = opened(reply)
    kind, reading = _READERS[reply.sent.transaction.name]
    shared: dict[str, Any] = {"reply": reply, "response_id": envelope.message_id}
    if fault:
        return kind(**shared, refusals=(fault,), findings=tuple(found))
    try:
        said = reading(envelope)
    except SoapFault as broken:
        raise _useless(reply, f"the answer cannot be read: {harmless(broken.reason)}") from None
    said["findings"] = (*found, *said["findings"])
    return kind(**shared, **said)


def _person(envelope: Envelope) -> dict[str, Any]:
    said = xcpd.read_response(envelope.body)
    refusals = (said.refusal,) if said.refusal else ()
    return {"persons": said.persons, "said": said, "refusals": refusals,
            "findings": said.findings}  # fmt: skip


def _list(envelope: Envelope) -> dict[str, Any]:
    said = xca.read_query_response(envelope.body)
    return {"entries": said.entries, **_registry(said)}


def _documents(envelope: Envelope) -> dict[str, Any]:
    said = xca.read_retrieve_response(envelope.body, envelope.attachments)
    return {"documents": said.documents, **_registry(said)}


def _registry(said: xca.QueryResponse | xca.RetrieveResponse | xdr.Response) -> dict[str, Any]:
    return {"status": said.status, "refusals": said.refusals, "findings": said.findings}


_Reader = tuple[type[Identified | Listed | Fetched | Taken], Callable[[Envelope], dict[str, Any]]]
_READERS: dict[str, _Reader] = {
    "ITI-55": (Identified, _person), "ITI-38": (Listed, _list), "ITI-39": (Fetched, _documents),
    "ITI-41": (Taken, lambda envelope: _registry(xdr.read_response(envelope.body))),
}  # fmt: skip


def _related(envelope: Envelope, sent: Message) -> Iterator[Result]:
    if envelope.relates_to and envelope.relates_to != sent.message_id:
        yield finding("b-relates-to", "the answer names another request than ours",
                       "/Envelope/Header/RelatesTo", "WS-Addressing 1.0 Core 3.4")  # fmt: skip


def finding(
    rule: str, message: str, location: str, source: str, *, warning: bool = False
) -> Result:
    """Return a departure: grave unless it is a warning."""
    severity = Severity.WARNING if warning else Severity.ERROR
    return Result(rule, Outcome.FAIL, severity, message, location, source=source)


def grave(findings: Iterable[Result]) -> list[Result]:
    """Return the findings for which an answer must not be used without a second look."""
    return [f for f in findings if f.outcome is Outcome.FAIL and f.severity is Severity.ERROR]
