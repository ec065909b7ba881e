"""Errors of ``ehds gap import`` in Norwegian: no sentence is forgotten, nothing is lost in it."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator, Mapping
from itertools import product
from pathlib import Path

import pytest

from data.errors import EnvironmentProblem, InputError, Problem
from data.loaders.sources import COLUMNS as SOURCE_COLUMNS
from gap.worksheet import fields
from reports.import_words import TABLE, notice, problem, told
from tests.builders import ROOT, call
from tests.gap.worksheets import FULL, Filled, exported

SAYING = {"Problem": (0, 2, 3), "add": (0, 2, 3), "WrongValue": (0, 1, 2), "Fault": (1, 2, 3),
          "ValueError": (0,)}  # fmt: skip
"""Calls that say what is wrong, and where in their arguments the sentences stand."""
WORDS = {"what", "rule", "remedy"}
SOURCES = (
    *sorted((ROOT / "gap/worksheet").glob("*.py")),
    *(ROOT / "data/loaders" / f"{name}.py" for name in ("sources", "dates", "tables")),
    ROOT / "data/files.py", ROOT / "data/errors.py",
)  # fmt: skip
"""Where the sentences come from: the checks, and what they read and write files with."""
RETURNING = {"another", "did_you_mean"}
"""Functions that return a sentence."""
KEYS = "|".join(re.escape(k) for k in {*fields.COLUMNS, *SOURCE_COLUMNS})


def sentences(node: ast.expr, named: Mapping[str, ast.expr]) -> set[str]:
    """Return what an expression can say, with ``{}`` for its variable parts."""
    if isinstance(node, ast.Constant):
        return {node.value} if isinstance(node.value, str) else {"{}"}
    if isinstance(node, ast.JoinedStr):
        return _joined(node.values, named)
    if isinstance(node, ast.IfExp):
        return sentences(node.body, named) | sentences(node.orelse, named)
    if isinstance(node, ast.BinOp):
        return _joined([node.left, node.right], named)
    if isinstance(node, ast.Name) and node.id in named:
        return sentences(named[node.id], {k: v for k, v in named.items() if k != node.id})
    return {"{}"}


def _joined(parts: list[ast.expr], named: Mapping[str, ast.expr]) -> set[str]:
    said = [
        {"{}"} if isinstance(part, ast.FormattedValue) else sentences(part, named)
        for part in parts
    ]  # fmt: skip
    return {"".join(words) for words in product(*said)}


def assigned(tree: ast.AST) -> dict[str, ast.expr]:
    """Return the names of a module that stand for one text."""
    found: dict[str, ast.expr] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1:
            target, value = node.targets[0], node.value
            if isinstance(target, ast.Name):
                found[target.id] = value
            elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple):
                pairs = zip(target.elts, value.elts, strict=True)
                found |= {t.id: v for t, v in pairs if isinstance(t, ast.Name)}
    return found


def telling(tree: ast.AST) -> Iterator[ast.expr]:
    """Yield every expression that becomes what, rule or remedy of a problem."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = (
                node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
            )
            if name not in SAYING or (name == "add" and len(node.args) + len(node.keywords) < 2):
                continue
            yield from (node.args[at] for at in SAYING[name] if at < len(node.args))
            yield from (k.value for k in node.keywords if k.arg in WORDS)


def said(file: Path) -> set[str]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    named = assigned(tree)
    found = {text for node in telling(tree) for text in sentences(node, named)}
    for name in ("_FAULTS", "ONE_DOCUMENT"):  # handed on with a star
        for node in ast.walk(named.get(name, ast.Tuple([]))):
            inner = node.values if isinstance(node, ast.Dict) else [node]
            found |= {
                text for t in inner if isinstance(t, ast.Tuple)
                for part in t.elts for text in sentences(part, {})
            }  # fmt: skip
    found |= _returned(tree, named)
    return {_bare(text) for text in found} - {"{}", ""}


