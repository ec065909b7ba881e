"""Expectations against any country B: our country A records what comes in, and judges it.

A tester names what a country B shall send, in TOML::

    [[expect]]
    id = "B-01"
    nb = "Sverige lister pasientoppsummeringen"
    en = "Sweden lists the patient summary"
    operation = "ps-list"
    patient = "09926601137"
    role = "221"
    count = [1, 5]
    allow = ["iti38-slot"]

An expectation is met by requests that fit it and break no rule that it does not allow. What has not
come is not assessed, never passed.
"""

from __future__ import annotations

import datetime as dt
import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from data.errors import EhdsError, did_you_mean
from data.loaders.tables import Problems, read_toml
from data.results import Outcome, Report, Result, Severity
from ncp.faults.table import OPERATIONS
from ncp.messages import xca, xcpd, xdr
from ncp.model import DocumentKind, Operation, PatientId, Refusal
from ncp.scenarios.shapes import shaped, words
from ncp.service.point import Point, list_operation
from ncp.service.wire import Answer, Incoming
from ncp.soap import Envelope, SoapFault, read, transaction_of
from ncp.trust.verify import examine

_SHAPES = {**words("text", "id nb en operation patient role source"),
           **words("texts", "allow obligations"), "count": "span"}  # fmt: skip
_RETRIEVES = (Operation.PS_RETRIEVE, Operation.EP_RETRIEVE, Operation.ORCD_RETRIEVE)


class Answering(Protocol):
    """What answers requests."""

    def handle(self, incoming: Incoming) -> Answer:
        """Answer a request."""

    def journal(self, limit: int) -> list[dict[str, Any]]:
        """Return the last entries of the journal."""

    def reset(self) -> None:
        """Forget everything."""


@dataclass(frozen=True, slots=True)
class Expectation:
    """What a country B shall send.

    Attributes:
        operation: which.
        patient: number, or empty for any.
        role: role code of the professional, or empty.
        count: least and most requests that fit.
        allow: rules that may be broken.
    """

    id: str
    nb: str
    en: str
    operation: Operation
    patient: str = ""
    role: str = ""
    count: tuple[int, int] = (1, 1_000_000)
    allow: frozenset[str] = frozenset()
    obligations: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True)
class Seen:
    """One request of a country B, judged.

    Attributes:
        operation: None where the message could not be read so far.
        results: every rule that was looked at.
    """

    moment: dt.datetime
    operation: Operation | None
    patients: tuple[PatientId, ...]
    role: str
    status: int
    results: tuple[Result, ...] = field(repr=False)

    def broken(self, allowed: frozenset[str]) -> list[Result]:
        """Return the rules that are broken and not allowed to be."""
        return [r for r in self.results if r.outcome is Outcome.FAIL
                and r.severity is Severity.ERROR and r.id not in allowed]  # fmt: skip


def read_expectations(place: Path) -> list[Expectation]:
    """Read expectations from a TOML file, or a folder of them.

    Raises:
        InputError: unreadable, or something that is not understood; all of it at once.
    """
    problems, found = Problems(), []
    files = sorted(place.glob("*.toml")) if place.is_dir() else [place]
    for file in files:
        with problems.gather():
            content = read_toml(file)
            if not shaped(content, {"expect": "tables"}, str(file), problems):
                continue
            for raw in content.get("expect", []):
                _check(raw, f"{file}: {raw.get('id', 'an expectation')}", problems)
                if not problems.found:
                    found.append(_expectation(raw))
    if not found and not problems.found:
        problems.add("no expectation is there", str(place), remedy="see docs/ncp-test.md")
    problems.stop()
    return found


def _check(raw: dict[str, Any], where: str, problems: Problems) -> None:
    for key in sorted(set(raw) - set(_SHAPES)):
        problems.add(f"«{key}» is not understood", where,
                     remedy=did_you_mean(key, _SHAPES, ", ".join(_SHAPES)))  # fmt: skip
    for key in ("id", "nb", "en", "operation"):
        if not raw.get(key):
            problems.add(f"«{key}» is missing", where)
    shaped(raw, _SHAPES, where, problems)
    operation = raw.get("operation")
    if isinstance(operation, str) and operation and operation not in OPERATIONS:
        problems.add(f"«{operation}» is no operation", where, remedy=", ".join(OPERATIONS))


def _expectation(raw: dict[str, Any]) -> Expectation:
    count = raw.get("count", [1, 1_000_000])
    low, high = (count, count) if isinstance(count, int) else (count[0], count[1])
    return Expectation(raw["id"], raw["nb"], raw["en"], OPERATIONS[raw["operation"]],
                       raw.get("patient", ""), raw.get("role", ""), (low, high),
                       frozenset(raw.get("allow", ())), tuple(raw.get("obligations", ())),
                       raw.get("source", ""))  # fmt: skip


