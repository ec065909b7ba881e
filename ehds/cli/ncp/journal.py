"""``ehds ncp journal``: what was exchanged, for testers, auditors and patients."""

from __future__ import annotations

import datetime as dt
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from data.errors import Exit, InputError, Problem
from data.results import Outcome
from ehds.cli.ncp.home import home as home_option
from ehds.cli.ncp.home import home_folder
from ehds.cli.options import language, output_format
from ehds.cli.output import as_csv, as_json, give, say, say_line

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import Connection

    from ncp.audit.journal import Entry, Filter
    from ncp.store import Store

SCHEMA = "ehds.journal/1"
OUTCOMES = {"success": 0, "minor": 4, "serious": 8, "major": 12}
PARTS = ("request", "response", "atna", "events", "nro", "nrr")


class When(click.ParamType[dt.datetime]):
    """A day or a time: 2026-11-22, 2026-11-22T14:00, with or without zone."""

    name = "time"

    def convert(self, value: Any, param: Any, ctx: Any) -> dt.datetime:
        """Return an aware time; without zone it is local time."""
        if isinstance(value, dt.datetime):
            return value
        try:
            return dt.datetime.fromisoformat(value).astimezone()
        except (ValueError, OverflowError):
            self.fail(f"«{value}» is not a time; write it as 2026-11-22T14:00", param, ctx)


@click.command(name="journal")
@home_option
@click.option("--store", "url", help="Its database, where it is not the one in --home.")
@click.option("--patient", help="Number of a patient: who saw what of it, in plain words.")
@click.option("--since", type=When(), help="From this time on.")
@click.option("--until", type=When(), help="Before this time.")
@click.option("--operation", "operations", multiple=True,
              help="Name of an operation or part of it, several times.")  # fmt: skip
@click.option("--outcome", "outcomes", multiple=True, type=click.Choice(list(OUTCOMES)),
              help="Only entries of this outcome; several times.")  # fmt: skip
@click.option("--country", help="Only what this country (B) asked.")
@click.option("--professional", help="Part of the name or id of who asked.")
@click.option("--side", type=click.Choice(["A", "B"]), help="Only what was done as country A or B.")
@click.option("--limit", type=click.IntRange(1), help="Only the last so many.")
@click.option("--entry", "number", type=click.IntRange(1), help="Only this entry.")
@click.option("--part", type=click.Choice(PARTS), help="With --entry: its message as it was.")
@click.option("--verify", is_flag=True, help="Has anything been changed, removed or slipped in?")
@click.option("--head", default="", help="With --verify: a digest noted earlier, as --verify says.")
@click.option(
    "--complete",
    is_flag=True,
    help="Does every access say who, where, what, when, from where (EHDS Annex II 3.2)?",
)
@click.option("--show-numbers", "numbers", is_flag=True, help="Do not mask numbers of patients.")
@click.option("-o", "--output", "target", metavar="FILE", help="Write there; «-» is stdout.")
@language
@output_format("text", "json", "csv", "har")
def command(
    home: Path | None, url: str | None, patient: str | None, number: int | None,
    part: str | None, verify: bool, head: str, complete: bool, numbers: bool, target: str | None,
    lang: str, fmt: str, **wanted: Any,
) -> None:  # fmt: skip
    """Show the journal of a contact point: list, filter, export, verify; who saw what of mine.

    \b
    Examples:
      ehds ncp journal --since 2026-11-22 --outcome major
      ehds ncp journal --patient 16858399649 --lang en
      ehds ncp journal --format har -o exchange.har
      ehds ncp journal --entry 7 --part atna --show-numbers
      ehds ncp journal --verify
    """
    if part and number is None:
        raise click.UsageError("--part needs --entry.")
    if head and not verify:
        raise click.UsageError("--head needs --verify.")
    with closing(_open(home, url)) as store, store.connect() as connection:
        if verify:
            _verify(connection, head, fmt, target)
            return
        chosen = _filter(patient, number, wanted)
        if complete:
            _complete(connection, chosen, fmt, target)
            return
        if part and number is not None:
            _part(connection, number, part, numbers, target)
        elif patient and fmt in ("text", "json", "csv") and number is None:
            _access(connection, patient, chosen, numbers, lang, fmt, target)
        else:
            _list(connection, chosen, numbers, fmt, target)


def _open(home: Path | None, url: str | None) -> Store:
    """Return the store; a journal is only read here, so none is made where there is none."""
    from ncp.scenarios.journals import opened

    return opened(url or str(home_folder(home) / "store.db"))


def _filter(patient: str | None, number: int | None, wanted: dict[str, Any]) -> Filter:
    from ncp.audit.journal import Filter
    from ncp.audit.transaction import Indicator

    if patient and "^" in patient:
        from ncp.model import PatientId

        try:
            PatientId.parse(patient)
        except ValueError as error:
            raise InputError(
                Problem(f"the number of the patient is {error}", "--patient",
                        remedy="give the number alone, or number^^^&OID&ISO")
            ) from None  # fmt: skip
    return Filter(
        since=wanted["since"], until=wanted["until"], patient=patient, number=number,
        operations=_operations(wanted["operations"]), country=wanted["country"] or "",
        outcomes=tuple(Indicator(OUTCOMES[name]) for name in wanted["outcomes"]),
        professional=wanted["professional"] or "", side=wanted["side"] or "",
        limit=wanted["limit"],
    )  # fmt: skip


