"""``ehds ncp serve``: country A on this machine."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from data.errors import Exit
from ehds.cli.ncp.home import home as home_option
from ehds.cli.ncp.home import home_folder
from ehds.cli.output import say

if TYPE_CHECKING:
    from starlette.routing import BaseRoute

    from ncp.scenarios.serving import Wired
    from ncp.service.starting import Started


@click.command(name="serve")
@click.option("--country", default="NO", show_default=True, help="Country A.")
@click.option("--records", type=click.Path(path_type=Path),
              help="Folder of records; the sample patients without it.")  # fmt: skip
@click.option("--connector", "named", default="",
              help="Own connector module:factory, or fhir+https://server/fhir.")  # fmt: skip
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=click.IntRange(0, 65535), default=8443, show_default=True,
              help="Port; 0 picks a free one.")  # fmt: skip
@click.option("--public", is_flag=True, help="Allow an address that others can reach.")
@click.option("--public-url", default="", metavar="URL",
              help="Where others reach the server: https://ncp.example:8443 (FHIR).")  # fmt: skip
@click.option("--no-tls", is_flag=True, help="Plain HTTP, on this machine only.")
@home_option
@click.option("--store", default="", help="Database: a file, or postgresql://user@host/name.")
@click.option("--trust", "trusted", multiple=True,
              type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="PEM of a further authority; several times.")  # fmt: skip
@click.option("--crl", "revoked", multiple=True, type=click.Path(exists=True, path_type=Path),
              help="Revocation list, or folder of them; several times.")  # fmt: skip
@click.option("--agreements", type=click.Path(exists=True, dir_okay=False, path_type=Path),
              help="Table of countries and services that are served; all without it.")  # fmt: skip
@click.option("--syslog", default="",
              help="Audit repository: host:port (TLS), tcp://host:port or file:PATH.")  # fmt: skip
@click.option("--evidence", is_flag=True, help="Keep signed evidence of receipt (ETSI REM).")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True,
              help="Processes that answer.")  # fmt: skip
@click.option("--fault", "faults", multiple=True, metavar="NAME[=VALUE]",
              help="Do something wrong on purpose (data/exchange/faults.csv).")  # fmt: skip
@click.option("--expect", type=click.Path(exists=True, path_type=Path),
              help="Expectations against country B: a TOML file or a folder of them.")  # fmt: skip
@click.option("--expect-report", type=click.Path(dir_okay=False, path_type=Path),
              help="JSON of what came of the expectations, written at the end.")  # fmt: skip
@click.option("--ready-file", type=click.Path(dir_okay=False, path_type=Path),
              help="Gets one line of JSON when requests are accepted.")  # fmt: skip
@click.option("--quirks", type=click.Choice(["openncp", "gematik"]), default=None,
              help="Answer the way that OpenNCP or gematik does.")  # fmt: skip
@click.option("--lenient", is_flag=True, help="Let pass what harms no patient.")
@click.option("--dispense-unretrieved", is_flag=True,
              help="Take dispensations of prescriptions that were not retrieved.")  # fmt: skip
def command(
    country: str,
    records: Path | None,
    named: str,
    host: str,
    port: int,
    public: bool,
    public_url: str,
    no_tls: bool,
    home: Path | None,
    store: str,
    trusted: tuple[Path, ...],
    revoked: tuple[Path, ...],
    agreements: Path | None,
    syslog: str,
    evidence: bool,
    workers: int,
    faults: tuple[str, ...],
    expect: Path | None,
    expect_report: Path | None,
    ready_file: Path | None,
    quirks: str | None,
    lenient: bool,
    dispense_unretrieved: bool,
) -> None:
    """Be country A: identification, query, retrieve and submit, as a real contact point.

    With no option it serves the sample patients on this machine with mutual TLS; certificates are
    made on the spot. Everything that comes in is in the journal (see: ehds ncp journal).

    \b
    Examples:
      ehds ncp serve
      ehds ncp serve --records patients/ --port 0 --ready-file ready.json
      ehds ncp serve --fault latency=3@ps-list --expect expectations.toml
    """
    if workers > 1 and (faults or expect):
        raise click.UsageError("--fault and --expect keep their state in one process: "
                               "leave out --workers.")  # fmt: skip
    from ncp.audit.syslog import sink
    from ncp.connector.choosing import choose
    from ncp.countries import country as country_of
    from ncp.fhir import load, routes
    from ncp.service.server import Place, bind, write_ready
    from ncp.service.starting import courier, forget_home, serve, start, tell_home

    country = country_of(country, "--country").code
    if syslog:
        sink(syslog)
    # The address is judged first: nothing is made for a server that may not be.
    sock = bind(Place(host, port, public), tls=not no_tls, shared=workers > 1)
    folder = home_folder(home)
    settings = load(folder, public_url)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    connector = choose(country, records=records, named=named, lenient=lenient)
    for problem in getattr(connector, "problems", ()):
        say("Left out: " + "\n".join(problem.lines()))
    started = start(folder, country, connector, store=store, trusted=trusted,
                    strict=not lenient, quirks=quirks or "",
                    need_retrieval=not dispense_unretrieved, agreements=agreements,
                    evidence=evidence, revoked=revoked)  # fmt: skip
    beside = [courier(started, syslog)] if syslog else []
    if no_tls:
        say("Warning: without TLS anyone on this machine can read and ask; for tests only.")

    def ready(url: str) -> None:
        tell_home(folder, url, started.point.country.code)
        if ready_file:
            write_ready(ready_file, url)
        say(f"Country A ({started.point.country.code}) answers at {url}. Stop with Ctrl-C.")

    def more() -> list[BaseRoute]:
        return routes(started.point, settings)

    wired = _wire(started, folder, faults, expect, more)
    try:
        serve(started, sock, tls=not no_tls, ready=ready, workers=workers, beside=beside,
              more=more, app=wired.app if wired else None)  # fmt: skip
    finally:
        forget_home(folder)
        started.point.store.close()
        sock.close()
    if wired:
        _conclude(wired, expect_report)


def _wire(
    started: Started, folder: Path, faults: tuple[str, ...], expect: Path | None,
    more: Callable[[], list[BaseRoute]],
) -> Wired | None:  # fmt: skip
    """Return the contact point as a tester wants it, or None for a healthy one."""
    if not faults and not expect:
        return None
    from ncp.scenarios.serving import wire

    for fault in faults:
        say(f"Fault on demand: {fault}")
    return wire(started, folder, faults=faults, expect=expect, more=more)


def _conclude(wired: Wired, file: Path | None) -> None:
    """Tell what came of the expectations; leave with 1 when one was not met."""
    from data.results import Outcome

    report = wired.judged()
    if report is None:
        return
    for result in report.results:
        click.echo(f"{result.id}  {result.outcome}  {result.message}".rstrip())
    if file:
        wired.write(file)
    if report.outcome in (Outcome.FAIL, Outcome.ERROR):
        raise click.exceptions.Exit(Exit.FINDINGS)
