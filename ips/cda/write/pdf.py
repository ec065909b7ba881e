"""The level 1 document: the same content as a PDF/A-3b (ISO 19005-3), for people to read.

What is read out of the level 3 document is plain data here; ``sheet`` puts it on paper.
"""

from __future__ import annotations

import base64
import datetime as dt
from typing import Any

from lxml import etree

from ips.cda.names import V3, words
from ips.cda.write import sheet
from ips.cda.write.sheet import Block, Section, Sheet

Element = etree._Element

_NS: Any = {"v": V3}


def render(document: Element, lang: str) -> str:
    """Return the narrative of a level 3 document as PDF/A-3b in base64.

    The same document gives the same bytes.

    Args:
        document: ``ClinicalDocument`` of level 3.
        lang: language of its labels, ``nb`` or ``en``.

    Raises:
        EnvironmentProblem: the library that writes PDF is not installed.
    """
    return base64.b64encode(sheet.draw(read(document, lang))).decode()


def read(document: Element, lang: str) -> Sheet:
    """Return what a reader must see of a level 3 document: who it is about, and its sections."""
    role = document.find("v:recordTarget/v:patientRole", _NS)
    ids = [one.get("extension") or "" for one in document.iterfind(
        "v:recordTarget/v:patientRole/v:id", _NS)]  # fmt: skip
    made = _attribute(document, "v:effectiveTime", "value")
    say = words(lang)
    facts = (
        (say["patient"], _name(role)),
        (say["born"], _day(_attribute(role, "v:patient/v:birthTime", "value"))),
        (say["id"], ", ".join(filter(None, ids))),
        (say["made"], _day(made)),
        (say["author"], "; ".join(_authors(document))),
        (say["custodian"],
         document.findtext(".//v:representedCustodianOrganization/v:name", "", _NS)),
        (say["document"], _attribute(document, "v:id", "root")),
    )  # fmt: skip
    return Sheet(
        "nb-NO" if lang == "nb" else "en",
        document.findtext("v:title", "", _NS),
        tuple((name, value) for name, value in facts if value),
        tuple(_section(one) for one in document.iterfind(".//v:section", _NS)),
        say["page"], say["no-glyph"], _moment(made),
    )  # fmt: skip


def _section(section: Element) -> Section:
    text = section.find("v:text", _NS)
    blocks = [] if text is None else [_block(one) for one in text if isinstance(one.tag, str)]
    return Section(section.findtext("v:title", "", _NS), tuple(blocks))


def _block(element: Element) -> Block:
    """Return a paragraph, a list (one row an item) or a table as rows of text."""
    name = element.tag.rpartition("}")[2]
    if name == "table":
        rows = tuple(tuple(map(_words, line)) for line in element.iterfind(".//v:tr", _NS))
        headed = element.find("v:thead/v:tr", _NS) is not None
        return Block("table" if headed else "rows", rows)
    if name == "list":
        return Block("list", tuple((_words(item),) for item in element.iterfind("v:item", _NS)))
    return Block("paragraph", ((_words(element),),))


def _words(element: Element) -> str:
    return " ".join("".join(map(str, element.itertext())).split())


def _attribute(element: Element | None, path: str, name: str) -> str:
    found = element.find(path, _NS) if element is not None else None
    return str(found.get(name) or "") if found is not None else ""


def _name(role: Element | None) -> str:
    return _named(role.find("v:patient/v:name", _NS) if role is not None else None)


def _named(found: Element | None) -> str:
    if found is None:
        return ""
    order = ("given", "family")
    parts = [one.text or "" for tag in order for one in found.findall(f"v:{tag}", _NS)]
    return " ".join(parts) or (found.text or "").strip()


def _authors(document: Element) -> list[str]:
    """Return the persons who wrote the document: name, organisation and how to reach them."""
    found = []
    for one in document.iterfind("v:author/v:assignedAuthor", _NS):
        name = _named(one.find("v:assignedPerson/v:name", _NS))
        place = one.find("v:representedOrganization", _NS)
        ways = [way.get("value") or "" for part in (one, place) if part is not None
                for way in part.iterfind("v:telecom", _NS)]  # fmt: skip
        firm = "" if place is None else place.findtext("v:name", "", _NS)
        said = [name, firm.strip(), *(way.removeprefix("tel:") for way in ways)]
        if name:
            found.append(", ".join(dict.fromkeys(filter(None, said))))
    return found


def _day(value: str) -> str:
    return "-".join(part for part in (value[:4], value[4:6], value[6:8]) if part)


def _moment(value: str) -> dt.datetime:
    """Return the time of the document, which is also that of the file; a fixed one if unread."""
    for form in ("%Y%m%d%H%M%S%z", "%Y%m%d"):
        try:
            found = dt.datetime.strptime(value, form)  # noqa: DTZ007 - a bare day is taken as UTC
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=dt.UTC)
    return dt.datetime(2000, 1, 1, tzinfo=dt.UTC)