def _returned(tree: ast.AST, named: Mapping[str, ast.expr]) -> set[str]:
    return {
        text
        for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in RETURNING
        for inner in ast.walk(node) if isinstance(inner, ast.Return) and inner.value
        for text in sentences(inner.value, named)
    }  # fmt: skip


def _bare(text: str) -> str:
    """Return a sentence without the column before it, and with a column as a variable part."""
    text = re.sub(rf"^({KEYS}|{{}}): (?!level )", "", text)
    return re.sub(rf"^({KEYS}) is empty$", "{} is empty", text)


TEMPLATES = {row["en"]: row["nb"] for row in csv.DictReader(io.StringIO(TABLE.read_text("utf-8")))}
PART = re.compile(r"\{[a-z]*\}")


@pytest.mark.parametrize("file", SOURCES, ids=lambda f: f.name)
def test_every_sentence_of_the_checks_has_a_row(file):
    assert said(file) - set(TEMPLATES) == set()


def test_the_sentences_are_found():
    found = {text for file in SOURCES for text in said(file)}
    assert len(found) > 150
    assert {
        "«{}» is not one of the words", "a second finding for {} on {}", "merged cells",
        "a whole number from 0 to 3", "an id names one document", "{} is empty",
        "open it and save it as «Excel Workbook (.xlsx)»",
    } <= found  # fmt: skip


def test_rows_are_whole_and_stand_once():
    rows = list(csv.DictReader(io.StringIO(TABLE.read_text("utf-8"))))
    assert len(TEMPLATES) == len(rows)
    for row in rows:
        assert row["en"], row
        assert row["nb"], row
        assert set(PART.findall(row["en"])) <= {"{}"}, row
        assert set(PART.findall(row["nb"])) <= {"{}", "{column}", "{status}", "{rest}"}, row
        assert len(PART.findall(row["en"])) == len(PART.findall(row["nb"])), row


CELL, NEW, CSV = "[a.xlsx]Vurdering!P9", "[a.xlsx]'Nye kilder'!E6", "a.csv:3 (date)"


@pytest.mark.parametrize(("english", "where", "norwegian"), [
    ("comment_nb is empty", CELL, "Begrunnelse (norsk): mangler"),
    ("comment_nb is empty", CSV, "comment_nb: mangler"),
    ("date is empty", CELL, "Kildens dato: mangler"),
    ("date is empty", NEW, "Publisert: mangler"),
    ("date is empty", "[a.xlsx]'New sources'!E6", "Publisert: mangler"),
    ("where has 1200 characters", NEW, "Hvor den finnes: 1200 tegn"),
    ("column «new.id» was deleted", NEW, "kolonnen «Id» er slettet"),
    ("column «title» stands 2 times", CELL, "kolonnen «Tittel» står 2 ganger"),
    ("column «status» is missing", "a.csv:1", "kolonnen «status» mangler"),
    ("status: «not-met» does not fit E03.1a", CELL,
     "Status: «ikke oppfylt» passer ikke til E03.1a"),
    ("level: «0» does not fit status «partial»", CELL,
     "Nivå: «0» passer ikke til statusen «delvis oppfylt»"),
    ("partial: level 1 or 2", CELL, "delvis oppfylt: nivå 1 eller 2"),
    ("a duty is: met, partial, not-met", CELL,
     "en plikt er: oppfylt, delvis oppfylt, ikke oppfylt"),
    ("of: none, the row speaks of no category", CELL, "blant: ingen, raden gjelder ingen kategori"),
    ("status: «status is empty» is not one of the words", CELL,
     "Status: «status is empty» er ikke et av ordene"),
    ("grade: «met» is not one of the words", CELL, "Bevis: «met» er ikke et av ordene"),
    ("the row shows Kjernejournal E1, its hidden key says sysvak E2", CELL,
     "raden viser Kjernejournal E1, men den skjulte nøkkelen sier sysvak E2"),
    ("planned_date: «{x} er {}» is no day or month of the calendar", CELL,
     "Planlagt: «{x} er {}» er ingen dag eller måned i kalenderen"),
    ("nobody has said this before", CELL, "nobody has said this before"),
])  # fmt: skip
def test_words_are_norwegian_and_what_people_typed_is_kept(english, where, norwegian):
    shown = problem(Problem(english, where, rule=english, remedy="fill in the cell"), "nb")
    assert shown == Problem(norwegian, where, norwegian, "fyll ut cellen")


