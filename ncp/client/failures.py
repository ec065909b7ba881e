"""Why country A gave no answer: what is wrong, whether the message may have arrived, what to do."""

from __future__ import annotations

import ssl

import requests
from requests.exceptions import (
    ChunkedEncodingError,
    ConnectTimeout,
    ContentDecodingError,
    RequestException,
    SSLError,
)
from urllib3.exceptions import (
    HTTPError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
)

from data.errors import EnvironmentProblem, Problem
from ips.words import harmless
from ncp.client.message import Message

_BUSY = frozenset({500, 502, 503, 504})
_SOAP = ("application/soap+xml", "multipart/related", "text/xml", "application/xml")


class Unreachable(EnvironmentProblem):
    """Country A cannot be reached, or what it sent is no answer.

    Attributes:
        sent: the last message that was tried.
        doubtful: the message may have arrived all the same.
        status: HTTP status; 0 where there was none.
        content_type, content: what came, where something did.
    """

    def __init__(
        self, problem: Problem, sent: Message, *, doubtful: bool = False, status: int = 0,
        content_type: str = "", content: bytes = b"",
    ) -> None:  # fmt: skip
        super().__init__(problem)
        self.sent, self.doubtful, self.status = sent, doubtful, status
        self.content_type, self.content = content_type, content


def check_usable(answer: requests.Response, body: bytes, sent: Message) -> None:
    """Let pass what may be a SOAP message; a SOAP fault comes with 400 or 500."""
    status, kind = answer.status_code, answer.headers.get("Content-Type", "")
    media = kind.partition(";")[0].strip().lower()
    if status in (200, 400, 415, 500) and media in _SOAP and body.strip():
        return
    shown = harmless(kind[:80]) or "none"
    problems = {
        401: Problem("country A does not know who asks (HTTP 401)", sent.to,
                     remedy="check the TLS client certificate: --cert and --key"),
        403: Problem("country A does not let this certificate in (HTTP 403)", sent.to,
                     remedy="have the authority of --cert trusted there"),
        404: Problem("there is no such service (HTTP 404)", sent.to, remedy="check --url"),
    }  # fmt: skip
    problem = problems.get(status)
    if problem is None and 300 <= status < 400:
        problem = Problem(f"country A sends on to another address (HTTP {status})", sent.to,
                          rule="assertions are not sent where they were not meant for",
                          remedy="give the right address with --url")  # fmt: skip
    if problem is None and status == 200:
        problem = Problem(f"the answer is no SOAP message but of type {shown}", sent.to,
                          rule="application/soap+xml or multipart/related",
                          remedy="check --url; keep what came with --raw")  # fmt: skip
    if problem is None:
        problem = Problem(f"country A cannot answer (HTTP {status})", sent.to,
                          remedy=doubt(sent) or "try again later")  # fmt: skip
    raise Unreachable(problem, sent, doubtful=status >= 500 or status == 200, status=status,
                      content_type=kind, content=body)  # fmt: skip


def passing(failed: Unreachable) -> bool:
    """Return whether the failure may be over in a moment: busy, or the connection broke.

    A timeout is not: whoever waited a minute does not want to wait three.
    """
    cause = failed.__cause__
    broke = isinstance(cause, RequestException | HTTPError | OSError)
    return failed.status in _BUSY or (broke and not _late(cause) and not _refused(cause))


def _late(error: BaseException | None) -> bool:
    """Return whether the answer, or the rest of it, did not come in time."""
    inner = error.args[0] if error and error.args else None
    read = isinstance(error, requests.Timeout) and not isinstance(error, ConnectTimeout)
    return read or isinstance(error, ReadTimeoutError) or isinstance(inner, ReadTimeoutError)


def never_sent(failed: Unreachable) -> bool:
    """Return whether the connection was not even made, so that nothing can have arrived."""
    return failed.status == 0 and not failed.doubtful and not _refused(failed.__cause__)


def _refused(error: BaseException | None) -> bool:
    """Return whether TLS itself was refused; a line that was cut is an error of TLS too."""
    return isinstance(error, SSLError) and not isinstance(_inner(error), ssl.SSLEOFError)


def _inner(error: BaseException | None) -> object:
    """Return the error of the socket or of OpenSSL, without the layers around it."""
    found: object = error
    for _ in range(8):
        deeper = getattr(found, "reason", None)
        if not isinstance(deeper, BaseException):
            arguments = reversed(getattr(found, "args", ()))
            deeper = next((a for a in arguments if isinstance(a, BaseException)), None)
        if deeper is None:
            break
        found = deeper
    return found


def why(error: BaseException) -> str:
    """Return why a line broke, in words that people know, in one line."""
    inner = _inner(error)
    if isinstance(inner, NameResolutionError):
        return "the name of the host is not known"
    if isinstance(inner, NewConnectionError) and isinstance(inner.__context__, OSError):
        inner = inner.__context__
    if isinstance(inner, OSError) and inner.strerror and not isinstance(inner, ssl.SSLError):
        return harmless(inner.strerror)
    unverified = getattr(inner, "verify_message", "")
    if unverified:
        return harmless(f"certificate verify failed: {unverified}")
    said = " ".join(str(getattr(inner, "reason", None) or inner).split())
    return harmless(f"{type(inner).__name__}: {said}"[:300])


def _before_sending(error: BaseException) -> bool:
    """Return whether the connection itself was not made."""
    if isinstance(error, ConnectTimeout):
        return True
    inner = error.args[0] if error.args else None
    return isinstance(inner, MaxRetryError) and isinstance(inner.reason, NewConnectionError)


def failure(error: BaseException, sent: Message) -> Unreachable:
    """Return what an error of the line means for who asks."""
    if _refused(error):
        # Only who was not trusted has certainly got nothing; an alert may come after the message.
        doubtful = not isinstance(_inner(error), ssl.SSLCertVerificationError)
        return Unreachable(
            Problem(f"TLS to country A fails: {_short(error)}", sent.to,
                    rule="MyHealth@EU: mutual TLS 1.2 or later",
                    remedy="check --ca (their authority), --cert and --key (ours)"), sent,
            doubtful=doubtful,
        )  # fmt: skip
    if _late(error):
        return Unreachable(
            Problem("country A did not answer in time", sent.to,
                    remedy=doubt(sent) or "try again, or raise --timeout"), sent, doubtful=True
        )  # fmt: skip
    if _before_sending(error):
        return Unreachable(
            Problem(f"country A cannot be reached: {why(error)}", sent.to,
                    remedy="check that it runs («ehds ncp serve») and --url"), sent
        )  # fmt: skip
    broken = isinstance(error, ChunkedEncodingError | ContentDecodingError | HTTPError)
    what = "the answer broke off" if broken else "the connection to country A broke"
    remedy = "try again; who does not trust our certificate (--cert, --key) may cut the line too"
    return Unreachable(Problem(f"{what}: {why(error)}", sent.to, remedy=doubt(sent) or remedy),
                       sent, doubtful=True)  # fmt: skip


def doubt(sent: Message) -> str:
    """Return what to do when it is not known whether a report arrived; empty for a question."""
    if sent.safe:
        return ""
    return ("it is not known whether the report arrived: list the prescriptions of the patient "
            "before it is sent again")  # fmt: skip


def _short(error: BaseException) -> str:
    """Return the reason that OpenSSL gives."""
    inner = _inner(error)
    said = getattr(inner, "verify_message", "") or getattr(inner, "reason", "") or inner
    return harmless(" ".join(str(said).split())[:200])
