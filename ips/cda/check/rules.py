"""What every check of a document works with: the document, its kind, and the findings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from lxml import etree

from data.results import Outcome, Result, Severity
from ips import xml
from ips.cda.names import V3, XSI, Section, documents, sections, uri_of
from ips.identifiers import mask
from ips.transcode.sets import member_of_any

SOURCE = "MyHealth@EU CDA templates (ART-DECOR, eHDSI 2025-02-21)"
_EXCHANGE = "E23.3b"
"""Exchange between contact points uses the European exchange format (EHDS Art 23(3))."""
_CATEGORIES = {"ps": "X1.1", "ep": "X1.2", "ed": "X1.3"}
"""Annex I: the category of data that a kind of document carries."""
_LONGEST = 300
_MOST = 200


@dataclass
class Checked:
    """One document under check.

    Attributes:
        root: ClinicalDocument.
        kind: ``ps``, ``ep``, ``ed``; empty for another document.
        level: 3 or 1.
        form: ``pivot`` asks for European codes; otherwise a national code may stand in front of
            its European translation, as in the friendly form.
        results: what was found.
        national: how many codes stand so.
    """

    root: etree._Element
    kind: str
    level: int
    form: str = ""
    results: list[Result] = field(default_factory=list)
    national: int = 0

    @classmethod
    def of(cls, root: etree._Element, form: str = "") -> Checked:
        """Recognise the kind and the level of a document."""
        code = root.find(f"{{{V3}}}code")
        said = "" if code is None else code.get("code", "")
        kinds = {one.loinc: one.key for one in documents().values()}
        body = root.find(f"{{{V3}}}component/{{{V3}}}structuredBody")
        return cls(root, kinds.get(said, ""), 3 if body is not None else 1, form)

    @property
    def bears_on(self) -> tuple[str, ...]:
        """The obligations of a rule that names none of its own: the exchange, and the category."""
        category = _CATEGORIES.get(self.kind)
        return (category, _EXCHANGE) if category else (_EXCHANGE,)

    def fail(
        self,
        rule: str,
        message: str,
        where: etree._Element | str,
        *,
        warning: bool = False,
        obligations: Iterable[str] = (),
        source: str = SOURCE,
    ) -> None:
        """Note that a rule is broken."""
        self.results.append(
            Result(
                id=rule,
                outcome=Outcome.FAIL,
                severity=Severity.WARNING if warning else Severity.ERROR,
                message=mask(message)[:_LONGEST],
                location=mask(where if isinstance(where, str) else place(where)),
                obligations=tuple(obligations) or self.bears_on,
                source=source,
            )
        )

    def member(self, node: etree._Element, value_sets: Iterable[str]) -> bool | None:
        """Return whether a coded element has a code of its value sets; None when unknown.

        A document says nowhere which form it has, and neither its language nor its id differs
        between the two (MyHealth@EU: iti39-documentId-friendly-pivot). So a translation, however
        deep, may answer for a code that is not European, unless the pivot was asked for.
        """
        sets = tuple(value_sets)
        answer = _member(node, sets)
        if answer is not False or self.form == "pivot":
            return answer
        inner = [_member(one, sets) for one in node.iter(f"{{{V3}}}translation")]
        if True in inner:
            self.national += 1
            return True
        return None if None in inner else False

    def passed(self, rule: str, message: str, obligations: Iterable[str] = ()) -> None:
        """Note that a rule holds."""
        self.results.append(
            Result(rule, Outcome.PASS, Severity.INFORMATION, message, "/ClinicalDocument",
                   tuple(obligations) or self.bears_on, (), SOURCE)
        )  # fmt: skip

    def skip(self, rule: str, message: str) -> None:
        """Note that a rule could not be judged."""
        self.results.append(
            Result(rule, Outcome.SKIP, Severity.INFORMATION, message, "/ClinicalDocument",
                   self.bears_on, (), SOURCE)
        )  # fmt: skip

    def broken(self, *prefixes: str) -> bool:
        """Return whether a rule with one of some prefixes is broken."""
        return any(r.outcome is Outcome.FAIL and r.id.startswith(prefixes) for r in self.results)

    def sections(self) -> list[tuple[etree._Element, Section | None]]:
        """Return the sections of the body with the row of the section table."""
        by_code = {one.loinc: one for one in sections().values()}
        found = []
        for node in self.root.iter(f"{{{V3}}}section"):
            code = node.find(f"{{{V3}}}code")
            found.append((node, by_code.get("" if code is None else code.get("code", ""))))
        return found


def _member(node: etree._Element, value_sets: tuple[str, ...]) -> bool | None:
    code, oid = node.get("code", ""), node.get("codeSystem", "")
    if not code or not oid:
        return None
    return member_of_any(value_sets, uri_of(oid, node.get("codeSystemName", "")), code)


def place(element: etree._Element) -> str:
    """Return the XPath of an element with its line."""
    line = f" (line {element.sourceline})" if element.sourceline else ""
    return f"{xml.xpath(element)}{line}"


def value_type(element: etree._Element) -> str:
    """Return the ``xsi:type`` without prefix."""
    return element.get(f"{{{XSI}}}type", "").rsplit(":", 1)[-1]


def bounded(found: list[str]) -> list[str]:
    """Return at most so many findings of one rule; a broken file has no end of them."""
    return found[:_MOST]
