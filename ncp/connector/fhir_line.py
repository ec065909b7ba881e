"""The line to a FHIR server that is not ours: searches with all their pages, and documents.

A server of somebody else may be slow, cut off, send too much, or name addresses that are none of
its own: every answer has an end in time and size, nothing is fetched from another server, and what
is not there in full is not given. Source: FHIR R4 http.html (paging, OperationOutcome).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit

import requests
from urllib3.exceptions import HTTPError

from data.errors import InputError
from ips.conformance.reader import read_document
from ips.identifiers import mask
from ncp.model import Refusal

_log = logging.getLogger("ehds.ncp")
TIMEOUT = (5.0, 20.0)
"""Seconds to connect, and between two bytes."""
_FHIR_JSON = "application/fhir+json"
_CHUNK = 65536
_GONE = (404, 410)
_PASSING = (502, 503, 504)
_ATTEMPTS = 3
_PAUSE = 0.2
"""Seconds before the second attempt, twice that before the third."""

Resource = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Bounds:
    """How much of a server is waited for.

    Attributes:
        timeout: seconds to connect, and between two bytes.
        whole: seconds for one answer from its first byte to its last.
        size: bytes of one answer.
        pages: pages of one search; a search with more is not answered in part.
    """

    timeout: tuple[float, float] = TIMEOUT
    whole: float = 60.0
    size: int = 32 * 1024 * 1024
    pages: int = 50


class FhirLine:
    """Reads from a FHIR server.

    Args:
        base: its base URL.
        headers: sent with every request (authorisation).
        session: the HTTP client, for other certificates.
        bounds: how much is waited for.
    """

    def __init__(
        self,
        base: str,
        *,
        headers: Mapping[str, str] | None = None,
        session: requests.Session | None = None,
        bounds: Bounds | None = None,
    ) -> None:
        self.base, self.bounds = base.rstrip("/") + "/", bounds or Bounds()
        self._session = session or requests.Session()
        self._session.headers.update({"Accept": _FHIR_JSON, **(headers or {})})

    def search(self, kind: str, params: Mapping[str, str]) -> list[Resource]:
        """Return the resources of a kind that a search finds, on all its pages.

        Raises:
            Refusal: the server does not answer as it should, or not in full.
        """
        found: list[Resource] = []
        url, asked, seen = kind, dict(params), set[str]()
        for _ in range(self.bounds.pages):
            content = self._get(url, asked, strict=True)
            if content is None:
                if seen:  # the search was forgotten under way
                    raise unavailable("a page of the search is no longer there")
                return []
            bundle = _bundle(content)
            found += [r for r in _resources(bundle) if r.get("resourceType") == kind]
            following = _following(bundle)
            if not following:
                return found
            if following in seen:
                raise unavailable("the pages of the search have no end")
            seen.add(following)
            url, asked = following, {}
        raise unavailable(f"the search has more than {self.bounds.pages} pages")

    def fetch(self, url: str) -> bytes | None:
        """Return what is at an address of the server; None where nothing is.

        Raises:
            Refusal: the server does not answer as it should.
        """
        return self._get(url, {})

    def _get(self, path: str, params: Mapping[str, str], *, strict: bool = False) -> bytes | None:
        url = urljoin(self.base, path)
        if urlsplit(url)[:2] != urlsplit(self.base)[:2]:
            raise unavailable("the server names an address on another server")
        # A search whose parameters the server passes over would find everybody.
        headers = {"Prefer": "handling=strict"} if strict else {}
        for attempt in range(1, _ATTEMPTS + 1):
            last = attempt == _ATTEMPTS
            try:
                with self._session.get(url, params=params, headers=headers, stream=True,
                                       timeout=self.bounds.timeout,
                                       allow_redirects=False) as response:  # fmt: skip
                    if response.status_code not in _PASSING or last:
                        return self._content(response)
            except (requests.Timeout, requests.ConnectionError) as error:
                if last or isinstance(error, requests.exceptions.SSLError):
                    raise unavailable(type(error).__name__) from None
            except (requests.RequestException, HTTPError, OSError) as error:
                raise unavailable(type(error).__name__) from None
            # How long is not for the server to say (Retry-After): somebody waits for us too.
            time.sleep(_PAUSE * attempt)
        raise AssertionError("the last attempt ends above")

    def _content(self, response: requests.Response) -> bytes | None:
        if response.status_code in _GONE:
            return None
        if response.status_code != 200:
            raise unavailable(f"status {response.status_code}{self._told(response)}")
        return self._body(response)

    def _body(self, response: requests.Response) -> bytes:
        parts, size, until = [], 0, time.monotonic() + self.bounds.whole
        # What has come is taken at once: waiting for a full block, a drip would hold us for ever.
        while part := response.raw.read1(_CHUNK, decode_content=True):
            size += len(part)
            if size > self.bounds.size:
                raise unavailable("the answer is too large")
            if time.monotonic() > until:
                raise unavailable("the answer takes too long")
            parts.append(part)
        declared = response.headers.get("Content-Length", "")
        if declared.isdigit() and response.raw.tell() < int(declared):
            raise unavailable("the answer is cut off")
        return b"".join(parts)

    def _told(self, response: requests.Response) -> str:
        """Return what an OperationOutcome says, for the log; empty where there is none."""
        try:
            issues = read_document(self._body(response)).get("issue") or []
        except (InputError, Refusal, requests.RequestException, HTTPError, OSError):
            return ""
        texts = [str((one.get("details") or {}).get("text") or one.get("diagnostics") or "")
                 for one in issues if isinstance(one, dict)]  # fmt: skip
        told = "; ".join(filter(None, texts))[:300]
        return f": {told}" if told else ""


def unavailable(why: str) -> Refusal:
    """Return the refusal for a register that cannot be asked; each operation has its own code.

    Args:
        why: for the log; numbers are masked, and nobody else is told.
    """
    plain = "".join(c if c.isprintable() else " " for c in mask(why))
    _log.warning("FHIR server: %s", plain)
    return Refusal("ERROR_PI_REGISTRY_NOT_AVAILABLE", "The national registry is not available.",
                   reason="AnswerNotAvailable")  # fmt: skip


def _bundle(content: bytes) -> Resource:
    try:
        bundle = read_document(content)
    except InputError:
        raise unavailable("the answer is no FHIR resource") from None
    if bundle.get("resourceType") != "Bundle":
        raise unavailable("the answer to a search is no Bundle")
    return bundle


def _resources(bundle: Resource) -> list[Resource]:
    entries = bundle.get("entry") or []
    return [e["resource"] for e in entries if isinstance(e, dict)
            and isinstance(e.get("resource"), dict)]  # fmt: skip


def _following(bundle: Resource) -> str:
    links = [one for one in bundle.get("link") or () if isinstance(one, dict)]
    return next((str(one.get("url") or "") for one in links if one.get("relation") == "next"), "")
