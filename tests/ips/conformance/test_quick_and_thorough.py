"""The quick checks may only pass over what the walker would pass over as well."""

from __future__ import annotations

import datetime as dt
import random
from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from data.results import Result
from ips.conformance.engine import chosen_profiles, walk
from ips.conformance.model import shipped
from ips.conformance.narrative import problems
from ips.record import load
from ips.summary import assemble
from ips.summary.output import to_json
from tests.ips.conformance.documents import Json, official_examples, summary
from tests.ips.conformance.mutate import MUTATIONS, mutants, objects

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def findings(document: Json, quick: bool) -> list[Result]:
    """Return what is found, in order, with every field of it."""
    package = shipped()
    return walk(document, chosen_profiles(document, None, package), package, quick).results


@given(st.sampled_from(sorted(MUTATIONS)), st.integers(0, 10**6), st.integers(1, 3))
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_both_find_the_same_in_a_broken_summary(kind: str, seed: int, times: int) -> None:
    document, rng = summary(), random.Random(seed)
    for _ in range(times):
        MUTATIONS[kind](document, rng)
        if kind == "wrong-shape" or not document.get("entry"):
            # The other changes count on the shapes of FHIR.
            break
        kind = rng.choice(sorted(MUTATIONS))
    assert findings(document, True) == findings(document, False)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)


@given(JSON, st.integers(0, 10**6))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_anything_in_any_place_is_judged_without_a_crash(value: Any, seed: int) -> None:
    document, rng = summary(), random.Random(seed)
    target = rng.choice(list(objects(document)))
    key = rng.choice(sorted(target))
    target[key] = value
    if not isinstance(document.get("resourceType"), str):
        return
    assert findings(document, True) == findings(document, False)


def test_both_find_the_same_in_broken_official_examples() -> None:
    for name, document in mutants(official_examples(), 60, 3):
        assert findings(document, True) == findings(document, False), name


def test_both_find_the_same_in_broken_european_summaries() -> None:
    built = {
        name: assemble(load(name), profile="eps", now=NOW).bundle
        for name in ("difficult-airway", "end-of-life", "nothing-recorded")
    }
    # As read from a file: nothing stands in two places at once.
    documents = {name: orjson.loads(to_json(bundle)) for name, bundle in built.items()}
    for name, document in [*documents.items(), *mutants(documents, 25, 4)]:
        assert findings(document, True) == findings(document, False), name


@given(st.text(alphabet="<>/ abdivp&;\"'=!-", max_size=60))
@settings(max_examples=300, deadline=None)
def test_narrative_that_passes_is_well_formed(inner: str) -> None:
    from lxml import etree

    div = f'<div xmlns="http://www.w3.org/1999/xhtml">x{inner}</div>'
    if not problems(div) and "&" not in inner:
        etree.fromstring(div)
