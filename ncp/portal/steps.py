"""One exchange as the tester sees it afterwards: what went over the line, and what came of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from lxml import etree

from data.errors import Problem
from data.results import Outcome, Result
from ncp.audit.journal import Entry, Filter, entries
from ncp.client import Unreachable
from ncp.client.answers import Answer
from ncp.client.message import Message
from ncp.model import Operation, Refusal
from ncp.store import Store

_TYPES = {".xml": "application/xml", ".mime": "application/octet-stream",
          ".json": "application/json", ".txt": "text/plain"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class File:
    """A file that can be looked at and downloaded."""

    name: str
    label: str
    content: bytes = field(repr=False)

    @property
    def media_type(self) -> str:
        """Its media type, by its ending."""
        return _TYPES.get("." + self.name.rpartition(".")[2], "application/octet-stream")


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One exchange.

    Attributes:
        number: 1, 2, 3 in the order of the tester's work.
        word: ``identify``, ``query``, ``retrieve``, ``dispense``, ``discard``.
        sent: the message as it went.
        status: of HTTP; 0 where there was none.
        given: something of what was asked for came.
        refusals: errors and warnings of country A.
        findings: where the answer departs from its profile, or from what was asked.
        problem: why there is no answer, or None.
        doubtful: without an answer, the request may have arrived all the same.
        records: entries of the journal about this exchange, of both sides where both are kept here.
    """

    number: int
    word: str
    when: dt.datetime
    sent: Message = field(repr=False)
    status: int = 0
    response_type: str = ""
    response: bytes = field(default=b"", repr=False)
    given: bool = False
    refusals: tuple[Refusal, ...] = ()
    findings: tuple[Result, ...] = ()
    problem: Problem | None = None
    doubtful: bool = False
    attempts: int = 1
    records: tuple[Entry, ...] = field(default=(), repr=False)

    @property
    def state(self) -> str:
        """``unreachable``, ``refused``, ``warned`` or ``done``."""
        if self.problem:
            return "unreachable"
        if not self.given:
            return "refused"
        return "warned" if self.refusals or self.findings else "done"

    def files(self) -> list[File]:
        """Return everything that is kept of the exchange, in the order in which it happened."""
        content, kind = self.sent.written
        found = [File(f"assertion-{name}.xml", f"assertion.{name}", one)
                 for name, one in _assertions(self.sent)]  # fmt: skip
        found.append(File(f"request{_ending(kind)}", "request", content))
        if self.response:
            found.append(File(f"response{_ending(self.response_type)}", "response", self.response))
        heads = (f"POST {self.sent.to}\nContent-Type: {kind}\n\nHTTP {self.status}\n"
                 f"Content-Type: {self.response_type}\n")  # fmt: skip
        found.append(File("headers.txt", "headers", heads.encode()))
        for entry in self.records:
            stem = f"audit-{entry.number}-{entry.transaction.side.lower()}"
            for part, ending in (("atna", "xml"), ("events", "json"), ("nro", "xml"),
                                 ("nrr", "xml")):  # fmt: skip
                if part in entry.parts:
                    found.append(File(f"{stem}-{part}.{ending}", f"audit.{part}",
                                      entry.parts[part]))  # fmt: skip
        return found


def answered(
    number: int, word: str, when: dt.datetime, answer: Answer, records: tuple[Entry, ...]
) -> Step:
    """Return the step of an exchange that was answered."""
    reply = answer.reply
    refused = answer.refused
    return Step(
        number=number, word=word, when=when, sent=reply.sent, status=reply.status,
        response_type=reply.content_type, response=reply.content, given=not answer.empty,
        refusals=answer.refusals or ((refused,) if refused else ()),
        findings=tuple(f for f in answer.findings if f.outcome is Outcome.FAIL),
        attempts=reply.attempts, records=records,
    )  # fmt: skip


def failed(
    number: int, word: str, when: dt.datetime, failure: Unreachable, records: tuple[Entry, ...]
) -> Step:
    """Return the step of an exchange without a usable answer."""
    return Step(
        number=number, word=word, when=when, sent=failure.sent, status=failure.status,
        response_type=failure.content_type, response=failure.content,
        problem=failure.problems[0], doubtful=failure.doubtful, records=records,
    )  # fmt: skip


def recorded(store: Store, sent: Message, since: dt.datetime) -> tuple[Entry, ...]:
    """Return the entries of the journal about a message, and about the assertions made for it."""
    issued = {ident for ident, _ in _ids(sent.assertions)}
    with store.connect() as connection:
        found = entries(connection, Filter(since=since), parts=("atna", "events", "nro", "nrr"))
        return tuple(e for e in found if _about(e, sent.message_id, issued))


def _about(entry: Entry, message_id: str, issued: set[str]) -> bool:
    event = entry.transaction
    if event.request_id:
        return event.request_id == message_id
    return not isinstance(event.operation, Operation) and bool(issued & {*event.objects})


def _assertions(sent: Message) -> Iterator[tuple[str, bytes]]:
    for (_, kind), content in zip(_ids(sent.assertions), sent.assertions, strict=True):
        yield kind, content


def _ids(assertions: Sequence[bytes]) -> list[tuple[str, str]]:
    """Return id and kind of each assertion, as its issuer's qualifier names it."""
    found = []
    for content in assertions:
        root = etree.fromstring(content)  # issued here a moment ago
        issuer = root.find("{*}Issuer")
        qualifier = issuer.get("NameQualifier", "") if issuer is not None else ""
        found.append((root.get("ID", ""), qualifier.rpartition(":")[2] or "other"))
    return found


def _ending(kind: str) -> str:
    return ".mime" if kind.lower().startswith("multipart/") else ".xml"
