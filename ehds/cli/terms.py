"""``ehds terms``: what a Norwegian code becomes in Europe, and how much of it arrives."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ehds.cli.options import language, output_format
from ehds.cli.output import as_csv, as_json, say
from ehds.cli.terms_option import terminology

if TYPE_CHECKING:
    from ips.loss import LossReport
    from ips.terms import Translation
    from ips.terms.coverage import Share
    from ips.terms.tables import CodeMap, MapRow


@click.group(name="terms")
def command() -> None:
    """Codes: national lists to European code systems, with source, equivalence and doubt.

    \b
    Example: ehds terms lookup 7519 1
    """


@command.command()
@click.argument("code_list", metavar="LIST")
@click.argument("codes", metavar="[CODE]...", nargs=-1)
@click.option("--to", "target", help="European system: snomed, edqm, ucum, atc, loinc, icd-10 ...")
@terminology
@language
@output_format("text", "json", "csv")
def lookup(code_list: str, codes: tuple[str, ...], target: str | None, lang: str, fmt: str) -> None:
    """Show codes of a list: their names and what they become. Without CODE, the whole list.

    LIST is the number of a national list, an OID or a URI.

    \b
    Example: ehds terms lookup 7497 1 9
    """
    from ips.terms import label, list_id, normalise_system, translate
    from ips.terms.labels import title
    from ips.terms.tables import code_list as rows_of

    wanted = codes or tuple(rows_of(list_id(code_list) or ""))
    if not wanted:
        _unknown_list(code_list)
    found = [translate(code_list, code, target=target) for code in wanted]
    rows = [
        {
            "code": code,
            "display_nb": label(code_list, code) or "",
            "display_en": label(code_list, code, "en") or "",
            **_plain(translation),
        }
        for code, translation in zip(wanted, found, strict=True)
    ]
    if fmt == "json":
        head = {"system": normalise_system(code_list), "title": title(code_list, lang)}
        click.echo(as_json({"schema": "ehds.terms-lookup/1", **head, "codes": rows}))
        return
    if fmt == "csv":
        click.echo(as_csv(tuple(rows[0]), [[_cell(v) for v in row.values()] for row in rows]),
                   nl=False)  # fmt: skip
        return
    say(f"{title(code_list, lang)} ({normalise_system(code_list)})")
    for row, translation in zip(rows, found, strict=True):
        click.echo(f"{row['code']}  {row[f'display_{lang}'] or row['display_nb']}")
        for line in _told(translation):
            click.echo(f"    {line}")


@command.command(name="map")
@click.argument("name", metavar="[MAP|LIST]", required=False)
@click.option("--equivalence", help="Only rows of one kind: unmatched, narrower, wider ...")
@terminology
@language
@output_format("text", "json", "csv")
def map_(name: str | None, equivalence: str | None, lang: str, fmt: str) -> None:
    """List the maps, or the rows of one map or of all maps of one list.

    \b
    Example: ehds terms map 7448-edqm --equivalence unmatched
    """
    from ips.terms.tables import MAP_COLUMNS, maps

    every = [code_map for group in maps().values() for code_map in group]
    if name is None:
        _list_maps(every, lang, fmt)
        return
    from ips.terms import list_id

    _known_equivalence(equivalence)
    chosen = [m for m in every if name in (m.name, m.source_list) or list_id(name) == m.source_list]
    if not chosen:
        _unknown_list(name)
    rows = [
        _map_cells(row)
        for code_map in chosen
        for group in code_map.rows.values()
        for row in group
        if equivalence in (None, row.equivalence.value)
    ]
    if fmt == "json":
        click.echo(as_json({"schema": "ehds.terms-map/1", "map": name, "rows": rows}))
    elif fmt == "csv":
        click.echo(as_csv(MAP_COLUMNS, [list(row.values()) for row in rows]), nl=False)
    else:
        for row in rows:
            target = f"{row['target_code']} {row['target_display_en']}".strip() or "-"
            mark = " (inferred)" if row["inferred"] == "yes" else ""
            click.echo(f"{row['source_code']:>6}  {row['source_display_nb']}  ->  {target}"
                       f"  [{row['equivalence']}]{mark}")  # fmt: skip
        say(f"{len(rows)} rows")


@command.command()
@click.argument("paths", nargs=-1, required=True, metavar="PATHS...")
@click.option("--codes", "with_codes", is_flag=True, help="Name every code that is not exact.")
@click.option("--lenient", is_flag=True, help="Wrong check digits are warnings.")
@terminology
@language
@output_format("text", "json", "csv")
def coverage(paths: tuple[str, ...], with_codes: bool, lenient: bool, lang: str, fmt: str) -> None:
    """Tell which share of the codes in records reaches Europe exactly, nearly, or not at all.

    PATHS are records: a folder or file of one patient, a folder of such folders, or a sample's
    name. A code that does not arrive still travels as text; the share says how much is lost to
    machines.

    \b
    Example: ehds terms coverage data/patients --codes
    """
    from ips.terms.coverage import lost_codes, shares
    from ips.terms.labels import title

    reports = _reports(paths, lenient)
    rows = shares(reports)
    if fmt == "json":
        lost = [{**loss.to_dict(), "occurrences": n} for loss, n in lost_codes(reports)]
        lists = [{**row.to_dict(), "title": title(row.list_id, lang)} for row in rows]
        click.echo(as_json({"schema": "ehds.terms-coverage/1", "records": len(reports),
                            "lists": lists[:-1], "total": lists[-1], "lost": lost}))  # fmt: skip
        return
    if fmt == "csv":
        plain = [row.to_dict() for row in rows]
        click.echo(as_csv(tuple(plain[0]), [list(row.values()) for row in plain]), nl=False)
        return
    for line in _table(rows, lang):
        click.echo(line)
    if with_codes:
        for loss, often in lost_codes(reports):
            click.echo(f"{often:>5}  {loss.source_value}  [{loss.fate}]  {loss.reason}")
    say(f"{len(reports)} records")


def _reports(paths: Iterable[str], lenient: bool) -> list[LossReport]:
    from data.errors import InputError, Problem
    from ips.identifiers import mask
    from ips.record import load

    reports: list[LossReport] = []
    problems: list[Problem] = []
    for path in paths:
        for record in _records_in(path):
            try:
                reports.append(load(record, lenient=lenient).loss)
            except InputError as error:
                name = Path(record).name
                problems += [
                    replace(p, where=p.where if name in p.where else f"{mask(name)}: {p.where}")
                    for p in error.problems
                ]
    if problems:
        raise InputError(problems)
    return reports


def _records_in(path: str) -> list[str]:
    """A folder without a patient of its own stands for the records that are in it."""
    folder = Path(path)
    if not folder.is_dir() or (folder / "patient.json").exists():
        return [path]
    inner = sorted(file.parent for file in folder.glob("*/patient.json"))
    return [str(found) for found in inner] or [path]


def _list_maps(every: list[CodeMap], lang: str, fmt: str) -> None:
    from collections import Counter

    rows: list[dict[str, Any]] = []
    for code_map in every:
        pairs = [row for group in code_map.rows.values() for row in group]
        count = Counter(row.equivalence.value for row in pairs)
        title = code_map.title_en if lang == "en" else code_map.title_nb
        rows.append(
            {
                "map": code_map.name, "source_list": code_map.source_list,
                "target": code_map.target, "value_set": code_map.value_set, "title": title,
                "codes": len(code_map.rows), "rows": len(pairs),
                "exact": count["equal"] + count["equivalent"],
                "approximate": count["wider"] + count["inexact"],
                "narrower": count["narrower"], "unmatched": count["unmatched"],
                "otherwise": code_map.otherwise,
            }
        )  # fmt: skip
    if fmt == "json":
        click.echo(as_json({"schema": "ehds.terms-maps/1", "maps": rows}))
    elif fmt == "csv":
        click.echo(as_csv(tuple(rows[0]), [list(row.values()) for row in rows]), nl=False)
    else:
        for row in rows:
            click.echo(f"{row['map'] or row['source_list'] + '-':22} {row['codes']:>4} codes  "
                       f"{row['exact']:>4} exact  {row['approximate']:>3} approximate  "
                       f"{row['narrower']:>3} narrower  {row['unmatched']:>3} unmatched  "
                       f"{row['title']}")  # fmt: skip


def _map_cells(row: MapRow) -> dict[str, str]:
    from ips.terms import list_id

    target = row.target
    return {
        "source_list": list_id(row.source.system) or row.source.system,
        "source_code": row.source.code,
        "source_display_nb": row.source.display,
        "target_system": target.system if target else "",
        "target_code": target.code if target else "",
        "target_display_en": target.display if target else "",
        "equivalence": row.equivalence.value,
        "inferred": "yes" if row.inferred else "no",
        "map_source": row.map_source,
        "edition": row.edition,
        "note": row.note,
    }


def _told(translation: Translation) -> Iterable[str]:
    for coding in translation.targets:
        yield f"-> {coding.code}  {coding.display}  ({coding.system})"
    inferred = ", inferred" if translation.inferred else ""
    source = f"; {translation.map_source}" if translation.map_source else ""
    yield f"{translation.equivalence}{inferred}{source}"
    if translation.reason:
        yield translation.reason


def _plain(translation: Translation) -> dict[str, Any]:
    return {
        "equivalence": translation.equivalence.value,
        "inferred": translation.inferred,
        "targets": [coding.to_fhir() for coding in translation.targets],
        "carried": bool(translation.carried),
        "reason": translation.reason,
        "map_source": translation.map_source,
    }


def _cell(value: object) -> object:
    if isinstance(value, list):
        return " ".join(f"{coding['system']}|{coding['code']}" for coding in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value


def _table(rows: list[Share], lang: str) -> Iterable[str]:
    from ips.loss import Fate
    from ips.terms.labels import title

    heads = {
        "nb": ("liste", "koder", "eksakt", "omtrent", "ikke", "navn"),
        "en": ("list", "codes", "exact", "approx.", "not", "name"),
    }
    yield "{:>8} {:>7} {:>8} {:>8} {:>8}  {}".format(*heads[lang])
    for row in rows:
        yield (
            f"{row.list_id or '=':>8} {row.codes:>7} {row.share(Fate.EXACT):>8.1%} "
            f"{row.share(Fate.APPROXIMATE):>8.1%} "
            f"{row.share(Fate.AS_TEXT, Fate.NOT_CARRIED):>8.1%}  {title(row.list_id, lang)}"
        ).rstrip()


def _known_equivalence(wanted: str | None) -> None:
    """Refuse a misspelt word: no rows would look like «there are none»."""
    from data.errors import InputError, Problem
    from ips.terms import Equivalence

    kinds = [kind.value for kind in Equivalence]
    if wanted is not None and wanted not in kinds:
        raise InputError(Problem(f"there is no equivalence «{wanted}»", "--equivalence",
                                 remedy=f"one of: {', '.join(kinds)}"))  # fmt: skip


def _unknown_list(name: str) -> None:
    import difflib

    from data.errors import InputError, Problem
    from ips.terms.tables import maps, shipped_lists

    if name in shipped_lists():
        raise InputError(
            Problem(f"list {name} has no map", remedy=f"its names: ehds terms lookup {name}")
        )
    names = [*shipped_lists(), *(m.name for group in maps().values() for m in group if m.name)]
    near = difflib.get_close_matches(name, names, n=3)
    raise InputError(
        Problem(
            f"there is no list or map «{name}»",
            remedy=f"did you mean: {', '.join(near)}" if near else "see: ehds terms map",
        )
    )
