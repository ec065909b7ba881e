"""A request from its URL to its answer, with the record of it: nothing is answered unrecorded.

The order is that of the SOAP side: find the interaction, let it verify and look up, then in one
database transaction change what is to be changed and write the audit. Only what is kept is
answered. Everything that is refused is answered with an OperationOutcome.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from data.errors import EhdsError, InputError
from ips.identifiers import mask
from ncp.audit.journal import record
from ncp.fhir.call import FhirCall
from ncp.fhir.negotiation import answer_media, write
from ncp.fhir.outcomes import Declined, Issue, declined, of_problems, of_refusal, outcome
from ncp.fhir.wire import FHIR_JSON, Asked, Json, Result, Said
from ncp.model import Operation, Refusal
from ncp.service.point import Point
from ncp.soap import SoapFault

_log = logging.getLogger("ehds.ncp")
_METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH")
_ID = "{id}"


@dataclass(frozen=True, slots=True)
class Interaction:
    """One thing that can be asked.

    Attributes:
        path: below the base; ``{id}`` stands for the id of a resource.
        run: does it; gets the call, and the id where the path has one.
        files: whether it may answer another form than FHIR.
    """

    method: str
    path: str
    run: Callable[..., Result]
    files: bool = False


@dataclass(frozen=True, slots=True)
class Public:
    """What everyone may ask: the answer depends on nobody and is not recorded."""

    method: str
    path: str
    answer: Callable[[Asked], Said | Json]


class Desk:
    """Answers the requests of one interface.

    Args:
        point: the contact point.
        interactions: what can be asked by those who show a token.
        public: what can be asked by everyone.
        caller: makes the call from a request, or raises ``Declined`` for a token that is not good.
        stranger: makes the call of somebody whose token is not good, for the record.
    """

    def __init__(
        self,
        point: Point,
        interactions: Sequence[Interaction],
        public: Sequence[Public],
        caller: Callable[[Asked], FhirCall],
        stranger: Callable[[Asked], FhirCall],
    ) -> None:
        self.point = point
        self._interactions, self._public = interactions, public
        self._caller, self._stranger = caller, stranger

    def handle(self, asked: Asked) -> Said:
        """Answer a request; never raises."""
        try:
            for open_ in self._public:
                if (open_.method, open_.path) == (asked.method, asked.path) and not asked.broken:
                    return self._openly(open_, asked)
        except Declined as refused:
            return _refused(asked, refused)
        except Exception as error:  # noqa: BLE001, RUF100 - the caller gets a number, the log the rest
            return _refused(asked, _internal(asked, error))
        call = self._stranger(asked)
        try:
            interaction, identity = self._interaction(asked)
            if not interaction.files:
                answer_media(asked)
            call = self._caller(asked)
            result = interaction.run(call, *([identity] if identity else []))
            return self._conclude(call, result)
        except Exception as error:  # noqa: BLE001, RUF100 - whatever it is, the caller gets an outcome
            return self._decline(call, asked, error)

    def _interaction(self, asked: Asked) -> tuple[Interaction, str]:
        self._connected(asked)
        if asked.broken:
            raise declined(asked.status, "too-long" if asked.status == 413 else "timeout",
                           asked.broken)  # fmt: skip
        allowed = {one.method for one in self._public if one.path == asked.path}
        for one in self._interactions:
            identity = _fits(one.path, asked.path)
            if identity is None:
                continue
            if one.method == asked.method:
                return one, identity
            allowed.add(one.method)
        if allowed:
            shown = ", ".join(m for m in _METHODS if m in allowed)
            raise Declined(405, (Issue("not-supported", f"here one can {shown}"),),
                           {"Allow": shown})  # fmt: skip
        raise declined(404, "not-supported", f"«{asked.path[:80]}» is not offered; "
                       f"see {asked.base}/metadata")  # fmt: skip

    def _connected(self, asked: Asked) -> None:
        """Refuse a connection whose certificate was taken back since it was made.

        Raises:
            Declined: 401.
        """
        if asked.peer is None:
            return
        why_not = self.point.trust.revoked(asked.peer, self.point.clock())
        if why_not:
            raise declined(401, "login", why_not, "TLS", "1001")

    def _openly(self, open_: Public, asked: Asked) -> Said:
        self._connected(asked)
        made = open_.answer(asked)
        if isinstance(made, Said):
            return made
        media = answer_media(asked)
        return Said(200, media, write(made, media))

    def _conclude(self, call: FhirCall, result: Result) -> Said:
        """Keep what is to be kept and answer it, or neither."""
        said = self.point.store.write(partial(self._keep, call, result))
        self._tell(call)
        return said

    def _keep(self, call: FhirCall, result: Result, connection: Connection) -> Said:
        asked = call.asked
        assert asked is not None
        if result.keep is not None:
            result = result.keep(connection) or result
        if result.resource is not None:
            media = answer_media(asked)
            content = write(result.resource, media)
        else:
            media, content = result.media, result.raw
        if isinstance(call.operation, Operation):
            content = self.point.hooks.answer(call.operation, content)
        said = Said(result.status, media, content, {**_headers(asked), **result.headers})
        record(connection, call.transaction(said.status, media), asked.content, content)
        return said

    def _decline(self, call: FhirCall, asked: Asked, error: Exception) -> Said:
        if isinstance(error, Refusal):
            call.refusals.append(error)
            refused = of_refusal(error)
        else:
            refused = _as_declined(asked, error)
            call.failed = str(refused)
        said = _refused(asked, refused)
        try:
            self.point.store.write(
                lambda connection: record(connection, call.transaction(said.status, said.media),
                                          asked.content, said.content)
            )  # fmt: skip
        except (SQLAlchemyError, EhdsError, ValueError) as failed:
            return _refused(asked, _internal(asked, failed))
        return said

    def _tell(self, call: FhirCall) -> None:
        """Tell the national side what is kept; what it makes of it changes nothing here."""
        connector = self.point.connector
        for dispensed, notice in call.notices:
            try:
                (connector.dispensed if dispensed else connector.discarded)(notice)
            except Exception as error:  # noqa: BLE001, RUF100 - a country's own code
                _log.error("the connector did not take %s: %s", notice.dispensation_id,
                           mask(f"{type(error).__name__}: {error}"))  # fmt: skip


def _fits(pattern: str, path: str) -> str | None:
    """Return the id in a path of this shape, empty where it has none; None for another shape."""
    if _ID not in pattern:
        return "" if pattern == path else None
    head = pattern.removesuffix(_ID)
    rest = path.removeprefix(head)
    if not path.startswith(head) or not rest or "/" in rest or rest[0] in "$_":
        return None
    return rest[:64]


def _as_declined(asked: Asked, error: Exception) -> Declined:
    if isinstance(error, Declined):
        return error
    if isinstance(error, SoapFault):
        return declined(400, "processing", error.reason)
    if isinstance(error, InputError):
        return of_problems(422, error.problems)
    return _internal(asked, error)


def _internal(asked: Asked, error: Exception) -> Declined:
    """Return a refusal that tells nothing of the inside; the log has the reason by its number."""
    number = uuid.uuid4().hex[:12]
    # Numbers of patients may stand in the message of an exception, so it is masked as a whole.
    told = mask("".join(traceback.format_exception(error)))
    _log.error("internal error %s in %s %s: %s", number, asked.method, mask(asked.path), told)
    return declined(500, "exception", f"internal error, reference {number}")


def _refused(asked: Asked, refused: Declined) -> Said:
    try:
        media = answer_media(asked)
    except Declined:
        media = FHIR_JSON
    content = write(outcome(refused.issues), media)
    return Said(refused.status, media, content, {**_headers(asked), **refused.headers})


def _headers(asked: Asked) -> dict[str, str]:
    """Health data is kept by no cache; the caller finds its request by its own id."""
    found = {"Cache-Control": "no-store"}
    name = asked.header("x-request-id")[:128]
    return {**found, "X-Request-Id": name} if name and name.isprintable() else found
