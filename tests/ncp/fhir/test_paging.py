"""Search answers in pages (FHIR R4, http.html#paging)."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ips.conformance.engine import check_bundle
from ncp.audit.journal import Filter, entries
from ncp.fhir import paging
from ncp.fhir.params import Query
from ncp.model import DocumentKind, PatientId
from tests.ncp.fhir.asking import B, codes, matches, system, web
from tests.ncp.fhir.test_national_side import National
from tests.ncp.service.asking import WORKER

OTHER = PatientId("2.16.578.1.12.4.1.4.1", "17838400655")
LABORATORY = DocumentKind.LABORATORY


class Many(National):
    """A patient with many reports, and two persons of one number."""

    number = 7

    def documents(self, patient, kind):
        found = super().documents(patient, kind)
        if kind is not LABORATORY:
            return []
        return [replace(found[0], unique_id=f"2.16.578.1.9^{n}",
                        entry_id=f"urn:uuid:2b1ff0a2-5b1b-4a8d-9c6e-{n:012}",
                        created=dt.datetime(2026, 3, 1, n // 2 % 24, tzinfo=dt.UTC))
                for n in range(self.number)]  # fmt: skip

    def find(self, traits):
        found = self.samples.find(replace(traits, ids=(WORKER,)))
        twins = [replace(one, ids=(OTHER, *one.ids)) for one in found]
        return [one for one in (*found, *twins) if set(one.ids) & set(traits.ids)]


@pytest.fixture
def many(samples):
    return Many(samples)


@pytest.fixture
def pipeline(make, many):
    return make(connector=many)


@pytest.fixture
def asker(pipeline, sweden):
    return B(sweden, web(pipeline))


def links(answer):
    return {one["relation"]: one["url"] for one in answer.json()["link"]}


def pages(asker, answer, treated=WORKER):
    """Follow the links to the end."""
    found = [answer]
    while "next" in links(found[-1]):
        assert len(found) < 20
        found.append(asker.get(links(found[-1])["next"], treated))
    return found


def test_a_list_comes_in_pages_that_hold_everything_once(asker, pipeline):
    answers = pages(asker, asker.documents(WORKER, type="11502-2", _count="3", date="ge2026"))
    assert [a.status_code for a in answers] == [200] * 3
    assert [len(matches(a.json())) for a in answers] == [3, 3, 1]
    assert {a.json()["total"] for a in answers} == {7}
    found = [one for a in answers for one in matches(a.json())]
    assert len({one["id"] for one in found}) == 7
    assert [one["date"] for one in found] == sorted((o["date"] for o in found), reverse=True)
    assert all(check_bundle(a.json()).extra["valid"] for a in answers)
    with pipeline.point.store.connect() as connection:
        told = [e.transaction.documents for e in entries(connection, Filter())]
    assert [len(one) for one in told] == [3, 3, 1]  # the record says what was shown, no more


def test_no_link_tells_of_the_patient(asker):
    answer = asker.documents(WORKER, type="11502-2", _count="1")
    for url in links(answer).values():
        assert WORKER.extension not in url
        assert dict(parse_qsl(urlsplit(url).query))["patient"].startswith("Patient/")
    assert len(matches(asker.get(links(answer)["self"], WORKER).json())) == 1


def test_a_search_that_was_posted_goes_on_by_its_link(asker):
    form = {"patient.identifier": system(WORKER), "_count": "5"}
    answer = asker.client.post("/fhir/DocumentReference/_search", data=form,
                               headers=asker.headers(WORKER))  # fmt: skip
    assert [len(matches(a.json())) for a in pages(asker, answer)] == [5, 2]


def test_a_next_page_is_for_those_who_may_see_the_first(asker):
    url = links(asker.documents(WORKER, type="11502-2", _count="3"))["next"]
    assert matches(asker.get(url, OTHER).json()) == []
    assert asker.get(url, None).status_code == 401


def test_what_comes_meanwhile_moves_nothing(asker, many):
    first = asker.documents(WORKER, type="11502-2", _count="3")
    many.number = 9  # two newer ones
    rest = pages(asker, asker.get(links(first)["next"], WORKER))
    seen = [one["id"] for a in (first, *rest) for one in matches(a.json())]
    assert len(seen) == len(set(seen)) == 7


def test_a_page_has_an_end(asker, many):
    many.number = paging.LARGEST + 20
    for more in ({}, {"_count": "100000"}):
        answers = pages(asker, asker.documents(WORKER, type="11502-2", **more))
        assert [len(matches(a.json())) for a in answers] == [paging.LARGEST, 20]


def test_only_the_number_is_asked_for(asker):
    answer = asker.documents(WORKER, type="11502-2", _count="0")
    assert (answer.json()["total"], "entry" in answer.json()) == (7, False)
    assert "next" not in links(answer)


@pytest.mark.parametrize("more", [
    {"_count": "-1"}, {"_count": "many"}, {"_count": "1.5"}, {"_count": "²"},
    {"_page": "x"}, {"_page": "1~../x"},
], ids=["negative", "word", "fraction", "superscript", "cursor", "path"])  # fmt: skip
def test_what_is_no_page_is_told(asker, more):
    answer = asker.documents(WORKER, type="11502-2", **more)
    assert answer.status_code == 400, answer.text
    assert answer.json()["issue"][0]["expression"] == [next(iter(more))]


def test_patients_come_in_pages_too(asker):
    answer = asker.patients(WORKER, _count="1", _elements="identifier")
    assert answer.json()["total"] == 2
    first, second = pages(asker, answer, None)
    assert WORKER.extension not in links(first)["next"]
    assert len({matches(a.json())[0]["id"] for a in (first, second)}) == 2
    assert "name" not in matches(second.json())[0]
    assert codes(second) == []


class Crowd(Many):
    def find(self, traits):
        (one,) = self.samples.find(traits)
        return [replace(one, ids=(PatientId("1.2", str(n)), *one.ids)) for n in range(101)]


def test_a_crowd_is_nobody(make, samples, sweden):
    answer = B(sweden, web(make(connector=Crowd(samples)))).patients(WORKER)
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (400, "too-costly")


PLACES = st.tuples(st.integers(-5, 5), st.uuids().map(str))


@given(moments=st.lists(PLACES, unique_by=lambda one: one[1], max_size=30), count=st.integers(1, 7))
def test_pages_hold_everything_once_and_in_order(moments, count):
    query, seen = Query({"_count": [str(count)]}), []
    while True:
        page = paging.page(moments, lambda one: one, query)
        seen += page.shown
        if not page.after:
            break
        query = Query({"_count": [str(count)], paging.CURSOR: [page.after]})
    assert seen == sorted(moments)
