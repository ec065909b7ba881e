"""Keeping the balance: every element of a message is noted once, with what became of it."""

from __future__ import annotations

from typing import Any

from ips import terms
from ips.eresept.envelope import PRESCRIPTION
from ips.eresept.values import coded
from ips.loss import Fate
from ips.sources.element import Element


def exact(element: Element) -> Element:
    """Note that an element travels as it stands; return it."""
    if element:
        element.reading.exact(element.path, element.shown(), PRESCRIPTION)
        element.skip_all()
    return element


def lose(element: Element, fate: Fate, reason: str, list_id: str = "", shown: str = "") -> Element:
    """Note an element that does not travel exactly; return it.

    Args:
        element: an absent one is not noted.
        fate: what becomes of it.
        reason: one English sentence.
        list_id: number of its code list.
        shown: what the report shows instead of the content (for personal details).
    """
    if element:
        element.reading.lose(element.path, shown or element.shown(), fate, reason, PRESCRIPTION,
                             list_id)  # fmt: skip
        element.skip_all()
    return element


def text(element: Element, fate: Fate = Fate.EXACT, reason: str = "") -> str:
    """Return the text of an element and note it; empty when absent."""
    found = element.value or element.attribute("V")
    if fate is Fate.EXACT:
        exact(element)
    else:
        lose(element, fate, reason)
    return found


def concept(element: Element, list_number: str, target: str | None = None) -> dict[str, Any]:
    """Return a CodeableConcept of a CS or CV, translated, and note its fate; {} when absent.

    Args:
        element: the coded element; its own ``S`` counts before the list that belongs there.
        list_number: number of the list that the message fixes for the element.
        target: short name of the wanted European system.
    """
    value = coded(element)
    if not element or not value:
        return {}
    made = terms.codeable_concept(
        value.system or list_number, value.code, value.display or value.original,
        element=element.path, loss=element.reading.loss, obligations=PRESCRIPTION, target=target,
    )  # fmt: skip
    element.skip_all()
    return made
