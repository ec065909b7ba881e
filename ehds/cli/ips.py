"""``ehds ips``: European patient summaries: build, check, show."""

from __future__ import annotations

import datetime as dt
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from ehds.cli.ips_convert import convert
from ehds.cli.options import F, language
from ehds.cli.output import as_json, give, give_all, say, say_line
from ehds.cli.terms_option import terminology

if TYPE_CHECKING:
    from collections.abc import Iterable

    from data.errors import Problem
    from ips.summary import Built


@click.group(name="ips")
def command() -> None:
    """Patient summaries: from Norwegian records to IPS 2.0.0 and European documents.

    \b
    Example: ehds ips build penicillin-anaphylaxis --profile eps -o summary.json
    """


command.add_command(convert)


def _profile(command: F) -> F:
    return click.option(
        "--profile", type=click.Choice(["ips", "eps"]), default="ips", show_default=True,
        help="The format: international or European.",
    )(command)  # fmt: skip


_lenient = click.option("--lenient", is_flag=True, help="Faults in the data become warnings.")
_document_format = click.option(
    "--format", "fmt", type=click.Choice(["json", "xml"]), default="json", show_default=True,
    help="FHIR as JSON or XML.",
)  # fmt: skip
_timestamp = click.option(
    "--timestamp", help="Time of the document, 2026-11-22T12:00:00+01:00; now by default."
)


@command.command()
@click.argument("record")
@_profile
@_document_format
@language
@_lenient
@_timestamp
@terminology
@click.option("-o", "--output", help="File; standard output by default.")
@click.option("--loss", "loss_file", help="File for the loss report (JSON).")
def build(
    record: str,
    profile: str,
    fmt: str,
    lang: str,
    lenient: bool,
    timestamp: str | None,
    output: str | None,
    loss_file: str | None,
) -> None:
    """Build the summary of one patient.

    RECORD is a folder of the patient's source files, one such file, or the name of a sample
    (see: ehds patients list).

    \b
    Example: ehds ips build everything --profile eps --lang en -o summary.json --loss loss.json
    """
    from ips.record import load
    from ips.summary import build as build_summary

    read = load(record, lenient=lenient)
    _warn(read.warnings)
    built = build_summary(read, profile=profile, lang=lang, now=_moment(timestamp))
    give_all([(_written(built.bundle, fmt).decode(), output),
              *([(as_json(built.loss.to_dict()), loss_file)] if loss_file else [])])  # fmt: skip
    say(_balance(built))


@command.command()
@click.option("--records", required=True, type=click.Path(exists=True, file_okay=False,
              path_type=Path), help="Folder with a folder per patient.")  # fmt: skip
@click.option("--out", required=True, type=click.Path(path_type=Path), help="Folder to write to.")
@_profile
@_document_format
@language
@_lenient
@_timestamp
@terminology
def bulk(
    records: Path, out: Path, profile: str, fmt: str, lang: str, lenient: bool,
    timestamp: str | None,
) -> None:  # fmt: skip
    """Build the summaries of many patients, with one loss report for all.

    A record that cannot be read is told and left out; the others are written. The documents are
    the same, byte for byte, as those of «ehds ips build».

    \b
    Example: ehds ips bulk --records patients/ --out summaries/
    """
    from data.errors import InputError
    from data.files import check_folder, write_all
    from ips.loss import LossReport
    from ips.record import load
    from ips.summary import assemble

    moment = _moment(timestamp)
    folders = sorted(p for p in records.iterdir() if p.is_dir() and not p.name.startswith("."))
    if not folders:
        raise InputError(_problem("there is no folder of a patient here", str(records)))
    check_folder(out)
    problems: list[Problem] = []
    everything = LossReport()
    done = 0
    with _progress(folders, "Building") as running:
        for folder in running:
            try:
                read = load(str(folder), lenient=lenient)
                built = assemble(read, profile=profile, lang=lang, now=moment)
                content = _written(built.bundle, fmt)
            except InputError as error:
                problems += _placed(error.problems, folder.name)
                continue
            write_all({out / f"{folder.name}.{fmt}": content})
            everything.extend(built.loss)
            done += 1
    write_all({out / "loss.json": as_json(everything.to_dict()).encode() + b"\n"})
    say_line(f"Wrote {done} of {len(folders)} summaries to {out}, and loss.json")
    if problems:
        raise InputError(problems)


@command.command()
@click.argument("files", metavar="FILE...", nargs=-1, required=True)
@click.option("--profile", help="Judge by this: ips, eps, or a canonical. By default the "
              "document says by what.")  # fmt: skip
@click.option("--profile-package", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="A FHIR package (.tgz) to judge by as well.")  # fmt: skip
@click.option("--cda-schema", type=click.Path(exists=True, file_okay=False, path_type=Path),
              help="Folder with the MyHealth@EU CDA schema, to judge CDA by as well.")  # fmt: skip
