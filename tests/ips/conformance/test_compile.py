"""The compiler of packages and the tables that the product carries."""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
from pathlib import Path

import orjson
import pytest

import data
from data.errors import InputError
from ips.conformance.compile import compile_package, read_package
from ips.conformance.engine import check_bundle
from ips.conformance.model import ORDER, shipped
from ips.conformance.terminology import Terminology
from ips.conformance.valuesets import compile_value_sets
from tests.ips.conformance.documents import Json, summary

EU = ("hl7.fhir.eu.eps#1.0.0-xtehr", "hl7.fhir.eu.base#2.0.0", "hl7.fhir.eu.mpd#1.0.0")


def package(*resources: Json, name: str = "example.guide") -> bytes:
    buffer = io.BytesIO()
    manifest: Json = {"name": name, "version": "1.0.0", "license": "CC0-1.0"}
    with tarfile.open(fileobj=buffer, mode="w:gz") as tar:
        for at, content in enumerate((manifest, *resources)):
            raw = orjson.dumps(content)
            info = tarfile.TarInfo("package/package.json" if at == 0 else f"package/r{at}.json")
            info.size = len(raw)
            tar.addfile(info, io.BytesIO(raw))
    return buffer.getvalue()


PROFILE: Json = {
    "resourceType": "StructureDefinition",
    "id": "patient-with-phone",
    "url": "https://example.org/StructureDefinition/patient-with-phone",
    "name": "P",
    "status": "active",
    "kind": "resource",
    "abstract": False,
    "type": "Patient",
    "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
    "derivation": "constraint",
    "snapshot": {
        "element": [
            {"id": "Patient", "path": "Patient", "min": 0, "max": "*"},
            {
                "id": "Patient.meta", "path": "Patient.meta", "min": 0, "max": "1",
                "base": {"max": "1"}, "type": [{"code": "Meta"}],
            },
            {
                "id": "Patient.telecom", "path": "Patient.telecom", "min": 1, "max": "*",
                "base": {"max": "*"}, "type": [{"code": "ContactPoint"}],
                "constraint": [
                    {
                        "key": "ex-1", "severity": "error", "human": "a phone",
                        "expression": "system = 'phone'",
                        "source": "https://example.org/StructureDefinition/patient-with-phone",
                    }
                ],
            },
        ]
    },
}  # fmt: skip


def test_the_tables_name_package_version_checksum_and_licence() -> None:
    for entry in shipped().packages:
        assert entry["name"]
        assert entry["version"]
        assert entry["license"] in ("CC0-1.0", "CC-BY-SA-4.0")
        assert len(entry["sha256"]) == 64
    assert {p["name"] for p in shipped().packages} == set(ORDER)


def test_the_tables_are_small() -> None:
    total = sum(f.stat().st_size for f in data.path("profiles").iterdir())
    assert total < 3_000_000


def test_no_snomed_codes_are_listed_beyond_those_of_the_ips() -> None:
    for name in ORDER:
        raw = gzip.decompress(data.path("profiles", f"{name}.json.gz").read_bytes())
        table = orjson.loads(raw)
        assert "http://snomed.info/sct" not in table["codesystems"]
        if name != "hl7.fhir.uv.ips":
            for canonical, entry in table["valuesets"].items():
                assert "http://snomed.info/sct" not in entry.get("s", {}), canonical


def test_the_tables_are_those_of_the_packages(oracles: Path) -> None:
    for name in EU:
        file = oracles / "fhir-packages" / f"{name}.tgz"
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        assert digest in {p["sha256"] for p in shipped().packages}, "run tools/compile_profiles.py"


def test_every_profile_of_the_european_packages_is_compiled(oracles: Path) -> None:
    for name in EU:
        _, resources, _ = read_package(oracles / "fhir-packages" / f"{name}.tgz")
        for resource in resources:
            if resource["resourceType"] == "StructureDefinition":
                definition = shipped().definition(resource["url"])
                assert definition is not None
                elements = len({e["id"] for e in resource["snapshot"]["element"]})
                assert sum(1 for _ in definition.root.walk()) == elements


