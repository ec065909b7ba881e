"""A small spreadsheet: enough of Excel to compute the formulas of the workbook on its own.

SUM, SUMIFS, COUNTIF, COUNTIFS, IF, MIN, cell references, structured references to columns of
tables, arithmetic, comparison, numbers and text. Anything else is an error.
"""

from __future__ import annotations

import io
import math
import operator
import re
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import openpyxl
from openpyxl.utils import range_boundaries
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d+)?)|(?P<text>\"(?:[^\"]|\"\")*\")"
    r"|(?P<column>[A-Za-z]\w*\[(?:'.|[^\]'])*\])|(?P<function>[A-Z]+)\("
    r"|(?P<cell>\$?[A-Z]{1,3}\$?\d+)|(?P<sign><=|>=|<>|[-+*/=<>(),]))"
)
_ARITHMETIC = {
    "+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv,
    "=": operator.eq, "<>": operator.ne, "<": operator.lt, ">": operator.gt,
    "<=": operator.le, ">=": operator.ge,
}  # fmt: skip
_LEVELS = (("=", "<>", "<", ">", "<=", ">="), ("+", "-"), ("*", "/"))
_CRITERION = re.compile(r"(<=|>=|<>|<|>|=)?(.*)", re.DOTALL)


def opened(content: bytes, *, data_only: bool = True) -> Workbook:
    """Open a workbook; what openpyxl does not model (data bars, alternative texts) is no fault."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* extension is not supported")
        return openpyxl.load_workbook(io.BytesIO(content), data_only=data_only)


class Sheets:
    """The cells and table columns that formulas refer to."""

    def __init__(self, book: Workbook) -> None:
        self.columns: dict[str, list[Any]] = {}
        for sheet in book:
            for table in sheet.tables.values():
                self._read(sheet, table)
        self._sums: dict[tuple[str, str], dict[Any, float]] = {}

    def _read(self, sheet: Worksheet, table: Any) -> None:
        left, top, _, bottom = range_boundaries(table.ref)
        for offset, column in enumerate(table.tableColumns):
            head = sheet.cell(top, left + offset).value
            assert head == column.name, f"table head {column.name} is written as {head}"
            self.columns[f"{table.name}[{column.name}]"] = [
                sheet.cell(row, left + offset).value for row in range(top + 1, bottom + 1)
            ]

    def sums(self, summed: str, by: str) -> dict[Any, float]:
        """Return the totals of one column for each value of another, computed once."""
        if (summed, by) not in self._sums:
            found: dict[Any, float] = {}
            for value, key in zip(self.columns[summed], self.columns[by], strict=True):
                found[folded(key)] = found.get(folded(key), 0.0) + (value or 0)
            self._sums[summed, by] = found
        return self._sums[summed, by]


def folded(value: Any) -> Any:
    """Excel compares text without regard to case."""
    return value.casefold() if isinstance(value, str) else value


def evaluate(formula: str, sheet: Worksheet, sheets: Sheets) -> Any:
    """Return the value of a formula in a sheet.

    Raises:
        SyntaxError: the formula uses something that this small spreadsheet does not know.
    """
    assert formula.startswith("=")
    reader = _Reader(formula[1:], sheet, sheets)
    value = reader.expression(0)
    if reader.peek() is not None:
        raise SyntaxError(f"left over in {formula}: {reader.peek()}")
    return value


class _Reader:
    def __init__(self, text: str, sheet: Worksheet, sheets: Sheets) -> None:
        self.tokens = list(self._split(text))
        self.at = 0
        self.sheet, self.sheets = sheet, sheets

    @staticmethod
    def _split(text: str) -> list[tuple[str, str]]:
        found, at = [], 0
        while at < len(text):
            match = _TOKEN.match(text, at)
            if not match or not match.lastgroup:
                raise SyntaxError(f"cannot read {text[at : at + 30]!r}")
            found.append((match.lastgroup, match[match.lastgroup]))
            at = match.end()
        return found

    def peek(self) -> tuple[str, str] | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def take(self, sign: str | None = None) -> tuple[str, str]:
        token = self.tokens[self.at]
        if sign and token[1] != sign:
            raise SyntaxError(f"{sign} expected, {token[1]} found")
        self.at += 1
        return token

    def expression(self, level: int) -> Any:
        if level == len(_LEVELS):
            return self.operand()
        value = self.expression(level + 1)
        while (token := self.peek()) and token[0] == "sign" and token[1] in _LEVELS[level]:
            self.take()
            value = _ARITHMETIC[token[1]](value, self.expression(level + 1))
        return value

    def operand(self) -> Any:
        kind, text = self.take()
        if kind == "number":
            return float(text)
        if kind == "text":
            return text[1:-1].replace('""', '"')
        if kind == "cell":
            return self.cell(text)
        if kind == "column":
            return re.sub(r"'(.)", r"\1", text)
        if kind == "function":
            return self.function(text)
        if text == "(":
            value = self.expression(0)
            self.take(")")
            return value
        raise SyntaxError(f"{text} where a value was expected")

    def cell(self, reference: str) -> Any:
        value = self.sheet[reference.replace("$", "")].value
        if isinstance(value, str) and value.startswith("="):
            return evaluate(value, self.sheet, self.sheets)
        return 0.0 if value is None else value

    def function(self, name: str) -> Any:
        # Both branches of IF are read; a division by zero in the one not taken is no error.
        arguments = []
        while True:
            arguments.append(self.lazy() if name == "IF" else self.expression(0))
            if self.take()[1] == ")":
                break
        return _FUNCTIONS[name](self.sheets, arguments)

    def lazy(self) -> Callable[[], Any]:
        """Skip an argument and return what computes it when it is wanted."""
        start, depth = self.at, 0
        while depth or self.tokens[self.at][1] not in (",", ")"):
            kind, text = self.tokens[self.at]
            depth += (kind == "function" or text == "(") - (kind == "sign" and text == ")")
            self.at += 1
        tokens, sheet, sheets = self.tokens[start : self.at], self.sheet, self.sheets

        def compute() -> Any:
            reader = _Reader("", sheet, sheets)
            reader.tokens = tokens
            return reader.expression(0)

        return compute


def _matches(value: Any, criterion: Any) -> bool:
    if not isinstance(criterion, str):
        return bool(value == criterion)
    sign, text = _CRITERION.fullmatch(criterion).groups()  # type: ignore[union-attr]
    if not sign:
        assert not set(text) & set("*?~"), f"a wildcard in the criterion {text}"
        return bool(folded(value) == folded(text))
    number = float(text)
    return isinstance(value, int | float) and bool(_ARITHMETIC[sign](value, number))


def _sum(sheets: Sheets, arguments: Sequence[Any]) -> float:
    return math.fsum(v or 0 for column in arguments for v in sheets.columns[column])


def _sumifs(sheets: Sheets, arguments: Sequence[Any]) -> float:
    summed, by, criterion = arguments
    assert not str(criterion).startswith(("<", ">", "=")), criterion
    assert not set(str(criterion)) & set("*?~"), f"a wildcard in the criterion {criterion}"
    return sheets.sums(summed, by).get(folded(criterion), 0.0)


def _countifs(sheets: Sheets, arguments: Sequence[Any]) -> int:
    pairs = list(zip(arguments[::2], arguments[1::2], strict=True))
    rows = zip(*(sheets.columns[column] for column, _ in pairs), strict=True)
    wanted = [criterion for _, criterion in pairs]
    return sum(all(map(_matches, row, wanted)) for row in rows)


def _if(_: Sheets, arguments: Sequence[Any]) -> Any:
    condition, yes, no = arguments
    return yes() if condition() else no()


_FUNCTIONS: dict[str, Callable[[Sheets, Sequence[Any]], Any]] = {
    "SUM": _sum,
    "SUMIFS": _sumifs,
    "COUNTIF": _countifs,
    "COUNTIFS": _countifs,
    "IF": _if,
    "MIN": lambda _, arguments: min(arguments),
}
