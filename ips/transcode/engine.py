"""Transcoding and translation of a document as the contact points do it.

Implements the CDA transformation of OpenNCP (CDATransformationService): friendly to pivot in
country A, pivot to the language of country B; every message with its TM or TSAM number.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from lxml import etree

from ips import xml as xmlfile
from ips.cda.names import V3, XSI, oid_of, uri_of
from ips.identifiers import mask
from ips.terms import Coding
from ips.transcode.elements import CodedElement, Usage, coded_elements, column_of
from ips.transcode.terminology import Terminology

Direction = Literal["pivot", "friendly"]
_TYPES = frozenset({"CD", "CE"})
_TRANSLATION = f"{{{V3}}}translation"


@dataclass(frozen=True, slots=True)
class Message:
    """What the transformation says of one element.

    Attributes:
        family: ``TM`` (the document) or ``TSAM`` (the terminology); their numbers overlap.
        number: 4505 and so on.
        severity: ``error`` or ``warning``; only an error fails a document.
        text: one line.
        where: XPath of the element.
    """

    family: str
    number: int
    severity: str
    text: str
    where: str


@dataclass(frozen=True, slots=True)
class Transcoded:
    """A transformed document.

    Attributes:
        xml: the document; unchanged when its kind is not known.
        messages: in the order of the coded element list.
    """

    xml: bytes
    messages: tuple[Message, ...]

    @property
    def failed(self) -> bool:
        """Whether an error was found."""
        return any(message.severity == "error" for message in self.messages)


def transcode(
    content: bytes,
    direction: Direction,
    terminology: Terminology | None = None,
    *,
    name: str = "document",
) -> Transcoded:
    """Transcode a document to pivot, or translate a pivot for its readers.

    Running it again changes nothing: a translation is written only where code, code system or name
    have changed. Comments and processing instructions are not kept.

    Args:
        content: the document.
        direction: ``pivot`` (codes to European ones, English names) or ``friendly`` (names in the
            language of the terminology).
        terminology: maps and names; the shipped ones by default.
        name: how errors call the document.

    Raises:
        InputError: not readable as XML.
    """
    root = xmlfile.parse(content, name=name)
    work = _Work(direction, terminology or Terminology())
    code = root.find(f"{{{V3}}}code")
    if code is None or not code.get("code"):
        return Transcoded(content, (Message("TM", 4509, "error", "the document code is missing",
                                            "/ClinicalDocument/code"),))  # fmt: skip
    level = 3 if root.find(f"{{{V3}}}component/{{{V3}}}structuredBody") is not None else 1
    column = column_of(code.get("code", ""), level)
    if column is None:
        text = f"the document code {mask(code.get('code', ''))} is unknown"
        return Transcoded(content, (Message("TM", 4510, "error", text,
                                            "/ClinicalDocument/code"),))  # fmt: skip
    for element in coded_elements():
        work.row(root, element, element.usage.get(column, Usage.NOT_USED))
    made = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return Transcoded(made, tuple(work.messages))


class _Work:
    def __init__(self, direction: Direction, terminology: Terminology) -> None:
        self.direction = direction
        self.terminology = terminology
        self.messages: list[Message] = []
        self.done: set[etree._Element] = set()

    def say(self, family: str, number: int, text: str, where: str, *, grave: bool = False) -> None:
        severity = "error" if grave else "warning"
        self.messages.append(Message(family, number, severity, text, where))

    def row(self, root: etree._Element, element: CodedElement, usage: Usage) -> None:
        """Process one row of the list."""
        if usage is Usage.NOT_USED:
            return
        found = element.nodes(root)
        nodes = [node for node in found if isinstance(node, etree._Element)]
        required = usage is Usage.REQUIRED
        if not found and required:
            self.say("TM", 4511, "a required coded element is missing", element.xpath, grave=True)
        for unit in found:
            if not isinstance(unit, etree._Element):
                self._unit(unit, element)
        for node in nodes:
            if node in self.done:
                continue
            self.done.add(node)
            if not self._element(node, element, required) and required:
                number = 4505 if self.direction == "pivot" else 4512
                what = "transcoded" if self.direction == "pivot" else "translated"
                self.say("TM", number, f"a required coded element was not {what}",
                         xmlfile.xpath(node), grave=True)  # fmt: skip

    def _unit(self, unit: etree._ElementUnicodeResult, element: CodedElement) -> None:
        """Judge a unit (``doseQuantity/@unit``), which is a code of UCUM and has no name."""
        concept = Coding("http://unitsofmeasure.org", str(unit))
        parent = unit.getparent()
        where = f"{xmlfile.xpath(parent)}/@unit" if parent is not None else element.xpath
        if self.terminology.contains(element.value_sets, concept) is False:
            self.say("TSAM", 2507, f"the unit {unit} is not in its value set", where)

    def _element(self, node: etree._Element, element: CodedElement, required: bool) -> bool:
        """Process one coded element; return whether that went well."""
        if node.get("nullFlavor"):
            return True
        where = xmlfile.xpath(node)
        kind = node.get(f"{{{XSI}}}type", "").rsplit(":", 1)[-1]
        if kind and kind not in _TYPES:
            self.say("TM", 2507, f"the type {kind} is neither CE nor CD", where)
            return False
        code, oid = node.get("code", ""), node.get("codeSystem", "")
        if not code or not oid:
            if node.find(f"{{{V3}}}originalText") is None:
                self.say("TM", 2508, "code or code system is missing", where)
                return False
            return True
        source = Coding(uri_of(oid, node.get("codeSystemName", "")), code,
                        node.get("displayName", ""))  # fmt: skip
        if self.direction == "pivot":
            return self._pivot(node, element, source, where, required)
        return self._friendly(node, source, where, required)

    def _pivot(
        self, node: etree._Element, element: CodedElement, source: Coding, where: str, grave: bool
    ) -> bool:
        fine = True
        inside = self.terminology.contains(element.value_sets, source)
        target = source if inside else self.terminology.target(source)
        if target is None:
            known = self.terminology.knows_system(source.system)
            number, text = (4504, "no European counterpart is mapped") if known else (
                4501, "the code system is not known")  # fmt: skip
            self.say("TSAM", number, f"{_shown(source)}: {text}", where, grave=grave)
            return False
        name = self.terminology.designation(target, "en") or target.display
        if not name:
            self.say("TSAM", 4505, f"{_shown(target)}: no English name is at hand", where,
                     grave=grave)  # fmt: skip
            fine = False
        if self.terminology.contains(element.value_sets, target) is False:
            self.say("TSAM", 2507, f"{_shown(target)} is not in its value set", where)
        _rewrite(node, source, Coding(target.system, target.code, name or source.display))
        return fine

    def _friendly(self, node: etree._Element, source: Coding, where: str, grave: bool) -> bool:
        language = self.terminology.language
        name = self.terminology.designation(source, language)
        if not name:
            number = 4505 if self.terminology.knows_system(source.system) else 4501
            self.say("TSAM", number, f"{_shown(source)}: no name in «{language}» is at hand",
                     where, grave=grave)  # fmt: skip
            return False
        _rewrite(node, source, Coding(source.system, source.code, name))
        return True


def _shown(concept: Coding) -> str:
    return f"{oid_of(concept.system)[0]}|{mask(concept.code)}"


def _rewrite(node: etree._Element, source: Coding, target: Coding) -> None:
    """Write the target into the element; what stood there becomes its translation.

    A translation that was there moves inside the new one, so that the oldest is the innermost.
    """
    same_code = (source.system, source.code) == (target.system, target.code)
    if same_code and source.display == target.display:
        return
    if same_code and not source.display:
        node.set("displayName", target.display)
        return
    before = {key: node.get(key) for key in ("code", "codeSystem", "codeSystemName",
                                             "codeSystemVersion", "displayName")}  # fmt: skip
    translation = etree.Element(_TRANSLATION)
    for key, value in before.items():
        if value:
            translation.set(key, value)
    for old in node.findall(_TRANSLATION):
        translation.append(old)
    node.set("code", target.code)
    if not same_code:
        oid, name = oid_of(target.system)
        node.set("codeSystem", oid)
        for key in ("codeSystemName", "codeSystemVersion"):
            if key in node.attrib:
                del node.attrib[key]
        if name:
            node.set("codeSystemName", name)
    if target.display:
        node.set("displayName", target.display)
    node.append(translation)
