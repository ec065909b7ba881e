"""The small spreadsheet that checks the workbook computes what Excel computes."""

from __future__ import annotations

from typing import Any

import pytest
from openpyxl import Workbook
from openpyxl.worksheet.table import Table

from tests.reports.formulas import Sheets, evaluate


@pytest.fixture(scope="module")
def book() -> Workbook:
    made = Workbook()
    sheet = made.active
    for row in (("Navn", "Verdi [%]"), ("A", 1), ("b", 2), ("a", 4), ("B", 0)):
        sheet.append(row)
    table = Table(displayName="tbl", name="tbl", ref="A1:B5")
    table._initialise_columns()
    table.tableColumns[0].name, table.tableColumns[1].name = "Navn", "Verdi [%]"
    sheet.add_table(table)
    sheet["D1"], sheet["D2"], sheet["D3"] = "b", 5, "=D2*2"
    return made


@pytest.mark.parametrize(
    ("formula", "value"),
    [
        ("=1+2*3-4/2", 5),
        ("=(1+2)*3", 9),
        ("=10-3-2", 5),
        ("=SUM(tbl[Verdi '[%']])", 7),
        ("=SUMIFS(tbl[Verdi '[%']],tbl[Navn],\"a\")", 5),
        ("=SUMIFS(tbl[Verdi '[%']],tbl[Navn],$D1)", 2),
        ("=COUNTIF(tbl[Verdi '[%']],\">0\")", 3),
        ("=COUNTIFS(tbl[Navn],$D1,tbl[Verdi '[%']],\">0\")", 1),
        ("=$D2-D3", -5),
        ("=IF(D2=0,1/0,MIN(D2,3))", 3),
        ('=IF(1-1<0.5,"–",2)', "–"),
        ('=IF(1=2,"a",IF(2>=2,IF(1<>1,3,4),5))', 4),
        ('="say ""yes"""', 'say "yes"'),
    ],
)
def test_formulas_give_what_excel_gives(book: Workbook, formula: str, value: Any) -> None:
    assert evaluate(formula, book.active, Sheets(book)) == value


@pytest.mark.parametrize("formula", ["=VLOOKUP(A1,tbl[Navn],1)", "=1+", "=1 2", "=A1&B1"])
def test_what_it_does_not_know_is_an_error(book: Workbook, formula: str) -> None:
    with pytest.raises((SyntaxError, KeyError, IndexError)):
        evaluate(formula, book.active, Sheets(book))