@click.option("--form", type=click.Choice(["pivot", "friendly"]),
              help="CDA: the form it should have. A pivot has European codes first; by default "
              "national codes with a European translation pass too.")  # fmt: skip
@click.option("--pair", "as_pair", is_flag=True,
              help="Judge two CDA documents as a pair of level 3 and 1 as well.")  # fmt: skip
@terminology
@click.option("--coverage", is_flag=True, help="Add the 18 elements of EHDS Annex I (1).")
@click.option("--format", "fmt", default="text", show_default=True, help="Form of the output.",
              type=click.Choice(["text", "json", "junit", "operationoutcome"]))  # fmt: skip
@click.option("--fail-level", type=click.Choice(["error", "warning", "information"]),
              default="error", show_default=True,
              help="Leave with code 1 when there is a finding as grave as this.")  # fmt: skip
@click.option("--with-hl7-validator", is_flag=True,
              help="Run the official validator too and show where the two differ.")  # fmt: skip
@language
@click.option("-v", "--verbose", is_flag=True, help="Show notes and sources as well.")
def check(
    files: tuple[str, ...],
    profile: str | None,
    profile_package: Path | None,
    cda_schema: Path | None,
    form: Literal["pivot", "friendly"] | None,
    as_pair: bool,
    coverage: bool,
    fmt: str,
    fail_level: str,
    with_hl7_validator: bool,
    lang: str,
    verbose: bool,
) -> None:
    """Judge documents, ours or another country's, without network.

    FILE is a FHIR document in JSON or XML, a MyHealth@EU CDA, a folder of them, or - for
    standard input.

    \b
    Example: ehds ips check summary.json --coverage --lang en
    """
    from data.errors import Exit, InputError
    from ehds.cli import ips_check

    judged, problems = ips_check.judge(files, profile, profile_package, cda_schema, form)
    if as_pair and not problems:
        judged += [ips_check.Judged(name, None, report) for name, report in ips_check.pair(files)]
    differences = ips_check.compare(judged, profile) if with_hl7_validator else None
    rows = ips_check.coverage_of(judged) if coverage else {}
    click.echo(ips_check.written(judged, fmt, rows, differences, lang, verbose=verbose), nl=False)
    if problems:
        raise InputError(problems)
    if ips_check.fails(judged, fail_level):
        raise click.exceptions.Exit(Exit.FINDINGS)


@command.command()
@click.argument("file", metavar="FILE")
@click.option("--html", is_flag=True, help="A page for a health professional, in one file.")
@language
@click.option("-o", "--output", help="File; standard output by default.")
def show(file: str, html: bool, lang: str, output: str | None) -> None:
    """Show a summary as a clinician can read it: text, or a page with --html.

    \b
    Example: ehds ips show summary.json --html --lang en -o summary.html
    """
    from data.errors import InputError
    from ehds.cli.ips_check import read
    from ips.show import text_lines, view
    from ips.words import plain

    bundle = read(file)
    try:
        if html:
            from reports.clinical import page

            shown = page(bundle, lang)
        else:
            shown = "\n".join(map(plain, text_lines(view(bundle, lang))))
    except InputError as error:
        raise InputError(_placed(error.problems, file)) from None
    give(shown, output)


def _moment(timestamp: str | None) -> dt.datetime | None:
    if timestamp is None:
        return None
    try:
        moment = dt.datetime.fromisoformat(timestamp)
    except ValueError:
        raise click.BadParameter(
            f"«{timestamp}» is not a time; write it as 2026-11-22T12:00:00+01:00",
            param_hint="--timestamp",
        ) from None
    return moment if moment.tzinfo else moment.astimezone()


def _written(bundle: dict[str, Any], fmt: str) -> bytes:
    if fmt == "xml":
        from ips.summary.xmlout import to_xml

        return to_xml(bundle)
    from ips.summary.output import to_json

    return to_json(bundle)


def _warn(warnings: Iterable[Problem]) -> None:
    for warning in warnings:
        say("Warning: " + "\n".join(warning.lines()))


def _balance(built: Built) -> str:
    filled = [row for row in built.coverage if row.state == "filled"]
    counts = ", ".join(f"{number} {fate}" for fate, number in built.loss.counts().items())
    return f"{len(filled)} of {len(built.coverage)} elements of Annex I filled. Source: {counts}"


def _problem(what: str, where: str) -> Problem:
    from data.errors import Problem

    return Problem(what, where)


def _placed(problems: Iterable[Problem], name: str) -> list[Problem]:
    """Name the record that a problem is in, beside the file."""
    from dataclasses import replace

    return [replace(p, where=f"{name}: {p.where}" if p.where else name) for p in problems]


def _progress(items: list[Path], label: str) -> Any:
    """Return a progress bar on a terminal; in a log it stays silent."""
    return click.progressbar(
        items, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()
    )  # fmt: skip
