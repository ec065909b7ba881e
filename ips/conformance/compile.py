"""From FHIR packages to compact constraint tables: the compiler behind data/profiles/.

A package is the .tgz that the FHIR registries publish: StructureDefinitions with snapshots, value
sets, code systems. What a checker needs of them is small. The snapshot of every resource, data
type, extension and profile becomes a tree of short-keyed nodes; invariants are listed once; value
sets become lists of codes, or say why they cannot be judged.
"""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import orjson

from data.errors import InputError, Problem
from ips.conformance.valuesets import compile_code_systems, compile_value_sets

Json = dict[str, Any]

FORMAT = 1
"""Raised when the layout of the tables changes."""

MAX_PACKAGE = 200 * 1024 * 1024
"""No guide is larger unpacked; a bigger archive is refused."""

FHIR_TYPE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type"
IMPOSE = "http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile"
BEST_PRACTICE = "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice"
MAX_VALUE_SET = "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet"
SYSTEM_TYPE = "http://hl7.org/fhirpath/System."

NATIVE = re.compile(r"^(ele-1|ext-1|dom-[2-6]|txt-[12]|ref-1)$")
"""Invariants of the base that the engine judges itself, on every element, without an expression."""


def unversioned(canonical: str) -> str:
    """Return a canonical without its version: guides pin versions that nobody else has."""
    return canonical.split("|", 1)[0]


def read_package(source: Path | bytes) -> tuple[Json, list[Json], str]:
    """Read a package.

    Args:
        source: the .tgz, as a file or its bytes.

    Returns:
        package.json, all resources directly in ``package/``, SHA-256 of the archive.

    Raises:
        InputError: not a gzip tar, no package.json, a member that is no JSON, or too large.
    """
    name = str(source) if isinstance(source, Path) else "package"
    manifest: Json | None = None
    resources: list[Json] = []
    try:
        raw = source.read_bytes() if isinstance(source, Path) else source
        for member, content in _members(raw, name):
            parsed = orjson.loads(content)
            if member == "package/package.json":
                manifest = parsed
            elif isinstance(parsed, dict) and "resourceType" in parsed:
                resources.append(parsed)
    except (tarfile.TarError, OSError, EOFError, orjson.JSONDecodeError) as error:
        raise InputError(
            Problem(f"not a FHIR package: {error}", name, remedy="give the .tgz of a guide")
        ) from None
    if manifest is None:
        raise InputError(
            Problem("package/package.json is missing", name, remedy="give the .tgz of a guide")
        )
    return manifest, resources, hashlib.sha256(raw).hexdigest()


def _members(raw: bytes, archive_name: str) -> Iterator[tuple[str, bytes]]:
    total = 0
    with tarfile.open(fileobj=io.BytesIO(raw), mode="r:gz") as archive:
        for member in archive:
            name = member.name
            if not (member.isfile() and name.endswith(".json") and name.count("/") == 1):
                continue
            if name.split("/")[1].startswith("."):
                continue
            total += member.size
            if total > MAX_PACKAGE:
                raise InputError(
                    Problem(f"larger than {MAX_PACKAGE // 2**20} MiB unpacked", archive_name,
                            remedy="give the .tgz of a guide")
                )  # fmt: skip
            file = archive.extractfile(member)
            if file is not None and name.startswith("package/"):
                yield name, file.read()


def compile_package(
    source: Path | bytes, expansions: Iterable[Json] = (), code_systems: Iterable[Json] = ()
) -> Json:
    """Compile one package into a table (see docs/conformance.md for its layout).

    Args:
        source: the .tgz.
        expansions: further ValueSets with expansion that this package's bindings may use.
        code_systems: further CodeSystems that its value sets may include whole.
    """
    manifest, resources, digest = read_package(source)
    name = str(source) if isinstance(source, Path) else str(manifest.get("name", "package"))
    try:
        table = compile_resources(manifest, resources, digest, expansions, code_systems)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
        raise InputError(
            Problem(
                f"a definition in the package is malformed ({type(error).__name__}: {error})",
                name,
                rule="FHIR R4 StructureDefinition, ValueSet",
                remedy="ask the publisher of the guide",
            )
        ) from None
    if not table["definitions"]:
        raise InputError(
            Problem(
                "the package has no profile with a snapshot",
                name,
                rule="packages are published with snapshots",
                remedy="generate the snapshots, or take the published package",
            )
        )
    return table


