"""FEST (M30): strength and route, which the prescription itself does not carry.

A whole FEST is far larger than any message, so it is read as a stream, one entry at a time. Only
what a prescription needs is kept: routes (7477) and strengths of brands, packages and substances.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from lxml import etree

from data.errors import InputError, Problem
from ips import xml
from ips.eresept.values import Coded, Number, as_number

MAX_BYTES = 600 * 1024 * 1024
"""The whole of FEST is about a sixth of that."""

_PRODUCTS = ("LegemiddelMerkevare", "Legemiddelpakning", "LegemiddelVirkestoff")
_ENTRIES = (*_PRODUCTS, "Virkestoff", "VirkestoffMedStyrke")


class Measure(NamedTuple):
    """A value with the unit's word; both may be missing."""

    value: Number | None
    unit: str


@dataclass(frozen=True, slots=True)
class Strength:
    """One substance of a product with its strength.

    Attributes:
        name: of the substance, in Norwegian.
        english: its English name; empty when FEST has none.
        amount: numerator; without value when FEST gives the substance only.
        per: denominator; without value when the strength is per unit of presentation.
        operator: 7445; ``L`` is equal, ``I`` an interval.
    """

    name: str
    english: str
    amount: Measure
    per: Measure
    operator: str


@dataclass(frozen=True, slots=True)
class Product:
    """What FEST says about a product: where it is given and what is in it."""

    id: str
    routes: tuple[Coded, ...]
    strengths: tuple[Strength, ...]


@dataclass
class Fest:
    """An extract of FEST by id; item numbers (Varenr) are ids of packages too."""

    entries: dict[str, _Entry] = field(default_factory=dict)
    substances: dict[str, tuple[str, str]] = field(default_factory=dict)
    strengths: dict[str, _Strength] = field(default_factory=dict)

    def product(self, *keys: str) -> Product | None:
        """Return the product with one of several ids or item numbers; None when unknown.

        A package has no routes of its own: they are those of its brand.
        """
        entry = next((self.entries[key] for key in keys if key and key in self.entries), None)
        if entry is None:
            return None
        brands = [self.entries[b] for b in entry.brands if b in self.entries]
        routes, references = entry.routes, entry.strengths
        for brand in brands:
            routes = routes or brand.routes
            references = references or brand.strengths
        found = tuple(s for s in map(self._strength, references) if s)
        return Product(entry.id, routes, found)

    def _strength(self, reference: str) -> Strength | None:
        strong = self.strengths.get(reference)
        if strong is None:
            names = self.substances.get(reference)
            nothing = Measure(None, "")
            return Strength(*names, nothing, nothing, "") if names else None
        name, english = self.substances.get(strong.substance, ("", ""))
        return Strength(name, english, strong.amount, strong.per, strong.operator)


class _Entry(NamedTuple):
    id: str
    routes: tuple[Coded, ...]
    strengths: tuple[str, ...]
    brands: tuple[str, ...]


class _Strength(NamedTuple):
    substance: str
    amount: Measure
    per: Measure
    operator: str


def read(content: bytes, *, name: str = "fest.xml") -> Fest:
    """Read FEST, or an extract of it.

    Args:
        content: an M30 message; the namespace of any version is accepted.
        name: file name for errors.

    Raises:
        InputError: not XML, with a document type declaration, too large, or not FEST.
    """
    xml.check_size(content, name, MAX_BYTES)
    if b"<!DOCTYPE" in content:
        raise InputError(
            Problem("the document declares a document type", name,
                    rule="messages are read without DOCTYPE and entities")
        )  # fmt: skip
    fest = Fest()
    try:
        for element in _stream(content):
            _keep(element, fest)
    except etree.XMLSyntaxError as error:
        raise InputError(
            Problem(f"not well-formed XML: {error.msg}", f"{name}:{error.lineno or 1}",
                    remedy="fetch FEST again; the file may be cut off")
        ) from None  # fmt: skip
    if not fest.entries:
        raise InputError(
            Problem("no products in the file", name, rule="M30: FEST with its catalogues",
                    remedy="give the FEST message (fest251.xml) or an extract of it")
        )  # fmt: skip
    return fest


def _stream(content: bytes) -> Iterator[etree._Element]:
    events = etree.iterparse(
        io.BytesIO(content), events=("end",), tag=[f"{{*}}{name}" for name in _ENTRIES],
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    for _, element in events:
        # A substance may lie inside a product; only entries of the catalogues are read.
        parent = element.getparent()
        if parent is None or not xml.local(parent).startswith("Oppf"):
            continue
        yield element
        parent.clear()


def _keep(element: etree._Element, fest: Fest) -> None:
    kind, identity = xml.local(element), _text(element, "Id")
    if kind == "Virkestoff":
        fest.substances[identity] = (_text(element, "Navn"), _text(element, "NavnEngelsk"))
    elif kind == "VirkestoffMedStyrke":
        fest.strengths[identity] = _Strength(
            _text(element, "RefVirkestoff"), _measure(element, "Styrke"),
            _measure(element, "Styrkenevner"), _code(element, "Styrkeoperator"),
        )  # fmt: skip
    else:
        entry = _product(element, identity)
        for key in (identity, _text(element, "Varenr")):
            if key:
                fest.entries[key] = entry


def _product(element: etree._Element, identity: str) -> _Entry:
    routes = tuple(
        Coded(found.get("V", ""), found.get("DN", ""), found.get("S", ""))
        for found in element.iterfind("{*}AdministreringLegemiddel/{*}Administrasjonsvei")
    )
    strengths = [
        (found.text or "").strip()
        for path in ("SortertVirkestoffMedStyrke/{*}RefVirkestoffMedStyrke",
                     "SortertVirkestoffUtenStyrke/{*}RefVirkestoff")
        for found in element.iterfind(f"{{*}}{path}")
    ]  # fmt: skip
    brands = [
        (found.text or "").strip()
        for found in element.iterfind("{*}Pakningsinfo/{*}RefLegemiddelMerkevare")
    ]
    return _Entry(identity, routes, tuple(strengths), tuple(brands))


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(f"{{*}}{name}") or "").strip()


def _code(element: etree._Element, name: str) -> str:
    found = element.find(f"{{*}}{name}")
    return "" if found is None else found.get("V", "")


def _measure(element: etree._Element, name: str) -> Measure:
    found = element.find(f"{{*}}{name}")
    if found is None:
        return Measure(None, "")
    return Measure(as_number(found.get("V", "")), found.get("U", ""))
