"""What a filled-in file says, before it is judged: lines of cells with their addresses."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Value = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None


@dataclass(frozen=True, slots=True)
class Cell:
    """One cell: its value, where it stands, how it is shown.

    Attributes:
        value: text, number, date or None; a formula or error value is in ``fault`` instead.
        where: ``[file.xlsx]Vurdering!C12`` or ``file.csv:12 (status)``.
        fault: what makes the cell unreadable: ``formula``, ``error``, ``merged``, or empty.
        shows_day: whether the number format of a date shows its day.
        epoch: day zero of the workbook's serial dates.
    """

    value: Value
    where: str
    fault: str = ""
    shows_day: bool = True
    epoch: dt.datetime = dt.datetime(1899, 12, 30)  # noqa: DTZ001

    @property
    def empty(self) -> bool:
        """Whether nothing stands in the cell."""
        return not self.fault and (self.value is None or str(self.value).strip() == "")


@dataclass(frozen=True, slots=True)
class Line:
    """One row of the table, by column name."""

    where: str
    cells: Mapping[str, Cell]

    def __getitem__(self, column: str) -> Cell:
        """Return a cell; one that the table does not have is empty."""
        return self.cells.get(column) or Cell(None, self.where)


@dataclass(frozen=True, slots=True)
class Page:
    """One file as it was read.

    Attributes:
        file: its name without folders.
        sha256: of its bytes.
        assessor: who the file says has filled it in, or empty.
        lines: the rows in their order.
        exported: the row keys it was exported with, None where the file no longer says.
        notices: what is remarkable and no error.
        sources: the rows of the sheet of new sources.
    """

    file: str
    sha256: str
    assessor: str
    lines: Sequence[Line]
    exported: frozenset[str] | None
    notices: Sequence[str]
    sources: Sequence[Line] = ()
