"""The heat map: systems down, chapters and annexes across; number and word, not colour alone."""

from __future__ import annotations

from data.loaders.codes import label
from data.loaders.structure import parts
from reports.words import part_label
from reports.workbook.book import Book, put

_TOP = 3


def write(book: Book) -> None:
    """Write mean levels of what is assessed, and how much is, for every system and part."""
    sheet, t, analysis = book.sheet("heat"), book.t, book.analysis
    book.heading_rows(sheet, "heat")
    heat = analysis.heat
    columns = [p for p in parts() if any(part == p for _, part in heat)]
    systems = [s for s in analysis.judgement.system_list if any(k[0] == s.id for k in heat)]
    book.column_heads(sheet, _TOP, ["col.system", "col.owner", "col.region"])
    for index, part in enumerate(columns):
        put(sheet, _TOP, 3 + index, part_label(part, t), book.head)
        put(sheet, _TOP, 3 + len(columns) + index, t("heat.share", part=part_label(part, t)),
            book.head)  # fmt: skip
    for row, system in enumerate(systems, start=_TOP + 1):
        put(sheet, row, 0, system.name(t.lang), book.plain)
        put(sheet, row, 1, system.owner, book.plain)
        put(sheet, row, 2, label("region", system.region, t.lang), book.plain)
        for index, part in enumerate(columns):
            figure = heat.get((system.id, part))
            if figure is None:
                put(sheet, row, 3 + index, t("heat.none"), book.centred)
                continue
            shown = t("heat.unknown") if figure.level is None else figure.level
            form = book.centred if figure.level is None else book.level
            put(sheet, row, 3 + index, shown, form)
            put(sheet, row, 3 + len(columns) + index, figure.share_assessed, book.percent)
    last = _TOP + len(systems)
    sheet.conditional_format(
        _TOP + 1, 3, last, 2 + len(columns),
        {"type": "3_color_scale", "min_type": "num", "mid_type": "num", "max_type": "num",
         "min_value": 0, "mid_value": 1.5, "max_value": 3, "min_color": "#F4B6B3",
         "mid_color": "#FBE7A8", "max_color": "#A9DDBE"},
    )  # fmt: skip
    sheet.conditional_format(
        _TOP + 1, 3 + len(columns), last, 2 + 2 * len(columns),
        {"type": "data_bar", "bar_color": "#9DB2C9", "bar_solid": True, "min_type": "num",
         "max_type": "num", "min_value": 0, "max_value": 1},
    )  # fmt: skip
    sheet.set_column(0, 0, 38)
    sheet.set_column(1, 2, 18)
    sheet.set_column(3, 2 + 2 * len(columns), 12)
    sheet.freeze_panes(_TOP + 1, 1)
    sheet.autofilter(_TOP, 0, last, 2 + 2 * len(columns))
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(_TOP)
