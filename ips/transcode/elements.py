"""The coded element list: which coded elements of which document are transcoded, and how strictly.

Source: coded_element_list_ehdsi.xml of OpenNCP (71 XPaths), in ``data/cda/coded-elements.csv``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Any

from lxml import etree

import data
from data.loaders.tables import Problems, read_csv
from ips.cda.names import PHARM, V3, XSI

NAMESPACES = {"v3": V3, "pharm": PHARM, "xsi": XSI}
_PHARMACY = frozenset(
    ["formCode", "asContent", "containerPackagedProduct", "asSpecializedKind", "ingredient", "part"]
)
_COLUMNS = ("number", "xpath", "ps_l3", "ps_l1", "ep_l3", "ep_l1", "ed_l3", "hcer", "mro",
            "value_sets")  # fmt: skip
_KINDS = {"60591-5": "ps", "57833-6": "ep", "60593-1": "ed", "34133-9": "hcer", "56445-0": "mro"}


class Usage(StrEnum):
    """How strictly a coded element is meant in one kind of document."""

    REQUIRED = "R"
    NULL_ALLOWED = "RNFA"
    OPTIONAL = "O"
    NOT_USED = "NA"


@dataclass(frozen=True, slots=True)
class CodedElement:
    """One row of the list.

    Attributes:
        number: its place in the list.
        xpath: as the list has it, without prefixes.
        find: the compiled path.
        usage: by column (``ps_l3``).
        value_sets: OIDs of the value sets that its codes are taken from.
    """

    number: int
    xpath: str
    find: etree.XPath
    usage: dict[str, Usage]
    value_sets: tuple[str, ...]

    def nodes(self, root: etree._Element) -> list[Any]:
        """Return the elements of a document, or the attributes where the path ends in one."""
        return select(self.find, root)


@cache
def coded_elements() -> tuple[CodedElement, ...]:
    """Return the list in its order."""
    problems = Problems()
    rows = read_csv(data.path("cda", "coded-elements.csv"), _COLUMNS, problems)
    problems.stop()
    return tuple(
        CodedElement(
            int(row["number"]),
            row["xpath"],
            etree.XPath(prefixed(row["xpath"]), namespaces=NAMESPACES),
            {column: Usage(row[column]) for column in _COLUMNS[2:9]},
            row.words("value_sets"),
        )
        for row in rows
    )


def select(path: etree.XPath, root: etree._Element) -> list[Any]:
    """Return the nodes that a path finds."""
    found = path(root)
    return found if isinstance(found, list) else []


def column_of(code: str, level: int) -> str | None:
    """Return the column for a kind of document and a level; None for a kind that is not known.

    The list has no column for a level 1 dispensation; none of its elements is used there.
    """
    kind = _KINDS.get(code)
    if kind is None:
        return None
    return kind if kind in ("hcer", "mro") else f"{kind}_l{level}"


def prefixed(path: str) -> str:
    """Return an XPath of the list with prefixes: the pharmacy extension begins at its first name.

    ``@type`` in the list means ``xsi:type``, whose value may carry a prefix of its own.
    """
    path = re.sub(r"@type='(\w+)'", r"contains(@xsi:type, '\1')", path)
    found: list[str] = []
    inside = False
    for step in re.split(r"(/+)(?![^\[]*\])", path):
        name = re.match(r"[A-Za-z]+", step)
        if not name:
            found.append(step)
            continue
        inside = inside or _begins_pharmacy(name[0], found)
        rest = re.sub(r"(?<![@\w'.:-])([A-Za-z]+)(?=[/@])", r"v3:\1", step[name.end() :])
        found.append(f"{'pharm' if inside else 'v3'}:{name[0]}{rest}")
    return "".join(found)


def _begins_pharmacy(name: str, before: list[str]) -> bool:
    return name in _PHARMACY and any("manufacturedMaterial" in step for step in before)
