"""Country B reads a search to its last page, or says that it could not (FHIR R4 http.html)."""

from __future__ import annotations

import pytest

from data.errors import EnvironmentProblem
from ncp.client import fhir
from ncp.client.asker import Asker, professional
from ncp.client.fhir import Answer, NcpApi
from ncp.client.partner import Partner
from ncp.countries import country
from ncp.fhir.wire import FHIR_JSON
from ncp.model import DocumentKind
from tests.ncp.service.asking import WORKER

BASE = "http://localhost/fhir"


@pytest.fixture
def asking(sweden, monkeypatch):
    """Return a function: a client whose country A gives these pages, and what was asked for."""

    def make(*pages):
        client = NcpApi(Partner("http://localhost", country("NO")),
                        Asker(professional("SE"), sweden.certificates.seal))  # fmt: skip
        left, asked = list(pages), []

        def ask(method, url, headers, **more):
            asked.append((url, dict(more.get("params", ()))))
            return left.pop(0) if len(left) > 1 else left[0]

        monkeypatch.setattr(client._line, "ask", ask)
        return client, asked

    return make


def page(*ids: str, after: str = "") -> Answer:
    entries = [{"resource": {"resourceType": "DocumentReference", "id": one},
                "search": {"mode": "match"}} for one in ids]  # fmt: skip
    links = [{"relation": "self", "url": f"{BASE}/x"}]
    links += [{"relation": "next", "url": after}] if after else []
    return Answer(200, FHIR_JSON, b"", {"resourceType": "Bundle", "type": "searchset",
                                        "total": 3, "link": links, "entry": entries})  # fmt: skip


def test_all_pages_are_one_answer(asking):
    client, asked = asking(page("a", "b", after=f"{BASE}/n?_page=1"), page("c"))
    answer = client.documents(WORKER, DocumentKind.LABORATORY)
    assert [one["id"] for one in answer.matches] == ["a", "b", "c"]
    assert [url for url, _ in asked] == ["DocumentReference", f"{BASE}/n?_page=1"]
    assert asked[1][1] == {}  # the link says it all


def test_a_page_that_is_refused_is_the_answer(asking):
    refused = Answer(401, FHIR_JSON, b"", {"resourceType": "OperationOutcome"})
    client, _ = asking(page("a", after=f"{BASE}/n"), refused)
    assert client.documents(WORKER) is refused


@pytest.mark.parametrize("most", [50, 3])
def test_pages_without_end_are_told(asking, monkeypatch, most):
    monkeypatch.setattr(fhir, "MOST_PAGES", most)
    client, asked = asking(*(page("a", after=f"{BASE}/n?{n}") for n in range(5)))
    with pytest.raises(EnvironmentProblem, match=r"no end|more than 3 pages"):
        client.documents(WORKER)
    assert len(asked) == min(most, 6)


def test_no_page_is_fetched_from_another_server():
    with pytest.raises(EnvironmentProblem, match="another server"):
        fhir._Line(BASE, None, None).ask("GET", "http://elsewhere/fhir/n", {})