def _operations(names: tuple[str, ...]) -> tuple[Any, ...]:
    from ncp.audit.transaction import Event
    from ncp.model import Operation

    known = [*Operation, *Event]
    found = []
    for name in names:
        matches = [each for each in known if name.lower() in each.lower()]
        if not matches:
            raise InputError(
                Problem(f"no operation is named «{name}»", "--operation",
                        remedy=f"one of: {', '.join(known)}")
            )  # fmt: skip
        found += matches
    return tuple(found)


def _list(connection: Connection, chosen: Filter, numbers: bool, fmt: str,
          target: str | None) -> None:  # fmt: skip
    from ncp.audit import export
    from ncp.audit.journal import entries

    with_messages = ("request", "response") if fmt == "har" else ()
    found = entries(connection, chosen, parts=with_messages)
    if chosen.number is not None:
        found = _present(found, chosen.number)
    if fmt == "har":
        from ehds import __version__

        give(as_json(export.har(found, __version__, numbers)), target)
    elif fmt == "json":
        rows = [export.as_json(each, numbers) for each in found]
        give(as_json({"schema": SCHEMA, "entries": rows}), target)
    elif fmt == "csv":
        give(as_csv(export.HEAD, (export.row(each, numbers) for each in found)), target)
    else:
        lines = list(_lines(found, numbers))
        if lines:
            give("\n".join(lines), target)
        say("1 entry" if len(lines) == 1 else f"{len(lines)} entries")


def _present(found: Iterator[Entry], number: int) -> Iterator[Entry]:
    """Return the one entry that was asked for by its number, once it is there."""
    known = list(found)
    if not known:
        raise InputError(
            Problem(f"there is no entry {number}, or the other options leave it out", "--entry",
                    remedy="list them with: ehds ncp journal")
        )  # fmt: skip
    return iter(known)


def _lines(found: Iterator[Entry], numbers: bool) -> Iterator[str]:
    from ips.words import plain
    from ncp.audit import export

    outcomes = {str(code): name for name, code in OUTCOMES.items()}
    for each in found:
        cells = (plain(str(cell)) for cell in export.row(each, numbers))
        row = dict(zip(export.HEAD, cells, strict=True))
        who = f"{row['professional']} ({row['country']})" if row["professional"] else row["country"]
        error = f"  {row['error']}" if row["error"] else ""
        yield (
            f"{row['number']:>6}  {row['time'][:19]}Z  {row['side']}  {row['operation']:38} "
            f"{outcomes[row['outcome']]:8} {row['patients'] or '-':22} {who}{error}"
        )


def _part(connection: Connection, number: int, part: str, numbers: bool,
          target: str | None) -> None:  # fmt: skip
    from ncp.audit.journal import load

    if not numbers:
        raise click.UsageError("A message holds numbers of patients: say --show-numbers too.")
    content = load(connection, [number], (part,)).get(number, {}).get(part)
    if content is None:
        raise InputError(Problem(f"entry {number} has no message «{part}»", "--part",
                                 remedy="see: ehds ncp journal --format json"))  # fmt: skip
    if target in (None, "-"):
        click.echo(content, nl=False)
        return
    from data.files import write_all

    write_all({Path(str(target)): content})
    say_line(f"Wrote {target}")


def _access(connection: Connection, patient: str, chosen: Filter, numbers: bool, lang: str,
            fmt: str, target: str | None) -> None:  # fmt: skip
    from dataclasses import asdict

    from ips.words import plain_lines
    from ncp.audit import access
    from ncp.audit.masking import masked

    found = access.who_saw(connection, patient, chosen)
    if fmt == "text":
        give(plain_lines(access.letter(found, patient, lang, numbers)), target)
        return
    rows = [
        {**asdict(each), "when": each.when.isoformat(), "documents": list(each.documents),
         "origins": list(each.origins), "profession_text": access.profession(each, lang),
         "country_text": access.country(each.country, lang),
         "categories_text": access.categories(each, lang)}
        for each in found
    ]  # fmt: skip
    if fmt == "json":
        shown = patient if numbers else masked(patient)
        content = {"schema": "ehds.access/1", "patient": shown,
                   "obligations": list(access.OBLIGATIONS), "accesses": rows}  # fmt: skip
        give(as_json(content), target)
        return
    head = list(rows[0]) if rows else ["entry", "when"]
    cells = [[" ".join(v) if isinstance(v, list) else v for v in row.values()] for row in rows]
    give(as_csv(head, cells), target)


def _complete(connection: Connection, chosen: Filter, fmt: str, target: str | None) -> None:
    from ncp.audit.duties import complete

    results = complete(connection, chosen)
    if fmt == "json":
        rows = [r.to_dict() for r in results]
        give(as_json({"schema": "ehds.journal-duties/1", "results": rows}), target)
    else:
        give("\n".join(
            f"{r.outcome.value:5} {r.source:24} {r.message}  [{', '.join(r.obligations)}]"
            for r in results), target)  # fmt: skip
    if any(r.outcome is Outcome.FAIL for r in results):
        raise click.exceptions.Exit(Exit.FINDINGS)


def _verify(connection: Connection, head: str, fmt: str, target: str | None) -> None:
    from ncp.audit.verification import verify

    found = verify(connection, head)
    if fmt == "json":
        give(as_json({"schema": "ehds.journal-verification/1", "entries": found.entries,
                      "head": found.head, "sound": found.sound,
                      "results": [r.to_dict() for r in found.results]}), target)  # fmt: skip
    else:
        lines = [f"{r.outcome.value:5} {r.id}: {r.message}" for r in found.results]
        give("\n".join([*lines, f"head  {found.head}"]), target)
    if not found.sound:
        raise click.exceptions.Exit(Exit.FINDINGS)
