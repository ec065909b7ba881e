"""A tester who works with the portal: reads pages, fills in forms, follows links."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

from lxml import html

from tests.builders import ROOT

with warnings.catch_warnings():  # the client of today's httpx is announced to go
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

BASE = "http://localhost"
SCRIPT = "from ehds.cli import main; main()"


class Tester:
    """One browser without script."""

    __test__ = False

    def __init__(self, app: Any) -> None:
        self.web = TestClient(app, base_url=BASE, raise_server_exceptions=True)
        self.seen: list[str] = []

    def open(self, path: str, status: int = 200) -> html.HtmlElement:
        return self._page(self.web.get(path), status)

    def send(self, page: html.HtmlElement, action: str, status: int = 200, **fields: str):
        """Send the form of a page with what it holds, changed by some fields."""
        (form, *_) = [f for f in page.forms if f.action == action and f.method == "POST"]
        values = {name: value for name, value in form.fields.items() if value is not None}
        values |= {name.replace("__", "-"): value for name, value in fields.items()}
        return self._page(self.post(action, values), status)

    def post(self, path: str, values: dict[str, str], **headers: str):
        return self.web.post(path, data=values, headers={"origin": BASE, **headers})

    def _page(self, answer: Any, status: int) -> html.HtmlElement:
        self.seen += [str(one.url) for one in (*answer.history, answer)]
        assert answer.status_code == status, answer.text[:3000]
        page = html.fromstring(answer.text)
        page.base = str(answer.url)
        return page

    def at(self) -> str:
        """Return the path of the last page."""
        return self.seen[-1].removeprefix(BASE)

    # The way to a document -------------------------------------------------------------------

    def begin(self, **fields: str) -> html.HtmlElement:
        return self.send(self.open("/"), "/target", **fields)

    def identify(self, sample: str, status: int = 200, **fields: str) -> html.HtmlElement:
        self.begin()
        return self.send(self.open(f"/patient?sample={sample}"), "/identify", status, **fields)

    def patient(self, sample: str) -> html.HtmlElement:
        return self.send(self.identify(sample), "/choose", person="0")

    def document(self, sample: str, kind: str, entry: str = "0") -> html.HtmlElement:
        listed = self.send(self.patient(sample), "/query", kind=kind)
        return self.send(listed, "/retrieve", entry=entry)


def text(page: html.HtmlElement) -> str:
    """Return what a page says, blanks made one."""
    return re.sub(r"\s+", " ", page.find("body").text_content())


class Process:
    """A command of the product that serves until it is ended."""

    def __init__(self, home: Path, name: str, *options: str) -> None:
        ready = home / f"{name}.json"
        ready.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, "ncp", name, "--home", str(home), "--port", "0",
             "--ready-file", str(ready), *options],
            cwd=ROOT, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        until = time.monotonic() + 90
        while not ready.is_file():
            if self.process.poll() is not None or time.monotonic() > until:
                self.process.kill()
                raise AssertionError(self.process.communicate()[1])
            time.sleep(0.02)
        self.url = json.loads(ready.read_text())["url"]

    def end(self) -> int:
        self.process.terminate()
        self.process.communicate(timeout=30)
        return self.process.returncode
