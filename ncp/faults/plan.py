"""Which faults hold for the request at hand: those of the server, or of the request itself.

A tester may send ``X-EHDS-Fault: latency=2@ps-list, reset`` with one request; it counts instead of
the faults of the server. The header is read only where faults were allowed at the start.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from data.errors import InputError
from ncp.faults.table import Fault, parse

HEADER = "x-ehds-fault"
_current: ContextVar[Sequence[Fault] | None] = ContextVar("faults", default=None)


class Plan:
    """The faults of a server; they can be changed while it runs.

    Args:
        faults: that hold for every request.
    """

    def __init__(self, faults: Sequence[Fault] = ()) -> None:
        self.faults = faults

    def now(self) -> Sequence[Fault]:
        """Return the faults of the request at hand."""
        own = _current.get()
        return self.faults if own is None else own

    def of(self, stage: str) -> Iterator[Fault]:
        """Yield the faults of a stage."""
        yield from (fault for fault in self.now() if fault.known.stage == stage)

    def named(self, name: str) -> Fault | None:
        """Return a fault by its name, where it is asked for."""
        return next((fault for fault in self.now() if fault.name == name), None)


@contextmanager
def requested(faults: Sequence[Fault]) -> Iterator[None]:
    """Let these faults hold inside the block, in this thread and what it starts."""
    token = _current.set(faults)
    try:
        yield
    finally:
        _current.reset(token)


class FaultHeader:
    """Takes the faults of a request from its header.

    Args:
        app: what answers.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on, with its faults."""
        said = Headers(scope=scope).get(HEADER) if scope["type"] == "http" else None
        if said is None:
            await self._app(scope, receive, send)
            return
        try:
            faults = parse(part for part in said.split(",") if part.strip())
        except InputError as error:
            text = "\n".join(line for problem in error.problems for line in problem.lines())
            await PlainTextResponse(text + "\n", 400)(scope, receive, send)
            return
        with requested(faults):
            await self._app(scope, receive, send)
