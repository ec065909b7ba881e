"""Writing a document: the same JSON bytes on every path, and XML by FHIR's own order."""

from __future__ import annotations

from typing import Any

import orjson

from ips.summary.copying import default


def to_json(resource: dict[str, Any]) -> bytes:
    """Return a FHIR resource as JSON, indented, with the digits of decimals kept, one newline."""
    options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
    return orjson.dumps(resource, default=default, option=options)
