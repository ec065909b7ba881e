"""``ehds terms``: lookup, map, and coverage over records."""

from __future__ import annotations

import csv
import io
import json

import pytest
from click.testing import CliRunner, Result

from data.errors import InputError
from ehds.cli.terms import command
from ips.loss import Fate, LossReport
from ips.terms.coverage import lost_codes, shares


def _run(*arguments: str) -> Result:
    return CliRunner().invoke(command, arguments, obj={})


def test_lookup_shows_name_target_and_doubt() -> None:
    text = _run("lookup", "7519", "1", "--lang", "en").stdout
    assert "meticillin-resistant" in text
    assert "U82.1  Resistance to methicillin" in text
    assert "inexact, inferred" in text


def test_lookup_without_code_gives_the_whole_list() -> None:
    content = json.loads(_run("lookup", "7514", "--format", "json").stdout)
    assert content["schema"] == "ehds.terms-lookup/1"
    assert [row["code"] for row in content["codes"]] == [str(n) for n in range(1, 16)]
    assert content["codes"][-1]["equivalence"] == "unmatched"


def test_lookup_goes_to_the_system_that_is_asked_for() -> None:
    rows = json.loads(_run("lookup", "7518", "9", "--to", "icd-10", "--format", "json").stdout)
    assert [t["code"] for t in rows["codes"][0]["targets"]] == ["Z95.0"]


def test_an_unknown_list_gets_a_remedy() -> None:
    result = _run("lookup", "74977")
    assert isinstance(result.exception, InputError)
    assert "did you mean" in result.exception.problems[0].remedy


def test_a_list_without_map_is_told_apart_from_an_unknown_one() -> None:
    result = _run("map", "7449")
    assert isinstance(result.exception, InputError)
    assert "has no map" in result.exception.problems[0].what


def test_map_lists_all_maps_also_those_that_cannot_be_shipped() -> None:
    content = json.loads(_run("map", "--format", "json").stdout)
    maps = {row["source_list"]: row for row in content["maps"]}
    assert maps["7448"]["exact"] == 494
    assert "WONCA" in maps["7170"]["otherwise"]


def test_map_as_csv_is_the_table_itself() -> None:
    text = _run("map", "7514-snomed", "--format", "csv").stdout
    rows = list(csv.DictReader(io.StringIO(text)))
    assert len(rows) == 15
    assert rows[9]["target_code"] == "762952008"
    assert rows[14]["equivalence"] == "unmatched"


def test_map_filters_by_equivalence() -> None:
    text = _run("map", "7518", "--equivalence", "narrower", "--format", "json").stdout
    rows = json.loads(text)["rows"]
    assert rows
    assert {row["equivalence"] for row in rows} == {"narrower"}


def _reports() -> list[LossReport]:
    one, two = LossReport(), LossReport()
    one.add("a", "7514|10 Peanøtt", Fate.EXACT, list_id="7514")
    one.add("b", "7517|13", Fate.AS_TEXT, "No code.", list_id="7517")
    one.add("c", "free words", Fate.AS_TEXT, "Only text.")
    two.add("d", "7517|13", Fate.AS_TEXT, "No code.", list_id="7517")
    two.add("e", "7517|1", Fate.APPROXIMATE, "Nearly.", list_id="7517")
    return [one, two]


def test_shares_are_per_list_with_the_total_last_and_free_text_outside() -> None:
    rows = {row.list_id: row.to_dict() for row in shares(_reports())}
    assert list(rows) == ["7514", "7517", ""]
    assert rows["7517"]["codes"] == 3
    assert rows["7517"]["share_not_at_all"] == pytest.approx(0.6667)
    assert (rows[""]["exact"], rows[""]["approximate"], rows[""]["not_at_all"]) == (1, 1, 2)


def test_lost_codes_are_counted_and_the_most_frequent_comes_first() -> None:
    assert [(loss.source_value, n) for loss, n in lost_codes(_reports())] == [
        ("7517|13", 2),
        ("7517|1", 1),
    ]


def test_nothing_gives_a_total_of_nothing() -> None:
    (total,) = shares([])
    assert total.codes == 0
    assert total.share(Fate.EXACT) == 0
