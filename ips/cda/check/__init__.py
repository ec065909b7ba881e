"""Checks of MyHealth@EU documents: schema, head, sections, entries, absence, codes, pairs."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from data.errors import InputError, Problem
from data.results import Report, Result
from ips import xml
from ips.cda.check import body, header, schema
from ips.cda.check.rules import Checked
from ips.cda.names import V3

__all__ = ["Form", "check_cda", "check_pair", "level_of"]

Form = Literal["pivot", "friendly"]


def check_cda(
    content: bytes,
    schema_dir: Path | None = None,
    form: Form | None = None,
    *,
    name: str = "document",
) -> Report:
    """Judge one document of MyHealth@EU.

    Implements: MyHealth@EU CDA templates (header table, section table, absent-unknown
    conventions), coded element list of the transformation manager, value set catalogue 8.1.0.

    Args:
        content: the document.
        schema_dir: folder with ``CDA_Pharma.xsd``; without it the schema is skipped.
        form: ``pivot`` refuses a national code in front of its European translation; ``friendly``
            and None accept it.
        name: how errors call the document.

    Returns:
        A report: one result for each broken rule, and one for each group of rules that holds.

    Raises:
        InputError: not readable as XML, or the folder has no schema.
    """
    document = _open(content, form or "", name)
    schema.check(document, schema_dir)
    if not document.kind:
        document.fail("cda-d-kind", "The document is neither a patient summary nor a prescription "
                      "nor a dispensation of MyHealth@EU.", "/ClinicalDocument/code")  # fmt: skip
    header.check(document)
    body.check(document)
    kind = f"{document.kind or 'other'}, level {document.level}"
    return Report(tuple(document.results), _subject(document), {"profiles": [kind]})


def level_of(content: bytes) -> int:
    """Return the level of a document: 3 with a structured body, 1 with a file.

    Raises:
        InputError: not readable as XML, or not CDA.
    """
    return _open(content).level


def check_pair(structured: bytes, file: bytes) -> Report:
    """Judge that a level 3 and a level 1 document are a pair (HDR.107, HDR.108, HDR.110).

    Args:
        structured: the level 3 document.
        file: the level 1 document.

    Raises:
        InputError: not readable as XML.
    """
    three, one = _open(structured), _open(file)
    results: list[Result] = []
    for document, level in ((three, 3), (one, 1)):
        if document.level != level:
            document.fail("cda-p-level", f"The document is not of level {level}.",
                          "/ClinicalDocument/component", source="eHDSI HDR.107")  # fmt: skip
    _pair_ids(three, one)
    for path, rule in (("code", "cda-p-code"), ("recordTarget/patientRole/id", "cda-p-patient")):
        if _first(three, path) != _first(one, path):
            three.fail(rule, "The two documents differ in it.", f"/ClinicalDocument/{path}",
                       source="eHDSI HDR.107")  # fmt: skip
    sets = _first(three, "setId"), _first(one, "setId")
    if any(sets) and sets[0] != sets[1]:
        three.fail("cda-p-set", "The set id of the two documents differs.",
                   "/ClinicalDocument/setId", warning=True, source="eHDSI HDR.108")  # fmt: skip
    results = [*three.results, *one.results]
    if not results:
        three.passed("cda-p", "the two documents are a pair")
        results = three.results
    return Report(tuple(results), _subject(three), {"profiles": ["pair of level 1 and 3"]})


def _pair_ids(three: Checked, one: Checked) -> None:
    ids = _first(three, "id"), _first(one, "id")
    if ids[0] == ids[1]:
        one.fail("cda-p-id", "The two documents have the same id.", "/ClinicalDocument/id",
                 source="eHDSI HDR.110")  # fmt: skip
    links = (_first(three, "relatedDocument/parentDocument/id"),
             _first(one, "relatedDocument/parentDocument/id"))  # fmt: skip
    if ids[1] != links[0] and ids[0] != links[1]:
        three.fail("cda-p-related", "Neither document names the other.",
                   "/ClinicalDocument/relatedDocument", source="eHDSI HDR.107")  # fmt: skip


def _open(content: bytes, form: str = "", name: str = "document") -> Checked:
    root = xml.parse(content, name=name)
    if root.tag != f"{{{V3}}}ClinicalDocument":
        raise InputError(
            Problem("this is not a CDA document", f"/{xml.local(root)}",
                    "the root is ClinicalDocument in the namespace urn:hl7-org:v3",
                    "give a document of MyHealth@EU")
        )  # fmt: skip
    return Checked.of(root, form)


def _first(document: Checked, path: str) -> tuple[str, str]:
    node = document.root.find("/".join(f"{{{V3}}}{step}" for step in path.split("/")))
    if node is None:
        return ("", "")
    return (node.get("root") or node.get("codeSystem") or "",
            node.get("extension") or node.get("code") or "")  # fmt: skip


def _subject(document: Checked) -> str:
    root, extension = _first(document, "id")
    return f"{root}^{extension}" if extension else root
