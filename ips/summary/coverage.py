"""The 18 elements of a patient summary in EHDS Annex I (1): which of them a document fills.

It works on the document itself, ours or another country's; why a missing one is missing is said
for the Norwegian sources.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

from data.loaders.tables import Problems, Row, read_csv
from ips.summary.kinds import is_person_entered
from ips.summary.systems import ORPHANET, SNOMED, codes
from ips.summary.tables import sections

Resource = dict[str, Any]

_COLUMNS = (
    "element", "obligation", "nb", "en", "sections", "norway", "reason_nb", "reason_en"
)  # fmt: skip


class Filled(StrEnum):
    """What a document says about an element."""

    FILLED = "filled"
    NONE_KNOWN = "none-known"
    EMPTY = "no-information"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class CoverageRow:
    """One element of Annex I (1).

    Attributes:
        element: 1 to 18.
        obligation: id in the catalogue (``X1.1.4``).
        name_nb: its name in Norwegian.
        name_en: its name in English.
        state: whether the document fills it.
        entries: number of entries or facts that fill it.
        norway: whether Norwegian sources can fill it: ``yes``, ``partly``, ``no``.
        reason_nb: which Norwegian source fills it, or why none does.
        reason_en: the same in English.
    """

    element: int
    obligation: str
    name_nb: str
    name_en: str
    state: Filled
    entries: int
    norway: str
    reason_nb: str
    reason_en: str

    def name(self, lang: str) -> str:
        """Return the name in one language."""
        return self.name_nb if lang == "nb" else self.name_en

    def reason(self, lang: str) -> str:
        """Return the reason in one language."""
        return self.reason_nb if lang == "nb" else self.reason_en

    def to_dict(self) -> dict[str, Any]:
        """Return the row as plain data for JSON."""
        return {
            "element": self.element, "obligation": self.obligation,
            "name": {"nb": self.name_nb, "en": self.name_en}, "state": self.state.value,
            "entries": self.entries, "norway": self.norway,
            "reason": {"nb": self.reason_nb, "en": self.reason_en},
        }  # fmt: skip


@cache
def _elements() -> list[Row]:
    problems = Problems()
    rows = read_csv(Path(__file__).parent / "coverage.csv", _COLUMNS, problems)
    problems.stop()
    return rows


def coverage(bundle: Resource) -> list[CoverageRow]:
    """Return how far a document Bundle fills the 18 elements of EHDS Annex I (1).

    Args:
        bundle: a FHIR R4 document Bundle; parts of the wrong shape count as not there.
    """
    document = _Document(bundle)
    rows = []
    for row in _elements():
        number = int(row["element"])
        special = _SPECIAL.get(number)
        state, entries = special(document) if special else document.listed(row.words("sections"))
        rows.append(
            CoverageRow(number, row["obligation"], row["nb"], row["en"], state, entries,
                        row["norway"], row["reason_nb"], row["reason_en"])
        )  # fmt: skip
    return rows


class _Document:
    """The parts of a document that the elements are looked for in."""

    def __init__(self, bundle: Resource) -> None:
        entries = [e for e in _list(bundle.get("entry")) if isinstance(e.get("resource"), dict)]
        self.resources: list[Resource] = [e["resource"] for e in entries]
        self.by_url: dict[str, Resource] = {}
        self.patient: Resource = {}
        self.patient_urls: set[str] = set()
        composition: Resource = {}
        for entry in entries:
            resource = entry["resource"]
            kind, url = resource.get("resourceType"), str(entry.get("fullUrl", ""))
            self.by_url[url] = resource
            self.by_url[f"{kind}/{resource.get('id')}"] = resource
            if kind == "Patient" and not self.patient:
                self.patient = resource
                self.patient_urls = {url, f"Patient/{resource.get('id')}"}
            if kind == "Composition" and not composition:
                composition = resource
        self.sections: dict[str, Resource] = {}
        for section in _list(composition.get("section")):
            for code in _codes(section.get("code")):
                self.sections.setdefault(code, section)

    def listed(self, loincs: tuple[str, ...]) -> tuple[Filled, int]:
        """Return the state of an element that sections hold."""
        found = [self.sections[code] for code in loincs if code in self.sections]
        if not found:
            return Filled.MISSING, 0
        urls = [str(e.get("reference", "")) for s in found for e in _list(s.get("entry"))]
        none = sum(1 for url in urls if self._says_none(self.by_url.get(url, {})))
        number = len(urls) - none
        if number:
            return Filled.FILLED, number
        return (Filled.NONE_KNOWN, none) if none else (Filled.EMPTY, 0)

    def _says_none(self, resource: Resource) -> bool:
        for key in ("code", "vaccineCode", "medicationCodeableConcept", "type"):
            if _codes(resource.get(key), SNOMED) & _none_known():
                return True
        device = resource.get("device")
        if isinstance(device, dict) and device.get("reference"):
            return self._says_none(self.by_url.get(str(device["reference"]), {}))
        return False

    def count(self, number: int) -> tuple[Filled, int]:
        """Return filled or missing for a number of facts."""
        return (Filled.FILLED, number) if number else (Filled.MISSING, 0)


@cache
def _none_known() -> frozenset[str]:
    return frozenset(s.absent[0] for s in sections().values() if s.absent[0])


def _list(value: Any) -> list[Resource]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _codes(element: Any, system: str = "") -> set[str]:
    try:
        return codes(element, system)
    except (AttributeError, TypeError):
        return set()


def _person(document: _Document) -> tuple[Filled, int]:
    keys = ("identifier", "name", "birthDate", "gender")
    return document.count(sum(1 for key in keys if document.patient.get(key)))


def _contact(document: _Document) -> tuple[Filled, int]:
    return document.count(sum(1 for k in ("address", "telecom") if document.patient.get(k)))


def _insurance(document: _Document) -> tuple[Filled, int]:
    return document.count(
        sum(1 for resource in document.resources if resource.get("resourceType") == "Coverage")
    )


def _history(document: _Document) -> tuple[Filled, int]:
    """A section of its own, or notes on the problems: both are medical history in text."""
    state, number = document.listed(("11348-0", "11329-0"))
    notes = sum(
        1
        for resource in document.resources
        if resource.get("resourceType") == "Condition" and resource.get("note")
    )
    return (Filled.FILLED, number + notes) if number or notes else (state, 0)


def _from_patient(document: _Document) -> tuple[Filled, int]:
    number = 0
    for resource in document.resources:
        if resource.get("resourceType") in ("Patient", "Composition", "Provenance"):
            continue
        try:
            number += any(is_person_entered(resource, url) for url in document.patient_urls)
        except (AttributeError, TypeError):
            continue
    return document.count(number + ("81338-6" in document.sections))


def _rare(document: _Document) -> tuple[Filled, int]:
    return document.count(
        sum(
            1
            for resource in document.resources
            if resource.get("resourceType") == "Condition"
            and _codes(resource.get("code"), ORPHANET.removeprefix("https://www."))
        )
    )


_SPECIAL: Mapping[int, Callable[[_Document], tuple[Filled, int]]] = {
    1: _person, 2: _contact, 3: _insurance, 8: _history, 15: _from_patient, 18: _rare,
}  # fmt: skip
