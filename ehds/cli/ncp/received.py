"""How received documents are kept and shown: as they came, translated, as FHIR, as a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click
import orjson

from data.results import Outcome, Severity
from ehds.cli.ncp.answered import finding_json
from ehds.cli.output import say
from ips.words import harmless, plain, plain_lines
from ncp.client.texts import text

if TYPE_CHECKING:
    from ncp.client.documents import Received
    from ncp.model import DocumentEntry

_WORDS = {"ps": "patient-summary", "ep": "eprescription"}


def files(
    got: Sequence[Received], entries: Mapping[str, DocumentEntry], kind: str, lang: str
) -> dict[str, bytes]:
    """Return the files of received documents by name.

    The names say kind, number and level; no name holds a number of a patient. A document that must
    not be used is kept as it came, with its check, and nothing else is made of it.
    """
    found: dict[str, bytes] = {}
    for number, one in enumerate(got, 1):
        stem = f"{_WORDS.get(kind, kind)}-{number}" if len(got) > 1 else _WORDS.get(kind, kind)
        if one.level == 1:
            stem += "-pdf"
        made = found_of(one, entries.get(one.reference.unique_id), lang)
        found |= {f"{stem}.{ending}": content for ending, content in made.items()}
    return found


def found_of(one: Received, entry: DocumentEntry | None, lang: str) -> dict[str, bytes]:
    """Return what is made of one document, by ending of its file."""
    report = orjson.dumps(as_plain(one, entry, fhir=False), option=orjson.OPT_INDENT_2)
    found = {"xml" if one.level else "bin": one.content, "check.json": report + b"\n"}
    if not one.safe:
        return found
    if one.translated:
        found[f"{lang}.xml"] = one.translated
    if one.pdf:
        found["pdf"] = one.pdf
    if one.bundle:
        from ips.summary.output import to_json
        from reports.clinical import page

        found["fhir.json"] = to_json(one.bundle)
        found["html"] = page(one.shown or one.bundle, lang).encode()
    return found


def as_plain(one: Received, entry: DocumentEntry | None, *, fhir: bool = True) -> dict[str, Any]:
    """Return a received document as plain data for JSON."""
    from dataclasses import asdict

    return {
        "unique_id": one.reference.unique_id, "title": entry.title if entry else "",
        "level": one.level, "safe": one.safe, "outcome": one.report.outcome.value,
        "findings": [finding_json(r) for r in one.report.results if r.outcome is Outcome.FAIL],
        "translation": [asdict(message) for message in one.messages],
        "loss": one.loss.to_dict() if one.loss else None,
        "problems": [asdict(problem) for problem in one.problems],
        **({"fhir": one.bundle if one.safe else None} if fhir else {}),
    }  # fmt: skip


def show(
    got: Sequence[Received], entries: Mapping[str, DocumentEntry], lang: str, *, whole: bool
) -> None:
    """Write received documents for people; ``whole`` with everything that they say."""
    for number, one in enumerate(got, 1):
        entry = entries.get(one.reference.unique_id)
        title = plain(entry.title if entry else one.reference.unique_id)
        click.echo(text("retrieved.head", lang, number=number, total=len(got), title=title))
        failed = [r for r in one.report.results if r.outcome is Outcome.FAIL]
        errors = [r for r in failed if r.severity is Severity.ERROR]
        click.echo(text("retrieved.check", lang, errors=len(errors),
                        warnings=len(failed) - len(errors)))  # fmt: skip
        for result in failed:
            say("  " + harmless(f"{result.severity.value}: {result.id}: {result.message} "
                                f"({result.location})"))  # fmt: skip
        _content(one, lang, whole=whole)


def _content(one: Received, lang: str, *, whole: bool) -> None:
    from ips.show import text_lines, view

    if not one.safe:
        click.echo(text("retrieved.unsafe", lang))
        return
    unnamed = sum(message.number == 4505 for message in one.messages)
    if unnamed:
        click.echo(text("retrieved.translated", lang, names=unnamed))
    for problem in one.problems:
        told = "\n".join(map(harmless, problem.lines()))
        say(f"{text('retrieved.unreadable', lang)}: {told}")
    if not whole:
        return
    if one.pdf:
        click.echo(text("retrieved.pdf", lang))
    if one.bundle:
        click.echo("\n".join(map(plain_lines, text_lines(view(one.shown or one.bundle, lang)))))
