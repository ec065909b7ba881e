"""The HTTP side of country A: paths of OpenNCP, bounds on size and time, admin on loopback only.

Nothing of the inside is told: an answer is a SOAP message, a SOAP fault or a short plain text.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol

from anyio import CapacityLimiter, to_thread
from cryptography import x509
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import Receive, Scope, Send

from ncp.service.hooks import Delivery
from ncp.service.wire import Answer, Incoming

BASE = "/openncp-ws-server/services"
SERVICES = ("XCPD_Service", "XCA_Service", "XDR_Service")
MAX_BODY = 32 * 1024 * 1024
BODY_SECONDS = 30.0
_WORKERS = 4


class Exchange(Protocol):
    """What answers: the pipeline of country A."""

    def handle(self, incoming: Incoming) -> Answer:
        """Answer a request; never raises."""

    def journal(self, limit: int) -> list[dict[str, Any]]:
        """Return the last entries of the journal, plain."""

    def reset(self) -> None:
        """Forget everything that has happened."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds of one request: bytes, and seconds for its body."""

    body: int = MAX_BODY
    seconds: float = BODY_SECONDS


def build(
    exchange: Exchange,
    *,
    limits: Limits | None = None,
    more: Callable[[], list[BaseRoute]] = list,
    workers: int = _WORKERS,
) -> Starlette:
    """Return the application.

    Args:
        exchange: what answers.
        limits: bounds of a request.
        more: further routes on the same server (the FHIR way).
        workers: exchanges at the same time; the others wait their turn.
    """
    bounds, limiter = limits or Limits(), CapacityLimiter(workers)

    async def soap(request: Request) -> Response:
        service = request.path_params["service"]
        if service not in SERVICES:
            return PlainTextResponse("No such service.\n", 404)
        if request.method != "POST":
            return _not_posted(request)
        incoming = await _incoming(request, service, bounds)
        answer = await to_thread.run_sync(exchange.handle, incoming, limiter=limiter)
        return _Delivered(answer)

    async def journal(request: Request) -> Response:
        if not _from_here(request):
            return PlainTextResponse("Not found.\n", 404)
        try:
            limit = min(10_000, max(1, int(request.query_params.get("limit", "100"))))
        except ValueError:
            return PlainTextResponse("limit is a number.\n", 400)
        entries = await to_thread.run_sync(exchange.journal, limit, limiter=limiter)
        return JSONResponse({"schema": "ehds.ncp-journal/1", "entries": entries})

    async def reset(request: Request) -> Response:
        if not _from_here(request):
            return PlainTextResponse("Not found.\n", 404)
        await to_thread.run_sync(exchange.reset, limiter=limiter)
        return JSONResponse({"reset": True})

    async def health(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    routes: list[BaseRoute] = [
        Route("/healthz", health, methods=["GET"]),
        Route("/__admin/journal", journal, methods=["GET"]),
        Route("/__admin/reset", reset, methods=["POST"]),
        Route(BASE + "/{service}", soap, methods=["GET", "POST", "PUT", "DELETE", "PATCH"]),
        *more(),
    ]
    return Starlette(routes=routes)


async def _incoming(request: Request, service: str, bounds: Limits) -> Incoming:
    peer = _peer(request.scope)
    broken, status, content = "", 0, b""
    try:
        async with asyncio.timeout(bounds.seconds):
            content = await _body(request, bounds.body)
    except TimeoutError:
        broken, status = "the request was not received in time", 408
    except _TooLargeError:
        broken, status = f"the request is larger than {bounds.body // 2**20} MiB", 413
    except ClientDisconnect:
        broken, status = "the client went away", 400
    server = request.scope.get("server")
    return Incoming(
        service, content, request.headers.get("content-type", ""), peer,
        request.client.host if request.client else "", str(request.url), broken, status,
        str(server[0]) if server else "",
    )  # fmt: skip


async def _body(request: Request, bound: int) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > bound:
        raise _TooLargeError
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > bound:
            raise _TooLargeError
        parts.append(part)
    return b"".join(parts)


class _TooLargeError(Exception):
    """More bytes than are read."""


def _not_posted(request: Request) -> Response:
    if request.method == "GET" and "wsdl" in {key.lower() for key in request.query_params}:
        return PlainTextResponse(
            "The service description is not published here: it is the WSDL of the transaction in "
            "IHE ITI TF-2, at this address.\n", 404,
        )  # fmt: skip
    return PlainTextResponse("SOAP messages are sent with POST.\n", 405, {"Allow": "POST"})


def _from_here(request: Request) -> bool:
    """Whether a person on this machine asks; a web page in their browser sends an Origin."""
    if "origin" in request.headers:
        return False
    try:
        return bool(request.client and ipaddress.ip_address(request.client.host).is_loopback)
    except ValueError:
        return False


def _peer(scope: Scope) -> x509.Certificate | None:
    chain = scope.get("extensions", {}).get("tls", {}).get("client_cert_chain") or []
    return _certificate(chain[0]) if chain else None


@lru_cache(maxsize=256)
def _certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


class _Delivered(Response):
    """An answer that is sent as the fault on demand wants it; normally just sent."""

    def __init__(self, answer: Answer) -> None:
        how = answer.delivery
        super().__init__(answer.content, how.status or answer.status,
                         {"content-type": how.content_type or answer.content_type})  # fmt: skip
        self._how: Delivery = how

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self._how.delay:
            await asyncio.sleep(self._how.delay)
        reset = scope.get("extensions", {}).get("ehds.reset", {}).get("call")
        if self._how.reset and reset:
            reset()
            return
        if self._how.cut is None:
            await super().__call__(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": self.status_code,
                    "headers": self.raw_headers})  # fmt: skip
        body = bytes(self.body)[: self._how.cut]
        await send({"type": "http.response.body", "body": body, "more_body": True})
        if reset:
            await asyncio.sleep(0.05)  # what was sent goes out before the connection breaks
            reset()
