"""The head of a document against the header table (``data/cda/header.csv``), time zones, ids."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from lxml import etree

import data
from data.loaders.tables import Problems, read_csv
from ips.cda.check.rules import Checked, place
from ips.cda.names import V3, XSI
from ips.transcode.elements import select

_NAMESPACES = {"v3": V3, "xsi": XSI}
_COLUMNS = ("id", "xpath", "min", "max", "conformance", "documents", "value_set", "obligations",
            "rule")  # fmt: skip
_ZONE = re.compile(r".*(?:Z|[+-]\d{4})")
_NO_LIMIT = 1_000_000


@dataclass(frozen=True, slots=True)
class HeaderRow:
    """One rule of the header: how often an element stands, and where its code is from.

    Attributes:
        per: path of the elements that each must have it; the whole document when empty.
        find: the element, from there.
    """

    id: str
    per: etree.XPath | None
    find: etree.XPath
    least: int
    most: int
    documents: frozenset[str]
    value_set: str
    obligations: tuple[str, ...]
    rule: str
    mandatory: bool


@cache
def header_rows() -> tuple[HeaderRow, ...]:
    """Return the rules in the order of the table."""
    problems = Problems()
    rows = read_csv(data.path("cda", "header.csv"), _COLUMNS, problems)
    problems.stop()
    return tuple(
        HeaderRow(
            row["id"],
            _parent(row["xpath"]),
            _path(_last(row["xpath"])) if _parent(row["xpath"]) else _path(row["xpath"]),
            int(row["min"]),
            _NO_LIMIT if row["max"] == "*" else int(row["max"]),
            frozenset(row.words("documents")),
            row["value_set"],
            row.words("obligations"),
            row["rule"],
            row["conformance"] == "M",
        )
        for row in rows
    )


_REPEATED = ("/ClinicalDocument/author/", "/ClinicalDocument/recordTarget/patientRole/")
"""Elements that may repeat and each of which must be complete."""


def _parent(path: str) -> etree.XPath | None:
    for prefix in _REPEATED:
        if path.startswith(prefix):
            return _path(prefix.rstrip("/"))
    return None


def _last(path: str) -> str:
    prefix = next(p for p in _REPEATED if path.startswith(p))
    return path.removeprefix(prefix)


def _path(path: str) -> etree.XPath:
    steps = [re.sub(r"^(?=[A-Za-z])(?!xsi:)", "v3:", step) for step in path.split("/")]
    return etree.XPath("/".join(steps), namespaces=_NAMESPACES)


def check(document: Checked) -> None:
    """Judge the head of a document."""
    for row in header_rows():
        if document.kind in row.documents:
            _row(document, row)
    _zones(document)
    _own_ids(document)
    if not document.broken("cda-h-"):
        document.passed("cda-h", "the head has everything that the templates ask for")


def _row(document: Checked, row: HeaderRow) -> None:
    within = select(row.per, document.root) if row.per else [document.root]
    for parent in within:
        found = select(row.find, parent)
        at = place(parent)
        if len(found) < row.least:
            document.fail(row.id, f"{row.rule} Found {len(found)}, at least {row.least}.", at,
                          obligations=row.obligations)  # fmt: skip
        elif len(found) > row.most:
            document.fail(row.id, f"{row.rule} Found {len(found)}, at most {row.most}.", at,
                          obligations=row.obligations)  # fmt: skip
        for node in found:
            if isinstance(node, etree._Element):
                _value(document, row, node)


def _value(document: Checked, row: HeaderRow, node: etree._Element) -> None:
    """Judge what an element says: not a null flavour where it is mandatory, a code of its set."""
    if row.mandatory and node.get("nullFlavor"):
        document.fail(row.id, f"{row.rule} A null flavour is not admitted.", node,
                      obligations=row.obligations)  # fmt: skip
    if not row.value_set or node.get("nullFlavor"):
        return
    if document.member(node, (row.value_set,)) is False:
        code = node.get("code")
        document.fail(f"{row.id}-code", f"{code} is not in the value set {row.value_set}.",
                      node, warning=True, obligations=row.obligations)  # fmt: skip


def _zones(document: Checked) -> None:
    """A time of day in the head has its zone (TS.EPSOS.TZ)."""
    paths = ("effectiveTime", "author/time", "legalAuthenticator/time")
    for path in paths:
        steps = "/".join(f"{{{V3}}}{step}" for step in path.split("/"))
        for node in document.root.findall(steps):
            value = node.get("value", "")
            if path == "effectiveTime" and value and len(value) < len("20250401112502"):
                document.fail("cda-h-time-zone", "The time of creation is given to the second.",
                              node, warning=True)  # fmt: skip
            if len(value) > len("20250401") and not _ZONE.fullmatch(value):
                document.fail("cda-h-time-zone", f"The time {value} has no time zone.", node,
                              source="eHDSI TS.EPSOS.TZ")  # fmt: skip


def _own_ids(document: Checked) -> None:
    """The level 1 and level 3 documents of a pair have different ids (HDR.110)."""
    own = document.root.find(f"{{{V3}}}id")
    if own is None:
        return
    mine = (own.get("root", ""), own.get("extension", ""))
    path = f"{{{V3}}}relatedDocument/{{{V3}}}parentDocument/{{{V3}}}id"
    for node in document.root.findall(path):
        if (node.get("root", ""), node.get("extension", "")) == mine:
            document.fail("cda-h-pair-id", "The document names itself as the other of the pair.",
                          node, source="eHDSI HDR.110")  # fmt: skip
