"""A FHIR server over real HTTP that answers as public HAPI servers do, and badly on request."""

from __future__ import annotations

import gzip
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import orjson

PAGE = 2
"""Matches of a page, as few as the tests need."""


class Hapi(ThreadingHTTPServer):
    """Resources by type, what was asked, and how to answer badly (``how``)."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.base = f"http://127.0.0.1:{self.server_address[1]}/fhir"
        self.found: dict[str, list[dict[str, Any]]] = {}
        self.asked: list[tuple[str, dict[str, list[str]]]] = []
        self.headers: list[dict[str, str]] = []
        self.how = ""
        self.kept: dict[str, str] = {}

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of those who hang up."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Hapi

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        query = parse_qs(parts.query)
        self.server.asked.append((parts.path, query))
        self.server.headers.append({k.lower(): v for k, v in self.headers.items()})
        answer = getattr(self, "how_" + self.server.how.replace("-", "_"), self.well)
        answer(parts.path.removeprefix("/fhir").strip("/"), query)

    def well(self, path: str, query: dict[str, list[str]]) -> None:
        kind, _, identity = path.partition("/")
        if "_getpages" in query:
            self.page(self.server.kept.get(query["_getpages"][0], ""),
                      int(query["_getpagesoffset"][0]), query["_getpages"][0])  # fmt: skip
        elif identity:
            one = next((r for r in self.server.found.get(kind, ()) if r["id"] == identity), None)
            if one is None:
                self.outcome(404, f"HAPI-2001: Resource {path} is not known")
            else:
                self.say(200, one)
        else:
            search = str(uuid.uuid4())
            self.server.kept[search] = kind
            self.page(kind, 0, search)

    def page(self, kind: str, offset: int, search: str) -> None:
        if not kind:
            self.outcome(410, "HAPI-2001: Search ID does not exist and may have expired")
            return
        found = self.server.found.get(kind, [])
        base = self.server.base
        links = [{"relation": "self", "url": f"{base}/{kind}"}]
        if offset + PAGE < len(found):
            links.append({"relation": "next", "url": f"{base}?_getpages={search}"
                          f"&_getpagesoffset={offset + PAGE}&_count={PAGE}"
                          "&_bundletype=searchset"})  # fmt: skip
        entries = [{"fullUrl": f"{base}/{kind}/{one['id']}", "resource": one}
                   for one in found[offset : offset + PAGE]]  # fmt: skip
        self.say(200, {"resourceType": "Bundle", "id": search, "type": "searchset", "link": links,
                       "entry": entries})  # fmt: skip

    def how_forgets(self, path: str, query: dict[str, list[str]]) -> None:
        if "_getpages" in query:
            self.server.kept.clear()
        self.well(path, query)

    def how_endless(self, path: str, query: dict[str, list[str]]) -> None:
        self.links_to(f"{self.server.base}?_getpages=always")

    def how_ever_new(self, path: str, query: dict[str, list[str]]) -> None:
        self.links_to(f"{self.server.base}?_getpages={uuid.uuid4()}")

    def how_elsewhere(self, path: str, query: dict[str, list[str]]) -> None:
        self.links_to("http://169.254.169.254/latest/meta-data")

    def links_to(self, url: str) -> None:
        self.say(200, {"resourceType": "Bundle", "type": "searchset",
                       "link": [{"relation": "next", "url": url}]})  # fmt: skip

    def how_400(self, path: str, query: dict[str, list[str]]) -> None:
        self.outcome(400, "HAPI-0524: Unknown search parameter; asked for 59909002146")

    def how_500(self, path: str, query: dict[str, list[str]]) -> None:
        self.outcome(500, "HAPI-0389: Failed to call access method\x1b[31m")

    def how_401(self, path: str, query: dict[str, list[str]]) -> None:
        self.say(401, None)

    def how_html(self, path: str, query: dict[str, list[str]]) -> None:
        self.raw(200, b"<html><body>Sign in</body></html>", "text/html")

    def how_outcome(self, path: str, query: dict[str, list[str]]) -> None:
        self.outcome(200, "all is well")

    def how_busy(self, path: str, query: dict[str, list[str]]) -> None:
        self.raw(503, b"", "text/plain", {"Retry-After": "3600"})

    def how_moved(self, path: str, query: dict[str, list[str]]) -> None:
        self.raw(302, b"", "text/plain", {"Location": f"{self.server.base}/elsewhere"})

    def how_silent(self, path: str, query: dict[str, list[str]]) -> None:
        time.sleep(0.6)

    def how_drip(self, path: str, query: dict[str, list[str]]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", "100000")
        self.end_headers()
        for _ in range(200):
            self.wfile.write(b" ")
            self.wfile.flush()
            time.sleep(0.02)

    def how_cut(self, path: str, query: dict[str, list[str]]) -> None:
        content = orjson.dumps({"resourceType": "Bundle", "type": "searchset"})
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Content-Length", str(len(content) + 10))
        self.end_headers()
        self.wfile.write(content)
        self.close_connection = True

    def how_cut_chunks(self, path: str, query: dict[str, list[str]]) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "application/fhir+json")
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        self.wfile.write(b'2f\r\n{"resourceType": "Bundle", "type": "searchset"}\r\n')
        self.close_connection = True

    def how_huge(self, path: str, query: dict[str, list[str]]) -> None:
        self.raw(200, b" " * 3_000_000, "application/fhir+json")

    def how_bomb(self, path: str, query: dict[str, list[str]]) -> None:
        self.raw(200, gzip.compress(b" " * 4_000_000), "application/fhir+json",
                 {"Content-Encoding": "gzip"})  # fmt: skip

    def outcome(self, status: int, text: str) -> None:
        issue = {"severity": "error", "code": "processing", "diagnostics": text}
        self.say(status, {"resourceType": "OperationOutcome", "issue": [issue]})

    def say(self, status: int, resource: Any) -> None:
        content = gzip.compress(orjson.dumps(resource)) if resource is not None else b""
        more = {"Content-Encoding": "gzip"} if resource is not None else {}
        self.raw(status, content, "application/fhir+json;charset=UTF-8", more)

    def raw(
        self, status: int, content: bytes, kind: str, more: dict[str, str] | None = None
    ) -> None:
        self.send_response(status)
        headers = {"Content-Type": kind, "Content-Length": str(len(content)), **(more or {})}
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def hapi() -> Iterator[Hapi]:
    """Run a server as long as the block."""
    server = Hapi()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
