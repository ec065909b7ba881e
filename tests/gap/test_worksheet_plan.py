"""The ground moves, assessors disagree: shown, left out, never overwritten without a word."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from data.errors import InputError
from data.loaders.assessments import load
from gap.worksheet.plan import Kind, Moved
from tests.gap.worksheets import ASSESSMENT, FULL, Filled, applied, base, exported, prepare, said

OTHER = {**FULL, "status": "oppfylt", "level": 3, "comment_nb": "Alt er der"}


def fresh() -> Filled:
    return Filled(exported(theme="Annex II"))


def key(filled: Filled, row: int) -> tuple[str, str, tuple[str, ...]]:
    return (filled.get(row, "key.system"), filled.get(row, "key.obligation"),
            tuple((filled.get(row, "categories") or "").split()))  # fmt: skip


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """Return a folder in which a first workbook was applied: one added, one changed, one gone."""
    filled = fresh()
    added, changed, gone = filled.open_row(), filled.found_row(0), filled.found_row(1)
    filled.set(added, **FULL).set(changed, comment_nb="Nytt").set(gone, status="ikke vurdert")
    applied(filled.save(tmp_path, "first.xlsx"), folder=tmp_path / "mine", who="Kari")
    return tmp_path / "mine"


def test_the_same_workbook_again_changes_nothing(mine, tmp_path):
    found = prepare(tmp_path / "first.xlsx", folder=mine)
    assert found.plan.changes == []
    assert found.plan.undecided == 0
    assert found.plan.agreed == 3


def test_an_old_workbook_meets_the_moved_ground_as_conflicts(mine, tmp_path):
    filled = fresh()
    rows = [filled.open_row(), filled.found_row(0), filled.found_row(1)]
    untouched = filled.open_row(4)
    filled.set(rows[0], **OTHER)
    filled.set(rows[1], comment_nb="Noe tredje").set(rows[2], comment_nb="Noe tredje")
    filled.set(untouched, **OTHER)
    file = filled.save(tmp_path, "old.xlsx")
    found = prepare(file, folder=mine)
    assert [(c.edit.obligation, c.moved) for c in found.plan.conflicts] == [
        (key(filled, rows[0])[1], Moved.ADDED),
        (key(filled, rows[1])[1], Moved.CHANGED),
        (key(filled, rows[2])[1], Moved.REMOVED),
    ]
    assert [c.obligation for c in found.plan.changes] == [key(filled, untouched)[1]]
    before = said(load(str(mine)))
    after = said(applied(file, folder=mine))
    assert after.pop(key(filled, untouched))["level"] == "3"
    assert after == before


def test_a_conflict_that_is_accepted_is_written_and_the_others_are_not(mine, tmp_path):
    filled = fresh()
    one, other = filled.open_row(), filled.found_row(0)
    filled.set(one, **OTHER).set(other, comment_nb="Noe tredje")
    file = filled.save(tmp_path, "old.xlsx")
    place = ":".join(key(filled, one)[:2])
    after = said(applied(file, folder=mine, accept=[place]))
    assert after[key(filled, one)]["comment_nb"] == "Alt er der"
    assert after[key(filled, other)]["comment_nb"] == "Nytt"
    after = said(applied(file, folder=mine, accept=["all"]))
    assert after[key(filled, other)]["comment_nb"] == "Noe tredje"


def test_accepting_what_no_file_edits_is_an_error(mine, tmp_path):
    file = fresh().save(tmp_path)
    with pytest.raises(InputError, match=r"no edit of «kjernejournal:E03.1a»"):
        prepare(file, folder=mine, accept=["kjernejournal:E03.1a"])


def test_an_accepted_edit_takes_only_its_categories_from_the_findings_of_today(tmp_path):
    filled = Filled()
    row = next(r for r in filled.rows() if not filled.get(r, "status")
               and len(_choices(filled, r)) > 2)  # fmt: skip
    first = _choices(filled, row)[0]
    applied(filled.set(row, **FULL).save(tmp_path, "a.xlsx"), folder=tmp_path / "mine")
    late = Filled()
    late.set(row, **{**OTHER, "categories": first})
    after = said(applied(late.save(tmp_path, "b.xlsx"), folder=tmp_path / "mine", accept=["all"]))
    here = {k[2]: v["status"] for k, v in after.items() if k[:2] == key(late, row)[:2]}
    assert here == {(first,): "met", tuple(_choices(filled, row)[1:]): "partial"}


def _choices(filled: Filled, row: int) -> list[str]:
    from data.loaders.catalogue import catalogue
    from data.loaders.systems import systems
    from gap.applicability import cell_categories

    return list(cell_categories(catalogue().obligations[filled.get(row, "key.obligation")],
                                systems()[filled.get(row, "key.system")]))  # fmt: skip


# ---- several assessors


def two(tmp_path: Path) -> tuple[Filled, Filled, int]:
    one, other = fresh(), fresh()
    row = one.open_row()
    one.set(one.open_row(2), **FULL).set(row, **FULL).by("Kari")
    other.set(other.open_row(5), **FULL).set(row, **OTHER).by("Ola")
    one.save(tmp_path, "kari.xlsx")
    other.save(tmp_path, "ola.xlsx")
    return one, other, row


def test_workbooks_of_several_assessors_merge_and_their_disagreement_is_left_out(tmp_path):
    one, _, row = two(tmp_path)
    files = (tmp_path / "kari.xlsx", tmp_path / "ola.xlsx")
    plan = prepare(*files).plan
    (disagreement,) = plan.disagreements
    assert (disagreement.system, disagreement.obligation) == key(one, row)[:2]
    assert [e.where for e in disagreement.edits] == [
        f"[kari.xlsx]Vurdering!{row}:{row}", f"[ola.xlsx]Vurdering!{row}:{row}",
    ]  # fmt: skip
    assert len(plan.changes) == 2
    after = said(applied(*files, folder=tmp_path / "mine", who=""))
    assert key(one, row) not in after
    assert len(after) == len(base()) + 2
    header = (tmp_path / "mine" / "assessment.toml").read_text("utf-8")
    assert "Kari; Ola" in header


def test_the_preferred_file_decides_a_disagreement(tmp_path):
    one, _, row = two(tmp_path)
    files = (tmp_path / "kari.xlsx", tmp_path / "ola.xlsx")
    after = said(applied(*files, folder=tmp_path / "mine", who="", prefer="ola.xlsx"))
    assert after[key(one, row)]["level"] == "3"
    with pytest.raises(InputError, match=r"no file «per.xlsx»"):
        prepare(*files, prefer="per.xlsx")


def test_assessors_who_say_the_same_are_one_change_with_both_names(tmp_path):
    names = ("kari.xlsx", "ola.xlsx")
    for name in names:
        filled = fresh()
        filled.set(filled.open_row(), **FULL).by(name[:4].title().strip(".")).save(tmp_path, name)
    files = [tmp_path / n for n in names]
    (change,) = prepare(*files).plan.changes
    assert change.kind is Kind.ADDED
    assert [e.file for e in change.by] == list(names)
    applied(*files, folder=tmp_path / "mine", who="")
    with (tmp_path / "mine" / "changes.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {r["file"] for r in rows} == {"kari.xlsx; ola.xlsx"}
    assert {r["who"] for r in rows} == {"Kari; Ola"}
    assert all(len(r["sha256"].split("; ")) == 2 for r in rows)


def test_one_takes_out_what_another_changes_is_a_disagreement(tmp_path):
    one, other = fresh(), fresh()
    row = one.found_row()
    one.set(row, status="ikke vurdert").save(tmp_path, "a.xlsx")
    other.set(row, comment_nb="Nytt").save(tmp_path, "b.xlsx")
    plan = prepare(tmp_path / "a.xlsx", tmp_path / "b.xlsx").plan
    assert plan.changes == []
    assert len(plan.disagreements) == 1


def test_assessors_with_findings_on_the_same_category_disagree(tmp_path):
    one, other = Filled(), Filled()
    row = next(r for r in one.rows() if not one.get(r, "status") and len(_choices(one, r)) > 2)
    first, second = _choices(one, row)[:2]
    one.set(row, **{**FULL, "categories": first}).save(tmp_path, "a.xlsx")
    other.set(other.spare(), **{**FULL, "categories": f"{first} {second}"},
              system="kjernejournal", obligation=other.get(row, "obligation"))  # fmt: skip
    other.save(tmp_path, "b.xlsx")
    plan = prepare(tmp_path / "a.xlsx", tmp_path / "b.xlsx").plan
    assert plan.changes == []
    assert len(plan.disagreements) == 1


# ---- what is written


def test_the_assessment_stands_alone_and_a_log_says_who_and_when(mine):
    loaded = load(str(mine))
    assert loaded.extends == ""
    assert loaded.id == "mine"
    assert "Kari" in loaded.assessor
    assert ASSESSMENT in loaded.note_en
    assert len(loaded.findings) == len(base())
    with (mine / "changes.csv").open(encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert {r["change"] for r in rows} == {"added", "changed", "removed"}
    (changed,) = [r for r in rows if r["change"] == "changed"]
    assert (changed["field"], changed["new"]) == ("comment_nb", "Nytt")
    assert changed["old"]


def test_the_log_grows_and_keeps_what_stands_in_it(mine, tmp_path):
    before = (mine / "changes.csv").read_text("utf-8")
    filled = fresh()
    filled.set(filled.open_row(7), **{**FULL, "comment_nb": "+47 er landkoden"})
    applied(filled.save(tmp_path, "next.xlsx"), folder=mine, who="Per")
    after = (mine / "changes.csv").read_text("utf-8")
    assert after.startswith(before)
    assert "'+47 er landkoden" in after
    assert "+47 er landkoden" in (mine / "findings.csv").read_text("utf-8")
    assert load(str(mine)).assessor.endswith("Kari; Per")


def test_nobody_knows_who_assessed_is_an_error_before_anything_is_written(tmp_path):
    filled = fresh()
    file = filled.set(filled.open_row(), **FULL).save(tmp_path)
    with pytest.raises(InputError, match="nobody says who"):
        applied(file, folder=tmp_path / "mine", who="")


def test_a_folder_that_extends_another_assessment_is_not_rewritten(tmp_path):
    folder = tmp_path / "theirs"
    folder.mkdir()
    for name in ("assessment.toml", "findings.csv"):
        from data.loaders.assessments import find

        (folder / name).write_bytes((find(ASSESSMENT) / name).read_bytes())
    with pytest.raises(InputError, match="extends «norway-2024-10»"):
        prepare(fresh().save(tmp_path), folder=folder)
