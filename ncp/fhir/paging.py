"""Search answers in pages: ``_count``, the link to the next page, and how many there are at most.

Nothing is kept between pages: the link says where the last page ended, by the last of what it
showed, so what comes or goes meanwhile moves nothing else. A link says nothing of a patient: it
names them by their id. Source: FHIR R4 http.html#paging, search.html#count.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from urllib.parse import urlencode

from ncp.fhir.outcomes import declined
from ncp.fhir.params import Query

LARGEST = 100
"""Matches of one page at most, and without ``_count``."""
CURSOR = "_page"
"""Our own parameter of the next link; what it holds is nobody else's business."""
_PLACE = re.compile(r"(-?\d{1,12})~([A-Za-z0-9.-]{1,64})")

T = TypeVar("T")
Place = tuple[int, str]
"""Where something stands: the newest first, of the same moment by its id."""


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of what a search found.

    Attributes:
        shown: what is on it.
        total: how many were found in all.
        after: cursor of the next page; empty on the last one.
    """

    shown: Sequence[T]
    total: int
    after: str = ""


def size(query: Query) -> int:
    """Return how many matches a page has: ``_count``, within what is given at once.

    Raises:
        Declined: no number.
    """
    text = query.first("_count")
    if not text:
        return LARGEST
    if not re.fullmatch(r"\d{1,9}", text, re.ASCII):
        raise declined(400, "invalid", "_count is a number, 0 or more", "_count")
    return min(int(text), LARGEST)


def place(date: str, identity: str) -> Place:
    """Return where a resource stands by its date (FHIR instant or date) and id."""
    try:
        moment = dt.datetime.fromisoformat(date.replace("Z", "+00:00"))
        aware = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
        return -int(aware.timestamp()), identity
    except (ValueError, OverflowError):
        return 0, identity


def page(found: Iterable[T], where: Callable[[T], Place], query: Query) -> Page[T]:
    """Return the page that a query asks for.

    Args:
        found: all matches.
        where: the place of one.
        query: with ``_count``, and the cursor of a next link.

    Raises:
        Declined: ``_count`` is no number, or the cursor none of ours.
    """
    ordered = sorted(found, key=where)
    rest = ordered
    if query.first(CURSOR):
        last = _PLACE.fullmatch(query.first(CURSOR))
        if not last:
            raise declined(400, "invalid", "this is no page of a search; search anew", CURSOR)
        rest = [one for one in ordered if where(one) > (int(last[1]), last[2])]
    shown = rest[: size(query)]
    more = bool(shown) and len(rest) > len(shown)
    after = "{}~{}".format(*where(shown[-1])) if more else ""
    return Page(shown, len(ordered), after)


def link(kind: str, query: Query, patient: str, after: str = "") -> str:
    """Return the address of a page below the base.

    Args:
        kind: resource type.
        query: the search.
        patient: id of the patient; it takes the place of whatever named them.
        after: cursor of the page; the first one without.
    """
    pairs = [("patient", f"Patient/{patient}")] if patient else []
    left_out = ("patient", "patient.identifier", CURSOR)
    pairs += [(name, value) for name, values in query.values.items() if name not in left_out
              for value in values]  # fmt: skip
    pairs += [(CURSOR, after)] if after else []
    return kind + (f"?{urlencode(pairs, safe='|/:,')}" if pairs else "")
