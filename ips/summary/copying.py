"""Copying resources into the document: stable ids, references that land inside, clean text."""

from __future__ import annotations

import hashlib
import re
import uuid
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from ips.loss import Fate, LossReport
from ips.summary.periods import mend
from ips.summary.systems import INTERNATIONAL_EXTENSIONS

NAMESPACE = uuid.UUID("5a0e5e0c-6f0b-5d8e-9a43-2f5f3b0a7c11")
"""The name space of all ids that this product derives from content (RFC 4122 version 5)."""

_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1b\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile("[\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_ODD_LEADS = (b"\xc2", b"\xe1", b"\xe2", b"\xe3", b"\xef")
_ODD = (b"\xc2\xa0", b"\xc2\x85", b"\xe1\x9a\x80", b"\xe2\x80", b"\xe2\x81\x9f", b"\xe3\x80\x80",
        b"\xef\xbf")  # fmt: skip
"""Bytes of JSON text that may have to be cleaned; some innocent ones (dashes) are among them."""

_EMPTY = (b'""', b'" ', b"null", b"{}", b"[]")
_OWN, _FOREIGN = "urn:x-ehds:", "urn:x-ehds:fhir:"
"""Our readers never give empty values, which saves looking for them; a FHIR file may have some."""

_REFERENCE = b'"reference":"'
_seed = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False)
_VARIANT = dict(zip("0123456789abcdef", "89ab" * 4, strict=True))
"""The digit of a UUID whose upper two bits RFC 4122 sets to 10."""


def default(value: Any) -> Any:
    """Let orjson write decimals with the digits they came with (FHIR decimal precision)."""
    if isinstance(value, Decimal):
        return orjson.Fragment(str(value))
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def stable_id(content: bytes) -> str:
    """Return the version 5 UUID of some content."""
    digest = _seed.copy()
    digest.update(content)
    h = digest.hexdigest()
    return f"{h[:8]}-{h[8:12]}-5{h[13:16]}-{_VARIANT[h[16]]}{h[17:20]}-{h[20:32]}"


class Identified(NamedTuple):
    """A resource of the record with what was found out about it once.

    Attributes:
        resource: clean; the record's own or a copy.
        url: its reference in the document, made from its content.
        plain: its JSON when nothing but references has to change in a copy, else None.
    """

    resource: dict[str, Any]
    url: str
    plain: bytes | None


def identified(resource: dict[str, Any], *, walked: bool = False) -> Identified:
    """Return a resource with the id that follows from its content.

    Args:
        resource: a resource of the record.
        walked: it is so small that to walk through it costs less than to look whether one must.
    """
    try:
        content = orjson.dumps(resource)
        dirty = _is_dirty(content)
        plain = not (dirty or walked) and _is_plain(resource, content)
    except (TypeError, ValueError):  # decimals, or text that is no Unicode
        dirty, plain = True, False
    if dirty:
        resource = clean(resource)
        content = orjson.dumps(resource, default=default)
    url = f"urn:uuid:{stable_id(content)}"
    return Identified(resource, url, content if plain else None)


def _is_dirty(content: bytes) -> bool:
    """Return whether text may have to be cleaned; one byte at a time is searched very fast."""
    if b"\\" in content and (b"\\u00" in content or b"\\f" in content or b"\\b" in content):
        return True
    if content.isascii():
        return False
    return _any_in(_ODD_LEADS, content) and _any_in(_ODD, content)


def _is_plain(resource: dict[str, Any], content: bytes) -> bool:
    """Return whether a copy needs nothing but new references: see ``Copier``."""
    if b'xtension":[' in content or b'"end":' in content:
        return False
    source = resource.get("meta", {}).get("source", "")
    if source.startswith(_OWN) and not source.startswith(_FOREIGN):
        return True
    return not _any_in(_EMPTY, content)


def _any_in(marks: tuple[bytes, ...], content: bytes) -> bool:
    for mark in marks:  # noqa: SIM110 - any() with a generator costs three times as much here
        if mark in content:
            return True
    return False


def clean(node: Any) -> Any:
    """Return a copy whose text FHIR and XML admit.

    Characters that they forbid become U+FFFD; spaces of other kinds become plain ones, because
    FHIR's rule for strings knows no others; text of nothing but space becomes nothing.
    """
    if isinstance(node, str):
        return _SPACE.sub(" ", _BAD.sub("�", node)) if node.strip() else None
    if isinstance(node, dict):
        return {key: clean(value) for key, value in node.items()}
    if isinstance(node, list):
        return [clean(value) for value in node]
    return node


class Copier:
    """Copies resources, points their references into the document, drops national extensions.

    There are two ways with one result: most resources need nothing but new references, which are
    put into their JSON; the others (extensions, empty values, periods with both ends, references
    to nowhere) are walked through.

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
        self._known: dict[bytes, bytes] = {}

    def redirect(self, reference: str, target: str) -> None:
        """Let a reference of the record lead elsewhere in the document from now on."""
        self.targets[reference] = target
        self._known.clear()

    def copy(self, resource: dict[str, Any], plain: bytes | None = None) -> dict[str, Any]:
        """Return a deep copy that may be changed.

        Args:
            resource: the resource.
            plain: its JSON when only references have to change (``Identified.plain``).
        """
        written = None if plain is None else self._rewritten(plain)
        if written is not None:
            copied: dict[str, Any] = orjson.loads(written)
            return copied
        name = f"{resource['resourceType']}/{resource.get('id', '')}"
        result: dict[str, Any] = {}
        for key, value in resource.items():
            self._where = f"{name}.{key}"
            self._put(result, key, value)
        return result

    def _rewritten(self, content: bytes) -> bytes | None:
        """Return JSON with new references; None when one of them leads nowhere."""
        head, *tails = content.split(_REFERENCE)
        parts, found = [head], []
        known = self._known
        for tail in tails:
            reference, quote, rest = tail.partition(b'"')
            written = known.get(reference)
            if written is None:
                target = self._target(reference.decode())
                if target is None:
                    return None
                written = known[reference] = target.encode()
            found.append(written)
            parts.append(written + quote + rest)
        self.found += [target.decode() for target in found]
        return _REFERENCE.join(parts)

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
