"""Opens a FHIR document, JSON or XML, that may come from anyone.

Bounded in size and depth; XML without entities, external definitions or network. What is wrong is
told with its line or path.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from data.errors import InputError, Problem
from data.loaders.tables import MAX_BYTES, read_bytes
from ips.conformance.fhir_xml import read_xml
from ips.conformance.model import Json

MAX_NESTING = 200


def read_document(source: bytes | str | Path) -> Json:
    """Read a FHIR resource from JSON or XML.

    Args:
        source: the bytes, or the path of a file.

    Returns:
        The resource as plain JSON data; XML is turned into the same form.

    Raises:
        InputError: unreadable, too large, not well-formed, not a FHIR resource.
    """
    where = "" if isinstance(source, bytes) else str(source)
    raw = source if isinstance(source, bytes) else read_bytes(Path(source), MAX_BYTES)
    if len(raw) > MAX_BYTES:
        raise _too_large(where)
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InputError(
            Problem(
                "the file is UTF-16",
                where,
                rule="FHIR R4: resources are UTF-8",
                remedy="save it as UTF-8",
            )
        )
    raw = raw.removeprefix(b"\xef\xbb\xbf")
    text = raw.lstrip()
    if not text:
        raise InputError(Problem("the file is empty", where, remedy="give a FHIR resource"))
    resource = read_xml(raw, where) if text[:1] == b"<" else _read_json(raw, where)
    if not isinstance(resource, dict) or not isinstance(resource.get("resourceType"), str):
        raise InputError(
            Problem(
                "this is not a FHIR resource: resourceType is missing",
                where,
                rule="FHIR R4 JSON: every resource names its type",
                remedy="give a Bundle or another FHIR R4 resource",
            )
        )
    return resource


def _too_large(where: str) -> InputError:
    return InputError(
        Problem(
            f"larger than {MAX_BYTES // 2**20} MiB",
            where,
            remedy="check that this is one patient's document",
        )
    )


def _read_json(raw: bytes, where: str) -> Any:
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise InputError(
            Problem(
                f"byte {raw[error.start]:#04x} is not UTF-8",
                f"{where}:{line}",
                rule="FHIR R4: resources are UTF-8",
                remedy="save it as UTF-8",
            )
        ) from None
    if _nesting(text) > MAX_NESTING:
        raise InputError(
            Problem(
                f"nested more than {MAX_NESTING} deep", where, remedy="this is no FHIR document"
            )
        )
    doubled: list[str] = []
    try:
        parsed = json.loads(
            text,
            object_pairs_hook=lambda pairs: _object(pairs, doubled),
            parse_constant=_no_constant,
        )
    except json.JSONDecodeError as error:
        raise InputError(
            Problem(
                f"not JSON: {error.msg}",
                f"{where}:{error.lineno}:{error.colno}",
                remedy="check the place; a truncated file ends too early",
            )
        ) from None
    except _NotANumber as error:
        raise InputError(
            Problem(f"not JSON: {error}", where, remedy="use finite numbers")
        ) from None
    except ValueError:  # Python reads no whole number of some thousand digits (CVE-2020-10735)
        raise InputError(
            Problem("a number has too many digits", where, remedy="check the numbers of the file")
        ) from None
    if doubled:
        raise InputError(
            [
                Problem(
                    f"the property «{name}» stands twice in one object",
                    where,
                    rule="FHIR R4 JSON: names are unique in an object",
                    remedy="keep one of them",
                )
                for name in sorted(set(doubled))
            ]
        )
    return parsed


class _NotANumber(ValueError):
    """NaN and the infinities, which JSON does not have."""


def _no_constant(name: str) -> Any:
    raise _NotANumber(f"{name} is not a JSON number")


def _object(pairs: list[tuple[str, Any]], doubled: list[str]) -> Json:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        doubled.extend(n for n in found if names.count(n) > 1)
    return found


def _nesting(text: str) -> int:
    """Return the depth of brackets; strings may only make it look deeper, never shallower."""
    if text.count("{") + text.count("[") <= MAX_NESTING:
        return 0
    depth = deepest = 0
    quoted = escaped = False
    for character in text:
        if quoted:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                quoted = False
        elif character == '"':
            quoted = True
        elif character in "{[":
            depth += 1
            deepest = max(deepest, depth)
        elif character in "}]":
            depth -= 1
    return deepest
