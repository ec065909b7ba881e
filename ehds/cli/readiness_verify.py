"""``ehds readiness verify``: check an evidence folder again, without network."""

from __future__ import annotations

from pathlib import Path

import click

from ehds.cli.options import language, output_format, today
from ehds.cli.output import as_json


@click.command(name="verify")
@click.argument("folder", type=click.Path(path_type=Path))
@language
@output_format("text", "json")
def command(folder: Path, lang: str, fmt: str) -> None:
    """Check an evidence folder: checksums, versions, and the same verdicts from its bytes.

    Leaves with 1 when something does not hold.

    \b
    Example: ehds readiness verify ehds-out/evidence
    """
    from data.errors import Exit
    from ehds import __version__
    from gap.readiness.plan import Plan
    from gap.readiness.verify import verify
    from reports import readiness
    from reports.texts import Texts

    found = verify(folder, Plan(__version__, today()))
    if fmt == "json":
        click.echo(as_json({
            "schema": "ehds.readiness-verify/1", "holds": found.holds,
            "same_version": found.same_version, "files": found.files,
            "documents": found.documents, "scenarios": found.scenarios,
            "results": [r.to_dict() for r in found.results],
        }))  # fmt: skip
    else:
        click.echo("\n".join(readiness.verified(found, Texts(lang))))
    if not found.holds:
        raise click.exceptions.Exit(Exit.FINDINGS)
