"""Renews data/profiles/ from the official FHIR packages.

    python tools/compile_profiles.py PACKAGES

PACKAGES is a folder with the .tgz files: the packages of HL7 Europe as NAME#VERSION.tgz, those of
the npm registry as `npm pack NAME@VERSION` names them. docs/conformance.md lists them.
"""

from __future__ import annotations

import gzip
import sys
from pathlib import Path
from typing import Any

import orjson

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from ips.conformance.compile import compile_resources, read_package  # noqa: E402
from ips.conformance.valuesets import SNOMED, compile_code_systems  # noqa: E402

Json = dict[str, Any]

CORE = "hl7.fhir.r4.core#4.0.1.tgz"
EXPANSIONS = "hl7.fhir.r4.expansions-4.0.1.tgz"
TERMINOLOGY = "hl7.terminology.r4-7.0.1.tgz"
GUIDES = (
    "hl7.fhir.uv.extensions.r4-5.3.0-ballot-tc1.tgz",
    "hl7.fhir.uv.ips-2.0.0.tgz",
    "hl7.fhir.eu.extensions.r4#1.3.0.tgz",
    "ihe.pharm.mpd.r4#1.0.0-comment-2.tgz",
    "hl7.fhir.eu.base#2.0.0.tgz",
    "hl7.fhir.eu.mpd#1.0.0.tgz",
    "hl7.fhir.eu.eps#1.0.0-xtehr.tgz",
)
HL7_SYSTEMS = ("http://terminology.hl7.org/", "http://hl7.org/fhir/")
"""Code systems of HL7 itself (CC0) are listed whole; nobody else's are."""

GESTATIONAL_AGE = "http://hl7.eu/fhir/eps/ValueSet/gestational-age-loinc"
KNOWN_MEMBERS = {
    # All LOINC codes with the component LP19507-0; these head the expansion that HL7 Europe shows.
    GESTATIONAL_AGE: ["11884-4", "11885-1", "11886-9", "11887-7", "18185-9", "49051-6"],
}
"""Members of a value set that is defined by a filter over LOINC; other codes stay undecided."""


def main(packages: Path) -> None:
    """Compile everything and write it, file by file."""
    out = ROOT / "data" / "profiles"
    out.mkdir(parents=True, exist_ok=True)
    manifest, core, digest = read_package(packages / CORE)
    _, expansions, _ = read_package(packages / EXPANSIONS)
    tho_manifest, terminology, tho_digest = read_package(packages / TERMINOLOGY)
    value_sets = [r for r in (*expansions, *core, *terminology) if r["resourceType"] == "ValueSet"]
    systems = [r for r in (*terminology, *core) if r["resourceType"] == "CodeSystem"]
    table = compile_resources(manifest, core, digest, value_sets, systems, {SNOMED})
    table["codesystems"] = {}
    write(out / "hl7.fhir.r4.core.json.gz", table)
    write(
        out / "hl7.terminology.r4.json.gz",
        {
            "format": table["format"],
            "package": {
                "name": tho_manifest["name"],
                "version": tho_manifest["version"],
                "license": tho_manifest.get("license", "not stated"),
                "sha256": tho_digest,
            },
            "definitions": {},
            "invariants": [],
            "valuesets": {},
            "codesystems": compile_code_systems(
                s for s in systems if s.get("url", "").startswith(HL7_SYSTEMS)
            ),
        },
    )
    for name in GUIDES:
        guide, resources, digest = read_package(packages / name)
        # The IPS free set of SNOMED CT may be listed; it is what the IPS package itself names.
        withhold = set() if guide["name"] == "hl7.fhir.uv.ips" else {SNOMED}
        table = compile_resources(guide, resources, digest, value_sets, systems, withhold)
        for canonical, codes in KNOWN_MEMBERS.items():
            if canonical in table["valuesets"]:
                table["valuesets"][canonical]["s"] = {"http://loinc.org": codes}
        write(out / f"{guide['name']}.json.gz", table)


def write(file: Path, table: Json) -> None:
    """Write a table so that the same input gives the same bytes."""
    content = gzip.compress(orjson.dumps(table, option=orjson.OPT_SORT_KEYS), 9, mtime=0)
    file.write_bytes(content)
    name = table["package"]["name"]
    print(f"{file.name}: {len(content):,} bytes, {len(table['definitions'])} definitions of {name}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
