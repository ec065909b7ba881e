"""The columns of an assessment sheet: keys that travel with the row, and cells that people fill."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Collection, Mapping

from data.loaders.assessments import Finding

SCHEMA = "ehds.assessment-book/1"
"""What the workbook says it is, in its custom properties."""
KEYS = ("key.system", "key.obligation", "key.categories", "key.assessment", "key.ground")
"""Hidden columns: which finding the row is about, and a hash of what it was at export."""
GUIDANCE = ("system", "obligation", "title", "text", "remark", "evidence", "due", "found")
"""Locked columns that tell what the row is about."""
INPUTS = (
    "categories", "status", "level", "grade", "basis", "source", "section", "date",
    "planned_date", "comment_nb", "comment_en",
)  # fmt: skip
"""What people fill in: the columns of ``findings.csv`` after system and obligation."""
CHECK = "check"
"""The formula that tells whether a row is complete."""
COLUMNS = (*GUIDANCE, *INPUTS, CHECK, *KEYS)
NEEDED = ("status", "grade", "basis", "source", "section", "date", "comment_nb", "comment_en")
"""Inputs that no finding can lack; a duty needs a level besides."""
CODED = {"status": "status", "grade": "grade", "basis": "basis"}
"""Inputs that hold one code of a closed set."""
NEW = "new."
"""Before the column keys of the sheet of new sources."""
NOT_ASSESSED = "not-assessed"

_SPACES = re.compile("[\u00a0\u2007\u202f\u2009]")


def canonical(text: str) -> str:
    """Return a text as it is compared: one form of letters, plain spaces, no space at the ends.

    Spreadsheets change no-break spaces, line ends and blanks at the end on their own; a text that
    differs only there is the same text.
    """
    plain = _SPACES.sub(" ", unicodedata.normalize("NFC", text))
    return plain.replace("\r\n", "\n").replace("\r", "\n").strip()


def of_finding(finding: Finding) -> dict[str, str]:
    """Return a finding as the texts of its input columns."""
    return {
        "categories": " ".join(finding.categories),
        "status": finding.status,
        "level": "" if finding.level is None else str(finding.level),
        "grade": finding.grade,
        "basis": finding.basis,
        "source": finding.source,
        "section": finding.section,
        "date": finding.date.isoformat(),
        "planned_date": finding.planned_date,
        "comment_nb": finding.comment_nb,
        "comment_en": finding.comment_en,
    }


def blank(categories: Collection[str]) -> dict[str, str]:
    """Return the inputs of a row that nobody has assessed, for some categories of its cell."""
    return {**dict.fromkeys(INPUTS, ""), "categories": " ".join(categories)}


def ground(
    system: str,
    obligation: str,
    categories: Collection[str],
    inputs: Mapping[str, str],
    edition: str,
) -> str:
    """Return what a row stood on, as ``2026.1:1f0a…``: catalogue edition and a hash of the row.

    Args:
        system: the system of the row.
        obligation: the obligation of the row.
        categories: the categories of the finding at export.
        inputs: the inputs by column, as ``of_finding`` or ``blank`` returns them.
        edition: the edition of the catalogue.
    """  # fmt: skip
    said = [canonical(inputs[name]) for name in INPUTS]
    whole = json.dumps([edition, system, obligation, " ".join(categories), said])
    return f"{edition}:{hashlib.sha256(whole.encode()).hexdigest()[:16]}"


def same(one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether two rows say the same."""
    return all(canonical(one[name]) == canonical(other[name]) for name in INPUTS)


def overlap(one: Collection[str], other: Collection[str]) -> bool:
    """Whether two findings of one cell speak of the same category; no category means all."""
    return not one or not other or bool(set(one) & set(other))
