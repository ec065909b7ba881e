"""Copying resources into the document: references that land inside, extensions that travel."""

from __future__ import annotations

from typing import Any

from ips.loss import Fate, LossReport
from ips.summary.periods import mend
from ips.summary.systems import INTERNATIONAL_EXTENSIONS

_REFERRING = frozenset({
    "actor", "agent", "asserter", "author", "device", "generalPractitioner", "hasMember",
    "informationSource", "manufacturer", "medicationReference", "organization", "patient",
    "performer", "practitioner", "recorder", "result", "source", "specimen", "subject", "target",
    "who",
})  # fmt: skip
"""Elements under which our readers put references; one elsewhere costs a walk, not the result."""


class Copier:
    """Copies resources, points their references into the document, drops national extensions.

    There are two ways with one result: most resources need nothing but new references, and a copy
    shares all its other parts with the original; the rest (extensions, empty values, periods with
    both ends, references to nowhere) are walked through.

    Attributes:
        targets: reference in the record (``Medication/1``) to reference in the document.
        patient: the patient's reference in the document; a record has one patient only.
        found: references of the document that the copied resources use, in order.
        loss: gets every reference and extension that stays behind.
    """

    def __init__(self, targets: dict[str, str], patient: str, loss: LossReport) -> None:
        self.targets = targets
        self.patient = patient
        self.loss = loss
        self.found: list[str] = []
        self._where = ""
        self._known: dict[str, str] = {}

    def redirect(self, reference: str, target: str) -> None:
        """Let a reference of the record lead elsewhere in the document from now on."""
        self.targets[reference] = target
        self._known.clear()

    def copy(self, resource: dict[str, Any], references: int | None = None) -> dict[str, Any]:
        """Return a copy whose own keys may be set; what they hold may be shared with the original.

        Args:
            resource: the resource.
            references: how many it has, when only they have to change.
        """
        if references is not None:
            found: list[str] = []
            shared: dict[str, Any] = resource.copy()
            if references:
                self._redirect(shared, found)
            if len(found) == references:
                self.found += found
                return shared
        name = f"{resource['resourceType']}/{resource.get('id', '')}"
        result: dict[str, Any] = {}
        for key, value in resource.items():
            self._where = f"{name}.{key}"
            self._put(result, key, value)
        return result

    def _redirect(self, node: dict[str, Any], found: list[str]) -> None:
        """Put copies of the elements that refer, with new references, in their places.

        Args:
            node: a copy of a resource, or of an element of it.
            found: gets the references, not those that lead nowhere.
        """
        for key in node:
            if key in _REFERRING:
                node[key] = self._redirected(node[key], found)

    def _redirected(self, node: Any, found: list[str]) -> Any:
        if type(node) is list:
            return [self._redirected(part, found) for part in node]
        if type(node) is not dict:
            return node
        result = node.copy()
        reference = node.get("reference")
        if type(reference) is str:
            target = self._known.get(reference) or self._target(reference)
            if target is not None:
                self._known[reference] = result["reference"] = target
                found.append(target)
        else:
            self._redirect(result, found)
        return result

    def _put(self, result: dict[str, Any], key: str, value: Any) -> None:
        of = type(value)
        if of is dict:
            copied: Any = self._reference(value) if "reference" in value else self._dict(value)
        elif of is list:
            copied = self._extensions(value) if key.endswith("xtension") else self._list(value)
        else:
            copied = value
            if value is None or (of is str and not value.strip()):
                return
        if copied or (of is not dict and of is not list):
            result[key] = copied

    def _dict(self, node: dict[str, Any]) -> dict[str, Any]:
        result: dict[str, Any] = {}
        for key, value in node.items():
            if type(value) is str:
                if value.strip():
                    result[key] = value
            else:
                self._put(result, key, value)
        if "start" in result and "end" in result:
            mend(result, self._where, self.loss)
        return result

    def _list(self, node: list[Any]) -> list[Any]:
        result: list[Any] = []
        for value in node:
            if type(value) is dict:
                copied = self._reference(value) if "reference" in value else self._dict(value)
                if copied:
                    result.append(copied)
            else:
                result.append(value)  # a null may hold the place of a value in «_given» and others
        return result

    def _extensions(self, node: list[Any]) -> list[Any]:
        kept = []
        for extension in node:
            url = str(extension.get("url", ""))
            if url.startswith(INTERNATIONAL_EXTENSIONS):
                kept.append(self._nested(extension))
            else:
                self.loss.add(
                    self._where, url, Fate.NOT_CARRIED,
                    "A national extension that recipients abroad cannot look up.",
                )  # fmt: skip
        return kept

    def _nested(self, extension: dict[str, Any]) -> dict[str, Any]:
        # Inside a complex extension the urls are plain names; only references need care there.
        result: dict[str, Any] = {}
        for key, value in extension.items():
            if key == "extension":
                result[key] = [self._nested(inner) for inner in value]
            else:
                self._put(result, key, value)
        return result

    def _reference(self, node: dict[str, Any]) -> dict[str, Any]:
        reference = node["reference"]
        if type(reference) is not str or reference.startswith("#"):
            return self._dict(node)
        target = self._target(reference)
        if target:
            self.found.append(target)
            if len(node) == 1:
                return {"reference": target}
            return self._dict({**node, "reference": target})
        result = self._dict({key: value for key, value in node.items() if key != "reference"})
        self.loss.add(
            self._where, reference, Fate.AS_TEXT if result else Fate.NOT_CARRIED,
            "The resource that the reference points to is not in the record.",
        )  # fmt: skip
        return result

    def _target(self, reference: str) -> str | None:
        """Return where a reference leads to in the document; one into the resource stays."""
        if reference.startswith("#"):
            return reference
        if reference.startswith("Patient/"):
            return self.patient
        found = self.targets.get(reference)
        if found is None and "/" in reference:
            parts = reference.split("/_history/")[0].split("/")
            found = self.targets.get("/".join(parts[-2:]))
        return found
