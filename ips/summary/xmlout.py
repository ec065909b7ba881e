"""A FHIR resource as XML: elements in the order of the specification, numbers as they came.

The order comes from the fhir.resources models (R4B; the same as R4 for the types of a summary), so
this module is imported only where XML is wanted.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from typing import Any, get_args

from fhir.resources.R4B import get_fhir_model_class
from lxml import etree

from data.errors import InputError, Problem

FHIR = "http://hl7.org/fhir"
_NAMESPACES: Any = {None: FHIR}


def to_xml(resource: dict[str, Any]) -> bytes:
    """Return a FHIR resource as an XML document in UTF-8, indented.

    Args:
        resource: FHIR R4 JSON as plain data; decimals may be ``decimal.Decimal``.

    Raises:
        InputError: an element that FHIR R4 does not have, text or a narrative that is not XML.
    """
    root = _resource(resource)
    _indent(root, "\n")
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written + b"\n"


def _indent(element: etree._Element, line: str) -> None:
    """Put every element on a line of its own; a narrative is left as it is written."""
    children = list(element)
    if not children:
        return
    element.text = line + "  "
    for child in children:
        if str(child.tag).startswith(f"{{{FHIR}}}"):
            _indent(child, line + "  ")
        child.tail = line + "  "
    children[-1].tail = line


def _resource(resource: dict[str, Any]) -> etree._Element:
    name = resource.get("resourceType", "")
    try:
        model = get_fhir_model_class(name)
    except (ValueError, LookupError):
        raise InputError(Problem(f"FHIR R4 has no resource «{name}»", "resourceType")) from None
    element = etree.Element(f"{{{FHIR}}}{name}", nsmap=_NAMESPACES)
    content = {key: value for key, value in resource.items() if key != "resourceType"}
    _fill(element, content, model, name, attributes=())
    return element


@cache
def _order(model: Any) -> tuple[str, ...]:
    return tuple(model.elements_sequence())


@cache
def _inner(model: Any, key: str) -> Any:
    """Return the model of an element, or None for a primitive or a resource of any type."""
    for name, field in model.model_fields.items():
        if (field.alias or name) == key:
            return next(_models(field.annotation), None)
    return None


def _models(annotation: Any) -> Iterator[Any]:
    if hasattr(annotation, "get_model_klass"):
        yield annotation.get_model_klass()
    for part in get_args(annotation):
        yield from _models(part)


def _fill(
    element: etree._Element,
    content: dict[str, Any],
    model: Any,
    path: str,
    attributes: tuple[str, ...] = ("id",),
) -> None:
    """Write the elements of a resource, a data type or what a primitive carries beside its value.

    An element's id, and an extension's url, are attributes; the id of a resource is an element.
    """
    order = _order(model)
    if model.__name__ == "Extension":
        attributes = ("id", "url")
    names = {key.removeprefix("_") for key in content}
    unknown = names.difference(order, attributes)
    if unknown:
        raise InputError(
            [Problem(f"FHIR R4 has no element «{name}» here", path) for name in sorted(unknown)]
        )
    for name in attributes:
        if isinstance(content.get(name), str):
            _set(element, name, content[name], path)
    for name in order:
        if name in names and name not in attributes:
            for one, extra in _pairs(content.get(name), content.get(f"_{name}")):
                _append(element, name, one, extra, _inner(model, name), f"{path}.{name}")


def _pairs(value: Any, companion: Any) -> Iterator[tuple[Any, Any]]:
    if not isinstance(value, list) and not isinstance(companion, list):
        yield value, companion
        return
    values, extras = value or [], companion or []
    for n in range(max(len(values), len(extras))):
        yield (values[n] if n < len(values) else None), (extras[n] if n < len(extras) else None)


def _append(
    parent: etree._Element, name: str, value: Any, extra: Any, model: Any, path: str
) -> None:
    if name == "div":
        parent.append(_narrative(value, path))
        return
    element = etree.SubElement(parent, f"{{{FHIR}}}{name}")
    if isinstance(value, dict) and "resourceType" in value:
        element.append(_resource(value))
    elif isinstance(value, dict):
        _fill(element, value, model, path)
    elif value is not None:
        _set(element, "value", _lexical(value), path)
    if isinstance(extra, dict):
        _fill(element, extra, get_fhir_model_class("Element"), path)


def _set(element: etree._Element, name: str, value: str, path: str) -> None:
    try:
        element.set(name, value)
    except ValueError:
        raise InputError(
            Problem("the text has a character that XML cannot hold", path, rule="XML 1.0")
        ) from None


def _lexical(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return str(value)
    return repr(value) if isinstance(value, float) else str(value)


def _narrative(div: str, path: str) -> etree._Element:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False)
    try:
        return etree.fromstring(div.encode(), parser)
    except (etree.XMLSyntaxError, ValueError, AttributeError):
        raise InputError(
            Problem("the narrative is not well-formed XHTML", path, rule="FHIR R4 txt-1")
        ) from None
