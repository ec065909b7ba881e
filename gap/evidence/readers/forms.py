"""Finds out in which form a file of results is, and reads it: nothing is told by the file name."""

from __future__ import annotations

from typing import Any

import orjson
from lxml import etree

from data.errors import InputError, Problem
from gap.evidence.readers import fhir, gazelle, inferno, junit, own, sarif, validator_text
from gap.evidence.record import Raw
from ips.conformance.reader import read_document
from ips.xml import local, namespace

FHIR = "http://hl7.org/fhir"
KNOWN = (
    "JSON of ehds; JUnit XML; FHIR TestReport, OperationOutcome or a Bundle of them (JSON or XML); "
    "output of the HL7 validator; Inferno results JSON; Gazelle validation report; SARIF 2.1.0"
)


def read(content: bytes, name: str) -> list[Raw]:
    """Return the results in a file.

    Args:
        content: the file.
        name: for messages.

    Raises:
        InputError: unreadable, or in none of the forms.
    """
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if start == b"<":
        return _xml(content, name)
    if start in (b"{", b"["):
        try:
            return _json(content, name)
        except RecursionError:
            raise InputError(Problem("nested too deep", name, remedy="check that this is the file "
                                     "you meant")) from None  # fmt: skip
    text = content.decode("utf-8", errors="replace")
    if validator_text.is_validator_text(text):
        return validator_text.read(text)
    raise unknown(name)


def unknown(name: str) -> InputError:
    """Return the error of a file in no known form."""
    return InputError(Problem("holds no test results in a form that is read", name, rule=KNOWN,
                              remedy="leave it out, or export the results in one of these forms")
                      )  # fmt: skip


def json_of(content: bytes, name: str) -> Any:
    """Return the content of a JSON file.

    Raises:
        InputError: not JSON.
    """
    try:
        return orjson.loads(content.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        line = content.count(b"\n", 0, error.pos) + 1
        raise InputError(Problem(f"not valid JSON: {error.msg}", f"{name}:{line}",
                                 remedy="fetch the file again; it may be cut off")
                         ) from None  # fmt: skip


def _json(content: bytes, name: str) -> list[Raw]:
    found = json_of(content, name)
    if listed := inferno.results_in(found):
        return inferno.read(listed)
    if not isinstance(found, dict):
        raise unknown(name)
    if isinstance(found.get("resourceType"), str):
        return fhir.read(found)
    if sarif.is_sarif(found):
        return sarif.read(found)
    if gazelle.is_gazelle_json(found):
        return gazelle.read_json(found)
    if str(found.get("schema", "")).startswith("ehds."):
        try:
            return own.read(found)
        except (AttributeError, KeyError, ValueError, TypeError) as error:
            raise InputError(Problem(f"not as this product writes it: {error}", name,
                                     remedy="write it again with --format json")
                             ) from None  # fmt: skip
    raise unknown(name)


def _xml(content: bytes, name: str) -> list[Raw]:
    root = _root(content, name)
    if junit.is_junit(root):
        return junit.read(root)
    if gazelle.is_gazelle(root):
        return gazelle.read(root)
    if namespace(root) == FHIR and local(root) in ("TestReport", "OperationOutcome", "Bundle"):
        return fhir.read(read_document(content))
    raise unknown(name)


def _root(content: bytes, name: str) -> etree._Element:
    """Parse without entities and network; a report may be larger than a patient's message."""
    if b"<!DOCTYPE" in content[:4096] or b"<!ENTITY" in content:
        raise InputError(Problem("the document declares a document type", name,
                                 rule="files are read without DOCTYPE and entities",
                                 remedy="remove the declaration"))  # fmt: skip
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False,
                             huge_tree=False, remove_comments=True, remove_pis=True)  # fmt: skip
    try:
        root = etree.fromstring(content.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        where = f"{name}:{line}" if line else name
        raise InputError(Problem(f"not well-formed XML: {error}", where,
                                 remedy="fetch the file again; it may be cut off")
                         ) from None  # fmt: skip
    return root
