"""XML that reads back as the same document, and the gate that stops what is not FHIR."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest
from lxml import etree

from data.errors import InputError
from ips.conformance.reader import read_document
from ips.summary import build, gate
from ips.summary.output import to_json
from ips.summary.xmlout import to_xml
from tests.ips.summary import samples


def canonical(node: Any) -> Any:
    """Return a resource with its narratives in one spelling (quotes, entities, name spaces)."""
    if isinstance(node, list):
        return [canonical(one) for one in node]
    if not isinstance(node, dict):
        return node
    return {
        key: etree.canonicalize(value) if key == "div" else canonical(value)
        for key, value in node.items()
    }


@pytest.mark.parametrize("profile", ["ips", "eps"])
@pytest.mark.parametrize("lang", ["nb", "en"])
def test_xml_reads_back_as_the_same_document(profile: str, lang: str) -> None:
    for record in (samples.full_record(), samples.empty_record("no-known-devices")):
        bundle = build(record, profile=profile, lang=lang, now=samples.NOW).bundle
        assert read_document(to_xml(bundle)) == json.loads(to_json(bundle))


@pytest.mark.oracle
def test_foreign_documents_survive_the_way_through_xml(oracles: Path) -> None:
    name = "hl7.fhir.eu.eps#1.0.0-xtehr.tgz"
    seen = 0
    with tarfile.open(oracles / "fhir-packages" / name) as package:
        for member in package.getmembers():
            if "/Bundle-" not in member.name:
                continue
            stream = package.extractfile(member)
            assert stream is not None
            bundle = read_document(stream.read())
            assert canonical(read_document(to_xml(bundle))) == canonical(bundle)
            seen += 1
    assert seen == 2


def test_xml_refuses_what_fhir_does_not_have() -> None:
    with pytest.raises(InputError, match="no element «colour»"):
        to_xml({"resourceType": "Patient", "colour": "blue"})
    with pytest.raises(InputError, match="no resource «Unicorn»"):
        to_xml({"resourceType": "Unicorn"})
    with pytest.raises(InputError, match="well-formed"):
        to_xml({"resourceType": "Patient", "text": {"status": "generated", "div": "<div>"}})


def test_the_gate_names_the_place_of_every_fault() -> None:
    bundle = build(samples.full_record(), profile="ips", now=samples.NOW).bundle
    bundle["entry"][1]["resource"]["birthDate"] = "16.05.1983"
    del bundle["entry"][0]["resource"]["title"]
    with pytest.raises(gate.StructureError) as caught:
        gate.check(bundle)
    places = " ".join(p.where for p in caught.value.problems)
    assert "entry[1]" in places
    assert "entry[0]" in places
