"""What a resource gets before it is copied into the document: an id of its content, clean text."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import orjson

NAMESPACE = uuid.UUID("5a0e5e0c-6f0b-5d8e-9a43-2f5f3b0a7c11")
"""The name space of all ids that this product derives from content (RFC 4122 version 5)."""

_BAD = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1b\ud800-\udfff\ufffe\uffff]")
_SPACE = re.compile("[\x1c-\x1f\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]")
_ODD = {
    b"\\": (b"\\u00", b"\\f", b"\\b"),
    b"\xc2": (b"\xc2\xa0", b"\xc2\x85"),
    b"\xe1": (b"\xe1\x9a\x80",),
    b"\xe2": (b"\xe2\x80", b"\xe2\x81\x9f"),
    b"\xe3": (b"\xe3\x80\x80",),
    b"\xef": (b"\xef\xbf",),
}
"""JSON text that may have to be cleaned, by its first byte: one byte is searched very much faster
than two. Some innocent text (dashes) is among it."""

_INVOLVED = (b'"end":', b'xtension":[')
"""Periods that may have to be mended, extensions that may have to stay at home."""

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


Identified = tuple[dict[str, Any], str, int | None]
"""A resource, clean: the record's own or a copy; its reference in the document, made from its
content; how many references it has, when nothing but these has to change in a copy, else None."""


def identified(resources: Iterable[dict[str, Any]], *, plain: bool = False) -> list[Identified]:
    """Return resources with the ids that follow from their content.

    What seldom occurs is looked for in all of them together before it is looked for in each.

    Args:
        resources: of the record.
        plain: they are known to need nothing but new references.
    """
    known = [(resource, _written(resource)) for resource in resources]
    together = b"".join([content for _, content in known])
    leads = [lead for lead in _ODD if lead in together]
    involved = not plain and _any_in(_INVOLVED, together)
    found: list[Identified] = []
    for resource, content in known:
        references = None
        if not content or _is_dirty(content, leads):
            resource = clean(resource)  # noqa: PLW2901
            content = orjson.dumps(resource, default=default)  # noqa: PLW2901
        elif plain or _is_plain(resource, content, involved):
            references = content.count(_REFERENCE)
        found.append((resource, f"urn:uuid:{stable_id(content)}", references))
    return found


def _written(resource: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(resource)
    except (TypeError, ValueError):  # decimals, or text that is no Unicode
        return b""


def _is_dirty(content: bytes, leads: Iterable[bytes]) -> bool:
    """Return whether text may have to be cleaned, where only some leads can occur."""
    for lead in leads:  # noqa: SIM110 - any() with a generator costs three times as much here
        if lead in content and _any_in(_ODD[lead], content):
            return True
    return False


def _is_plain(resource: dict[str, Any], content: bytes, involved: bool) -> bool:
    """Return whether a copy needs nothing but new references (``ips.summary.references``)."""
    if involved and _any_in(_INVOLVED, content):
        return False
    source = resource.get("meta", {}).get("source", "")
    if source.startswith(_OWN) and not source.startswith(_FOREIGN):
        return True
    return not _any_in(_EMPTY, content)


def _any_in(marks: Iterable[bytes], content: bytes) -> bool:
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
