"""The locked formulas: what a row still lacks, and how many rows are ready."""

from __future__ import annotations

from collections.abc import Sequence

from xlsxwriter.utility import xl_rowcol_to_cell

from data.loaders.assessments import LEVEL_STATUS, OPTION_STATUS
from data.loaders.codes import label
from gap.worksheet import fields
from gap.worksheet.selection import SheetRow
from reports.texts import Texts

_AT = {name: column for column, name in enumerate(fields.COLUMNS)}


def check(number: int, option: bool | None, t: Texts) -> str:
    """Return the formula that says ``ready``, what is missing, or that the level does not fit.

    Args:
        number: the zero-based row.
        option: whether the row is a national option, which has no level; None where the row is
            empty and the status alone tells.
        t: the texts.
    """

    def cell(name: str) -> str:
        place: str = xl_rowcol_to_cell(number, _AT[name], col_abs=True)
        return place

    status = cell("status")
    rest = [cell(n) for n in fields.INPUTS if n not in ("categories", "status")]
    nothing = "&".join(rest)
    wanted = [n for n in fields.NEEDED if n != "status"]
    names = {n: t(f"fill.short.{n}") for n in (*wanted, "level")}
    gaps = [f'IF({cell(n)}="","{names[n]} ","")' for n in wanted]
    all_there = ",".join(f'{cell(n)}<>""' for n in wanted)
    level_ok = f"{_level_fits(cell('level'), status, option, t)}"
    missing = f'"{t("fill.missing")} "&{"&".join(gaps)}'
    wrong_level = f'"{t("fill.level_wrong")}"'
    taken_out = label("status", fields.NOT_ASSESSED, t.lang)
    return (
        f'=IF({status}="",IF({nothing}="","","{t("fill.missing")} {t("fill.short.status")}"),'
        f'IF({status}="{taken_out}","{t("fill.taken_out")}",'
        f'IF(AND({all_there}),IF({level_ok},"{t("fill.ready")}",{wrong_level}),{missing})))'
    )


def _level_fits(level: str, status: str, option: bool | None, t: Texts) -> str:
    """Return the condition under which level and status agree; text and number are the same."""
    options = [f'{status}="{label("status", code, t.lang)}"' for code in sorted(OPTION_STATUS)]
    without = f'AND({level}="",OR({",".join(options)}))'
    fits = []
    for code, levels in LEVEL_STATUS.items():
        one_of = ",".join(f'{level}&""="{n}"' for n in sorted(levels))
        fits.append(f'AND({status}="{label("status", code, t.lang)}",OR({one_of}))')
    if option:
        return without
    return f"OR({','.join(fits if option is False else [*fits, without])})"


def progress(rows: Sequence[SheetRow], first: int, last: int, t: Texts) -> tuple[str, str]:
    """Return the formula that counts what is ready and what lacks something, and its value."""
    top = xl_rowcol_to_cell(first, _AT[fields.CHECK], row_abs=True, col_abs=True)
    end = xl_rowcol_to_cell(last, _AT[fields.CHECK], row_abs=True, col_abs=True)
    area = f"{top}:{end}"
    ready = sum(r.finding is not None for r in rows)
    of, lacking = t("fill.progress.of", n=len(rows)), t("fill.progress.lacking")
    text = (
        f'=COUNTIF({area},"{t("fill.ready")}")&" {of} "'
        f'&COUNTIF({area},"{t("fill.missing")}*")+COUNTIF({area},"{t("fill.level_wrong")}")'
        f'&" {lacking}"'
    )
    return text, f"{ready} {of} 0 {lacking}"