def compile_resources(
    manifest: Json,
    resources: list[Json],
    digest: str,
    expansions: Iterable[Json] = (),
    code_systems: Iterable[Json] = (),
    withhold: Iterable[str] = (),
) -> Json:
    """Compile resources that are already read; see `compile_package`."""
    invariants: dict[str, int] = {}
    catalogue: list[Json] = []
    definitions: Json = {}
    for resource in resources:
        if resource["resourceType"] == "StructureDefinition" and usable(resource):
            compiler = _Snapshot(resource, invariants, catalogue)
            definitions[resource["url"]] = compiler.compile()
    wanted = set(bound_value_sets(definitions))
    own_systems = [r for r in resources if r["resourceType"] == "CodeSystem"]
    own_sets = [r for r in resources if r["resourceType"] == "ValueSet"]
    return {
        "format": FORMAT,
        "package": {
            "name": manifest.get("name", ""),
            "version": manifest.get("version", ""),
            "license": manifest.get("license", "not stated"),
            "sha256": digest,
        },
        "definitions": definitions,
        "invariants": catalogue,
        "valuesets": compile_value_sets(
            wanted, own_sets, expansions, [*own_systems, *code_systems], tuple(withhold)
        ),
        "codesystems": compile_code_systems(own_systems),
    }


def usable(resource: Json) -> bool:
    """Whether a StructureDefinition describes FHIR data: no logical models, and a snapshot."""
    return resource.get("kind") != "logical" and "snapshot" in resource and "url" in resource


def bound_value_sets(definitions: Json) -> Iterator[str]:
    """Canonicals of the value sets that required and extensible bindings name."""
    stack = [definition["root"] for definition in definitions.values()]
    while stack:
        node = stack.pop()
        if "b" in node:
            yield node["b"][1]
        if "bm" in node:
            yield node["bm"]
        stack.extend(node.get("c", ()))
        stack.extend(node.get("s", ()))


