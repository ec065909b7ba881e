"""Which form an answer has, and reading what was sent: JSON or XML.

Source: FHIR R4 http.html#mime-type; RFC 9110 12.5.1 (Accept).
"""

from __future__ import annotations

import re

import orjson

from data.errors import InputError, Problem
from ips.conformance.reader import read_document
from ips.summary.output import to_json
from ncp.fhir.outcomes import declined, of_problems
from ncp.fhir.wire import FHIR_JSON, FHIR_XML, Asked, Json
from ncp.fhir.xml import to_xml

_JSON = frozenset({FHIR_JSON, "application/json", "text/json", "json", "application/json+fhir"})
_XML = frozenset({FHIR_XML, "application/xml", "text/xml", "xml", "application/xml+fhir"})
_ANY = frozenset({"*/*", "application/*"})
FORM = "application/x-www-form-urlencoded"
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")


def answer_media(asked: Asked, *other: str) -> str:
    """Return the media type to answer in: FHIR JSON or XML, or one of ``other``.

    ``_format`` counts more than ``Accept``; without either it is JSON, or the first of ``other``.

    Raises:
        Declined: 406, none of what is accepted can be given.
    """
    wanted = [value for name, value in asked.query if name == "_format"]
    accepted = wanted[-1:] or _accepted(asked.header("accept"))
    for media in accepted or ["*/*"]:
        # A plus that was not escaped arrives as a space.
        plain = media.replace(" ", "+") if wanted else media
        if plain in other:
            return plain
        if plain in _ANY:
            return other[0] if other else FHIR_JSON
        if plain in _JSON:
            return FHIR_JSON
        if plain in _XML:
            return FHIR_XML
    shown = ", ".join(accepted)[:80]
    offered = ", ".join((*other, FHIR_JSON, FHIR_XML))
    raise declined(406, "not-supported", f"«{shown}» is not given here; offered are {offered}",
                   "_format" if wanted else "Accept")  # fmt: skip


def write(resource: Json, media: str) -> bytes:
    """Return a resource in FHIR JSON or XML."""
    return to_xml(resource) if media == FHIR_XML else to_json(resource)


def read(asked: Asked) -> Json:
    """Return the resource that was sent.

    Raises:
        Declined: 415 for another form, 400 for what is no FHIR resource, with all problems.
    """
    media = asked.header("content-type").partition(";")[0].strip().lower()
    if media not in _JSON | _XML:
        raise declined(415, "not-supported", f"«{media[:80] or 'nothing'}» is not read; send "
                       f"{FHIR_JSON} or {FHIR_XML}", "Content-Type")  # fmt: skip
    starts = asked.content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if starts and (starts == b"<") is not (media in _XML):
        raise declined(400, "structure", f"the content is not {media}", "Content-Type")
    try:
        return resource_of(asked.content)
    except InputError as error:
        raise of_problems(400, error.problems, "structure") from None
    except RecursionError:
        raise declined(400, "structure", "the content is nested too deep") from None


def resource_of(content: bytes) -> Json:
    """Return the resource in a text that came from elsewhere.

    Raises:
        InputError: no FHIR resource, or with half of a surrogate pair, which no answer can carry.
    """
    resource = read_document(content)
    if _SURROGATE.search(content):
        try:
            orjson.dumps(resource)
        except orjson.JSONEncodeError:
            raise InputError(
                Problem("a text has half of a surrogate pair", rule="RFC 8259 8.2: no character",
                        remedy="write the character as UTF-8")
            ) from None  # fmt: skip
    return resource


def _accepted(header: str) -> list[str]:
    """Return the media types of an Accept header, best first; what is refused (q=0) is left out."""
    found: list[tuple[float, int, str]] = []
    for at, part in enumerate(header.split(",")[:40]):
        media, *parameters = (p.strip().lower() for p in part.split(";"))
        quality = 1.0
        for parameter in parameters:
            name, _, value = parameter.partition("=")
            if name.strip() == "q":
                try:
                    quality = float(value)
                except ValueError:
                    quality = 1.0
        if media and quality > 0:
            found.append((-quality, at, media))
    return [media for _, _, media in sorted(found)]
