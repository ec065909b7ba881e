"""Certificates of country B in a run: the own ones, those of another country, and wrong ones."""

from __future__ import annotations

import datetime as dt
import threading
from dataclasses import dataclass, field
from pathlib import Path

from data.errors import EhdsError
from ncp.scenarios.model import Unable
from ncp.trust import certs
from ncp.trust.building import Variant
from ncp.trust.certs import Certificates
from ncp.trust.keys import Signer

_WITHOUT_AUTHORITY = (Variant.WRONG_CA, Variant.SELF_SIGNED)


@dataclass
class Credentials:
    """The certificates of a home folder.

    Attributes:
        home: folder with ``certs/``; wrong certificates are made beside it, once.
        country: country B of the run.
        own: whether the authority is ours, so that certificates can be made.
    """

    home: Path
    country: str
    own: bool = True
    _lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    _known: dict[str, Certificates] = field(default_factory=dict, repr=False)

    def of(self, name: str = "") -> Certificates:
        """Return certificates: of the own country, of a country, or of a variant.

        Raises:
            Unable: they cannot be had for this target.
        """
        name = name or self.country
        with self._lock:
            if name not in self._known:
                try:
                    self._known[name] = self._find(name)
                except EhdsError as error:
                    raise Unable(f"no certificate «{name}»: {error}") from None
            return self._known[name]

    def seal(self, name: str = "") -> Signer:
        """Return a seal by the same names."""
        return self.of(name).seal

    def _find(self, name: str) -> Certificates:
        now = dt.datetime.now(dt.UTC)
        if name in [v.value for v in Variant]:
            return self._variant(Variant(name), now)
        folder = self.home / "certs" / name
        if (folder / "seal.pem").exists() or not self.own:
            return certs.load(folder)
        return certs.ensure(folder, name, now=now)

    def _variant(self, variant: Variant, now: dt.datetime) -> Certificates:
        if not self.own and variant not in _WITHOUT_AUTHORITY:
            raise Unable(f"a certificate that is {variant.value} takes the key of an authority "
                         "that the target trusts")  # fmt: skip
        folder = self.home / "wrong" / f"{self.country}-{variant.value}"
        if (folder / "seal.pem").exists():
            return certs.load(folder)
        authority = self.home / "certs" / "ca" if self.own else self.home / "wrong" / "ca"
        return certs.make(folder, self.country, now=now, variant=variant, authority=authority)
