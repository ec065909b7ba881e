"""JUnit XML, as pytest, Maven Surefire, Gradle, Jest and most other runners write it.

A property «obligations» of a test case (or of its suite) names what it bears on, for example by
``record_property("obligations", "X2.3.2c")`` in pytest.
"""

from __future__ import annotations

import datetime as dt

from lxml import etree

from data.results import Outcome
from gap.evidence.readers.common import day_of, obligations_in, short
from gap.evidence.record import Raw
from ips.xml import children, local

PROPERTY = "obligations"


def is_junit(root: etree._Element) -> bool:
    """Whether the document is a list of test suites."""
    return local(root) in ("testsuites", "testsuite")


def read(root: etree._Element) -> list[Raw]:
    """Return one result a test case; a suite within a suite is read too."""
    return _suites(root, None, (), "")


def _suites(
    node: etree._Element, when: dt.date | None, carried: tuple[str, ...], above: str
) -> list[Raw]:
    when = day_of(node.get("timestamp")) or when
    carried = (*carried, *_carried(node))
    name = node.get("name") or above
    found = []
    for child in node:
        if local(child) == "testcase":
            found.append(_case(child, name, when, carried))
        elif local(child) == "testsuite":
            found += _suites(child, when, carried, name)
    return found


def _case(case: etree._Element, suite: str, when: dt.date | None, carried: tuple[str, ...]) -> Raw:
    told = {local(child): child for child in case}
    outcome, message = Outcome.PASS, ""
    for word, meant in (("error", Outcome.ERROR), ("failure", Outcome.FAIL),
                        ("skipped", Outcome.SKIP)):  # fmt: skip
        if word in told:
            outcome = meant
            message = told[word].get("message") or told[word].text or ""
            break
    name = ".".join(filter(None, (case.get("classname"), case.get("name"))))
    place = case.get("file") or ""
    line = case.get("line")
    return Raw(
        test=f"junit/{name}", what=suite, outcome=outcome, message=short(message),
        location=f"{place}:{line}" if place and line else place,
        carried=tuple(dict.fromkeys((*carried, *_carried(case)))), date=when,
    )  # fmt: skip


def _carried(node: etree._Element) -> tuple[str, ...]:
    return tuple(
        one for properties in children(node, "properties")
        for prop in children(properties, "property") if prop.get("name") == PROPERTY
        for one in obligations_in(prop.get("value") or prop.text or "")
    )  # fmt: skip
