"""What the rows of an assessment have to keep among each other, and towards their sources."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence

from data.loaders.dates import day, end_of
from data.loaders.sources import Source, split
from data.loaders.tables import Problems, Row


def date_of(
    row: Row, as_of: dt.date | None, register: Mapping[str, Source], problems: Problems
) -> dt.date | None:
    """Return the day of a finding; plan, assessment and sources have to agree with it.

    Args:
        row: a row of ``findings.csv``.
        as_of: the day of the assessment, None where it could not be read.
        register: the sources that it may rest on.
        problems: gets what is wrong.
    """
    if row["planned_date"]:
        try:
            end_of(row["planned_date"])
        except ValueError as error:
            problems.add(f"planned_date: {error}", row.where)
    try:
        date = day(row["date"])
    except ValueError as error:
        problems.add(f"date: {error}", row.where)
        return None
    if as_of and date > as_of:
        problems.add(
            f"date {date} lies after the assessment ({as_of})",
            row.where,
            remedy="correct the date, or as_of in assessment.toml",
        )
    for name in split(row["source"]):
        source = register.get(name)
        if source and source.date and date < source.date:
            problems.add(
                f"date {date} lies before the source {name} ({source.date})",
                row.where,
                rule="a finding is not older than its source",
                remedy="use the date of the source, or name the older source",
            )
    return date


def check_duplicates(rows: Sequence[Row], problems: Problems) -> None:
    """Note findings of one assessment that speak of the same cell and category."""
    seen: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        here = seen.setdefault((row["system"], row["obligation"]), [])
        for earlier in here:
            mine, theirs = set(row.words("categories")), set(earlier.words("categories"))
            if mine & theirs or not mine or not theirs:
                problems.add(
                    f"second finding for {row['system']} and {row['obligation']}",
                    row.where,
                    rule="one finding for a system, an obligation and a category",
                    remedy=f"merge it with {earlier.where}",
                )
        here.append(row)
