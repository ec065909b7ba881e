"""The journal for other tools: plain rows, JSON, and HAR for the network panels of browsers.

Without leave to show numbers they are masked, and messages stay out: inside a signed or encoded
message a number cannot be masked.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import orjson

from ncp.audit.facts import to_json
from ncp.audit.journal import Entry
from ncp.audit.masking import hide, masked, people

Json = dict[str, Any]

HEAD = ("number", "time", "side", "operation", "outcome", "country", "professional", "role",
        "organisation", "patients", "category", "documents", "purpose", "origins",
        "error", "milliseconds", "request_id", "digest")  # fmt: skip


def row(entry: Entry, numbers: bool = False) -> tuple[str, ...]:
    """Return an entry as the cells of `HEAD`."""
    t = entry.transaction
    person = t.professional
    cells = (
        str(entry.number), _time(entry), t.side, str(t.operation), str(int(t.outcome)),
        t.country_b, person.name if person else "", person.role.code if person else "",
        (person.organization or person.locality) if person else "",
        " ".join(p.cx if numbers else masked(p.extension) for p in t.patients), t.letters,
        " ".join(t.documents), t.why, ", ".join(t.origins),
        t.failure, str(round(_milliseconds(entry))),
        t.request_id, entry.digest,
    )  # fmt: skip
    return cells if numbers else tuple(hide(cells, people(t)))


def as_json(entry: Entry, numbers: bool = False) -> Json:
    """Return an entry as plain data: the facts of the transaction and the chain."""
    t = entry.transaction
    facts: Json = orjson.loads(to_json(t))
    facts.pop("query")
    content: Json = {"number": entry.number, **facts, "letters": t.letters}
    hidden: Json = content if numbers else hide(content, people(t))
    return hidden | {"previous": entry.previous, "digest": entry.digest, "sums": dict(entry.sums)}


def har(entries: Iterable[Entry], version: str, numbers: bool = False) -> Json:
    """Return entries as HTTP Archive 1.2.

    Args:
        entries: with the parts ``request`` and ``response`` where messages are wanted.
        version: of the product.
        numbers: show numbers and messages.
    """
    creator = {"name": "ehds", "version": version}
    return {"log": {"version": "1.2", "creator": creator,
                    "entries": [_exchange(each, numbers) for each in entries]}}  # fmt: skip


def _exchange(entry: Entry, numbers: bool) -> Json:
    t = entry.transaction
    wire, wait = t.wire, _milliseconds(entry)
    url = wire.url if numbers else str(hide(wire.url, people(t)))
    sent, got = entry.parts.get("request", b""), entry.parts.get("response", b"")
    request: Json = {
        "method": wire.method, "url": url, "httpVersion": "HTTP/1.1", "cookies": [],
        "headers": _headers(wire.request_type),
        "queryString": [{"name": n, "value": v} for n, v in parse_qsl(urlsplit(url).query)],
        "headersSize": -1, "bodySize": len(sent),
    }  # fmt: skip
    if sent:
        request["postData"] = {"mimeType": wire.request_type, **_body(sent, numbers)}
    known = wire.status in HTTPStatus._value2member_map_
    response = {
        "status": wire.status, "statusText": HTTPStatus(wire.status).phrase if known else "",
        "httpVersion": "HTTP/1.1", "cookies": [], "headers": _headers(wire.response_type),
        "content": {"size": len(got), "mimeType": wire.response_type, **_body(got, numbers)},
        "redirectURL": "", "headersSize": -1, "bodySize": len(got),
    }  # fmt: skip
    return {
        "startedDateTime": t.started.isoformat(timespec="milliseconds"), "time": wait,
        "request": request, "response": response, "cache": {},
        "timings": {"send": 0, "wait": wait, "receive": 0},
        "comment": f"journal {entry.number}: {t.operation}, side {t.side}",
        "_journal": as_json(entry, numbers),
    }  # fmt: skip


def _headers(content_type: str) -> list[Json]:
    return [{"name": "Content-Type", "value": content_type}] if content_type else []


def _body(content: bytes, numbers: bool) -> Json:
    if not numbers:
        return {"text": "", "comment": "left out, it may hold a patient's number"}
    try:
        return {"text": content.decode("utf-8")}
    except UnicodeDecodeError:
        return {"text": base64.b64encode(content).decode("ascii"), "encoding": "base64"}


def _time(entry: Entry) -> str:
    return entry.transaction.ended.isoformat(timespec="milliseconds")


def _milliseconds(entry: Entry) -> float:
    return (entry.transaction.ended - entry.transaction.started).total_seconds() * 1000
