"""Whatever is put into a file of results: it is read, or it is an error that names the file."""

from __future__ import annotations

import copy
import json
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from data.errors import InputError
from gap.evidence.readers import forms
from tests.gap.evidence.test_readers import RUN, assert_, issue, sarif, validated

SAMPLES = [
    RUN,
    {"resourceType": "TestReport", "name": "x", "issued": "2026-11-20", "testScript": "t",
     "setup": {"action": [assert_("pass")]}, "test": [{"name": "t", "action": [assert_("fail")]}]},
    {"resourceType": "Bundle", "entry": [{"resource": validated("a", issue("error", "ait-1"))}]},
    sarif({"ruleId": "R1", "level": "error", "message": {"text": "m"}, "kind": "fail",
           "properties": {"obligations": ["X1.1"]}, "locations": [{"physicalLocation": {
               "artifactLocation": {"uri": "a"}, "region": {"startLine": 1}}}]},
          invocations=[{"endTimeUtc": "2026-11-20T10:00:00Z"}]),
    {"uuid": "u", "result": "PASSED", "validationOverview": {"validationServiceName": "s"},
     "subReports": [{"constraints": [{"constraintID": "a", "testResult": "FAILED"}],
                     "subReports": []}]},
    {"schema": "ehds.ips.check/1", "documents": [{
        "name": "a", "profiles": ["ps, level 3"],
        "results": [{"id": "r", "outcome": "fail", "severity": "error", "obligations": ["X1.1"]}],
        "coverage": [{"element": 1, "obligation": "X1.1.1", "state": "filled"}]}]},
    {"schema": "ehds.ncp-test/1", "when": "2026-11-20", "scenarios": [{
        "id": "IDN-01", "outcome": "pass", "services": ["PS-A"], "obligations": ["E16.4"],
        "results": [{"id": "r", "outcome": "pass", "obligations": ["X2.3.2"]}]}]},
]  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
    | st.sampled_from(["pass", "error", "2026-11-20", "X2.3.2c", "Bundle", "OperationOutcome"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["id", "results", "outcome", "issue", "entry"]), inner),
    max_leaves=6,
)  # fmt: skip


def places(node, path=()):
    """Give the path of every node."""
    yield path
    if isinstance(node, dict | list):
        for key, value in node.items() if isinstance(node, dict) else enumerate(node):
            yield from places(value, (*path, key))


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_any_part_of_a_report_may_be_anything(sample, data):
    content = copy.deepcopy(sample)
    path = data.draw(st.sampled_from(list(places(content))[1:]))
    node = content
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = data.draw(JSON)
    with suppress(InputError):
        found = forms.read(json.dumps(content).encode(), "file")
        assert all(isinstance(t, str) for r in found for t in (r.test, r.what, *r.carried))


@pytest.mark.parametrize(("before", "after"), [
    ('{"schema": "ehds.x/1", "a": ', "{}"),
    ('{"uuid": "u", "result": "PASSED", "validationOverview": {}, "subReports": ', "[]"),
])  # fmt: skip
def test_what_is_nested_deep_does_no_harm(before, after):
    inner = '[{"subReports": ' * 450 + "[]" + "}]" * 450 if after == "[]" else (
        '{"a": ' * 990 + "{}" + "}" * 990
    )  # fmt: skip
    with suppress(InputError):  # read, or told: never a traceback
        forms.read(f"{before}{inner}}}".encode(), "file")


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_are_told_apart(content):
    with pytest.raises(InputError):
        forms.read(content, "file")
