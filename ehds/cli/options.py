"""Options that several commands share, and what they turn into."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

import click

from data.errors import Exit, InputError, Problem

if TYPE_CHECKING:
    from gap.analysis import Analysis
    from gap.evidence import Weighed

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_ASSESSMENT = "norway-2026-11"


class Day(click.ParamType[dt.date]):
    """A date on the command line: 2027-03-26."""

    name = "date"

    def convert(self, value: Any, param: Any, ctx: Any) -> dt.date:
        """Return the date, or fail with the form it should have."""
        if isinstance(value, dt.date):
            return value
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            self.fail(f"«{value}» is not a date; write it as 2027-03-26", param, ctx)


def language(command: F) -> F:
    """Add ``--lang``."""
    return click.option(
        "--lang",
        type=click.Choice(["nb", "en"]),
        default="nb",
        show_default=True,
        envvar="EHDS_LANG",
        show_envvar=True,
        help="Language of the text.",
    )(command)


def output_format(*formats: str) -> Callable[[F], F]:
    """Add ``--format`` with the formats that make sense; the first is the default."""

    def add(command: F) -> F:
        return click.option(
            "--format",
            "fmt",
            type=click.Choice(formats),
            default=formats[0],
            show_default=True,
            help="Form of the output.",
        )(command)

    return add


def as_of(command: F) -> F:
    """Add ``--as-of``."""
    return click.option(
        "--as-of",
        type=Day(),
        help="The day of the analysis; today by default. Later findings are left out.",
    )(command)


def scheme(command: F) -> F:
    """Add ``--scheme``."""
    return click.option(
        "--scheme", default="share-met", show_default=True,
        help="Scoring scheme: share-met, level or xt-ehr.",
    )(command)  # fmt: skip


def assessment(command: F) -> F:
    """Add ``--assessment``."""
    return click.option(
        "--assessment",
        default=DEFAULT_ASSESSMENT,
        show_default=True,
        help="A folder with assessment.toml and findings.csv, or a shipped name.",
    )(command)


def fail_under(command: F) -> F:
    """Add ``--fail-under``."""
    return click.option(
        "--fail-under",
        type=click.FloatRange(0, 100),
        help="Exit with 1 when the lowest possible score is under this percentage.",
    )(command)


def check_fail_under(analysis: Analysis, percentage: float | None) -> None:
    """Leave with 1 when the lowest possible score of everything is under a percentage."""
    figure = analysis.national
    if percentage is not None and figure and figure.low * 100 < percentage:
        raise click.exceptions.Exit(Exit.FINDINGS)


def assessments(command: F) -> F:
    """Add ``--assessment`` that may be given several times."""
    return click.option(
        "--assessment",
        "names",
        multiple=True,
        default=(DEFAULT_ASSESSMENT,),
        show_default=True,
        help="A folder with assessment.toml and findings.csv, or a shipped name. Given several "
        "times, each lies on top of the one before.",
    )(command)


def evidence(command: F) -> F:
    """Add ``--evidence`` that may be given several times."""
    return click.option(
        "--evidence", "evidence_paths", multiple=True, metavar="PATH",
        type=click.Path(exists=True),
        help="Results of tests, a file or a folder of them; evidence.toml beside them says which "
        "system was tested. May be given several times.",
    )(command)  # fmt: skip


def weigh(analysis: Analysis, paths: Sequence[str]) -> Weighed | None:
    """Read evidence and apply it to an analysis; None when no path is given.

    Raises:
        InputError: with everything that is wrong in all files.
    """
    if not paths:
        return None
    from gap.evidence import read, with_evidence

    return with_evidence(analysis, read(paths))


def with_evidence(analysis: Analysis, paths: Sequence[str]) -> Analysis:
    """Return an analysis with evidence in it, telling on standard error what the evidence did.

    Raises:
        InputError: with everything that is wrong in all files.
    """
    weighed = weigh(analysis, paths)
    if weighed is None:
        return analysis
    from ehds.cli.output import say

    say(
        f"Evidence: {len(weighed.records)} records, {len(weighed.changes)} findings moved, "
        f"{len(weighed.contradictions)} contradictions, {len(weighed.tool_chain)} about ehds, "
        f"{len(weighed.unplaced)} that bear on nothing"
    )
    return weighed.analysis


def today() -> dt.date:
    """Return the local date, the default of ``--as-of``."""
    return dt.datetime.now().astimezone().date()


def analyse(names: str | Sequence[str], scheme_name: str, day: dt.date | None) -> Analysis:
    """Load an assessment, or several on top of each other, and score them.

    Raises:
        InputError: unreadable or wrong assessment, unknown scheme, or a day before everything.
    """
    from data.loaders import assessments as loader
    from data.loaders import catalogue, systems
    from gap.analysis import Analysis
    from gap.judgement import Judgement
    from gap.schemes import scheme as find_scheme

    chosen = find_scheme(scheme_name)
    loaded = loader.load_all([names] if isinstance(names, str) else names)
    on = day or max(today(), loaded.as_of)
    judgement = Judgement(catalogue.catalogue(), systems.systems(), loaded, on)
    if not judgement.findings and judgement.later:
        raise InputError(
            Problem(
                f"no finding of «{loaded.id}» is as old as {on}",
                "--as-of",
                remedy=f"the first finding is of {min(f.date for f in judgement.later)}",
            )
        )
    return Analysis(judgement, chosen)
