"""``ehds ncp certs``: certificates for a test environment, made on the spot."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ehds.cli.ncp.home import clock, home, home_folder, moment
from ehds.cli.options import output_format
from ehds.cli.output import as_json, say

if TYPE_CHECKING:
    from ncp.trust.certs import Certificates

VARIANTS = ("expired", "not-yet-valid", "wrong-ca", "wrong-country", "wrong-usage", "short-key",
            "self-signed")  # fmt: skip


@click.command()
@click.option("--country", "countries", multiple=True, default=("NO", "SE"), show_default=True,
              help="Country of the exchange, two letters; several times.")  # fmt: skip
@click.option("--variant", type=click.Choice(VARIANTS),
              help="Make them wrong in one way, for tests (folder COUNTRY-VARIANT)."  )  # fmt: skip
@click.option("--other-country", default="", metavar="CC",
              help="Country that the variant wrong-country states (default: EU)."  )  # fmt: skip
@click.option("--host", "hosts", multiple=True, default=("localhost", "127.0.0.1", "::1"),
              show_default=True, help="Name or address of the server.")  # fmt: skip
@click.option("--new", is_flag=True, help="Make new ones even where valid ones are there.")
@click.option("--out", type=click.Path(path_type=Path, file_okay=False),
              help="Folder for the countries' folders (default: certs in --home).")  # fmt: skip
@home
@clock
@output_format("text", "json")
def command(
    countries: tuple[str, ...],
    variant: str | None,
    other_country: str,
    hosts: tuple[str, ...],
    new: bool,
    out: Path | None,
    home: Path | None,
    now: dt.datetime | None,
    fmt: str,
) -> None:
    """Make certificates for tests: an authority, and per country a TLS server, TLS client and seal.

    Countries in one folder share the authority ca/ and so trust each other. Keys are readable by
    their owner only. Never use them in production.

    \b
    Examples:
      ehds ncp certs
      ehds ncp certs --country DK --country DE --out certs
      ehds ncp certs --country SE --variant expired
    """
    from ncp.countries import country as known
    from ncp.trust import certs

    codes = list(dict.fromkeys(known(code, "--country").code for code in countries))
    if other_country and variant != certs.Variant.WRONG_COUNTRY:
        raise click.UsageError("--other-country needs --variant wrong-country.")
    stated = other_country.upper()
    if stated and not re.fullmatch("[A-Z]{2}", stated):
        # It may be no country at all: the certificate is meant to be wrong.
        raise click.BadParameter(f"«{other_country}» is no code of two letters",
                                 param_hint="--other-country")  # fmt: skip
    folder = out or home_folder(home) / "certs"
    time = moment(now)
    made = []
    for country in codes:
        place = folder / (f"{country}-{variant}" if variant else country)
        if new or variant or hosts != certs.HOSTS:
            chosen = certs.Variant(variant) if variant else None
            made.append(certs.make(place, country, now=time, variant=chosen, hosts=hosts,
                                   other_country=stated))  # fmt: skip
        else:
            made.append(certs.ensure(place, country, now=time))
    rows = [row for one in made for row in _rows(one)]
    if fmt == "json":
        click.echo(as_json({"schema": "ehds.certificates/1", "folder": str(folder),
                            "certificates": rows}))  # fmt: skip
        return
    for row in rows:
        click.echo(f"{row['country']:3} {row['use']:7} until {row['valid_until'][:10]}  "
                   f"{row['file']}")  # fmt: skip
    say("Next: ehds ncp serve, or ehds ncp assert hcp")


def _rows(made: Certificates) -> list[dict[str, Any]]:
    from ncp.trust.certs import describe

    rows = []
    for use, signer in (("server", made.tls_server), ("client", made.tls_client),
                        ("seal", made.seal)):  # fmt: skip
        rows.append({"country": signer.country, "use": use, **describe(signer.certificate),
                     "file": str(signer.certificate_file), "key": str(signer.key_file),
                     "ca": str(made.ca_file)})  # fmt: skip
    return rows
