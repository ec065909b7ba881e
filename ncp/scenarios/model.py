"""What a scenario is, and what came of running one.

A scenario is a person's text in ``data/exchange/scenarios``; what it says is carried out against a
target and judged. Outcomes are those of everything that judges here: what the target cannot show is
skip (a precondition is missing) or omit (does not apply), never pass.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from data.results import Outcome, Result, Severity, summary_outcome
from ncp.model import HealthProfessional, Operation, PatientId, Traits
from ncp.soap.faults import SoapFault

SERVICES = ("PS-A", "eP-A", "OrCD-A")
"""Roles of a contact point as the tests of MyHealth@EU name them (eD-A is part of eP-A)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that country B does.

    Attributes:
        do: ``identify``, ``query``, ``retrieve``, ``dispense``, ``discard``, ``audit`` or
            ``log``.
        who: role word of the professional (``doctor``, ``pharmacist``).
        patient: name in the target profile; for ``identify`` several with a space between.
        country: another country B than the run's, ``{foreign}`` for any; empty for that.
        tamper: what is changed in assertions and envelope, see ``ncp.scenarios.tampering``.
        tls: another certificate of the connection: ``none`` or a variant or country.
        options: what belongs to the operation only.
        expect: what must come back; a step without is preparation, whose failure is a skip.
    """

    do: str
    who: str = "doctor"
    patient: str = ""
    country: str = ""
    tamper: tuple[str, ...] = ()
    tls: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
    expect: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One scenario.

    Attributes:
        id: stable id, ``IDN-01``.
        nb, en: purpose, one line.
        area: file that it stands in.
        services: roles of the target that it applies to.
        needs: features of the target profile without which it does not apply.
        source: what it tests.
        obligations: ids of obligations that it bears on.
        state: changes or needs the state of prescriptions.
        severity: how much a failure weighs.
        steps: in order.
    """

    id: str
    nb: str
    en: str
    area: str
    services: tuple[str, ...]
    source: str
    steps: tuple[Step, ...]
    needs: tuple[str, ...] = ()
    obligations: tuple[str, ...] = ()
    state: bool = False
    severity: Severity = Severity.ERROR

    def title(self, lang: str) -> str:
        """Return the purpose in a language."""
        return self.nb if lang == "nb" else self.en

    @property
    def patients(self) -> tuple[str, ...]:
        """Names of the target profile that the scenario uses."""
        named = [n for s in self.steps
                 for n in (*s.patient.split(), str(s.options.get("asked", "")))]  # fmt: skip
        return tuple(dict.fromkeys(filter(None, named)))


NOBODY = Traits()


@dataclass(frozen=True, slots=True)
class Asked:
    """What country B put into a message, for comparison with what comes back."""

    operation: Operation
    transaction: str
    patient: PatientId | None = None
    traits: Traits = NOBODY
    documents: tuple[str, ...] = ()
    submission_set: str = ""
    contents: tuple[bytes, ...] = ()
    professional: HealthProfessional | None = None
    message_id: str = ""
    query_id: str = ""
    assertions: tuple[bytes, ...] = ()


@dataclass
class Exchange:
    """One request with its answer, as they went over the line.

    Attributes:
        error: why there is no answer that can be read: the connection, or its content.
        answer: the answer as read (type by transaction), or None.
        body: element of the answer's body, or None.
    """

    asked: Asked
    url: str
    request: bytes = field(repr=False)
    request_type: str
    started: dt.datetime
    ended: dt.datetime
    status: int = 0
    response: bytes = field(default=b"", repr=False)
    response_type: str = ""
    error: str = ""
    fault: SoapFault | None = None
    answer: Any = None
    body: Any = None
    relates_to: str = ""
    response_id: str = ""
    findings: tuple[Result, ...] = ()

    @property
    def seconds(self) -> float:
        """How long the answer took."""
        return (self.ended - self.started).total_seconds()

    @property
    def payload(self) -> int:
        """How many patients, entries or documents came."""
        for name in ("persons", "entries", "documents"):
            if hasattr(self.answer, name):
                return len(getattr(self.answer, name))
        return 0

    @property
    def refusals(self) -> tuple[Any, ...]:
        """What the answer refuses or warns of."""
        if hasattr(self.answer, "refusals"):
            return tuple(self.answer.refusals)
        one = getattr(self.answer, "refusal", None)
        return (one,) if one is not None else ()

    @property
    def codes(self) -> list[str]:
        """Error codes of the answer."""
        return [r.code for r in self.refusals]

    @property
    def word(self) -> str:
        """Status of a registry answer; of an identification its acknowledgement."""
        status = getattr(self.answer, "status", None)
        return status.word if status is not None else str(getattr(self.answer, "ack", ""))


class Unable(Exception):
    """The scenario cannot be carried out on this target.

    Attributes:
        outcome: skip (a precondition is missing) or omit (does not apply).
    """

    def __init__(self, reason: str, outcome: Outcome = Outcome.SKIP) -> None:
        super().__init__(reason)
        self.reason, self.outcome = reason, outcome


@dataclass(frozen=True)
class ScenarioRun:
    """What came of one scenario."""

    scenario: Scenario
    results: tuple[Result, ...]
    exchanges: tuple[Exchange, ...] = ()
    seconds: float = 0.0
    audits: Mapping[str, bytes] = field(default_factory=dict)
    level: Severity = Severity.ERROR

    @property
    def outcome(self) -> Outcome:
        """The outcome: findings below the level that fails are passed with a note."""
        order = [Severity.ERROR, Severity.WARNING, Severity.INFORMATION]
        counted = order[: order.index(self.level) + 1]
        found = [
            Outcome.PASS if r.outcome is Outcome.FAIL and r.severity not in counted else r.outcome
            for r in self.results
        ]  # fmt: skip
        judged = [o for o in found if o is not Outcome.OMIT]
        return summary_outcome(judged or found)

    @property
    def reasons(self) -> list[Result]:
        """What is worth telling: everything but what holds, gravest first."""
        order = list(Outcome)
        told = [r for r in self.results if r.outcome is not Outcome.PASS]
        return sorted(told, key=lambda r: (order.index(r.outcome), r.severity))
