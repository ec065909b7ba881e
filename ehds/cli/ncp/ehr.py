"""``ehds ncp ehr``: EHR systems that may ask over the EU Health Data API (``/ehr``)."""

from __future__ import annotations

from pathlib import Path

import click

from ehds.cli.ncp.home import home, home_folder
from ehds.cli.options import output_format
from ehds.cli.output import as_json, say

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def command() -> None:
    """Register EHR systems of the own country for the EU Health Data API (/ehr).

    An EHR system proves who it is with its private key (SMART Backend Services); here lie only
    public keys. A server that runs sees a change at once.

    \b
    Examples:
      ehds ncp ehr add hospital --jwks hospital-jwks.json
      ehds ncp ehr add clinic --key clinic-public.pem --scope system/Patient.rs
      ehds ncp ehr list
    """


@command.command()
@click.argument("name")
@click.option("--jwks", type=_FILE, help="Its public keys as a JWK Set (RFC 7517).")
@click.option("--key", type=_FILE, help="Its public key or certificate in PEM form.")
@click.option("--scope", "scopes", multiple=True,
              help="What it may ask for; several times, all without it.")  # fmt: skip
@click.option("--replace", is_flag=True, help="Take the place of what is registered as NAME.")
@home
def add(
    name: str, jwks: Path | None, key: Path | None, scopes: tuple[str, ...], replace: bool,
    home: Path | None,
) -> None:  # fmt: skip
    """Register the EHR system NAME (its client id) with its public keys.

    Without --jwks and --key a new key is made for it, for tests.
    """
    if jwks and key:
        raise click.UsageError("Choose one of --jwks and --key.")
    from data.errors import InputError, Problem
    from ncp.fhir import clients

    folder = home_folder(home)
    allowed = frozenset(one for said in scopes for one in said.split()) or frozenset(clients.SCOPES)
    if name in clients.Registered(folder) and not replace:
        raise InputError(
            Problem(f"«{name}» is registered already", "NAME",
                    remedy="add --replace, or choose another name")
        )  # fmt: skip
    if jwks is None and key is None:
        file = clients.register(folder, name, sorted(allowed))
        say(f"Registered {name}. Its private key, for tests: {file}")
        return
    keys = clients.keys_of_jwks(jwks, name) if jwks else ()
    keys = clients.keys_of_pem(key, name) if key else keys
    clients.enrol(folder, clients.Client(name, keys, allowed))
    say(f"Registered {name} with {len(keys)} key{'s' if len(keys) > 1 else ''}: "
        f"{', '.join(str(one['kid']) for one in keys)}")  # fmt: skip


@command.command(name="list")
@output_format("text", "json")
@home
def list_(fmt: str, home: Path | None) -> None:
    """List the EHR systems with their keys and scopes."""
    from ncp.fhir.clients import Registered

    known = sorted(Registered(home_folder(home)).values(), key=lambda client: client.id)
    rows = [{"name": one.id, "scopes": sorted(one.scopes),
             "keys": [{"kid": str(k.get("kid", "")), "type": str(k.get("kty", ""))}
                      for k in one.keys]}
            for one in known]  # fmt: skip
    if fmt == "json":
        click.echo(as_json({"schema": "ehds.ehr-systems/1", "systems": rows}))
        return
    for one in known:
        keys = ", ".join(str(k.get("kid", "")) for k in one.keys)
        click.echo(f"{one.id}  keys: {keys}  scopes: {' '.join(sorted(one.scopes))}")
    if not rows:
        say("No EHR system is registered. Register one with: ehds ncp ehr add NAME")


@command.command()
@click.argument("name")
@home
def remove(name: str, home: Path | None) -> None:
    """Take the EHR system NAME off the list; its tokens are refused from now on."""
    from ncp.fhir import clients

    clients.remove(home_folder(home), name)
    say(f"Removed {name}.")
