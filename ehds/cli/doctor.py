"""``ehds doctor``: what a support question starts with."""

from __future__ import annotations

import hashlib
import importlib.metadata
import platform
import sys
from pathlib import Path

import click

from ehds import __version__
from ehds.cli.options import output_format
from ehds.cli.output import as_json


@click.command(name="doctor")
@output_format("text", "json")
def command(fmt: str) -> None:
    """Show versions, editions of the data, and whether everything needed is in place.

    Exits with 3 when something stands in the way.
    """
    from data.errors import EhdsError, Exit

    facts: list[tuple[str, str, bool]] = [
        ("ehds", __version__, True),
        ("Python", f"{platform.python_version()} ({sys.executable})", True),
    ]
    for name in ("click", "pandas", "jinja2", "xlsxwriter", "babel"):
        facts.append(_package(name))
    try:
        facts += _editions()
    except EhdsError as error:
        facts.append(("data", "; ".join(p.what for p in error.problems), False))
    facts.append(_writable(Path.cwd()))
    if fmt == "json":
        rows = [{"what": w, "value": v, "ok": ok} for w, v, ok in facts]
        click.echo(as_json({"schema": "ehds.doctor/1", "facts": rows}))
    else:
        for what, value, ok in facts:
            click.echo(f"{'ok ' if ok else 'NOT'}  {what}: {value}")
    if not all(ok for _, _, ok in facts):
        raise click.exceptions.Exit(Exit.ENVIRONMENT)


def _package(name: str) -> tuple[str, str, bool]:
    try:
        return name, importlib.metadata.version(name), True
    except importlib.metadata.PackageNotFoundError:
        return name, "missing; install the product again", False


def _editions() -> list[tuple[str, str, bool]]:
    import data
    from data.loaders import assessments, catalogue, systems

    tables = sorted(data.path("catalogue").rglob("*.csv"))
    digest = hashlib.sha256(b"".join(f.read_bytes() for f in tables)).hexdigest()[:12]
    found = catalogue.catalogue()
    facts = [
        ("catalogue", f"edition {found.edition}, {len(found)} rows, sha256 {digest}", True),
        ("systems", f"{len(systems.systems())}", True),
    ]
    for name in assessments.shipped():
        loaded = assessments.load(name)
        facts.append(("assessment", f"{name}, {len(loaded.findings)} findings", True))
    return facts


def _writable(folder: Path) -> tuple[str, str, bool]:
    from data.errors import InputError
    from data.files import check_folder

    try:
        check_folder(folder)
    except InputError as error:
        return "this folder", error.problems[0].what, False
    return "this folder", "can be written", True
