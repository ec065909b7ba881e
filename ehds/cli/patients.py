"""``ehds patients``: synthetic patients in Norwegian source formats."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import click

from ehds.cli.options import language, output_format
from ehds.cli.output import as_csv, as_json, say, say_line

_BATCH = 100


@click.group(name="patients")
def command() -> None:
    """Synthetic Norwegians, as Kjernejournal, SFM, SYSVAK and the others would give them.

    \b
    Example: ehds patients copy everything --out here
    """


@command.command(name="list")
@language
@output_format("text", "json", "csv")
def list_(lang: str, fmt: str) -> None:
    """List the sample patients.

    \b
    Example: ehds patients list --lang en
    """
    from ips.generate.samples import COLUMNS, samples

    found = samples().values()
    if fmt == "json":
        rows = [{**{c: getattr(s, c) for c in COLUMNS}, "files": list(s.files())} for s in found]
        click.echo(as_json({"schema": "ehds.patients/1", "patients": rows}))
        return
    if fmt == "csv":
        click.echo(as_csv(COLUMNS, [[getattr(s, c) for c in COLUMNS] for s in found]), nl=False)
        return
    for sample in found:
        click.echo(f"{sample.id:24} {sample.title(lang)}")
    say(f"{len(found)} sample patients, none of them real")


@command.command()
@click.argument("name", metavar="NAME|all")
@click.option("--out", type=click.Path(path_type=Path), required=True,
              help="Folder that gets one folder for each patient.")  # fmt: skip
@output_format("text", "json")
def copy(name: str, out: Path, fmt: str) -> None:
    """Copy one sample patient, or all, to work with.

    \b
    Example: ehds patients copy all --out patients
    """
    from ips.generate.samples import sample, samples

    chosen = list(samples().values()) if name == "all" else [sample(name)]
    _write(out, {each.id: each.files() for each in chosen})
    _tell({each.id: list(each.files()) for each in chosen}, out, fmt)


@command.command()
@click.option("-n", "number", type=click.IntRange(1, 1_000_000), required=True,
              help="How many patients.")  # fmt: skip
@click.option("--seed", type=int, default=1, show_default=True,
              help="The same seed gives the same patients.")  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), required=True,
              help="Folder that gets one folder for each patient.")  # fmt: skip
@output_format("text", "json")
def generate(number: int, seed: int, out: Path, fmt: str) -> None:
    """Make any number of new patients: valid, varied, the same for the same seed.

    \b
    Example: ehds patients generate -n 200 --seed 7 --out patients
    """
    from ips.generate import generate as make

    written: dict[str, list[str]] = {}
    waiting: dict[str, dict[str, bytes]] = {}
    with _progress(number) as progress:
        for patient in make(number, seed):
            waiting[patient.id] = patient.files
            written[patient.id] = list(patient.files)
            progress.update(1)
            if len(waiting) == _BATCH:
                _write(out, waiting)
                waiting = {}
    _write(out, waiting)
    _tell(written, out, fmt, seed=seed)


def _progress(number: int) -> Any:
    import sys

    return click.progressbar(length=number, label="Patients", file=sys.stderr,
                             hidden=not sys.stderr.isatty())  # fmt: skip


def _write(out: Path, patients: Mapping[str, Mapping[str, bytes]]) -> None:
    """Write folders that are not there yet, a batch at a time so that memory stays small."""
    from data.errors import InputError, Problem
    from data.files import Outbox

    present = [out / name for name in patients if (out / name).exists()]
    if present:
        raise InputError(
            [
                Problem("there is something of that name already", str(path),
                        remedy="choose another --out, or remove it first")
                for path in present
            ]
        )  # fmt: skip
    with Outbox(out) as outbox:
        for name, files in patients.items():
            for file, content in files.items():
                outbox.add(f"{name}/{file}", content)


def _tell(patients: Mapping[str, Iterable[str]], out: Path, fmt: str, **more: Any) -> None:
    if fmt == "json":
        rows = [{"id": name, "files": list(files)} for name, files in patients.items()]
        click.echo(as_json({"schema": "ehds.patients/1", **more, "patients": rows}))
    else:
        for name in patients:
            click.echo(str(out / name))
    say_line(f"Wrote {len(patients)} patients to {out}")
