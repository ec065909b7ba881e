"""Country B, and an EHR system, as clients over FHIR.

``NcpApi`` asks another contact point (MyHealth@EU NCPeH API 9.1.0) and records it in the journal;
``EhrApi`` asks a national interface (EU Health Data API 1.0.0-ballot, SMART Backend Services).
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
import orjson
import requests
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from data.errors import EnvironmentProblem, InputError, Problem
from data.loaders.tables import read_bytes
from ips.conformance.reader import read_document
from ips.words import harmless
from ncp.audit import Event, Indicator, Party, Transaction, Wire, categories
from ncp.audit.journal import record
from ncp.client.asker import Asker
from ncp.client.partner import Partner
from ncp.fhir.token import make
from ncp.fhir.wire import FHIR_JSON, Json
from ncp.model import DocumentKind, Operation, PatientId
from ncp.store import Store
from ncp.tables import document_kinds

TIMEOUT = (10.0, 60.0)
"""Seconds to connect, and between two bytes."""
LARGEST = 64 * 1024 * 1024
MOST_PAGES = 50
"""Pages of one search; the connector to FHIR servers reads as many."""
_ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_EARLY = dt.timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back.

    Attributes:
        resource: the FHIR resource; empty where the answer is a file or nothing.
        content: the bytes.
    """

    status: int
    media: str
    content: bytes = field(repr=False)
    resource: Json = field(default_factory=dict, repr=False)
    location: str = ""

    @property
    def good(self) -> bool:
        """Whether the request was done."""
        return 200 <= self.status < 300

    @property
    def matches(self) -> list[Json]:
        """The resources that a search found."""
        return [e["resource"] for e in self.resource.get("entry", ())
                if e.get("search", {}).get("mode") == "match"]  # fmt: skip

    @property
    def following(self) -> str:
        """The address of the next page of a search; empty on the last one."""
        return next((str(one.get("url", "")) for one in self.resource.get("link", ())
                     if one.get("relation") == "next"), "")  # fmt: skip

    @property
    def issues(self) -> list[tuple[str, str, str]]:
        """Severity, code (of the exchange, else of FHIR) and text of each issue."""
        found = [self.resource, *(e.get("resource", {}) for e in self.resource.get("entry", ()))]
        return [_issue(one) for each in found if each.get("resourceType") == "OperationOutcome"
                for one in each.get("issue", ())]  # fmt: skip

    @property
    def codes(self) -> list[str]:
        """The codes of the issues."""
        return [code for _, code, _ in self.issues]


class _Line:
    """HTTP to one FHIR interface: every wait and every answer is bounded."""

    def __init__(self, base: str, ca: Path | None, pair: tuple[Path, Path] | None) -> None:
        self.base = base.rstrip("/")
        self._session = requests.Session()
        # What the environment says of proxies and authorities must not redirect health data.
        self._session.trust_env = False
        if ca:
            self._session.verify = str(ca)
        if pair:
            self._session.cert = (str(pair[0]), str(pair[1]))

    def close(self) -> None:
        self._session.close()

    def ask(
        self, method: str, url: str, headers: Mapping[str, str], *,
        params: Sequence[tuple[str, str]] = (), body: bytes | None = None,
    ) -> Answer:  # fmt: skip
        """Send a request below the base, or to an address that the interface has given.

        Raises:
            EnvironmentProblem: no connection, no answer in time, too large, or another server.
        """
        where = url if "://" in url else f"{self.base}/{url}".rstrip("/")
        if urlsplit(where)[:2] != urlsplit(self.base)[:2]:
            raise _unusable("the interface names an address on another server", where)
        try:
            with self._session.request(
                method, where, params=list(params), data=body, headers=dict(headers),
                timeout=TIMEOUT, stream=True, allow_redirects=False,
            ) as reply:  # fmt: skip
                content = _body(reply, where)
                media = reply.headers.get("Content-Type", "").partition(";")[0].strip().lower()
                return Answer(reply.status_code, media, content, _resource(media, content, where),
                              reply.headers.get("Location", ""))  # fmt: skip
        except requests.RequestException as error:
            raise _unusable(f"the interface cannot be reached: {type(error).__name__}", where
                            ) from error  # fmt: skip


