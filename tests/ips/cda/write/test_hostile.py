"""Bundles that are broken anywhere: a well-formed document, or an error with a remedy."""

from __future__ import annotations

import contextlib
import copy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from data.errors import InputError
from ips.cda.write import to_cda

JUNK: tuple[Any, ...] = (
    None, "", "x", 0, -1, True, [], {}, [None], [{}], {"coding": "x"}, {"coding": [{}]},
    "\x00\x0b", "a" * 2000, {"reference": "urn:uuid:nowhere"}, "<script>&", "\ud800", 1e400,
)  # fmt: skip


def _paths(element: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    items: Any = ()
    if isinstance(element, dict):
        items = element.items()
    elif isinstance(element, list):
        items = enumerate(element)
    return [one for key, value in items for one in ((*path, key), *_paths(value, (*path, key)))]


@given(place=st.floats(0, 0.9999), junk=st.sampled_from(JUNK), gone=st.booleans(),
       form=st.sampled_from(("pivot", "friendly")))  # fmt: skip
@settings(max_examples=150, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])  # fmt: skip
def test_a_broken_bundle_never_crashes(bundle, place, junk, gone, form) -> None:
    broken = copy.deepcopy(bundle("penicillin-anaphylaxis"))
    paths = _paths(broken)
    path = paths[int(place * len(paths))]
    holder = broken
    for step in path[:-1]:
        holder = holder[step]
    if gone:
        del holder[path[-1]]
    else:
        holder[path[-1]] = junk
    with contextlib.suppress(InputError):
        written = to_cda(broken, form=form, level=3)
        assert etree.fromstring(written.xml) is not None