def test_another_guide_is_compiled_and_used() -> None:
    extended = shipped().with_package(package(PROFILE))
    patient = {
        "resourceType": "Patient",
        "meta": {"profile": [PROFILE["url"]]},
        "telecom": [{"system": "email", "value": "kari@example.org"}],
    }
    assert {r.id for r in check_bundle(patient, package=extended).results} >= {"ex-1"}
    patient["telecom"] = [{"system": "phone", "value": "22 22 22 22"}]
    assert check_bundle(patient, package=extended).extra["valid"]
    del patient["telecom"]
    found = {r.id for r in check_bundle(patient, package=extended).results}
    assert "Patient.telecom.min" in found
    assert check_bundle(summary(), package=extended).extra["valid"]
    assert shipped().definition(PROFILE["url"]) is None


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"not an archive",
        package()[:40],
        package(),
        package({"resourceType": "ValueSet", "url": "https://example.org/v"}),
        package({**PROFILE, "snapshot": {"element": [{"path": "Patient"}]}}),
        package({**PROFILE, "snapshot": {}}),
    ],
    ids=["empty", "text", "cut off", "nothing inside", "no profile", "no root", "no element"],
)
def test_what_is_no_guide_is_told(raw: bytes) -> None:
    with pytest.raises(InputError):
        compile_package(raw)


def test_a_missing_package_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(InputError):
        compile_package(tmp_path / "absent.tgz")


BELOW = {"property": "concept", "op": "is-a"}
SYSTEM: Json = {
    "resourceType": "CodeSystem",
    "url": "https://example.org/cs",
    "content": "complete",
    "concept": [
        {"code": "a", "concept": [{"code": "b", "concept": [{"code": "c"}]}]},
        {"code": "d"},
    ],
}


@pytest.mark.parametrize(
    ("compose", "expected"),
    [
        (
            {"include": [{"system": "s", "concept": [{"code": "x"}]}]},
            {"s": {"s": ["x"]}},
        ),
        ({"include": [{"system": "s"}]}, {"w": ["s"]}),
        (
            {
                "include": [
                    {"system": "s", "filter": [{"property": "concept", "op": "is-a", "value": "x"}]}
                ]
            },
            {"u": ["s"]},
        ),
        (
            {
                "include": [
                    {
                        "system": SYSTEM["url"],
                        "filter": [{**BELOW, "value": "b"}],
                    }
                ]
            },
            {"s": {SYSTEM["url"]: ["b", "c"]}},
        ),
        (
            {
                "include": [{"system": SYSTEM["url"]}],
                "exclude": [{"system": SYSTEM["url"], "concept": [{"code": "d"}]}],
            },
            {"s": {SYSTEM["url"]: ["a", "b", "c"]}},
        ),
        ({"include": [{"valueSet": ["https://example.org/absent"]}]}, {"u": ["*"]}),
        ({"include": [{"valueSet": ["https://example.org/v"]}]}, {"u": ["*"]}),
    ],
)
def test_value_sets_say_what_they_decide(compose: Json, expected: Json) -> None:
    url = "https://example.org/v"
    table = compile_value_sets([url], [{"url": url, "compose": compose}], [], [SYSTEM])
    assert table[url] == expected


def test_withheld_systems_are_undecided() -> None:
    url = "https://example.org/v"
    compose = {"include": [{"system": "s", "concept": [{"code": "x"}]}]}
    table = compile_value_sets([url], [{"url": url, "compose": compose}], [], [], {"s"})
    assert table[url] == {"u": ["s"]}


def test_required_lists_of_the_ips_are_at_hand() -> None:
    terminology = Terminology(shipped())
    edd = "http://hl7.org/fhir/uv/ips/ValueSet/edd-method-uv-ips"
    assert terminology.has(edd, "http://loinc.org", "11778-8") is True
    assert terminology.has(edd, "http://loinc.org", "8867-4") is False
    status = "http://hl7.org/fhir/uv/ips/ValueSet/results-status-uv-ips"
    assert terminology.has_code(status, "final") is True
    assert terminology.has_code(status, "entered-in-error") is False
    languages = "http://hl7.org/fhir/ValueSet/all-languages"
    assert terminology.has_code(languages, "nb-NO") is True
    assert terminology.has_code(languages, "not a language") is False
    media = "http://hl7.org/fhir/ValueSet/mimetypes"
    assert terminology.has_code(media, "application/pdf") is True
    assert terminology.has_code(media, "pdf") is False
