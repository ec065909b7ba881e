"""Country B: who asks, with which assertions, in which message; and reading what comes back."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lxml import etree

from data.errors import InputError
from ncp.codes import bare
from ncp.countries import country as country_of
from ncp.messages import xca, xcpd, xdr
from ncp.model import HealthProfessional, PatientId
from ncp.scenarios.model import Asked, Exchange, Step, Unable
from ncp.scenarios.sending import Line, Raw
from ncp.scenarios.tampering import Changes, envelope, sorted_changes, tampered
from ncp.soap import SoapFault, content_type, read, write, write_mtom
from ncp.tables import transactions
from ncp.trust import issue
from ncp.trust.keys import Signer
from ncp.trust.policy import role

SERVICES = {"ITI-55": "XCPD_Service", "ITI-38": "XCA_Service", "ITI-39": "XCA_Service",
            "ITI-41": "XDR_Service"}  # fmt: skip
ROLES = {"doctor": "221", "nurse": "2221", "midwife": "2222", "dentist": "2261",
         "pharmacist": "2262", "physiotherapist": "2264", "technician": "3213",
         "clerk": "44"}  # fmt: skip
"""Role words of a step; a role code of ISCO-08 may stand there too."""
_SESSION = dt.timedelta(minutes=30)


def utc_now() -> dt.datetime:
    """Return the time of the machine."""
    return dt.datetime.now(dt.UTC)


@dataclass
class CountryB:
    """Asks a target, as any professional of any country whose certificates are at hand.

    Attributes:
        line: the way to the target.
        home_a: home community of country A.
        listen: is given every exchange.
    """

    line: Line
    home_a: str
    listen: Callable[[Exchange], None] = lambda _: None
    clock: Callable[[], dt.datetime] = utc_now
    _issued: dict[tuple[Any, ...], tuple[bytes, dt.datetime]] = field(default_factory=dict)

    def send(
        self, step: Step, name: str, body: etree._Element, asked: Asked, *, message_id: str = ""
    ) -> Exchange:
        """Send one message and read its answer.

        Args:
            step: who asks, what is tampered with, which certificate.
            name: transaction, ``ITI-38``.
            body: of the message.
            asked: what the message says; assertions and message id are added.
            message_id: of a message that is sent again.

        Raises:
            Unable: certificates that cannot be had.
        """
        changes = sorted_changes(step.tamper)
        professional = self.professional(step)
        assertions = self._assertions(step, professional, asked.patient, name, changes)
        message_id = message_id or f"urn:uuid:{uuid.uuid4()}"
        asked = replace(asked, professional=professional, assertions=tuple(assertions),
                        message_id=message_id)  # fmt: skip
        action = transactions()[name].request_action
        url = self.line.service(SERVICES[name])
        options: dict[str, Any] = {"action": action, "to": url, "message_id": message_id,
                                   "assertions": assertions}  # fmt: skip
        content, kind = (write_mtom(body, **options) if name == "ITI-41"
                         else (write(body, **options), content_type(action)))  # fmt: skip
        content = envelope(content, changes.message)
        for word in changes.message:
            if word.startswith("content-type="):
                kind = word.partition("=")[2]
        started = self.clock()
        raw = self.line.post(SERVICES[name], content, kind, step.tls or step.country)
        made = _read(Exchange(asked, url, content, kind, started, self.clock()), raw)
        self.listen(made)
        return made

    def professional(self, step: Step) -> HealthProfessional:
        """Return who asks in a step."""
        code = step.country or self.line.credentials.country
        known = role(ROLES.get(step.who, step.who))
        home = country_of(code).home_community
        return HealthProfessional(
            name_id=f"test.{known.code}@hospital.example", name="Astrid Testsson",
            role=known.coded, locality="Test Hospital",
            facility_type="Pharmacy" if known.code in ("2262", "3213") else "Hospital",
            organization="Test Hospital", organization_id=f"urn:hl7ii:{bare(home)}:1",
            home_community=home, permissions=known.permissions, country=code,
            on_behalf_of="221" if known.code == "44" else "",
        )  # fmt: skip

    def _assertions(
        self,
        step: Step,
        professional: HealthProfessional,
        patient: PatientId | None,
        name: str,
        changes: Changes,
    ) -> list[bytes]:
        seal = self.line.credentials.seal(step.country)
        now = self.clock()
        key = (step.country, professional)

        def seals(other: str) -> Signer:
            return self.line.credentials.seal(other or step.country)

        def identity(words: Sequence[str]) -> bytes:
            return self._kept((*key, "hcp", words), lambda: tampered(
                issue.hcp(professional, seal, now=now), words, seals, now), now)  # fmt: skip

        # The treatment relationship rests on the identity as it was validly signed, whatever is
        # changed in that afterwards: nothing else may give the request away.
        base = identity(tuple(w for w in changes.hcp if w.startswith(".")))
        later = [w for w in changes.hcp if w.startswith("!")]
        found = {"hcp": tampered(base, later, seals, now) if later else base}
        if name != "ITI-55" and patient is not None:
            found["trc"] = self._kept((*key, "trc", patient, base, changes.trc), lambda: tampered(
                issue.trc(base, patient, seal, now=now), changes.trc, seals, now), now)  # fmt: skip
        return [
            assertion
            for kind, assertion in found.items()
            if kind not in changes.without
            for _ in range(2 if kind in changes.twice else 1)
        ]

    def _kept(
        self, key: tuple[Any, ...], make: Callable[[], bytes], now: dt.datetime
    ) -> bytes:  # fmt: skip
        """Assertions serve a session, as those of a professional do; not those about time."""
        if any(word.startswith(".window") for part in key if isinstance(part, tuple)
               for word in part):  # fmt: skip
            return _made(make)
        found = self._issued.get(key)
        if found is None or found[1] + _SESSION < now:
            found = (_made(make), now)
            self._issued[key] = found
        return found[0]


def _made(make: Callable[[], bytes]) -> bytes:
    try:
        return make()
    except InputError as error:
        # A broken identity assertion carries no treatment relationship; nothing to send then.
        raise Unable(f"the assertion cannot be made: {error}") from None


def _read(made: Exchange, raw: Raw) -> Exchange:
    made.status, made.response, made.response_type = raw.status, raw.content, raw.content_type
    made.error = raw.error
    if raw.error:
        return made
    try:
        read_envelope = read(raw.content, raw.content_type, answer=True)
        made.findings = read_envelope.findings
        made.relates_to, made.response_id = read_envelope.relates_to, read_envelope.message_id
        made.fault, made.body = read_envelope.fault, read_envelope.body
        if made.fault is None:
            made.answer = _answer(made.asked.transaction, read_envelope.body,
                                  read_envelope.attachments)  # fmt: skip
            made.findings = (*made.findings, *made.answer.findings)
    except (SoapFault, InputError, ValueError) as error:
        text = error.reason if isinstance(error, SoapFault) else str(error)
        made.error = f"HTTP {raw.status}, unreadable: {text}"
    return made


def _answer(name: str, body: etree._Element, attachments: dict[str, bytes]) -> Any:
    if name == "ITI-55":
        return xcpd.read_response(body)
    if name == "ITI-38":
        return xca.read_query_response(body)
    if name == "ITI-39":
        return xca.read_retrieve_response(body, attachments)
    return xdr.read_response(body)