class _Snapshot:
    """Turns one snapshot into a tree of nodes.

    Keys of a node: n name, k slice name, m min, x max (-1 unbounded), t types as
    [code, profiles, targets], f fixed, p pattern, b binding [strength, value set], bm maximum
    value set, i indexes of invariants, sl slicing [discriminators, rules, ordered], s slices,
    c children, l written as an array, cr path of the element whose content this one has, ml
    maximum length.
    """

    def __init__(self, resource: Json, invariants: dict[str, int], catalogue: list[Json]) -> None:
        self.resource = resource
        self.invariants = invariants
        self.catalogue = catalogue

    def compile(self) -> Json:
        elements: list[Json] = self.resource["snapshot"]["element"]
        nodes: dict[str, Json] = {}
        for element in elements:
            node = self._node(element)
            path = element["id"]
            nodes[path] = node
            parent, _, last = path.rpartition(".")
            if not parent:
                continue
            if ":" in last:
                base = f"{parent}.{last.split(':')[0]}"
                node["k"] = last.split(":", 1)[1]
                nodes.get(base, nodes.get(parent, {})).setdefault("s", []).append(node)
            elif parent in nodes:
                nodes[parent].setdefault("c", []).append(node)
        return self._head(nodes[elements[0]["id"]])

    def _head(self, root: Json) -> Json:
        resource = self.resource
        head: Json = {"id": resource.get("id", ""), "type": resource["type"], "root": root}
        head["kind"] = resource.get("kind", "")
        if resource.get("derivation") == "constraint":
            head["base"] = unversioned(resource.get("baseDefinition", ""))
        if resource.get("abstract"):
            head["abstract"] = True
        if resource.get("version"):
            head["version"] = resource["version"]
        imposed = [
            unversioned(e["valueCanonical"])
            for e in resource.get("extension", ())
            if e.get("url") == IMPOSE
        ]
        if imposed:
            head["imposes"] = imposed
        if resource["type"] == "Extension" and "base" in head:
            head["context"] = [
                [c.get("type", ""), c.get("expression", "")] for c in resource.get("context", ())
            ]
        return head

    def _node(self, element: Json) -> Json:
        node: Json = {"n": element["path"].rpartition(".")[2]}
        if element.get("min"):
            node["m"] = element["min"]
        maximum = element.get("max", "1")
        node["x"] = -1 if maximum == "*" else int(maximum)
        if element.get("base", {}).get("max", maximum) not in ("0", "1"):
            node["l"] = 1
        types = [self._type(t) for t in element.get("type", ())]
        if types:
            node["t"] = types
        for key, value in element.items():
            if key.startswith("fixed"):
                node["f"] = value
            elif key.startswith("pattern"):
                node["p"] = value
        if "contentReference" in element:
            node["cr"] = element["contentReference"].split("#", 1)[1]
        if "maxLength" in element:
            node["ml"] = element["maxLength"]
        self._binding(element, node)
        self._invariants(element, node)
        if "slicing" in element:
            slicing = element["slicing"]
            discriminators = [[d["type"], d["path"]] for d in slicing.get("discriminator", ())]
            node["sl"] = [
                discriminators,
                slicing.get("rules", "open"),
                bool(slicing.get("ordered")),
            ]
        return node

    @staticmethod
    def _type(entry: Json) -> list[Any]:
        code = entry.get("code", "")
        if code.startswith(SYSTEM_TYPE):
            named = [
                e.get("valueUrl") or e.get("valueUri")
                for e in entry.get("extension", ())
                if e.get("url") == FHIR_TYPE
            ]
            code = (named[0] if named else None) or code.removeprefix(SYSTEM_TYPE).lower()
        profiles = [unversioned(p) for p in entry.get("profile", ())]
        targets = [unversioned(p) for p in entry.get("targetProfile", ())]
        if targets:
            return [code, profiles, targets]
        return [code, profiles] if profiles else [code]

    @staticmethod
    def _binding(element: Json, node: Json) -> None:
        binding = element.get("binding")
        if not binding:
            return
        if binding.get("strength") in ("required", "extensible") and binding.get("valueSet"):
            node["b"] = [binding["strength"], unversioned(binding["valueSet"])]
        for extension in binding.get("extension", ()):
            if extension.get("url") == MAX_VALUE_SET:
                node["bm"] = unversioned(
                    extension.get("valueCanonical") or extension.get("valueUri", "")
                )

    def _invariants(self, element: Json, node: Json) -> None:
        for constraint in element.get("constraint", ()):
            expression = constraint.get("expression", "")
            source = unversioned(constraint.get("source", ""))
            base = not source or (
                source.count("/") == 5 and source.startswith("http://hl7.org/fhir/S")
            )
            if not expression or (base and NATIVE.match(constraint["key"])):
                continue
            entry = {
                "key": constraint["key"],
                "severity": constraint.get("severity", "error"),
                "human": constraint.get("human", ""),
                "expression": expression,
                "source": source,
            }
            if any(e.get("url") == BEST_PRACTICE for e in constraint.get("extension", ())):
                entry["severity"] = "information"
            mark = f"{entry['key']} {entry['severity']} {expression}"
            if mark not in self.invariants:
                self.invariants[mark] = len(self.catalogue)
                self.catalogue.append(entry)
            node.setdefault("i", []).append(self.invariants[mark])
