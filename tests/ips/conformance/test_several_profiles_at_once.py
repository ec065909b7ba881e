"""What several profiles lay on one value is checked once, and none of their demands is lost."""

from __future__ import annotations

import datetime as dt
from typing import Any

import orjson
import pytest

from ips.conformance.engine import ALIASES, check_bundle, walk
from ips.conformance.model import shipped
from ips.conformance.sharing import Sharing
from ips.record import load
from ips.summary import assemble
from ips.summary.output import to_json
from tests.ips.conformance.documents import Json, package_examples
from tests.ips.conformance.mutate import mutants

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)


def findings(document: Json, profiles: tuple[str, ...], quick: bool) -> list[tuple[Any, ...]]:
    found = walk(document, profiles, shipped(), quick).results
    return sorted((r.id, r.location, r.severity, r.outcome, r.message) for r in found)


@pytest.fixture(scope="module")
def european() -> dict[str, Json]:
    """Summaries that claim European profiles, and are judged by international ones as well."""
    names = ("nothing-recorded", "peanut-child", "pregnant-anti-d")
    made = {n: to_json(assemble(load(n), profile="eps", now=NOW).bundle) for n in names}
    return {name: orjson.loads(content) for name, content in made.items()}


def test_broken_european_summaries_are_judged_as_if_walked(european: dict[str, Json]) -> None:
    for name, document in mutants(european, 45, 5):
        for profiles in ((), (ALIASES["ips"],), (ALIASES["eps"],)):
            quick, thorough = (findings(document, profiles, q) for q in (True, False))
            assert quick == thorough, name


def test_broken_examples_of_the_eps_are_judged_as_if_walked(oracles: Any) -> None:
    examples = package_examples(oracles / "fhir-packages", "hl7.fhir.eu.eps#1.0.0-xtehr")
    for name, document in mutants(examples, 60, 6):
        assert findings(document, (), True) == findings(document, (), False), name


def test_the_answer_does_not_depend_on_what_was_judged_before(european: dict[str, Json]) -> None:
    again = {n: [r.to_dict() for r in check_bundle(d).results] for n, d in european.items()}
    for name, document in reversed(european.items()):
        assert [r.to_dict() for r in check_bundle(document).results] == again[name]


def test_elements_share_a_number_only_where_they_demand_the_same() -> None:
    package, sharing = shipped(), Sharing()
    base, ips = (
        package.definition(url)
        for url in (
            "http://hl7.org/fhir/StructureDefinition/Patient",
            "http://hl7.org/fhir/uv/ips/StructureDefinition/Patient-uv-ips",
        )
    )
    assert base is not None
    assert ips is not None
    for child in base.root.children:
        other = ips.root.child(child.name.removesuffix("[x]"))
        assert other is not None
        same = sharing.of_element(child) == sharing.of_element(other)
        if child.name in ("name", "birthDate"):
            assert not same, "the IPS makes it mandatory"
        if child.name in ("photo", "deceased[x]", "multipleBirth[x]"):
            assert same, child.name
