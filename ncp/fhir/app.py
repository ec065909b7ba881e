"""The FHIR interfaces on the server of a contact point: ``/fhir`` and ``/ehr``.

Bounds on size and time, as for SOAP; the work is done in threads, never in the loop.
"""

from __future__ import annotations

import asyncio
import ipaddress
from collections.abc import Callable
from functools import lru_cache

from anyio import CapacityLimiter, to_thread
from cryptography import x509
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route
from starlette.types import Scope

from ncp.fhir import ehr, exchange
from ncp.fhir.settings import Settings
from ncp.fhir.wire import Asked, Said
from ncp.service.point import Point

MAX_BODY = 16 * 1024 * 1024
BODY_SECONDS = 30.0
_METHODS = ["GET", "POST", "PUT", "DELETE", "PATCH"]
_HERE = ("localhost", "127.0.0.1", "::1")


def routes(point: Point, settings: Settings | None = None, *, workers: int = 6) -> list[BaseRoute]:
    """Return the routes of both interfaces for the server of a contact point.

    Args:
        point: the contact point; what the interfaces remember is added to its store.
        settings: registered EHR systems, shared secret, public address.
        workers: requests at the same time; the others wait their turn.
    """
    known = settings or Settings()
    point.store.create()
    limiter = CapacityLimiter(workers)
    found: list[BaseRoute] = []
    for place, desk in (("/fhir", exchange.desk(point, known)), ("/ehr", ehr.desk(point, known))):
        endpoint = _endpoint(place, desk.handle, known, limiter)
        found += [Route(place, endpoint, methods=_METHODS),
                  Route(place + "/{path:path}", endpoint, methods=_METHODS)]  # fmt: skip
    return found


def _endpoint(
    place: str, handle: Callable[[Asked], Said], settings: Settings, limiter: CapacityLimiter
) -> Callable[[Request], object]:
    async def answer(request: Request) -> Response:
        asked = await _asked(request, _base(request, settings) + place)
        said = await to_thread.run_sync(handle, asked, limiter=limiter)
        headers = dict(said.headers)
        if said.content or said.media:
            headers["content-type"] = said.media
        return Response(said.content, said.status, headers)

    return answer


async def _asked(request: Request, base: str) -> Asked:
    broken, status, content = "", 0, b""
    try:
        async with asyncio.timeout(BODY_SECONDS):
            content = await _body(request)
    except TimeoutError:
        broken, status = "the request was not received in time", 408
    except _TooLargeError:
        broken, status = f"the request is larger than {MAX_BODY // 2**20} MiB", 413
    except ClientDisconnect:
        broken, status = "the client went away", 400
    chain = request.scope.get("extensions", {}).get("tls", {}).get("client_cert_chain") or []
    return Asked(
        request.method, request.path_params.get("path", "").strip("/"),
        tuple(request.query_params.multi_items()),
        {name.lower(): value for name, value in request.headers.items()}, content, base,
        _certificate(chain[0]) if chain else None, request.client.host if request.client else "",
        broken, status,
    )  # fmt: skip


async def _body(request: Request) -> bytes:
    declared = request.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > MAX_BODY:
        raise _TooLargeError
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_BODY:
            raise _TooLargeError
        parts.append(part)
    return b"".join(parts)


class _TooLargeError(Exception):
    """More bytes than are read."""


@lru_cache(maxsize=256)
def _certificate(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


def _base(request: Request, settings: Settings) -> str:
    """Return the address of this server.

    What a caller says in ``Host`` is believed only where it is this machine: a token that was
    meant for another server must not become good by naming that server.
    """
    if settings.base:
        return settings.base.rstrip("/")
    scheme = request.url.scheme
    if (request.url.hostname or "") in _HERE and _own_port(request.scope, request.url.port):
        return f"{scheme}://{request.url.netloc}"
    host, port = request.scope.get("server") or ("localhost", None)
    shown = f"[{host}]" if _is_v6(host) else host
    return f"{scheme}://{shown}" + (f":{port}" if port else "")


def _own_port(scope: Scope, port: int | None) -> bool:
    own = (scope.get("server") or ("", None))[1]
    return own is None or port is None or port == own


def _is_v6(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).version == 6
    except ValueError:
        return False
