"""Properties of all readers: whatever comes in, only InputError comes out, and nothing is lost."""

from __future__ import annotations

import copy
import json
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import data
from data.errors import InputError
from ips import sources
from ips.record import combine
from tests.ips.sources.samples import REACTION, entry, medication_list

FILES = sorted(
    p for p in data.path("patients").glob("*/*.json") if p.parent.name in (
        "everything", "penicillin-anaphylaxis", "pregnant-anti-d", "mrsa")
)  # fmt: skip
CONTENTS = [(path.name, json.loads(path.read_bytes())) for path in FILES]
MESSAGE = medication_list(entry("1"), entry("2"), REACTION.format(refuted="false"))
JUNK: list[Any] = [
    None, True, -1, 1.5, 1e300, "", "x", "2023-02-30", "2024-01-01T25:00:00Z", "#recorderRef", [],
    {}, [[]], [{}], [1, "a", None], {"coding": {}}, {"coding": [1]}, {"coding": [{"code": 5}]},
    {"reference": 5}, {"reference": "#x"}, {"extension": [{"url": 3}]}, {"resourceType": "Bundle"},
]  # fmt: skip
STEPS = st.lists(
    st.tuples(st.integers(0, 10**6), st.sampled_from(["replace", "delete", "move"]),
              st.sampled_from(range(len(JUNK)))), min_size=1, max_size=8,
)  # fmt: skip
RELAXED = settings(
    max_examples=150, deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)  # fmt: skip


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = []
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, item in pairs:
        found.append((*path, key))
        if isinstance(item, dict | list):
            found += places(item, (*path, key))
    return found


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for key in path:
        value = value[key]
    return value


def mutated(value: Any, steps: list[tuple[int, str, int]]) -> Any:
    value = copy.deepcopy(value)
    for number, kind, junk in steps:
        known = places(value)
        if not known:
            return value
        path = known[number % len(known)]
        holder = at(value, path[:-1])
        if kind == "delete":
            del holder[path[-1]]
        elif kind == "move":
            source = copy.deepcopy(at(value, known[(number * 7) % len(known)]))
            holder[path[-1]] = source
        else:
            holder[path[-1]] = copy.deepcopy(JUNK[junk])
    return value


def survives(content: bytes, name: str, *, kind: str = "", lenient: bool = False) -> None:
    """Read; whatever is read can be written, and can be made a record."""
    try:
        if kind:
            source = sources.read(kind, content, name, lenient=lenient)
        else:
            source = sources.read_any(content, name, lenient=lenient)
        record = combine([source, copy.deepcopy(source)], name="fuzz")
    except InputError:
        return
    orjson.dumps([record.resources, record.provenance, record.patient, record.loss.to_dict()])


@RELAXED
@given(st.sampled_from(range(len(CONTENTS))), STEPS, st.booleans())
def test_mutated_samples(number: int, steps: list[tuple[int, str, int]], lenient: bool) -> None:
    name, value = CONTENTS[number]
    survives(orjson.dumps(mutated(value, steps)), name, lenient=lenient)


@RELAXED
@given(st.sampled_from(range(len(CONTENTS))), STEPS, st.sampled_from(sources.KINDS))
def test_samples_given_to_any_reader(
    number: int, steps: list[tuple[int, str, int]], kind: str
) -> None:
    name, value = CONTENTS[number]
    survives(orjson.dumps(mutated(value, steps)), name, kind=kind, lenient=True)


@RELAXED
@given(st.integers(0, len(MESSAGE)), st.integers(0, 80), st.text(max_size=12), st.booleans())
def test_damaged_messages(start: int, length: int, text: str, lenient: bool) -> None:
    damaged = MESSAGE[:start] + text + MESSAGE[start + length :]
    survives(damaged.encode("utf-8", "replace"), "m25.xml", lenient=lenient)


@RELAXED
@given(st.integers(0, 200), st.sampled_from(["", "x", "2023-02-30", "9" * 40, "NaN", "-1", "å"]))
def test_messages_with_other_values(number: int, text: str) -> None:
    """Put a value in the place of another one, between tags or in an attribute."""
    marks = [
        i for i, c in enumerate(MESSAGE) if c == ">" and MESSAGE[i + 1 : i + 2] not in ("<", "")
    ]
    marks += [i + 2 for i in range(len(MESSAGE) - 2) if MESSAGE[i : i + 3] == 'V="']
    start = marks[number % len(marks)] + 1
    end = min(i for i in (MESSAGE.find("<", start), MESSAGE.find('"', start)) if i >= start)
    survives((MESSAGE[:start] + text + MESSAGE[end:]).encode(), "m25.xml", lenient=True)


@RELAXED
@given(st.binary(max_size=300), st.sampled_from(["a.json", "b.xml"]))
def test_any_bytes(content: bytes, name: str) -> None:
    survives(content, name)


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(
        st.sampled_from(["resourceType", "entry", "resource", "code", "coding", "mother", "id"]),
        inner, max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip


@RELAXED
@given(JSON, st.sampled_from(sources.KINDS))
def test_any_json_to_any_reader(value: Any, kind: str) -> None:
    survives(json.dumps(value).encode(), "x.json", kind=kind)


@pytest.mark.parametrize("name", sorted({name for name, _ in CONTENTS}))
def test_an_unknown_element_anywhere_in_an_entry_is_reported(name: str) -> None:
    """A needle in every object of a file turns up in the loss report."""
    for _, value in (pair for pair in CONTENTS if pair[0] == name):
        marked = copy.deepcopy(value)
        inside = [path for path in places(value) if isinstance(at(value, path), dict)]
        for number, path in enumerate(inside):
            at(marked, path)["unknownElement"] = f"needle-{number}-"
        source = sources.read_any(json.dumps(marked).encode(), name, lenient=True)
        told = "\n".join(item.source_value for item in source.loss.items)
        lost = [p for n, p in enumerate(inside) if f"needle-{n}-" not in told
                and not excused(value, p)]  # fmt: skip
        assert not lost


def excused(value: Any, path: tuple[Any, ...]) -> bool:
    """Entries deleted by their source are reported as wholes; envelopes are not clinical."""
    if {"search", "meta"} & set(path):
        return True
    for length in range(len(path) + 1):
        part = at(value, path[:length])
        if isinstance(part, dict) and part.get("resourceType") == "Composition":
            return True
        if isinstance(part, dict) and "entered-in-error" in json.dumps(
            [part.get("status"), part.get("verificationStatus")]
        ):
            return True
    return False
