"""``ehds gap compare``: across dates, regions or schemes."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import click

from ehds.cli import options
from ehds.cli.output import as_csv, as_json, give

if TYPE_CHECKING:
    from gap.compare import Comparison


@click.command(name="compare")
@click.argument("old", required=False)
@click.argument("new", required=False)
@options.assessment
@options.scheme
@options.as_of
@options.language
@options.output_format("text", "json", "csv")
@click.option("--regions", metavar="A,B", help="Compare regions of one assessment: nord, midt, "
              "vest, sor-ost, municipal, national.")  # fmt: skip
@click.option("--schemes", metavar="A,B", help="Compare scoring schemes over one assessment.")
@click.option("-o", "--output", help="File; standard output by default.")
def command(
    old: str | None,
    new: str | None,
    assessment: str,
    scheme: str,
    as_of: dt.date | None,
    lang: str,
    fmt: str,
    regions: str | None,
    schemes: str | None,
    output: str | None,
) -> None:
    """Show what changed between two assessments and why, or put regions or schemes side by side.

    \b
    Examples:
      ehds gap compare norway-2024-10 norway-2026-11
      ehds gap compare --regions nord,vest
      ehds gap compare --schemes share-met,level --assessment norway-2024-10
    """
    if sum(x is not None for x in (old, regions, schemes)) != 1 or (old and not new):
        raise click.UsageError("Give two assessments, or --regions, or --schemes.")
    if old and new:
        product = _dates(old, new, scheme, as_of, lang, fmt)
    else:
        product = _side_by_side(regions, schemes, assessment, scheme, as_of, lang, fmt)
    give(product, output)


def _dates(old: str, new: str, scheme: str, as_of: dt.date | None, lang: str, fmt: str) -> str:
    from gap.compare import compare
    from reports import terminal
    from reports.texts import Texts

    first = options.analyse(old, scheme, as_of)
    second = options.analyse(new, scheme, as_of)
    result = compare(first.judgement, second.judgement, second.scheme)
    if fmt == "text":
        return terminal.comparison(result, Texts(lang))
    if fmt == "json":
        return as_json(_document(result))
    head = ["kind", "system", "obligation", "before", "after"]
    return as_csv(head, [[getattr(c, name) for name in head] for c in result.changes])


def _document(result: Comparison) -> dict[str, Any]:
    import dataclasses

    return {
        "schema": "ehds.gap-comparison/1",
        "old": result.old.assessment.id,
        "new": result.new.assessment.id,
        "changes": [
            {
                "kind": str(c.kind),
                "system": c.system,
                "obligation": c.obligation,
                "before": c.before,
                "after": c.after,
                "why_nb": [f.comment_nb for f in c.new or c.old],
                "why_en": [f.comment_en for f in c.new or c.old],
            }
            for c in result.changes
        ],
        "figures": [
            {
                "rollup": f.rollup,
                "key": f.key,
                "old": dataclasses.asdict(f.old) if f.old else None,
                "new": dataclasses.asdict(f.new) if f.new else None,
            }
            for f in result.figures
        ],
    }


def _side_by_side(
    regions: str | None, schemes: str | None, assessment: str, scheme: str, as_of: dt.date | None,
    lang: str, fmt: str,
) -> str:  # fmt: skip
    from gap.compare_groups import by_region, by_scheme
    from gap.schemes import scheme as find_scheme
    from reports import side_by_side
    from reports.texts import Texts

    analysis = options.analyse(assessment, scheme, as_of)
    j, kind = analysis.judgement, "regions" if regions is not None else "schemes"
    names = [n.strip() for n in (regions if regions is not None else schemes or "").split(",")]
    found = (by_region(j, analysis.scheme, names) if kind == "regions"
             else by_scheme(j, [find_scheme(n) for n in names]))  # fmt: skip
    if fmt == "json":
        return as_json(side_by_side.document(found, j, kind, scheme))
    if fmt == "csv":
        return as_csv(*side_by_side.rows(found))
    return side_by_side.text(found, j, kind, Texts(lang))
