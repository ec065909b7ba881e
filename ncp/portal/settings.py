"""What the portal is started with: where its files lie, whom it may ask, who asks."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from data.errors import InputError, Problem
from ncp.client import Limits
from ncp.client.partner import Partner, at_home
from ncp.countries import Country, country
from ncp.trust.keys import Signer


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)


@dataclass(frozen=True, slots=True)
class Target:
    """A contact point of country A that testers can choose; no address: the one that runs here."""

    country: str = ""
    url: str = ""

    @classmethod
    def parse(cls, text: str, option: str = "--target") -> Target:
        """Read ``CC=URL``.

        Raises:
            InputError: another form, or no country of the exchange.
        """
        code, sign, url = text.partition("=")
        if not sign or not url.strip():
            raise InputError(
                Problem(f"«{text}» names no contact point", option,
                        rule="COUNTRY=URL", remedy="for example NO=https://localhost:8443")
            )  # fmt: skip
        return cls(country(code, option).code, url.strip())


@dataclass(frozen=True, slots=True)
class Settings:
    """How a portal is set up.

    Attributes:
        home: folder of the exchange: certificates, store, address of the server that runs here.
        readable: makes a page for people of a FHIR document, given the language.
        country: country B, ISO 3166-1 alpha-2.
        targets: further contact points besides the one that runs here.
        ca, certificate, key: PEM files of TLS; those of the home folder by default.
        seal: what signs assertions; that of the home folder by default.
        limits: bounds of an exchange.
        lang: language at the beginning, ``nb`` or ``en``.
        clock: what time it is.
    """

    home: Path
    readable: Callable[[dict[str, Any], str], str]
    country: str = "SE"
    targets: tuple[Target, ...] = ()
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    seal: Signer | None = None
    limits: Limits = field(default_factory=Limits)
    lang: str = "nb"
    clock: Callable[[], dt.datetime] = _now

    @property
    def asking(self) -> Country:
        """Country B."""
        return country(self.country)

    def partner(self, target: Target) -> Partner:
        """Return a contact point as the client speaks to it.

        Raises:
            EnvironmentProblem: none runs here and none is named.
            InputError: an address that must not be spoken to.
        """
        return at_home(
            self.home, self.country, now=self.clock(), url=target.url, country_a=target.country,
            ca=self.ca, certificate=self.certificate, key=self.key,
        )  # fmt: skip
