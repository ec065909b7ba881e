"""What keeps the portal to the tester at this machine: host, origin, token, and what a page may do.

A page of another site that the tester has open must not ask for patients here (DNS rebinding,
cross-site requests), and nothing that another country sent may run in the browser.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from urllib.parse import parse_qsl, urlsplit

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from data.errors import InputError, Problem

MAX_FORM = 64 * 1024
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
PAGE = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
DOCUMENT = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
"""For the readable page of a document: in a frame of ours, without script, form or network.

Its style sheet is admitted by the page itself, by digest."""
FILE = "sandbox; default-src 'none'; frame-ancestors 'none'"
_HEADERS = {
    "X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store", "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}  # fmt: skip


class Forbidden(Exception):
    """A request that no page of this portal sent.

    Attributes:
        key: of the text that says why.
    """

    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key


class Guard:
    """Lets in requests to this machine by its own names, and binds what browsers may do."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 421 to another host's name; give every answer its headers."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def bound(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers.setdefault(name, value)
                headers.setdefault("Content-Security-Policy", PAGE)
            await send(message)

        if _name(Request(scope).headers.get("host", "")) not in _HERE:
            await _plain(bound, 421, b"This portal answers to localhost only.\n")
            return
        await self._app(scope, receive, bound)


async def _plain(send: Callable[[Message], Awaitable[None]], status: int, text: bytes) -> None:
    kind = [(b"content-type", b"text/plain; charset=utf-8")]
    await send({"type": "http.response.start", "status": status, "headers": kind})
    await send({"type": "http.response.body", "body": text})


def _name(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


async def form(request: Request) -> dict[str, str]:
    """Return the fields of a form that was sent; of several with one name the last.

    Raises:
        Forbidden: it comes from another site.
        InputError: no form, or too large.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise Forbidden("forbidden.origin")
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise Forbidden("forbidden.origin")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise InputError(Problem("this is no form of the portal", "Content-Type"))
    content = b""
    async for part in request.stream():
        content += part
        if len(content) > MAX_FORM:
            raise InputError(Problem(f"the form is larger than {MAX_FORM // 1024} KiB", "form"))
    try:
        text = content.decode("ascii")
        pairs = parse_qsl(text, keep_blank_values=True, errors="strict", max_num_fields=200)
    except ValueError:
        raise InputError(Problem("the form cannot be read", "form", rule="UTF-8")) from None
    return {name: value.replace("\0", "") for name, value in pairs}


def check_token(fields: dict[str, str], token: str) -> None:
    """Let pass a form that a page of this desk made.

    Raises:
        Forbidden: another one, or a page from before the portal was started anew.
    """
    if not hmac.compare_digest(fields.get("token", "").encode(), token.encode()):
        raise Forbidden("forbidden.token")
