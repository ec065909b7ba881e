"""One element of a KITH message: its place, what it says, and what was never asked for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from ips import xml
from ips.sources.base import Reading
from ips.sources.element import Element

NAMES = st.sampled_from(["a", "b", "{urn:x}a", "{urn:y}a"])
CHILDREN = st.recursive(
    st.just(()), lambda inner: st.lists(st.tuples(NAMES, inner), max_size=4), max_leaves=12
)


def read(content: str) -> Element:
    return Element(xml.parse(content.encode(), name="a.xml"), Reading("a.xml", "m1"))


def grow(parent: etree._Element, children: object) -> None:
    for name, inner in children:  # type: ignore[attr-defined]
        grow(etree.SubElement(parent, name), inner)


def lost(element: Element) -> list[str]:
    element.rest()
    return [item.element for item in element.reading.loss.items]


@given(CHILDREN)
def test_places_are_those_of_the_xml(children: object) -> None:
    root = etree.Element("root")
    grow(root, children)
    waiting = [Element(root, Reading("a.xml", "m1"))]
    while waiting:
        part = waiting.pop()
        assert part.element is not None
        assert part.path == xml.xpath(part.element)
        waiting += part.parts


def test_what_was_never_asked_for_is_told_with_its_place() -> None:
    root = read("<r><a><b>1</b></a><c V='2' DN='two'/><c>3</c></r>")
    assert root.child("a").name == "a"
    assert lost(root) == ["/r/a/b", "/r/c[1]", "/r/c[2]"]
    assert [item.source_value for item in root.reading.loss.items] == ["1", "2 two", "3"]


def test_what_is_skipped_is_not_told_whatever_lies_below() -> None:
    root = read("<r><a><b><c>1</c></b></a><d/></r>")
    root.skip("a")
    assert lost(root) == ["/r/d"]


def test_given_names_those_that_are_there_and_counts_them_as_read() -> None:
    root = read("<r><a>1</a><c>2</c></r>")
    assert [part.value for part in root.given("c", "b", "a")] == ["2", "1"]
    assert lost(root) == []


def test_an_absent_element_has_the_place_where_it_would_stand() -> None:
    absent = read("<r/>").child("a").child("b")
    assert not absent
    assert absent.path == "/r/a/b"
    assert (absent.value, absent.attribute("V"), absent.shown(), list(absent.parts)) == (
        "", "", "", []
    )  # fmt: skip
