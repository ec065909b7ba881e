"""Turns FHIR XML into the JSON form, by the element definitions of FHIR R4."""

from __future__ import annotations

import re
from typing import Any

from lxml import etree

from data.errors import InputError, Problem
from ips.conformance.model import PRIMITIVES, Json, Node, ProfilePackage, Type, shipped

FHIR = "{http://hl7.org/fhir}"
XHTML = "{http://www.w3.org/1999/xhtml}"

_INTEGER = re.compile(r"^-?\d+$")
_DECIMAL = re.compile(r"^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$")
_INTEGERS = frozenset({"integer", "positiveInt", "unsignedInt"})
_XHTML_PREFIX = re.compile(r"<(/?)[A-Za-z_][\w.-]*:")


def read_xml(raw: bytes, where: str = "") -> Json:
    """Read a resource from FHIR XML.

    Raises:
        InputError: not well-formed, with a document type, or elements that FHIR R4 does not have.
    """
    if b"<!DOCTYPE" in raw[:4096].upper() or b"<!ENTITY" in raw.upper():
        raise InputError(
            Problem(
                "the file has a document type or entities",
                where,
                rule="FHIR R4 XML: no DTD",
                remedy="remove the DOCTYPE",
            )
        )
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(raw, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        line = getattr(error, "lineno", None)
        raise InputError(
            _unreadable(str(getattr(error, "msg", error)), f"{where}:{line}" if line else where)
        ) from None
    reader = _Reader(shipped(), where)
    resource = reader.resource(root)
    if reader.problems:
        raise InputError(reader.problems)
    return resource


def _unreadable(message: str, where: str) -> Problem:
    """Say why a document could not be parsed; the limits of libxml2 are named in our words."""
    if "XML_PARSE_HUGE" not in message:
        return Problem(
            f"not XML: {message}", where, remedy="check the place; a truncated file ends too early"
        )
    if "depth" in message.lower():
        return Problem("elements are nested too deep", where, remedy="this is no FHIR document")
    return Problem(
        "one text or attribute is longer than 10 MB",
        where,
        remedy="send the attachment apart from the document, or make it smaller",
    )


class _Reader:
    def __init__(self, package: ProfilePackage, where: str) -> None:
        self.package = package
        self.where = where
        self.problems: list[Problem] = []

    def problem(self, element: Any, what: str, rule: str = "FHIR R4 XML") -> None:
        self.problems.append(Problem(what, f"{self.where}:{element.sourceline}", rule=rule))

    def resource(self, element: Any) -> Json:
        name = etree.QName(element)
        definition = self.package.type(name.localname)
        if name.namespace != FHIR[1:-1] or definition is None:
            self.problem(element, f"«{name.localname}» is not a FHIR R4 resource")
            return {}
        return {"resourceType": name.localname, **self.object([definition.root], element)}

    def object(self, nodes: list[Node], element: Any) -> Json:
        """Read the attributes and children of an element by what may stand there."""
        found: Json = {}
        for key in ("id", "url"):
            if key in element.attrib and any(key in n.by_key for n in nodes):
                found[key] = element.attrib[key]
        texts = [element.text, *(child.tail for child in element)]
        if any(text and text.strip() for text in texts):
            self.problem(element, f"text stands directly in <{etree.QName(element).localname}>")
        for child in element:
            name = etree.QName(child).localname
            match = next((n.by_key[name] for n in nodes if name in n.by_key), None)
            if match is None:
                self.problem(child, f"«{name}» is not an element of {nodes[0].id}")
                continue
            self._put(found, match[0], match[1], name, child)
        return found

    def _put(self, found: Json, node: Node, kind: Type, name: str, child: Any) -> None:
        value, beside = self._value(node, kind, child)
        if not node.is_list:
            if name in found or "_" + name in found:
                self.problem(child, f"«{name}» stands more than once")
            if value is not None:
                found[name] = value
            if beside:
                found["_" + name] = beside
            return
        values = found.setdefault(name, [])
        values.append(value)
        if kind.code in PRIMITIVES:
            besides = found.setdefault("_" + name, [None] * (len(values) - 1))
            besides.append(beside or None)
            if all(b is None for b in besides) and len(besides) == len(
                child.getparent().findall(child.tag)
            ):
                del found["_" + name]

    def _value(self, node: Node, kind: Type, child: Any) -> tuple[Any, Json | None]:
        if kind.code == "xhtml":
            return self._xhtml(child), None
        if kind.code in PRIMITIVES:
            text = child.attrib.get("value")
            base = self.package.type("Element")
            beside = self.object([base.root], child) if base is not None else None
            return (None if text is None else _primitive(kind.code, text)), beside
        definition = self.package.type(kind.code)
        if definition is not None and definition.raw.get("kind") == "resource":
            inner = list(child)
            if len(inner) != 1:
                self.problem(child, f"<{node.name}> must hold exactly one resource")
                return {}, None
            return self.resource(inner[0]), None
        nodes = [node] if node.children else []
        if node.content_of and node.content_of in node.definition.by_path:
            nodes = [node.definition.by_path[node.content_of]]
        if not nodes and definition is not None:
            nodes = [definition.root]
        return self.object(nodes, child), None

    def _xhtml(self, child: Any) -> str:
        """Return the narrative as text, with the XHTML namespace on the div and no prefixes."""
        if not child.tag.startswith(XHTML):
            self.problem(child, "the narrative is not in the namespace of XHTML", "txt-1")
        etree.cleanup_namespaces(child)
        text = etree.tostring(child, encoding="unicode", with_tail=False)
        if child.prefix:
            text = _XHTML_PREFIX.sub(r"<\1", text).replace(f"xmlns:{child.prefix}=", "xmlns=")
        return str(text)


def _primitive(type_: str, text: str) -> Any:
    """Return the JSON value of a primitive; what does not fit stays text and is found later."""
    if type_ == "boolean" and text in ("true", "false"):
        return text == "true"
    try:
        if type_ in _INTEGERS and _INTEGER.match(text):
            return int(text)
        if type_ == "decimal" and _DECIMAL.match(text):
            return float(text) if any(c in text for c in ".eE") else int(text)
    except ValueError:  # more digits than Python reads
        return text
    return text
