"""The schema of MyHealth@EU documents, which the user brings (``CDA_Pharma.xsd``)."""

from __future__ import annotations

from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Any

from lxml import etree

from data.errors import InputError, Problem
from ips.cda.check.rules import Checked
from ips.identifiers import mask

ENTRY = "CDA_Pharma.xsd"
RULE = "cda-xsd"
_MOST = 200


@lru_cache(maxsize=4)
def schema(folder: Path) -> etree.XMLSchema:
    """Return the compiled schema of a folder.

    Raises:
        InputError: no such folder, no entry file, or no schema.
    """
    entry = folder / ENTRY
    if not entry.is_file():
        raise InputError(
            Problem(f"the folder has no {ENTRY}", str(folder),
                    rule="the CDA schema of MyHealth@EU is not shipped",
                    remedy="give the folder schema/ of the OpenNCP transformation manager")
        )  # fmt: skip
    parser = etree.XMLParser(no_network=True, resolve_entities=False, load_dtd=False)
    try:
        return etree.XMLSchema(etree.parse(str(entry), parser))
    except (etree.XMLSchemaParseError, etree.XMLSyntaxError) as error:
        raise InputError(
            Problem(f"not a schema: {error}", str(entry), remedy="fetch the schema again")
        ) from None


def check(document: Checked, folder: Path | None) -> None:
    """Judge a document by the schema; without a folder the rule is skipped."""
    if folder is None:
        document.skip(RULE, "no schema folder was given (--cda-schema)")
        return
    compiled = schema(folder.resolve())
    if compiled.validate(document.root):
        document.passed(RULE, f"the document meets {ENTRY}")
        return
    errors: Any = compiled.error_log  # iterable, though the stubs do not say so
    for error in islice(errors, _MOST):
        document.fail(RULE, mask(error.message), f"line {error.line}", source=ENTRY)
