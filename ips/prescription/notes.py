"""Keeping the balance: every element of a message is noted once, with what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ips import terms
from ips.eresept.envelope import PRESCRIPTION
from ips.eresept.values import coded
from ips.loss import EXACT, Fate, Loss
from ips.sources.base import shortened
from ips.sources.element import Element

PERSONAL = "(personal details)"
_tuple = tuple.__new__
"""Makes a NamedTuple without the detour of its constructor."""
_ANONYMOUS = frozenset({PERSONAL, "(national number)", "(contact point)", "(other number)"})
"""Words of our own, which hold nothing to mask."""


def exact(element: Element) -> Element:
    """Note that an element travels as it stands; return it."""
    if element.element is not None:
        element.reading.source.loss.add_later(_worded, element, EXACT, "", "", "")
        element.skip_all()
    return element


def lose(element: Element, fate: Fate, reason: str, list_id: str = "", shown: str = "") -> Element:
    """Note an element that does not travel exactly; return it.

    Args:
        element: an absent one is not noted.
        fate: what becomes of it.
        reason: one English sentence; empty for ``EXACT`` only.
        list_id: number of its code list.
        shown: what the report shows instead of the content (for personal details).

    Raises:
        ValueError: a fate worse than exact is given without a reason.
    """
    if element.element is not None:
        if not reason and fate is not EXACT:
            raise ValueError(f"{element.path}: a fate of «{fate}» needs a reason")
        element.reading.source.loss.add_later(_worded, element, fate, reason, list_id, shown)
        element.skip_all()
    return element


def _worded(
    element: Element, fate: Fate, reason: str, list_id: str, shown: str, _: Sequence[Loss]
) -> tuple[Loss]:
    words = shown if shown in _ANONYMOUS else shortened(shown or element.shown())
    return (_tuple(Loss, (element.path, words, fate, reason, PRESCRIPTION, list_id)),)


def text(element: Element, fate: Fate = EXACT, reason: str = "") -> str:
    """Return the text of an element and note it; empty when absent."""
    return lose(element, fate, reason).said


def concept(element: Element, list_number: str, target: str | None = None) -> dict[str, Any]:
    """Return a CodeableConcept of a CS or CV, translated, and note its fate; {} when absent.

    Args:
        element: the coded element; its own ``S`` counts before the list that belongs there.
        list_number: number of the list that the message fixes for the element.
        target: short name of the wanted European system.
    """
    value = coded(element)
    if not value:
        return {}
    made = terms.codeable_concept(
        value.system or list_number, value.code, value.display or value.original,
        element=element.path, loss=element.reading.loss, obligations=PRESCRIPTION, target=target,
    )  # fmt: skip
    element.skip_all()
    return made
