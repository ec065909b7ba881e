"""``ehds ncp portal``: country B by hand, in a browser on this machine."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from data.errors import InputError, Problem
from ehds.cli.ncp.home import Seconds, home, home_folder
from ehds.cli.options import language
from ehds.cli.output import say

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(name="portal")
@click.option("--port", type=click.IntRange(0, 65535), default=8480, show_default=True,
              help="Port; 0 picks a free one.")  # fmt: skip
@click.option("--target", "targets", multiple=True, metavar="CC=URL",
              help="A further contact point to choose from; several times.")  # fmt: skip
@click.option("--country", default="SE", show_default=True, metavar="CC", help="Country B.")
@home
@click.option("--ca", type=_FILE, help="Authority that country A is trusted by (PEM).")
@click.option("--cert", type=_FILE, help="Our TLS client certificate (PEM).")
@click.option("--key", type=_FILE, help="Its key (PEM).")
@click.option("--seal", type=_FILE, help="Certificate that signs assertions (PEM).")
@click.option("--seal-key", type=_FILE, help="Its key (PEM).")
@click.option("--timeout", type=Seconds(0.1, 3600), default=60.0, show_default=True,
              help="Seconds to wait for an answer.")  # fmt: skip
@click.option("--ready-file", type=click.Path(dir_okay=False, path_type=Path),
              help="Gets one line of JSON when requests are accepted.")  # fmt: skip
@language
def command(
    port: int,
    targets: tuple[str, ...],
    country: str,
    home: Path | None,
    ca: Path | None,
    cert: Path | None,
    key: Path | None,
    seal: Path | None,
    seal_key: Path | None,
    timeout: float,
    ready_file: Path | None,
    lang: str,
) -> None:
    """Be country B by hand: a small web page for testers, on this machine only.

    Choose a contact point and a patient, open documents, dispense and take back; every message of
    each step can be looked at and downloaded. With no option it asks the contact point that runs
    here (ehds ncp serve).

    \b
    Examples:
      ehds ncp portal
      ehds ncp portal --country NO --target DE=https://ncp.example:8443 --lang en
    """
    from ncp.client import Limits
    from ncp.client.partner import address
    from ncp.client.securing import check_files
    from ncp.countries import country as country_of
    from ncp.portal import Settings, Target, build
    from ncp.service.server import Place, bind, run, write_ready
    from ncp.store import Store
    from ncp.trust.keys import read_signer
    from reports.clinical import page

    if bool(seal) != bool(seal_key):
        raise InputError(Problem("--seal and --seal-key belong together",
                                 remedy="give both PEM files"))  # fmt: skip
    # What is given is judged now, not when a tester has filled in the first form.
    check_files(ca, cert, key)
    chosen = tuple(Target.parse(one) for one in targets)
    for one in chosen:
        address(one.url, "--target")
    folder = home_folder(home)
    settings = Settings(
        folder, page, country_of(country, "--country").code, chosen,
        ca, cert, key, read_signer(seal, seal_key) if seal and seal_key else None,
        Limits(read=timeout, whole=max(2 * timeout, 120)), lang,
    )  # fmt: skip
    sock = bind(Place(port=port), tls=False)
    logging.basicConfig(format="%(levelname)s %(message)s", level=logging.WARNING)
    store = Store(folder / "store.db")

    def ready(url: str) -> None:
        if ready_file:
            write_ready(ready_file, url)
        say(f"Open {url} in a browser. Stop with Ctrl-C.")

    try:
        run(build(settings, store), sock, tls=None, ready=ready)
    finally:
        store.close()
        sock.close()