def test_english_stays_as_it_is():
    one = Problem("status is empty", CELL, "keys are not edited", "undo")
    assert problem(one, "en") is one
    assert notice("one sheet", "en") == "one sheet"


def test_headings_are_those_of_the_workbook():
    book = Filled(exported())
    for column in (*fields.INPUTS, *fields.KEYS, "system", "obligation", "title"):
        head = book.sheet.cell(book.key_row + 1, book.columns[column]).value
        assert problem(Problem(f"{column} is empty", CELL), "nb").what == f"{head}: mangler"


def test_a_very_long_cell_takes_no_time():
    typed = " lies before the source  (" * 1300
    what = f"the row shows {typed} x, its hidden key says sysvak E2"
    assert problem(Problem(what, CELL), "nb").what.startswith("raden viser  lies before")


@pytest.mark.parametrize("kind", [InputError, EnvironmentProblem])
def test_an_error_keeps_its_kind_and_all_of_its_problems(kind):
    found = [Problem("status is empty", CELL), Problem("not a level", CELL)]
    with pytest.raises(kind) as raised, told("nb"):
        raise kind(found)
    assert [p.what for p in raised.value.problems] == ["Status: mangler", "ikke et nivå"]


def test_the_command_speaks_the_language_that_was_asked(tmp_path):
    book = Filled(exported())
    one, other, third = (book.open_row(nth) for nth in range(3))
    book.set(one, **{**FULL, "level": 9, "comment_nb": None})
    book.set(other, **{**FULL, "status": "kanskje", "date": "i går"})
    book.set(third, **{**FULL, "comment_nb": None})
    file = book.save(tmp_path)
    nb, en = (call("gap", "import", file, "--date", "2026-11-22", "--lang", lang)
              for lang in ("nb", "en"))  # fmt: skip
    default = call("gap", "import", file, "--date", "2026-11-22")
    assert (nb.code, en.code, nb.out, en.out) == (2, 2, "", "")
    assert default.err == nb.err
    assert f"{book.at(one, 'level')}: Nivå: «9» er ikke et nivå" in nb.err
    assert f"{book.at(one, 'level')}: level: «9» is not a level" in en.err
    assert f"{book.at(third, 'comment_nb')}: Begrunnelse (norsk): mangler" in nb.err
    assert f"{book.at(third, 'comment_nb')}: comment_nb is empty" in en.err
    assert "Status: «kanskje» er ikke et av ordene" in nb.err
    addresses = re.compile(r"\[a\.xlsx\]Vurdering![A-Z]+\d+")
    assert addresses.findall(nb.err) == addresses.findall(en.err)
    assert len(addresses.findall(nb.err)) == 4


def test_the_preview_tells_notices_in_its_language(tmp_path):
    book = Filled(exported())
    for row in list(book.rows())[-7:]:
        for column in book.columns.values():
            book.sheet.cell(row, column).value = None
    file = book.save(tmp_path)
    nb, en = (call("gap", "import", file, "--lang", lang) for lang in ("nb", "en"))
    assert "Merk: 7 eksporterte rader er ikke i filen, og blir stående" in nb.out
    assert " og 2 til" in " ".join(nb.out.split())
    assert "Note: 7 exported rows are not in the file, and stay" in en.out
    del book.book["ehds-lists"]
    file = book.save(tmp_path, "b.xlsx")
    shown = call("gap", "import", file)
    assert "Merk: det skjulte arket med listene er borte" in shown.out
