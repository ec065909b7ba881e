"""FHIR XML from the JSON form, in the order of the element definitions of FHIR R4.

The way back of ``ips.conformance.fhir_xml``. Source: FHIR R4 xml.html.
"""

from __future__ import annotations

from typing import Any

from lxml import etree

from ips.conformance.model import PRIMITIVES, Node, Type, shipped
from ips.xml import parse
from ncp.fhir.wire import Json

NAMESPACE = "http://hl7.org/fhir"
_PREFIXES: Any = {None: NAMESPACE}


def to_xml(resource: Json) -> bytes:
    """Return a resource as FHIR XML, UTF-8.

    Raises:
        ValueError: a type or an element that FHIR R4 does not have.
    """
    return etree.tostring(_resource(resource), encoding="UTF-8", xml_declaration=True)


def _resource(resource: Json) -> etree._Element:
    name = str(resource.get("resourceType"))
    definition = shipped().type(name)
    if definition is None:
        raise ValueError(f"«{name}» is no FHIR R4 resource")
    root = etree.Element(f"{{{NAMESPACE}}}{name}", nsmap=_PREFIXES)
    content = {key: value for key, value in resource.items() if key != "resourceType"}
    _fill(root, definition.root, content, resource=True)
    return root


def _fill(element: etree._Element, node: Node, content: Json, *, resource: bool = False) -> None:
    left = {key.removeprefix("_") for key in content}
    for key, (child, kind) in node.by_key.items():
        if key not in left:
            continue
        left.discard(key)
        if not resource and _is_attribute(key, node):
            element.set(key, str(content[key]))
            continue
        for value, beside in _pairs(content.get(key), content.get("_" + key)):
            _child(element, key, child, kind, value, beside)
    if left:
        raise ValueError(f"«{sorted(left)[0]}» is not an element of {node.id}")


def _is_attribute(key: str, node: Node) -> bool:
    """Element.id and Extension.url are attributes; everything else is an element."""
    return key == "id" or (key == "url" and node.definition.type == "Extension")


def _pairs(value: Any, beside: Any) -> list[tuple[Any, Any]]:
    """Return each repetition with its id and extensions."""
    if not isinstance(value, list) and not isinstance(beside, list):
        return [(value, beside)]
    values, besides = value or [], beside or []
    length = max(len(values), len(besides))
    values = [*values, *[None] * (length - len(values))]
    besides = [*besides, *[None] * (length - len(besides))]
    return list(zip(values, besides, strict=True))


def _child(
    parent: etree._Element, name: str, node: Node, kind: Type, value: Any, beside: Json | None
) -> None:
    if kind.code == "xhtml":
        parent.append(parse(str(value).encode(), name="narrative"))
        return
    element = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    if kind.code in PRIMITIVES or not isinstance(value, dict | None):
        if value is not None:
            element.set("value", _text(value))
        base = shipped().type("Element")
        if beside and base is not None:
            _fill(element, base.root, beside)
        return
    definition = shipped().type(kind.code)
    if definition is not None and definition.raw.get("kind") == "resource":
        element.append(_resource(value or {}))
        return
    inner = node if node.children else None
    if node.content_of:
        inner = node.definition.by_path.get(node.content_of)
    if inner is None and definition is not None:
        inner = definition.root
    if inner is None:
        raise ValueError(f"«{name}» has no known content")
    _fill(element, inner, value or {})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value)
