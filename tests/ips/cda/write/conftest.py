"""Bundles and documents that the tests of the writing share."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

import data
from ips import record, summary
from ips.cda.write import Written, to_cda

NOW = dt.datetime(2026, 11, 22, 12, 0, tzinfo=dt.UTC)
NAMES = sorted(p.parent.name for p in data.path("patients").glob("*/patient.json"))


@cache
def bundle_of(name: str, profile: str) -> dict[str, Any]:
    return summary.build(record.load(name), profile=profile, lang="nb", now=NOW).bundle


@cache
def written(name: str, profile: str, form: str) -> Written:
    return to_cda(bundle_of(name, profile), form=form, level=3)


@pytest.fixture(scope="session")
def bundle() -> Callable[..., dict[str, Any]]:
    return lambda name, profile="ips": bundle_of(name, profile)


@pytest.fixture(scope="session")
def document() -> Callable[..., etree._Element]:
    return lambda name, profile="ips", form="pivot": etree.fromstring(
        written(name, profile, form).xml
    )


@pytest.fixture(scope="session")
def schema(oracles: Path) -> etree.XMLSchema:
    return etree.XMLSchema(etree.parse(oracles / "cda-schema" / "CDA_Pharma.xsd"))


@pytest.fixture(params=NAMES)
def name(request: pytest.FixtureRequest) -> Iterator[str]:
    return request.param


@pytest.fixture
def small() -> dict[str, Any]:
    """A document with one patient and one empty section, to be filled by a test."""
    return {
        "resourceType": "Bundle",
        "type": "document",
        "identifier": {
            "system": "urn:ietf:rfc:3986",
            "value": "urn:uuid:" + "0" * 8 + "-0000-4000-8000-" + "0" * 12,
        },
        "timestamp": "2026-11-22T12:00:00+01:00",
        "entry": [
            {
                "fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000001",
                "resource": {
                    "resourceType": "Composition",
                    "language": "nb-NO",
                    "status": "final",
                    "type": {"coding": [{"system": "http://loinc.org", "code": "60591-5"}]},
                    "subject": {"reference": "urn:uuid:00000000-0000-4000-8000-000000000002"},
                    "date": "2026-11-22T12:00:00+01:00",
                    "author": [{"display": "Test"}],
                    "title": "Test",
                    "section": [],
                },
            },
            {
                "fullUrl": "urn:uuid:00000000-0000-4000-8000-000000000002",
                "resource": {
                    "resourceType": "Patient",
                    "identifier": [
                        {"system": "urn:oid:2.16.578.1.12.4.1.4.1", "value": "07876202667"}
                    ],
                    "name": [{"family": "Prøve", "given": ["Test"]}],
                    "gender": "female",
                    "birthDate": "1962-07-07",
                },
            },
        ],
    }
