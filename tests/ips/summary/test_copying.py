"""Ids and copies of resources: many looked at together are what each is alone; nothing is hurt."""

from __future__ import annotations

import copy
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ips.loss import LossReport
from ips.summary import assemble
from ips.summary.copying import identified
from ips.summary.references import Copier
from tests.ips.summary import samples

TEXT = st.text(alphabet="aå µ²–\xa0\u2028\x01\\\"'<&", max_size=6)
VALUES = st.one_of(
    TEXT, st.integers(0, 9), st.none(), st.booleans(), st.just(Decimal("5.40")), st.just({}),
    st.fixed_dictionaries({"start": st.just("2024-05-06"), "end": st.just("2024-05-06T10:00:00Z")}),
    st.fixed_dictionaries({"reference": st.sampled_from(["Patient/1", "Medication/m", "No/no"])}),
    st.fixed_dictionaries({"coding": st.just([{"code": "1"}]), "text": TEXT}),
)  # fmt: skip
RESOURCES = st.dictionaries(
    st.sampled_from(["note", "subject", "performer", "period", "evidence", "code", "extra"]),
    st.one_of(VALUES, st.lists(VALUES, max_size=2)),
    max_size=4,
).map(lambda parts: {"resourceType": "Basic", "id": "b", **parts})


def copier() -> Copier:
    return Copier({"Medication/m": "urn:uuid:m"}, "urn:uuid:p", LossReport())


@given(st.lists(RESOURCES, max_size=4))
def test_resources_looked_at_together_are_what_each_is_alone(many: list[dict[str, Any]]) -> None:
    assert identified(many) == [identified([one])[0] for one in many]


@given(RESOURCES)
def test_the_short_way_of_copying_gives_what_the_walk_gives(resource: dict[str, Any]) -> None:
    ((clean, _, references),) = identified([resource])
    before = copy.deepcopy(clean)
    short, walked = copier(), copier()
    assert short.copy(clean, references) == walked.copy(clean)
    assert [f for f in short.found if f in walked.found] == walked.found
    assert short.loss == walked.loss
    assert clean == before


def test_a_reference_under_an_element_that_never_refers_is_led_all_the_same() -> None:
    odd = {"resourceType": "Basic", "id": "b", "basis": [{"what": {"reference": "Medication/m"}}]}
    ((_, _, references),) = identified([odd])
    made = copier()
    assert references == 1
    assert made.copy(odd, references)["basis"] == [{"what": {"reference": "urn:uuid:m"}}]
    assert made.found == ["urn:uuid:m"]


@pytest.mark.parametrize("profile", ["ips", "eps"])
def test_a_second_document_of_a_record_is_not_touched_by_the_first(profile: str) -> None:
    record = samples.full_record()
    alone = orjson.dumps(assemble(record, profile=profile, now=samples.NOW).bundle)
    for other, lang in (("ips", "en"), ("eps", "nb")):
        assemble(record, profile=other, lang=lang, now=samples.NOW)
    assert orjson.dumps(assemble(record, profile=profile, now=samples.NOW).bundle) == alone
