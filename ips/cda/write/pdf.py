"""The level 1 document: the same content as a PDF/A (ISO 19005-3), for people to read."""

from __future__ import annotations

import base64
from importlib import import_module
from typing import Any

from jinja2 import Environment, PackageLoader

from data.errors import EnvironmentProblem, Problem
from ips.cda.names import V3, words
from ips.cda.write.element import Element

_NS: Any = {"v": V3}
_BREAKS = {"paragraph": "p", "list": "ul", "item": "li", "table": "table", "thead": "thead",
           "tbody": "tbody", "tr": "tr", "th": "th", "td": "td"}  # fmt: skip


def render(document: Element, lang: str) -> str:
    """Return the narrative of a level 3 document as PDF/A-3b in base64.

    Args:
        document: ``ClinicalDocument`` of level 3.
        lang: language of its labels, ``nb`` or ``en``.

    Raises:
        EnvironmentProblem: the program that makes PDF is not installed.
    """
    return base64.b64encode(_print(to_html(document, lang))).decode()


def to_html(document: Element, lang: str) -> str:
    """Return the narrative of a level 3 document as a page."""
    environment = Environment(loader=PackageLoader("ips.cda.write", "templates"), autoescape=True)
    role = document.find("v:recordTarget/v:patientRole", _NS)
    return environment.get_template("level1.html.j2").render(
        lang=lang, say=words(lang), title=document.findtext("v:title", "", _NS),
        name=_name(role), born=_day(_attribute(role, "v:patient/v:birthTime", "value")),
        ids=[one.get("extension", "") for one in document.findall(
            "v:recordTarget/v:patientRole/v:id", _NS) if one.get("extension")],
        made=_day(_attribute(document, "v:effectiveTime", "value")),
        custodian=document.findtext(".//v:representedCustodianOrganization/v:name", "", _NS),
        document_id=_attribute(document, "v:id", "root"),
        sections=[
            (one.findtext("v:title", "", _NS), _blocks(one))
            for one in document.findall(".//v:section", _NS)
        ],
    )  # fmt: skip


def _attribute(element: Element | None, path: str, name: str) -> str:
    found = element.find(path, _NS) if element is not None else None
    return str(found.get(name) or "") if found is not None else ""


def _name(role: Element | None) -> str:
    found = role.find("v:patient/v:name", _NS) if role is not None else None
    if found is None:
        return ""
    order = ("given", "family")
    parts = [one.text or "" for tag in order for one in found.findall(f"v:{tag}", _NS)]
    return " ".join(parts) or (found.text or "").strip()


def _day(value: str) -> str:
    return "-".join(part for part in (value[:4], value[4:6], value[6:8]) if part)


def _blocks(section: Element) -> list[dict[str, Any]]:
    found = section.find("v:text", _NS)
    return [] if found is None else [_block(one) for one in found]


def _block(element: Element) -> dict[str, Any]:
    """Return a block of narrative as plain data: tag, text, children."""
    tag = _BREAKS.get(element.tag.rpartition("}")[2], "span")
    inner = [_block(child) for child in element]
    return {"tag": tag, "text": element.text or "", "inner": inner}


def _print(page: str) -> bytes:
    try:
        weasyprint = import_module("weasyprint")
    except (ImportError, OSError):
        raise EnvironmentProblem(
            Problem("a level 1 document holds a PDF, and the program that makes one is missing",
                    "level 1", remedy="install the extra: pip install 'ehds-norge[pdf]'")
        ) from None  # fmt: skip
    made: bytes = weasyprint.HTML(string=page, url_fetcher=_no_fetch).write_pdf(
        pdf_variant="pdf/a-3b", uncompressed_pdf=False
    )
    return made


def _no_fetch(url: str, *_: Any, **__: Any) -> Any:
    """Refuse to fetch anything: a page holds all it needs."""
    raise ValueError(f"nothing is fetched: {url[:80]}")