class Watcher:
    """Answers as the contact point does, and judges what it is asked.

    Args:
        inner: what answers.
        point: the contact point.
    """

    def __init__(self, inner: Answering, point: Point) -> None:
        self._inner, self._point = inner, point
        self._seen: list[Seen] = []
        self._lock = threading.Lock()

    @property
    def seen(self) -> Sequence[Seen]:
        """The requests so far."""
        with self._lock:
            return tuple(self._seen)

    def handle(self, incoming: Incoming) -> Answer:
        """Answer a request, and judge it; never raises."""
        answer = self._inner.handle(incoming)
        found = judge(incoming, self._point, answer.status)
        with self._lock:
            self._seen.append(found)
        return answer

    def journal(self, limit: int) -> list[dict[str, Any]]:
        """Return the last entries of the journal."""
        return self._inner.journal(limit)

    def reset(self) -> None:
        """Forget everything."""
        with self._lock:
            self._seen.clear()
        self._inner.reset()


def judge(incoming: Incoming, point: Point, status: int = 0) -> Seen:
    """Judge one request of a country B by every rule of envelope, assertions and message."""
    now = point.clock()
    try:
        envelope = read(incoming.content, incoming.content_type)
        name = transaction_of(envelope, incoming.service).name
    except SoapFault as fault:
        return Seen(now, None, (), "", status, (_broken("soap-message", fault.reason),))
    results, patients, operations = _message(name, envelope)
    assertions = [
        examine(envelope.assertions, operation=operation, trust=point.trust, now=now,
                peer=incoming.peer, country_rules=point.rules)
        for operation in operations
    ]  # fmt: skip
    number = min(range(len(assertions)), key=lambda n: _failures(assertions[n]))
    results += [*envelope.findings, *assertions[number]]
    return Seen(now, operations[number], tuple(patients), _role(envelope), status, tuple(results))


def report(expectations: Sequence[Expectation], seen: Sequence[Seen]) -> Report:
    """Return what came of expectations: met, broken, or not assessed because nothing came."""
    return Report(tuple(_judged(one, seen) for one in expectations), "country B",
                  {"requests": len(seen)})  # fmt: skip


def _judged(one: Expectation, seen: Sequence[Seen]) -> Result:
    fits = [s for s in seen if s.operation is one.operation
            and (not one.patient or one.patient in {p.extension for p in s.patients})
            and (not one.role or one.role == s.role)]  # fmt: skip
    low, high = one.count
    broken = list(dict.fromkeys(f"{r.id}: {r.message}" for s in fits for r in s.broken(one.allow)))
    outcome, text = Outcome.PASS, f"{len(fits)} requests as expected"
    if not fits:
        outcome, text = Outcome.NOT_ASSESSED, "no such request came"
    elif broken:
        outcome, text = Outcome.FAIL, "; ".join(broken[:5])
    elif not low <= len(fits) <= high:
        outcome, text = Outcome.FAIL, f"{len(fits)} requests came, {low} to {high} are expected"
    return Result(one.id, outcome, Severity.ERROR, text, obligations=one.obligations,
                  source=one.source)  # fmt: skip


def _message(
    name: str, envelope: Envelope
) -> tuple[list[Result], list[PatientId], list[Operation]]:
    """Read the message: findings, patients, and the operations that it may be."""
    usual = {"ITI-55": [Operation.IDENTIFY], "ITI-38": [Operation.PS_LIST],
             "ITI-39": list(_RETRIEVES), "ITI-41": [Operation.DISPENSE]}[name]  # fmt: skip
    try:
        if name == "ITI-55":
            asked = xcpd.read_request(envelope.body)
            return list(asked.findings), list(asked.traits.ids), usual
        if name == "ITI-38":
            query = xca.read_query(envelope.body)
            operations = [o for o in map(list_operation, query.kinds) if o]
            return list(query.findings), [query.patient], operations or usual
        if name == "ITI-39":
            return list(xca.read_retrieve(envelope.body).findings), _treated(envelope), usual
        provided = xdr.read_provide(envelope.body, envelope.attachments)
        discard = any(s.entry.kind is DocumentKind.DISCARD for s in provided.submissions)
        patients = [s.entry.patient for s in provided.submissions]
        return list(provided.findings), patients, [Operation.DISCARD] if discard else usual
    except (Refusal, SoapFault, EhdsError) as error:
        return [_broken("message-form", str(error))], [], usual


def _failures(results: Sequence[Result]) -> int:
    return sum(r.outcome is Outcome.FAIL for r in results)


def _treated(envelope: Envelope) -> list[PatientId]:
    for assertion in envelope.assertions:
        for value in assertion.iter("{*}AttributeValue"):
            try:
                return [PatientId.parse(value.text or "")]
            except ValueError:
                continue
    return []


def _role(envelope: Envelope) -> str:
    for assertion in envelope.assertions:
        for role in assertion.iter("{urn:hl7-org:v3}Role"):
            return str(role.get("code", ""))
    return ""


def _broken(rule: str, message: str) -> Result:
    return Result(rule, Outcome.FAIL, Severity.ERROR, message, source="MyHealth@EU profiles")


__all__ = ["Expectation", "Seen", "Watcher", "judge", "read_expectations", "report"]
