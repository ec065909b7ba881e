"""One request over FHIR on its way through: the same checks and the same record as over SOAP."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from lxml import etree

from ncp.audit import Event, Transaction
from ncp.audit.transaction import Party
from ncp.fhir.outcomes import Declined, declined
from ncp.fhir.token import Bearer
from ncp.fhir.wire import Asked
from ncp.model import Operation, PatientId, Refusal
from ncp.service.point import Call, Point
from ncp.service.wire import Incoming
from ncp.soap import Envelope, SoapFault
from ncp.trust.verify import Trusted

_UNAUTHENTICATED = "1001"


@dataclass
class FhirCall(Call):
    """A request with what the audit must know of it in the end.

    Attributes:
        asked: the request.
        limited: scopes of an EHR system; None for a professional of another country.
        client: the EHR system.
    """

    asked: Asked | None = None
    limited: frozenset[str] | None = None
    client: str = ""

    @property
    def base(self) -> str:
        """URL of the interface."""
        return self.asked.base if self.asked else ""

    @property
    def treated(self) -> PatientId | None:
        """The one patient whose documents may be seen; None for an EHR system (any)."""
        return self.trusted.trc_patient if self.trusted else None

    @property
    def is_ehr(self) -> bool:
        """Whether an EHR system of the own country asks."""
        return self.limited is not None

    @property
    def country_b(self) -> str:
        """The country that asks."""
        return self.point.country.code if self.is_ehr else super().country_b

    def verify(self, operations: Iterable[Operation]) -> Trusted:
        """Verify the assertions for operations, all of which must be allowed.

        Raises:
            Refusal: what they lack; also where SOAP has a fault for it.
        """
        try:
            return super().verify(operations)
        except SoapFault as fault:
            raise Refusal(_UNAUTHENTICATED, fault.reason) from None

    def permit(self, operations: Iterable[Operation], scope: str) -> None:
        """Check that who asks may do this.

        Args:
            operations: what a professional needs the permissions for.
            scope: what an EHR system needs (``DocumentReference.s``).

        Raises:
            Refusal: what the assertions lack.
            Declined: the scope is missing.
        """
        wanted = list(dict.fromkeys(operations))
        if self.limited is None:
            self.verify(wanted)
            return
        self.operation = wanted[0]
        if not _covers(self.limited, scope):
            raise _lacking(scope)

    def permit_any(self, operations: Sequence[Operation], scope: str) -> None:
        """Check that who asks may do one of these."""
        for operation in operations[:-1]:
            with suppress(Refusal):
                self.permit([operation], scope)
                return
        self.permit(operations[-1:], scope)

    def permit_publication(self, scope: str) -> None:
        """Check that an EHR system may publish here.

        Raises:
            Declined: the scope is missing.
        """
        self.operation = Event.PUBLICATION
        if not _covers(self.limited or frozenset(), scope):
            raise _lacking(scope)

    def transaction(self, status: int, answer_type: str) -> Transaction:
        """Return what the audit keeps."""
        made = super().transaction(status, answer_type)
        method = self.asked.method if self.asked else "GET"
        made = replace(made, transport="FHIR", wire=replace(made.wire, method=method))
        if self.is_ehr:
            made = replace(made, consumer=Party(self.client, self.incoming.address, "",
                                                self.point.country.code))  # fmt: skip
        return made


def of_professional(point: Point, asked: Asked, bearer: Bearer, now: dt.datetime) -> FhirCall:
    """Return the call of a professional of another country, not yet verified."""
    return _call(point, asked, now, bearer.assertions)


def of_system(
    point: Point, asked: Asked, client: str, scopes: frozenset[str], now: dt.datetime
) -> FhirCall:
    """Return the call of an EHR system with the scopes of its token."""
    made = _call(point, asked, now, ())
    made.limited, made.client = scopes, client
    return made


def _call(
    point: Point, asked: Asked, now: dt.datetime, assertions: tuple[etree._Element, ...]
) -> FhirCall:
    name = asked.header("x-request-id")[:128] or f"urn:uuid:{uuid.uuid4()}"
    envelope = Envelope(asked.method, name, asked.base, "", "", None, assertions,
                        etree.Element("none"))  # fmt: skip
    incoming = Incoming("FHIR", asked.content, asked.header("content-type"), asked.peer,
                        asked.address, f"{asked.base}/{asked.path}")  # fmt: skip
    return FhirCall(point, incoming, now, envelope, query=asked.line.encode(), asked=asked,
                    answer_id=f"urn:uuid:{uuid.uuid4()}")  # fmt: skip


def _lacking(scope: str) -> Declined:
    return declined(403, "forbidden", f"the scope system/{scope} is missing", "Authorization")


def _covers(scopes: frozenset[str], wanted: str) -> bool:
    """Return whether SMART scopes (v2: ``system/Patient.rs``) hold a right on a resource type."""
    kind, _, rights = wanted.partition(".")
    for scope in scopes:
        level, _, rest = scope.partition("/")
        name, _, given = rest.partition(".")
        if (
            level == "system"
            and name in (kind, "*")
            and set(rights) <= set(given.partition("?")[0])
        ):
            return True
    return False
