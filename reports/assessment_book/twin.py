"""A row of the workbook to fill in as text, for its CSV twin."""

from __future__ import annotations

from data.loaders.codes import label
from gap.judgement import Judgement
from gap.worksheet import fields
from gap.worksheet.selection import SheetRow
from reports.texts import Texts


def row(row: SheetRow, judgement: Judgement, t: Texts) -> dict[str, str]:
    """Return the columns of the CSV twin of one row, codes in words.

    Args:
        row: the row.
        judgement: the assessment it comes from.
        t: the texts of the language.
    """
    inputs = row.inputs
    words = {
        name: label(fields.CODED[name], text, t.lang) if name in fields.CODED and text else text
        for name, text in inputs.items()
    }
    due = row.due.isoformat()
    return {
        "system": row.system.name(t.lang),
        "obligation": row.obligation.id,
        "title": row.obligation.text("title", t.lang),
        "due": due if row.due == row.due_last else f"{due} – {row.due_last.isoformat()}",
        **words,
        "key.system": row.system.id,
        "key.obligation": row.obligation.id,
        "key.categories": " ".join(row.categories),
        "key.assessment": judgement.assessment.id,
        "key.ground": fields.ground(row.system.id, row.obligation.id, row.categories, inputs,
                                    judgement.catalogue.edition),
    }  # fmt: skip
