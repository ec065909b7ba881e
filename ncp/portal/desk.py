"""The desk of one tester: whom is asked, who asks, which patient, and everything since.

A desk lives in memory and belongs to one browser; a portal keeps the latest few.
"""

from __future__ import annotations

import datetime as dt
import secrets
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from ncp.client import Asker, Client, Partner, Taken, Transport, Unreachable
from ncp.client.answers import Answer
from ncp.client.asker import professional
from ncp.client.dispensing import Dispensation
from ncp.client.documents import Received
from ncp.codes import Status
from ncp.model import DocumentEntry, Person, Traits
from ncp.portal.settings import Settings, Target
from ncp.portal.steps import Step, answered, failed, recorded
from ncp.store import Store
from ncp.trust import certs

_A = TypeVar("_A", bound=Answer)
_DESKS, _STEPS, _BYTES = 32, 200, 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Who:
    """Who asks; an empty role is the one that usually does what is asked."""

    role: str = ""
    name: str = ""
    purpose: str = "TREATMENT"


@dataclass(slots=True)
class Paper:
    """A document on the desk, and the language that it was translated to."""

    number: int
    entry: DocumentEntry
    received: Received
    step: int
    lang: str


@dataclass(slots=True)
class Handed:
    """A dispensation: what was reported, in which step, and whether it was taken back."""

    number: int
    package: str
    quantity: str
    made: Dispensation
    person: Person
    step: int
    taken: bool
    back: int = 0
    """Step in which it was taken back; 0 before."""


@dataclass
class Desk:
    """What one tester has before them.

    Attributes:
        settings, store: of the portal.
        token: secret that every form carries.
        patient: the chosen one of ``persons``.
        prescription_id, pin: for countries whose mask asks for them with a prescription.
        listed: the last list of documents.
        once: forms that were sent already, with where they led.
    """

    settings: Settings
    store: Store
    lang: str
    token: str = field(default_factory=lambda: secrets.token_urlsafe(32))
    target: Target | None = None
    partner: Partner | None = None
    who: Who = Who()
    asked: Traits = field(default_factory=Traits)
    prescription_id: str = ""
    pin: str = ""
    persons: tuple[Person, ...] = ()
    identified: int = 0
    patient: Person | None = None
    kind: str = ""
    listed: tuple[DocumentEntry, ...] = ()
    queried: int = 0
    papers: list[Paper] = field(default_factory=list)
    handed: list[Handed] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    once: dict[str, str] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
    _clients: dict[str, Client] = field(default_factory=dict)
    _count: int = 0

    def choose(self, target: Target, who: Who) -> None:
        """Begin anew with a contact point; what was exchanged before stays to be looked at.

        Raises:
            EhdsError: the contact point or the role cannot be used; nothing is changed then.
        """
        partner = self.settings.partner(target)
        professional(self.settings.country, who.role or "221")
        self.close()
        self.target, self.partner, self.who = target, partner, who
        self.asked, self.persons, self.identified = Traits(), (), 0
        self.leave_patient()

    def leave_patient(self) -> None:
        """Put the papers of the patient away; no document stays beside another patient's name."""
        self.patient, self.kind, self.listed, self.queried = None, "", (), 0
        self.papers.clear()
        self.handed.clear()

    def ask_with(self, traits: Traits, prescription_id: str, pin: str) -> None:
        """Keep what a patient is asked for with; another patient's papers are put away."""
        if (prescription_id, pin) != (self.prescription_id, self.pin):
            self.close()  # they stand in the assertion, which is made anew
        self.asked, self.prescription_id, self.pin = traits, prescription_id, pin
        self.persons = ()
        self.leave_patient()

    def exchange(
        self, word: str, role: str, doing: Callable[[Client], _A]
    ) -> tuple[Step, _A | None]:
        """Do one exchange and keep it as a step.

        Args:
            word: ``identify`` and so on.
            role: ISCO-08 role that usually does it.
            doing: asks the client.

        Returns:
            The step, and the answer where there is one.

        Raises:
            InputError: the request cannot be built.
        """
        started = self.settings.clock()
        number = self._count + 1
        try:
            answer: _A | None = doing(self._client(self.who.role or role))
        except Unreachable as failure:
            answer = None
            step = failed(number, word, started, failure,
                          recorded(self.store, failure.sent, started))  # fmt: skip
        else:
            assert answer is not None
            step = answered(number, word, started, answer,
                            recorded(self.store, answer.reply.sent, started))  # fmt: skip
        self._count = number
        self.steps = _latest([*self.steps, step])
        return step, answer

    def step(self, number: int) -> Step | None:
        """Return a step by its number; None when it is not, or no longer, there."""
        return next((s for s in self.steps if s.number == number), None)

    def paper(self, number: int) -> Paper | None:
        """Return a document by its number."""
        return next((p for p in self.papers if p.number == number), None)

    def close(self) -> None:
        """Give back the connections."""
        for client in self._clients.values():
            client.__exit__(None, None, None)
        self._clients.clear()

    def _client(self, role: str) -> Client:
        assert self.partner is not None
        if role not in self._clients:
            who = professional(self.settings.country, role, name=self.who.name,
                               purpose=self.who.purpose)  # fmt: skip
            self._clients[role] = Client(
                self.partner,
                Asker(who, self._seal(), prescription_id=self.prescription_id, pin=self.pin),
                country=self.settings.country, store=self.store,
                transport=Transport(self.partner, self.settings.limits), clock=self.settings.clock,
            )  # fmt: skip
        return self._clients[role]

    def _seal(self) -> certs.Signer:
        if self.settings.seal:
            return self.settings.seal
        code = self.settings.asking.code
        now: dt.datetime = self.settings.clock()
        return certs.ensure(self.settings.home / "certs" / code, code, now=now).seal


def _latest(steps: list[Step]) -> list[Step]:
    """Return the latest steps, as many as the memory of a desk holds; the last one always."""
    kept: list[Step] = []
    size = 0
    for step in reversed(steps[-_STEPS:]):
        size += len(step.response)
        if kept and size > _BYTES:
            break
        kept.append(step)
    return kept[::-1]


def all_taken(answer: Taken | None) -> bool:
    """Return whether a submission was taken whole."""
    return answer is not None and answer.status is Status.SUCCESS


class Desks:
    """The desks of a portal by the cookie of their browser.

    Args:
        settings, store: given to each.
    """

    def __init__(self, settings: Settings, store: Store) -> None:
        self._settings, self._store = settings, store
        self._desks: OrderedDict[str, Desk] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, cookie: str) -> tuple[str, Desk]:
        """Return the desk of a cookie, or a new one with the cookie that it will have."""
        with self._lock:
            if cookie in self._desks:
                self._desks.move_to_end(cookie)
                return cookie, self._desks[cookie]
            made = Desk(self._settings, self._store, self._settings.lang)
            key = secrets.token_urlsafe(32)
            self._desks[key] = made
            if len(self._desks) > _DESKS:
                _, oldest = self._desks.popitem(last=False)
                oldest.close()
            return key, made
