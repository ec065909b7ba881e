"""The loss report: counts, lists and its form as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import pytest

from ips.loss import Fate, Loss, LossReport


def _report() -> LossReport:
    report = LossReport()
    report.add("Procedure[0].code", "7517|1 Cytostatika", Fate.APPROXIMATE, "Nearly the same.",
               obligations=("X1.1.10",), list_id="7517")  # fmt: skip
    report.add("Procedure[1].code", "7517|13", Fate.AS_TEXT, "No code.", list_id="7517")
    report.add("Procedure[1].note", "", Fate.NOT_CARRIED, "No element for it.")
    report.add("Medication[0].code", "7180|N02BE01", Fate.EXACT, list_id="7180")
    return report


def test_every_fate_is_counted_also_when_it_does_not_occur() -> None:
    assert LossReport().counts() == dict.fromkeys(Fate, 0)
    assert list(_report().counts().values()) == [1, 1, 1, 1]


def test_lists_are_counted_apart_and_elements_without_code_stay_out() -> None:
    found = _report().by_list()
    assert list(found) == ["7180", "7517"]
    assert found["7517"] == {
        Fate.EXACT: 0, Fate.APPROXIMATE: 1, Fate.AS_TEXT: 1, Fate.NOT_CARRIED: 0
    }  # fmt: skip


def test_what_is_lost_needs_a_reason() -> None:
    with pytest.raises(ValueError, match="needs a reason"):
        LossReport().add("a", "b", Fate.AS_TEXT)


def test_reports_are_joined() -> None:
    whole = _report()
    whole.extend(_report())
    whole.extend(_report().items[:1])
    assert len(whole.items) == 9


def test_as_json_it_names_its_schema_and_loses_nothing() -> None:
    content = json.loads(json.dumps(_report().to_dict()))
    assert content["schema"] == "ehds.loss/1"
    assert content["counts"] == {"exact": 1, "approximate": 1, "as-text": 1, "not-carried": 1}
    assert content["by_list"]["7180"]["exact"] == 1
    assert content["items"][0] == {
        "element": "Procedure[0].code",
        "source_value": "7517|1 Cytostatika",
        "fate": "approximate",
        "reason": "Nearly the same.",
        "obligations": ["X1.1.10"],
        "list_id": "7517",
    }


def test_notes_that_wait_are_worded_in_their_place_and_know_those_before_them() -> None:
    report = LossReport()
    report.add("a", "1", Fate.EXACT)
    report.add_later(lambda before: [Loss(f"after {before[-1].element}", "2", Fate.EXACT, "")])
    report.add("c", "3", Fate.EXACT)
    assert [item.element for item in report.items] == ["a", "after a", "c"]
    assert report.counts()[Fate.EXACT] == 3
    report.add_later(lambda before: [])
    assert len(report.items) == 3


def test_a_note_that_waits_is_worded_once_however_many_read_it() -> None:
    report, calls = LossReport(), []

    def worded(before: Sequence[Loss]) -> list[Loss]:
        calls.append(len(before))
        return [Loss("a", "", Fate.EXACT, "")]

    report.add_later(worded)
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(lambda _: report.items, range(64)))
    assert calls == [0]
    assert all(len(items) == 1 for items in read)


def test_notes_that_are_handed_over_leave_nothing_behind() -> None:
    report = _report()
    report.add_later(lambda before: [Loss("later", "", Fate.EXACT, "")])
    other = report.handed_over()
    assert report == LossReport()
    assert [item.element for item in other.items][-1] == "later"
    assert other != _report()
    report.add("new", "", Fate.EXACT)
    assert len(other.items) == 5
