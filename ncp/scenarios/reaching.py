"""A contact point at an address, as a target; and whether it is there at all.

What nobody answers is no result about the contact point: without asking first, a wrong address, or
a certificate that it does not trust, would become a hundred failed tests of somebody's system.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from data.errors import EnvironmentProblem, InputError, Problem
from ncp.client.partner import address, here
from ncp.client.securing import check_files
from ncp.countries import country
from ncp.scenarios.asking import CountryB
from ncp.scenarios.audits import source_of
from ncp.scenarios.credentials import Credentials
from ncp.scenarios.embedded import RESET
from ncp.scenarios.model import ScenarioRun, Unable
from ncp.scenarios.profile import Profile
from ncp.scenarios.running import Target
from ncp.scenarios.sending import Line
from ncp.service.app import BASE

PATIENCE = 10.0
"""Seconds that the first question waits at most."""
_ABSENT = {502: "bad gateway", 503: "service unavailable", 504: "gateway timeout"}
_FOR_US = "certificate verify failed"
_BY_THEM = ("remotedisconnected", "connection reset", "alert", "eof occurred", "broken pipe",
            "connection aborted")  # fmt: skip

Opened = Callable[[], AbstractContextManager[Target]]


@dataclass(frozen=True, slots=True)
class Reached:
    """How a contact point elsewhere is reached.

    Attributes:
        profile: patients and features of the target.
        home: folder with ``certs/CC`` of country B.
        ca: PEM of the authority of the target's TLS certificate; that of the home folder, else
            those of the machine, by default.
        base: path of the services; that of OpenNCP by default.
        audit_a: audit of country A: file, folder, or the database of a server of ours.
        timeout: seconds to wait for one answer.
        reset: let a server of ours on this machine forget in between.
    """

    profile: Profile
    home: Path
    ca: Path | None = None
    base: str = ""
    audit_a: str = ""
    timeout: float = 30.0
    reset: bool = False


def far(url: str, country_b: str, how: Reached, option: str = "--target") -> Opened:
    """Return a contact point at an address; what is given is judged now, and it is asked later.

    Args:
        url: its address.
        country_b: who asks, ISO 3166-1 alpha-2.
        how: how it is reached.
        option: how errors name where the address comes from.

    Returns:
        What gives the target as long as its block, or raises what `reach` does.

    Raises:
        InputError: no address of a contact point, one without TLS or to be reset on another
            machine, a country that is none of the exchange, an authority or an audit that cannot
            be read.
    """
    parts = address(url, option)
    if how.reset and not here(parts):
        raise InputError(Problem("only a server of ours on this machine is reset", "--reset",
                                 remedy="leave it out: scenarios take back what they dispense")
                         )  # fmt: skip
    check_files(how.ca, None, None)
    source = source_of(how.audit_a)
    ours = how.home / "certs" / "ca"
    own_ca = ours / "ca.pem"
    credentials = Credentials(how.home, country(country_b).code, (ours / "ca.key").exists())

    @contextmanager
    def opened() -> Iterator[Target]:
        line = Line(url, how.base or BASE, credentials,
                    how.ca or (own_ca if own_ca.exists() else None), how.timeout)  # fmt: skip
        try:
            reach(line)
            yield Target(CountryB(line, how.profile.country.home_community), how.profile, source,
                         (lambda: line.reset(RESET)) if how.reset else None)  # fmt: skip
        finally:
            line.close()

    return opened


def reach(line: Line) -> None:
    """Send one empty request, which no contact point carries out; any answer of it will do.

    Raises:
        InputError: there are no certificates of country B.
        EnvironmentProblem: nobody answers, with what is to be done.
    """
    certified(line.credentials)
    short = Line(line.url, line.base, line.credentials, line.ca, min(line.timeout, PATIENCE))
    try:
        raw = short.post("", b"", "application/soap+xml")
    finally:
        short.close()
    if not raw.error and raw.status not in _ABSENT:
        return
    why = raw.error or f"HTTP {raw.status}, {_ABSENT[raw.status]}"
    raise EnvironmentProblem(
        Problem(f"the contact point does not answer: {why}", line.url,
                rule="what nobody answers is no result about a contact point",
                remedy=_remedy(why))
    )  # fmt: skip


def unanswered(run: ScenarioRun) -> bool:
    """Whether nothing at all came back of something that a scenario sent."""
    return any(e.error and not e.status for e in run.exchanges)


def certified(credentials: Credentials) -> None:
    """Let pass a country B with certificates; without them no scenario could be carried out.

    Raises:
        InputError: there are none, with the folder where they are looked for.
    """
    try:
        credentials.of()
    except Unable as unable:
        raise InputError(
            Problem(unable.reason, str(credentials.home / "certs" / credentials.country),
                    rule="country B asks with certificates of its own",
                    remedy="make them with: ehds ncp certs; or name their folder with --home")
        ) from None  # fmt: skip


def _remedy(why: str) -> str:
    said = why.lower()
    if _FOR_US in said:
        return "name the authority of the contact point's certificate with --ca"
    if any(sign in said for sign in _BY_THEM):
        return ("probably it does not trust the certificate of country B: give it our ca.pem, or "
                "name certificates that it trusts with --home")  # fmt: skip
    return "check the address, that the contact point runs, and that the network lets you through"
