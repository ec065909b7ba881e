"""The portal as a web application: its addresses, and how each request is led to a page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from data.errors import EhdsError, EnvironmentProblem
from ncp.portal import asking, messages, papers
from ncp.portal.calls import HERE, Call, Handler
from ncp.portal.desk import Desk, Desks
from ncp.portal.guard import Forbidden, Guard, check_token, form
from ncp.portal.settings import Settings
from ncp.portal.texts import Explained
from ncp.store import Store

COOKIE = "ehds-portal"
_LOOK: dict[str, Handler] = {
    "/": asking.start,
    "/patient": asking.patient,
    "/matches": asking.matches,
    "/documents": asking.documents,
    "/document/{number:int}": papers.document,
    "/document/{number:int}/page": papers.readable,
    "/document/{number:int}/file/{name}": papers.file,
    "/dispensations": papers.dispensations,
    "/dispensations/{number:int}/file": papers.dispensation_file,
    "/messages": messages.messages,
    "/messages/{number:int}": messages.message,
    "/messages/{number:int}/file/{name}": messages.file,
    "/messages/{number:int}/all": messages.archive,
    "/language": messages.language,
}
_DO: dict[str, Handler] = {
    "/target": asking.choose_target,
    "/identify": asking.identify,
    "/choose": asking.choose_patient,
    "/query": asking.query,
    "/retrieve": asking.retrieve,
    "/document/{number:int}/dispense": papers.dispense,
    "/discard": papers.discard,
}
_STATIC = {"portal.css": "text/css", "portal.js": "text/javascript", "portal.svg": "image/svg+xml"}


def build(settings: Settings, store: Store) -> Starlette:
    """Return the portal.

    Args:
        settings: what it is started with.
        store: where the journal of country B is kept.
    """
    desks = Desks(settings, store)
    return Starlette(
        routes=[
            *(Route(path, _page(desks, does), methods=["GET"]) for path, does in _LOOK.items()),
            *(Route(path, _page(desks, does), methods=["POST"]) for path, does in _DO.items()),
            *(Route(f"/static/{name}", partial(_static, name)) for name in _STATIC),
        ],
        middleware=[Middleware(Guard)],
        exception_handlers={
            404: _page(desks, Call.missing, sent=False),
            405: _page(desks, Call.missing, sent=False),
            500: _page(desks, Call.broken, sent=False),
        },
    )  # fmt: skip


async def _static(name: str, _request: Request) -> Response:
    return Response((HERE / "static" / name).read_bytes(), media_type=_STATIC[name])


def _page(
    desks: Desks, handler: Handler, *, sent: bool = True
) -> Callable[..., Awaitable[Response]]:
    """Return the endpoint of a page; ``sent``: a form that was sent is read and checked first."""

    async def endpoint(request: Request, _error: Exception | None = None) -> Response:
        cookie = request.cookies.get(COOKIE, "")
        key, desk = desks.get(cookie)
        answer = await _answer(request, desk, handler, sent and request.method == "POST")
        if key != cookie:
            answer.set_cookie(COOKIE, key, httponly=True, samesite="strict", path="/")
        return answer

    return endpoint


async def _answer(request: Request, desk: Desk, handler: Handler, sent: bool) -> Response:
    call = Call(desk, request.url.path, request.path_params, dict(request.query_params))
    try:
        if sent:
            fields = await form(request)
            check_token(fields, desk.token)
            call = Call(desk, request.url.path, request.path_params, fields)
        return await run_in_threadpool(_handled, handler, call)
    except Forbidden as error:
        told = Explained(meaning=call.words(error.key), remedy=call.words("forbidden.remedy"))
        return call.page("problem", "", 403, problems=[told])
    except EhdsError as error:
        status = 502 if isinstance(error, EnvironmentProblem) else 400
        return call.page("problem", "", status, problems=error.problems)


def _handled(handler: Handler, call: Call) -> Response:
    with call.desk.lock:  # one step after the other, also with two windows
        return handler(call)