class NcpApi:
    """Asks a contact point of another country over FHIR.

    Args:
        partner: country A; its ``url`` may be that of the server or of the interface.
        asker: who asks, with the seal that also signs the token.
        country: country B, ISO 3166-1 alpha-2.
        store: where the journal is kept; None keeps none.
        clock: what time it is.

    Raises:
        InputError: nobody to ask as, or no seal.
    """

    def __init__(
        self, partner: Partner, asker: Asker, *, country: str = "", store: Store | None = None,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:  # fmt: skip
        if asker.seal is None:
            raise InputError(Problem("there is no seal to sign the token with", "seal",
                                     remedy="give the seal of country B"))  # fmt: skip
        self._partner, self._asker, self._store, self._clock = partner, asker, store, clock
        self._seal = asker.seal
        self._country = country or asker.seal.country
        pair = (partner.certificate, partner.key)
        self._line = _Line(
            _interface(partner.url, "fhir"), partner.ca,
            (pair[0], pair[1]) if pair[0] and pair[1] else None,
        )  # fmt: skip

    def close(self) -> None:
        """Close the connections."""
        self._line.close()

    def capabilities(self) -> Json:
        """Return the CapabilityStatement."""
        return self._line.ask("GET", "metadata", {"Accept": FHIR_JSON}).resource

    def patients(self, patient: PatientId, **traits: str) -> Answer:
        """Search a patient by identifier; ``traits`` are name, birthdate, gender."""
        params = [("identifier", _token(patient)), *traits.items()]
        return self._exchange(Operation.IDENTIFY, patient, "GET", "Patient", params=params,
                              treated=False)  # fmt: skip

    def documents(self, patient: PatientId, *kinds: DocumentKind, **more: str) -> Answer:
        """Search the documents of a patient; ``more`` are date, contenttype, category.

        The search is read to its last page: the answer is the first page with the entries of all.
        A page that is refused is the answer instead, for a part would look like the whole.

        Raises:
            EnvironmentProblem: the pages have no end, or lie on another server.
        """
        wanted = kinds or (DocumentKind.PATIENT_SUMMARY,)
        params = [("patient.identifier", _token(patient)),
                  ("type", ",".join(f"http://loinc.org|{kind}" for kind in wanted)),
                  *more.items()]  # fmt: skip
        operation = document_kinds()[wanted[0]].list_operation or Operation.ORCD_LIST
        first = self._exchange(operation, patient, "GET", "DocumentReference", params=params,
                               kinds=wanted)  # fmt: skip
        entries, seen, page = list(first.resource.get("entry", ())), {""}, first
        while (url := page.following) not in seen:
            if len(seen) == MOST_PAGES:
                raise _unusable(f"the search has more than {MOST_PAGES} pages", url)
            seen.add(url)
            page = self._exchange(operation, patient, "GET", url, kinds=wanted)
            if not page.good:
                return page
            entries += page.resource.get("entry", ())
        if page.following:
            raise _unusable("the pages of the search have no end", page.following)
        if page is first:
            return first
        return replace(first, resource={**first.resource, "entry": entries})

    def document(self, patient: PatientId, reference: Json, media: str = FHIR_JSON) -> Answer:
        """Fetch the document of a DocumentReference, in one of its forms.

        Raises:
            InputError: the reference has no such form.
        """
        attachments = [c.get("attachment", {}) for c in reference.get("content", ())]
        url = next((a["url"] for a in attachments
                    if a.get("contentType") == media and a.get("url")), "")  # fmt: skip
        if not url:
            raise InputError(Problem(f"the document is not offered as {media}", "content"))
        codes = [c.get("code") for c in reference.get("type", {}).get("coding", ())]
        kind = next((k for k in DocumentKind if k in codes), DocumentKind.PATIENT_SUMMARY)
        operation = document_kinds()[kind].retrieve_operation or Operation.ORCD_RETRIEVE
        own = reference.get("masterIdentifier", {}).get("value", "").removeprefix("urn:oid:")
        return self._exchange(operation, patient, "GET", str(url), kinds=(kind,), accept=media,
                              documents=(own,) if own else ())  # fmt: skip

    def provide(self, patient: PatientId, bundle: Json) -> Answer:
        """Send a Bundle of type transaction or batch with dispensations."""
        return self._exchange(Operation.DISPENSE, patient, "POST", "", body=orjson.dumps(bundle),
                              kinds=(DocumentKind.EDISPENSATION,))  # fmt: skip

    def withdraw(self, patient: PatientId, reference: Json) -> Answer:
        """Take a dispensation back by the DocumentReference that its provision gave."""
        wrong = {**reference, "status": "entered-in-error"}
        return self._exchange(
            Operation.DISCARD, patient, "PUT", f"DocumentReference/{reference['id']}",
            body=orjson.dumps(wrong), kinds=(DocumentKind.DISCARD,),
        )  # fmt: skip

    def _exchange(
        self, operation: Operation, patient: PatientId, method: str, path: str, *,
        params: Sequence[tuple[str, str]] = (), body: bytes | None = None, treated: bool = True,
        kinds: Sequence[DocumentKind] = (), accept: str = FHIR_JSON,
        documents: tuple[str, ...] = (),
    ) -> Answer:  # fmt: skip
        now = self._clock()
        assertions = self._asker.for_patient(patient if treated else None, now)
        token = make(assertions, self._seal, now=now, audience=self._line.base)
        name = f"urn:uuid:{uuid.uuid4()}"
        headers = {"Authorization": f"Bearer {token}", "Accept": accept, "X-Request-Id": name,
                   "CountryCode": self._partner.country.code}  # fmt: skip
        if body is not None:
            headers["Content-Type"] = FHIR_JSON
        base = self._transaction(operation, patient, now, name, categories(kinds), documents)
        try:
            answer = self._line.ask(method, path, headers, params=params, body=body)
        except EnvironmentProblem as error:
            what = error.problems[0].what
            self._record(base, Event.COMMUNICATION_FAILURE, Indicator.MAJOR, what,
                         Wire(method, self._line.base), body, b"")  # fmt: skip
            raise
        told = "; ".join(f"{code}: {text}" for _, code, text in answer.issues)
        outcome = Indicator.SUCCESS if answer.good else Indicator.MAJOR
        self._record(base, operation, outcome, told,
                     Wire(method, f"{self._line.base}/{path}" if "://" not in path else path,
                          answer.status, FHIR_JSON if body else "", answer.media),
                     body, answer.content)  # fmt: skip
        return answer

    def _transaction(
        self, operation: Operation, patient: PatientId, now: dt.datetime, name: str,
        category: str, documents: tuple[str, ...],
    ) -> Transaction:  # fmt: skip
        said = self._asker.facts(now)
        partner = self._partner
        return Transaction(
            side="B", operation=operation, started=now, ended=now, professional=self._asker.who,
            issuer=said.issuer, assertion_id=said.id, assurance=said.authn_class,
            consumer=Party(f"{self._country} over FHIR", "localhost", "", self._country),
            provider=Party(partner.address, partner.address, partner.home, partner.country.code),
            patients=(patient,), documents=documents, request_id=name, category=category,
            transport="FHIR", care=self._asker.care,
        )  # fmt: skip

    def _record(
        self, base: Transaction, operation: Operation | Event, outcome: Indicator, error: str,
        wire: Wire, request: bytes | None, response: bytes,
    ) -> None:  # fmt: skip
        if self._store is None:
            return
        done = replace(base, operation=operation, outcome=outcome, error=error, wire=wire,
                       ended=self._clock())  # fmt: skip
        self._store.write(lambda connection: record(connection, done, request or b"", response))


class EhrApi:
    """An EHR system at the interface of its own country.

    Args:
        url: of the server or of the interface.
        client: client id.
        key: PEM file of the private key (P-384 for ES384, RSA for RS384).
        scopes: what is asked for.
        ca: PEM file of the authority; that of the machine by default.
        clock: what time it is.
    """

    def __init__(
        self, url: str, client: str, key: Path, scopes: Sequence[str], *, ca: Path | None = None,
        pair: tuple[Path, Path] | None = None,
        clock: Callable[[], dt.datetime] = lambda: dt.datetime.now(dt.UTC),
    ) -> None:  # fmt: skip
        self._line = _Line(_interface(url, "ehr"), ca, pair)
        self._client, self._scopes, self._clock = client, " ".join(scopes), clock
        self._key: Any = load_pem_private_key(read_bytes(key), None)
        self._token: tuple[str, dt.datetime] = ("", clock())

    def close(self) -> None:
        """Close the connections."""
        self._line.close()

    def configuration(self) -> Json:
        """Return ``.well-known/smart-configuration``."""
        answer = self._line.ask("GET", ".well-known/smart-configuration", {})
        return dict(orjson.loads(answer.content))

    def get(self, path: str, params: Sequence[tuple[str, str]] = (), accept: str = FHIR_JSON
            ) -> Answer:  # fmt: skip
        """Search or read."""
        return self._line.ask("GET", path, self._headers(accept), params=params)

    def match(self, patient: Json) -> Answer:
        """Ask for the one patient who certainly is meant (ITI-119)."""
        parameters = {"resourceType": "Parameters", "parameter": [
            {"name": "resource", "resource": patient},
            {"name": "onlyCertainMatches", "valueBoolean": True}]}  # fmt: skip
        return self._post("Patient/$match", parameters)

    def publish(self, reference: Json) -> Answer:
        """Publish a document (ITI-105): a DocumentReference with the document in it."""
        return self._post("DocumentReference", reference)

    def _post(self, path: str, resource: Json) -> Answer:
        headers = {**self._headers(FHIR_JSON), "Content-Type": FHIR_JSON}
        return self._line.ask("POST", path, headers, body=orjson.dumps(resource))

    def _headers(self, accept: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self._access()}", "Accept": accept}

    def _access(self) -> str:
        now = self._clock()
        if self._token[0] and now < self._token[1] - _EARLY:
            return self._token[0]
        endpoint = str(self.configuration()["token_endpoint"])
        rsa = not hasattr(self._key, "curve")
        claims = {"iss": self._client, "sub": self._client, "aud": endpoint,
                  "exp": int((now + dt.timedelta(minutes=4)).timestamp()),
                  "jti": uuid.uuid4().hex}  # fmt: skip
        assertion = jwt.encode(claims, self._key, "RS384" if rsa else "ES384",
                               headers={"kid": f"{self._client}-1"})  # fmt: skip
        form = {"grant_type": "client_credentials", "scope": self._scopes,
                "client_assertion_type": _ASSERTION, "client_assertion": assertion}  # fmt: skip
        answer = self._line.ask(
            "POST",
            endpoint,
            {"Content-Type": "application/x-www-form-urlencoded"},
            body=urlencode(form).encode(),
        )
        said = orjson.loads(answer.content)
        if not answer.good:
            raise EnvironmentProblem(
                Problem(f"no token: {harmless(str(said.get('error_description', answer.status)))}",
                        harmless(endpoint),
                        remedy="check the client id, its key and its scopes")
            )  # fmt: skip
        ends = now + dt.timedelta(seconds=int(said["expires_in"]))
        self._token = (str(said["access_token"]), ends)
        return self._token[0]


def _interface(url: str, name: str) -> str:
    """Return the base of an interface; a URL that already ends with its name stays."""
    base = url.rstrip("/")
    return base if base.endswith(f"/{name}") else f"{base}/{name}"


def _token(patient: PatientId) -> str:
    return f"urn:oid:{patient.root}|{patient.extension}"


def _issue(one: Json) -> tuple[str, str, str]:
    details = one.get("details", {})
    code = next((c.get("code", "") for c in details.get("coding", ())), "") or one.get("code", "")
    return str(one.get("severity", "")), str(code), str(details.get("text", ""))


def _body(reply: requests.Response, where: str) -> bytes:
    parts, size = [], 0
    for part in reply.iter_content(65536):
        size += len(part)
        if size > LARGEST:
            raise _unusable(f"the answer is larger than {LARGEST // 2**20} MiB", where)
        parts.append(part)
    return b"".join(parts)


def _resource(media: str, content: bytes, where: str) -> Json:
    if "fhir" not in media or not content:
        return {}
    try:
        return read_document(content)
    except InputError as error:
        raise _unusable(f"the answer is no FHIR: {error.problems[0].what}", where) from None


def _unusable(what: str, where: str) -> EnvironmentProblem:
    return EnvironmentProblem(
        Problem(
            harmless(what),
            harmless(where.partition("?")[0]),
            remedy="check the address, and that the server runs",
        )
    )
