"""How commands give their product: text, JSON with a schema field, or CSV."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import click

from data.errors import InputError, Problem
from data.files import check_folder, write_all

_STEERING = re.compile("[\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What JSON may hold as it is, but a terminal obeys: it is written as \\uXXXX."""
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def say(text: str) -> None:
    """Write to standard error, unless --quiet was given."""
    context = click.get_current_context(silent=True)
    if not (context and context.obj and context.obj.get("quiet")):
        click.echo(text, err=True)


def say_line(text: str) -> None:
    """Say one line that has a name of a file in it, which may hold what steers a terminal."""
    from ips.words import plain

    say(plain(text))


def as_json(content: Any) -> str:
    """Return JSON text, with real letters, stable order, and nothing that steers a terminal."""
    text = json.dumps(content, ensure_ascii=False, indent=1)
    return _STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def as_csv(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """Return CSV text; a cell that a spreadsheet would run as a formula is made plain text."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(head)
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return stream.getvalue()


def _plain(cell: object) -> object:
    if isinstance(cell, str) and cell.startswith(_FORMULA):
        return f"'{cell}"
    return cell


def give(text: str, target: str | None) -> None:
    """Give the product to a file, or to standard output for None and ``-``."""
    give_all([(text, target)])


def give_all(products: Sequence[tuple[str, str | None]]) -> None:
    """Give several products, each to a file or to standard output: all of them or none.

    Raises:
        InputError: a file that cannot be written, or one that two products would share.
    """
    files: dict[Path, bytes] = {}
    for text, target in products:
        if target is None or target == "-":
            continue
        path = Path(target)
        check_folder(path.parent)
        if any(path.resolve() == other.resolve() for other in files):
            raise InputError(Problem("two products would go into this file", target,
                                     remedy="give each a file of its own"))  # fmt: skip
        files[path] = (text.rstrip("\n") + "\n").encode()
    write_all(files)
    for text, target in products:
        if target in (None, "-"):
            click.echo(text.rstrip("\n"))
    for path in files:
        say_line(f"Wrote {path}")
