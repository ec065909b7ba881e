"""``ehds catalogue coverage``: which test proves this, and what does this test prove?"""

from __future__ import annotations

from typing import Any

import click

from ehds.cli.options import language, output_format
from ehds.cli.output import as_csv, as_json

STATES = ("tested", "faults-only", "in-the-system", "by-operator", "by-people", "waits", "open")
_HEAD = ("obligation", "state", "tests", "reason_nb", "reason_en")


@click.command(name="coverage")
@click.argument("obligation_id", metavar="[ID]", required=False)
@click.option("--test", "test_id", help="Only one test, by its id (ehds.ncp/IDN-01), or * in it.")
@click.option("--state", type=click.Choice(STATES), help="Only obligations in this state.")
@language
@output_format("text", "json", "csv")
def command(
    obligation_id: str | None, test_id: str | None, state: str | None, lang: str, fmt: str
) -> None:
    """Show which obligations have a test, which tests prove nothing, and what cannot be tested.

    \b
    Examples:
      ehds catalogue coverage
      ehds catalogue coverage X2.3.2c
      ehds catalogue coverage --test ehds.ncp/IDN-01
    """
    from gap.evidence import coverage
    from reports import coverage as shown
    from reports.texts import Texts

    t = Texts(lang)
    if test_id:
        chosen = coverage.chosen_tests(test_id)
        if fmt == "text":
            click.echo("\n\n".join("\n".join(shown.one_test(test, t)) for test in chosen))
            return
        _give_tests(chosen, fmt)
        return
    lines = [coverage.one(obligation_id)] if obligation_id else list(coverage.coverage())
    if state:
        lines = [line for line in lines if line.state == state]
    if fmt != "text":
        _give_lines(lines, fmt, whole=not obligation_id and not state)
    elif obligation_id:
        for line in lines:
            click.echo("\n".join(shown.obligation(line, coverage.tests(), t)))
    else:
        text = shown.listing(lines, t) if state else shown.summary(lines, coverage.tests(), t)
        click.echo("\n".join(text))


def _give_lines(lines: list[Any], fmt: str, *, whole: bool) -> None:
    rows: list[dict[str, Any]] = [
        {"obligation": line.obligation.id, "state": str(line.state), "tests": list(line.tests),
         "reason_nb": line.reason_nb, "reason_en": line.reason_en}
        for line in lines
    ]  # fmt: skip
    if fmt == "csv":
        plain = [[" ".join(v) if isinstance(v := row[h], list) else v for h in _HEAD]
                 for row in rows]  # fmt: skip
        click.echo(as_csv(_HEAD, plain), nl=False)
        return
    content: dict[str, Any] = {"schema": "ehds.coverage/1", "obligations": rows}
    if whole:
        from gap.evidence.coverage import tests

        content["tests"] = [_plain(test) for test in tests()]
    click.echo(as_json(content))


def _give_tests(tests: Any, fmt: str) -> None:
    rows = [_plain(test) for test in tests]
    if fmt == "csv":
        head = ["id", "obligations", "title_nb", "title_en", "only_faults", "run", "source"]
        plain = [[" ".join(v) if isinstance(v := row[h], list) else v for h in head]
                 for row in rows]  # fmt: skip
        click.echo(as_csv(head, plain), nl=False)
        return
    click.echo(as_json({"schema": "ehds.coverage/1", "tests": rows}))


def _plain(test: Any) -> dict[str, Any]:
    return {
        "id": test.id, "obligations": list(test.obligations), "title_nb": test.title_nb,
        "title_en": test.title_en, "only_faults": test.only_faults, "run": test.run,
        "source": test.source,
    }  # fmt: skip
