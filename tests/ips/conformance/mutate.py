"""Breaks documents on purpose, in the ways that real ones are broken; some changes are harmless.

Every mutation takes a document (which it changes in place) and a random generator, and says
whether it found something to change. The same seed gives the same documents.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable, Iterator
from typing import Any

Json = dict[str, Any]
Mutation = Callable[[Json, random.Random], bool]

REQUIRED_CODES = {
    "gender": "man",
    "status": "finished-ish",
    "intent": "wish",
    "mode": "shout",
    "criticality": "medium",
}
NOWHERE = "urn:uuid:00000000-0000-4000-8000-00000000dead"
LISTED = "http://terminology.hl7.org/CodeSystem/"


def objects(value: Any) -> Iterator[Json]:
    """Yield every object in a document."""
    if isinstance(value, dict):
        yield value
        for inner in value.values():
            yield from objects(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from objects(inner)


def resources(document: Json) -> list[Json]:
    """Return the resources of a document, or the single one."""
    entries = [e["resource"] for e in document.get("entry", ()) if "resource" in e]
    return entries or [document]


def composition(document: Json) -> Json | None:
    return next((r for r in resources(document) if r["resourceType"] == "Composition"), None)


def pick(found: list[Any], rng: random.Random) -> Any:
    return rng.choice(found) if found else None


def drop(names: tuple[str, ...]) -> Mutation:
    """Remove one of these properties from any resource that has it."""

    def run(document: Json, rng: random.Random) -> bool:
        found = [(r, n) for r in resources(document) for n in names if n in r]
        chosen = pick(found, rng)
        if chosen is None:
            return False
        del chosen[0][chosen[1]]
        return True

    return run


def drop_anything(document: Json, rng: random.Random) -> bool:
    """Remove any property of any object, mandatory or not."""
    found = [(o, k) for o in objects(document) for k in o if k != "resourceType"]
    owner, key = pick(found, rng)
    del owner[key]
    return True


def wrong_required_code(document: Json, rng: random.Random) -> bool:
    found = [(o, k) for o in objects(document) for k in REQUIRED_CODES if isinstance(o.get(k), str)]
    chosen = pick(found, rng)
    if chosen is None:
        return False
    chosen[0][chosen[1]] = REQUIRED_CODES[chosen[1]]
    return True


def wrong_listed_code(document: Json, rng: random.Random) -> bool:
    found = [
        o
        for o in objects(document)
        if str(o.get("system", "")).startswith(LISTED) and isinstance(o.get("code"), str)
    ]
    chosen = pick(found, rng)
    if chosen is None:
        return False
    chosen["code"] = "no-such-code"
    chosen.pop("display", None)
    return True


def broken_reference(document: Json, rng: random.Random) -> bool:
    chosen = pick([o for o in objects(document) if isinstance(o.get("reference"), str)], rng)
    if chosen is None:
        return False
    chosen["reference"] = NOWHERE
    return True


def wrong_target(document: Json, rng: random.Random) -> bool:
    """Point a reference at an entry of another type."""
    urls = [e["fullUrl"] for e in document.get("entry", ()) if "fullUrl" in e]
    chosen = pick([o for o in objects(document) if o.get("reference") in urls], rng)
    others = [u for u in urls if chosen and u != chosen["reference"]]
    if chosen is None or not others:
        return False
    chosen["reference"] = rng.choice(others)
    return True


def removed_section(document: Json, rng: random.Random) -> bool:
    found = composition(document)
    if found is None or not found.get("section"):
        return False
    found["section"].pop(rng.randrange(len(found["section"])))
    return True


def changed_section(document: Json, rng: random.Random) -> bool:
    """Take something from a section that it needs, or let it say two things."""
    found = composition(document)
    section = pick(found.get("section", []) if found else [], rng)
    if section is None:
        return False
    what = rng.choice(["title", "text", "code", "entry", "emptyReason"])
    if what == "emptyReason":
        system = "http://terminology.hl7.org/CodeSystem/list-empty-reason"
        section["emptyReason"] = {"coding": [{"system": system, "code": "unavailable"}]}
        return True
    return section.pop(what, None) is not None


def invalid_date(document: Json, rng: random.Random) -> bool:
    found = [
        (o, k)
        for o in objects(document)
        for k, v in o.items()
        if isinstance(v, str) and len(v) >= 10 and v[:4].isdigit() and v[4] == "-" and v[7:8] == "-"
    ]
    chosen = pick(found, rng)
    if chosen is None:
        return False
    chosen[0][chosen[1]] = rng.choice(["2024-13-01", "2023-02-30", "01.02.2020", "2024-1-1"])
    return True


def duplicate_full_url(document: Json, rng: random.Random) -> bool:
    entries = document.get("entry", ())
    if len(entries) < 3:
        return False
    first, second = rng.sample(range(1, len(entries)), 2)
    entries[second]["fullUrl"] = entries[first]["fullUrl"]
    return True


def bundle_header(document: Json, rng: random.Random) -> bool:
    if document["resourceType"] != "Bundle":
        return False
    what = rng.choice(["type", "timestamp", "identifier", "fullUrl", "order", "second", "entry"])
    entries = document["entry"]
    if what == "type":
        document["type"] = rng.choice(["collection", "dokument"])
    elif what == "fullUrl":
        rng.choice(entries).pop("fullUrl")
    elif what == "order":
        entries.append(entries.pop(0))
    elif what == "second":
        entries.append({**copy.deepcopy(entries[0]), "fullUrl": NOWHERE})
    elif what == "entry":
        entries.pop(rng.randrange(len(entries)))
    else:
        return document.pop(what, None) is not None
    return True


def unknown_element(document: Json, rng: random.Random) -> bool:
    rng.choice(list(objects(document)))["bogus"] = "x"
    return True


def wrong_shape(document: Json, rng: random.Random) -> bool:
    """Write an array as a single value, or a single value as an array, or another type."""
    found = [(o, k) for o in objects(document) for k in o if k != "resourceType"]
    owner, key = pick(found, rng)
    value = owner[key]
    if isinstance(value, list):
        owner[key] = value[0] if rng.random() < 0.5 else []
    elif isinstance(value, dict):
        owner[key] = rng.choice([[value], {}, "text"])
    else:
        owner[key] = rng.choice([[value], {"value": value}, ""])
    return True


def hostile_narrative(document: Json, rng: random.Random) -> bool:
    chosen = pick([o for o in objects(document) if isinstance(o.get("div"), str)], rng)
    if chosen is None:
        return False
    bad = rng.choice(
        [
            "<script>alert(1)</script>",
            '<p onclick="x()">a</p>',
            "<iframe>x</iframe>",
            "<form><input/></form>",
            "<p>unclosed",
            "&nosuch;",
            '<object data="x"></object>',
        ]
    )
    chosen["div"] = chosen["div"].replace("</div>", bad + "</div>", 1)
    return True


def no_narrative(document: Json, rng: random.Random) -> bool:
    chosen = pick([o for o in objects(document) if "div" in o], rng)
    if chosen is None:
        return False
    chosen["div"] = rng.choice(["<div>x</div>", '<div xmlns="http://www.w3.org/1999/xhtml"></div>'])
    return True


def bad_extension(document: Json, rng: random.Random) -> bool:
    target = rng.choice(resources(document))
    kind = rng.choice(["both", "neither", "unknown", "fhir", "modifier"])
    url = "https://example.org/extension"
    if kind == "both":
        inner = {"url": "https://example.org/inner", "valueString": "y"}
        extension = {"url": url, "valueString": "x", "extension": [inner]}
    elif kind == "neither":
        extension = {"url": url}
    elif kind == "fhir":
        url = "http://hl7.org/fhir/StructureDefinition/no-such-thing"
        extension = {"url": url, "valueString": "x"}
    else:
        extension = {"url": url, "valueString": "x"}
    name = "modifierExtension" if kind == "modifier" else "extension"
    target.setdefault(name, []).append(extension)
    return True


def idle_contained(document: Json, rng: random.Random) -> bool:
    target = rng.choice([r for r in resources(document) if r.get("resourceType") != "Bundle"])
    target.setdefault("contained", []).append(
        {"resourceType": "Organization", "id": "idle", "name": "Nobody's"}
    )
    return True


def extra_section(document: Json, rng: random.Random) -> bool:
    """Add a section that no profile names: slicing is open, so this is allowed."""
    found = composition(document)
    if found is None:
        return False
    div = '<div xmlns="http://www.w3.org/1999/xhtml">Something else</div>'
    found["section"].append(
        {
            "title": "Something else",
            "code": {"coding": [{"system": "http://loinc.org", "code": "51848-0"}]},
            "text": {"status": "additional", "div": div},
        }
    )
    return True


def shuffled_sections(document: Json, rng: random.Random) -> bool:
    """Change the order of the sections, which is free."""
    found = composition(document)
    if found is None or len(found.get("section", ())) < 2:
        return False
    rng.shuffle(found["section"])
    return True


def two_choices(document: Json, rng: random.Random) -> bool:
    """Give a choice element a second value."""
    found = [
        (o, k)
        for o in objects(document)
        for k in o
        if k in ("effectiveDateTime", "onsetDateTime", "performedDateTime", "occurrenceDateTime")
    ]
    chosen = pick(found, rng)
    if chosen is None:
        return False
    chosen[0][chosen[1].replace("DateTime", "String")] = "long ago"
    return True


MUTATIONS: dict[str, Mutation] = {
    "drop-mandatory": drop(
        ("subject", "patient", "code", "status", "author", "date", "title", "name", "birthDate")
    ),
    "drop-profiled": drop(
        (
            "code",
            "category",
            "performer",
            "clinicalStatus",
            "identifier",
            "type",
            "device",
            "section",
        )
    ),
    "drop-anything": drop_anything,
    "wrong-required-code": wrong_required_code,
    "wrong-listed-code": wrong_listed_code,
    "broken-reference": broken_reference,
    "wrong-target": wrong_target,
    "removed-section": removed_section,
    "changed-section": changed_section,
    "invalid-date": invalid_date,
    "duplicate-fullUrl": duplicate_full_url,
    "bundle-header": bundle_header,
    "unknown-element": unknown_element,
    "wrong-shape": wrong_shape,
    "hostile-narrative": hostile_narrative,
    "no-narrative": no_narrative,
    "bad-extension": bad_extension,
    "idle-contained": idle_contained,
    "extra-section": extra_section,
    "shuffled-sections": shuffled_sections,
    "two-choices": two_choices,
}


def mutants(documents: dict[str, Json], number: int, seed: int) -> Iterator[tuple[str, Json]]:
    """Yield broken copies with a name that says what was done; bundles are taken twice as often."""
    rng = random.Random(seed)
    names = sorted(documents)
    weighted = names + [n for n in names if documents[n]["resourceType"] == "Bundle"] * 8
    kinds = sorted(MUTATIONS)
    made = 0
    while made < number:
        kind = kinds[made % len(kinds)]
        name = rng.choice(weighted)
        document = copy.deepcopy(documents[name])
        if MUTATIONS[kind](document, rng):
            yield f"{made:03d}-{kind}-{name}", document
            made += 1
