"""What was found clean once is not taken for clean when it differs."""

from __future__ import annotations

import copy
from typing import Any

from ips.conformance.engine import check_bundle
from tests.ips.conformance.documents import summary


def errors(document: dict[str, Any]) -> set[str]:
    return {r.id for r in check_bundle(document).results if r.severity == "error"}


def _concepts(value: Any) -> list[dict[str, Any]]:
    found = []
    if isinstance(value, dict):
        if isinstance(value.get("coding"), list):
            found.append(value)
        for part in value.values():
            found += _concepts(part)
    elif isinstance(value, list):
        for part in value:
            found += _concepts(part)
    return found


def test_a_fault_in_a_repeated_coding_is_found_after_a_clean_one() -> None:
    clean = summary()
    assert errors(clean) == set()
    for fault in ({"code": True}, {"system": 1}, {"display": ""}, {"unheardOf": "x"}):
        broken = copy.deepcopy(clean)
        concept = _concepts(broken)[-1]
        concept["coding"].append({**concept["coding"][0], **fault})
        assert errors(broken), fault
        assert errors(clean) == set()


def test_a_fault_in_the_text_beside_a_clean_coding_is_found() -> None:
    clean = summary()
    for text in ("", 7, " "):
        broken = copy.deepcopy(clean)
        _concepts(broken)[-1]["text"] = text
        assert errors(broken), repr(text)
