"""Whether a code is in a value set, as far as the tables can tell."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from ips.conformance.model import Json, ProfilePackage

BCP_13 = "urn:ietf:bcp:13"
BCP_47 = "urn:ietf:bcp:47"
UCUM = "http://unitsofmeasure.org"

ALIASES = {"http://www.rfc-editor.org/bcp/bcp13.txt": "http://hl7.org/fhir/ValueSet/mimetypes"}
"""Old names that guides still bind to."""

_MEDIA = re.compile(r"^[A-Za-z0-9][\w!#$&^.+-]*/[A-Za-z0-9*][\w!#$&^.+*-]*(\s*;.*)?$")
_LANGUAGE = re.compile(
    r"^([a-z]{2,3}|[a-z]{4,8})(-[a-z]{3}){0,3}(-[a-z]{4})?(-([a-z]{2}|\d{3}))?"
    r"(-([a-z0-9]{5,8}|\d[a-z0-9]{3}))*(-[a-wy-z0-9](-[a-z0-9]{2,8})+)*(-x(-[a-z0-9]{1,8})+)?$",
    re.IGNORECASE,
)
_UCUM = re.compile(r"^[!-~]+$")


@lru_cache(maxsize=4096)
def _well_formed(system: str, code: str) -> bool:
    """Whether a code of a system with a grammar is well formed."""
    if system == BCP_13:
        return _MEDIA.match(code) is not None
    if system == BCP_47:
        return _LANGUAGE.match(code) is not None
    return _UCUM.match(code) is not None and code.count("{") == code.count("}")


class Terminology:
    """Answers about codes: True, False, or None where the tables cannot tell."""

    def __init__(self, package: ProfilePackage) -> None:
        self.package = package

    def value_set(self, canonical: str) -> Json | None:
        """Return a compiled value set, or None when it is not at hand."""
        found = self.package.value_sets.get(canonical)
        return (
            found if found is not None else self.package.value_sets.get(ALIASES.get(canonical, ""))
        )

    def exists(self, system: str, code: str) -> bool | None:
        """Whether a code exists in a code system."""
        if system in (BCP_13, BCP_47, UCUM):
            return _well_formed(system, code)
        codes = self.package.code_systems.get(system)
        return None if codes is None else code in codes

    def has(self, canonical: str, system: str, code: str) -> bool | None:
        """Whether a coding is in a value set."""
        value_set = self.value_set(canonical)
        if value_set is None:
            return None
        if code in value_set.get("s", {}).get(system, ()):
            return True
        if code in value_set.get("x", {}).get(system, ()):
            return False
        if system in value_set.get("w", ()):
            return self.exists(system, code) is not False
        undecided = value_set.get("u", ())
        return None if system in undecided or "*" in undecided else False

    def has_code(self, canonical: str, code: str) -> bool | None:
        """Whether a bare code (an element of type code) is in a value set."""
        value_set = self.value_set(canonical)
        if value_set is None:
            return None
        if any(code in codes for codes in value_set.get("s", {}).values()):
            return True
        answers = [
            self.exists(system, code)
            for system in value_set.get("w", ())
            if code not in value_set.get("x", {}).get(system, ())
        ]
        if True in answers:
            return True
        return None if None in answers or value_set.get("u") else False

    def has_concept(self, canonical: str, concept: Json) -> bool | None:
        """Whether a CodeableConcept has a coding from a value set; one is enough."""
        value_set = self.value_set(canonical)
        if value_set is None:
            return None
        listed, unsure = value_set.get("s", {}), False
        codings = concept.get("coding")
        for coding in codings if isinstance(codings, list) else ():
            if isinstance(coding, dict) and isinstance(coding.get("code"), str):
                system = str(coding.get("system", ""))
                if coding["code"] in listed.get(system, ()):
                    return True
                if len(value_set) > 1 or not listed:
                    answer = self.has(canonical, system, coding["code"])
                    if answer:
                        return True
                    unsure = unsure or answer is None
        return None if unsure else False

    def member_of(self, value: Any, canonical: str) -> bool | None:
        """Judge any coded value: text, Coding, CodeableConcept or Quantity."""
        canonical = canonical.split("|", 1)[0]
        if isinstance(value, str):
            return self.has_code(canonical, value)
        if isinstance(value, dict):
            if "coding" in value:
                return self.has_concept(canonical, value)
            if isinstance(value.get("code"), str):
                return self.has(canonical, str(value.get("system", "")), value["code"])
        return False
