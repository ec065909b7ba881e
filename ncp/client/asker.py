"""Who asks in country B, and the assertions that say so: issued here, or given.

Sources: MyHealth@EU SAML Profiles 2.1 (identity, four hours), 2.2 (treatment relationship, two
hours, one for each patient), 2.3 (next of kin).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from data.errors import InputError, Problem
from data.loaders.tables import read_bytes
from ncp.audit import CareRelation
from ncp.countries import country as find_country
from ncp.model import HealthProfessional, PatientId
from ncp.trust import issue
from ncp.trust.keys import Signer
from ncp.trust.names import KIN, Kind
from ncp.trust.policy import role as find_role
from ncp.trust.signature import MAX_BYTES, Broken, parsed
from ncp.trust.statement import Statement, read

DOCTOR, PHARMACIST = "221", "2262"
_PHARMACY_ROLES = ("2262", "3213")
_MARGIN = dt.timedelta(minutes=5)
"""An assertion that ends this soon is issued anew; the message has to travel."""


def professional(country: str, role: str = DOCTOR, **stated: Any) -> HealthProfessional:
    """Return a synthetic professional with the usual permissions of a role.

    Args:
        country: where the professional works, ISO 3166-1 alpha-2.
        role: ISCO-08 code.
        **stated: fields of ``HealthProfessional`` that replace the usual ones; empty ones do not.

    Raises:
        InputError: a role or country that is not of the exchange.
    """
    known, place = find_role(role), find_country(country)
    pharmacy = role in _PHARMACY_ROLES
    where = "Test Pharmacy" if pharmacy else "Test University Hospital"
    usual = HealthProfessional(
        "test.testesen", "Test Testesen", known.coded, locality=where, organization=where,
        facility_type="Pharmacy" if pharmacy else "Hospital",
        # ITI-41 discard needs an organisation id (reference: SAML profiles 2.1).
        organization_id=f"urn:hl7ii:{place.home_community}:1",
        home_community=place.home_community, country=place.code, permissions=known.permissions,
    )  # fmt: skip
    return replace(usual, **{name: value for name, value in stated.items() if value})


@dataclass(frozen=True, slots=True)
class Issued:
    """An assertion that was issued, for the audit; ``patient`` is that of a TRC assertion."""

    patient: PatientId | None
    id: str


@dataclass
class Asker:
    """A professional with the seal of country B; or assertions made elsewhere.

    Attributes:
        who: the professional; None when only ``given`` is known.
        seal: what signs; None when only ``given`` is known.
        given: assertions made elsewhere, by kind; they are sent as they are.
        care: what a Norwegian attest says about why somebody looks, for the audit.
        prescription_id, pin: for countries that ask for them with a prescription.
    """

    who: HealthProfessional | None = None
    seal: Signer | None = None
    given: dict[Kind, bytes] = field(default_factory=dict)
    care: CareRelation | None = None
    prescription_id: str = ""
    pin: str = ""
    _made: dict[object, tuple[bytes, dt.datetime]] = field(default_factory=dict, repr=False)
    _news: list[Issued] = field(default_factory=list, repr=False)

    @classmethod
    def read(cls, files: Sequence[Path], seal: Signer | None = None) -> Asker:
        """Return who asks with assertions that lie in files.

        Raises:
            InputError: unreadable, too large, no assertion, or two of one kind.
        """
        contents = [read_bytes(file, MAX_BYTES).strip() for file in files]
        return cls.of_files(contents, None, seal, [str(file) for file in files])

    @classmethod
    def of_files(cls, contents: list[bytes], who: HealthProfessional | None = None,
                 seal: Signer | None = None, names: Sequence[str] = ()) -> Asker:  # fmt: skip
        """Return who asks with assertions made elsewhere; a missing one is issued with the seal.

        Args:
            contents: the assertions.
            who: the professional, where it is known.
            seal: what signs a missing one.
            names: of their files, for errors.

        Raises:
            InputError: no assertion, or two of one kind.
        """
        given: dict[Kind, bytes] = {}
        places = names or ("--assertion",) * len(contents)
        for content, place in zip(contents, places, strict=True):
            kind = _read(content, place).kind
            if kind is None or kind in given:
                raise InputError(
                    Problem("this is no assertion of the exchange" if kind is None else
                            f"there are two assertions of kind {kind.name}", place,
                            rule="--assertion: one HCP, and one TRC or next of kin each",
                            remedy="issue them with: ehds ncp assert")
                )  # fmt: skip
            given[kind] = content
        return cls(who, seal, given)

    def identity(self, now: dt.datetime) -> bytes:
        """Return the identity assertion; the same one until it is about to end.

        Raises:
            InputError: none is given and there is nothing to issue it with.
        """
        if Kind.HCP in self.given:
            return self.given[Kind.HCP]
        if self.who is None or self.seal is None:
            raise InputError(Problem("there is no identity assertion", "--assertion",
                                     remedy="give one, or a seal to issue one with"))  # fmt: skip
        who, seal = self.who, self.seal

        def made() -> bytes:
            content = issue.hcp(who, seal, now=now)
            self._news.append(Issued(None, _read(content).id))
            return content

        return self._kept(Kind.HCP, now, issue.HCP_LIFETIME, made)

    def for_patient(self, patient: PatientId | None, now: dt.datetime) -> tuple[bytes, ...]:
        """Return the assertions of a request in their order: next of kin, identity, treatment.

        Args:
            patient: whom the documents are about; None for an identification.
            now: aware time.

        Raises:
            InputError: one is missing and there is nothing to issue it with.
        """
        hcp = self.identity(now)
        found = [hcp]
        if Kind.NOK in self.given:
            found.insert(0, self.given[Kind.NOK])
        if patient is not None:
            found.append(self._treatment(hcp, patient, now))
        return tuple(found)

    def facts(self, now: dt.datetime) -> Statement:
        """Return what the identity assertion says, for the audit."""
        return _read(self.identity(now))

    def kin(self) -> PatientId | None:
        """Return the identifier of the next of kin who acts, where one is stated."""
        said = _read(self.given[Kind.NOK]).text(f"{KIN}id") if Kind.NOK in self.given else ""
        try:
            return PatientId.parse(said) if said else None
        except ValueError:
            return None

    def issued(self) -> Iterator[Issued]:
        """Yield the assertions issued here since this was last asked."""
        while self._news:
            yield self._news.pop(0)

    def _treatment(self, hcp: bytes, patient: PatientId, now: dt.datetime) -> bytes:
        if Kind.TRC in self.given:
            return self.given[Kind.TRC]
        seal = self._sealed()
        purpose = self.who.purpose if self.who else "TREATMENT"

        def made() -> bytes:
            content = issue.trc(hcp, patient, seal, now=now, purpose=purpose,
                                prescription_id=self.prescription_id, pin=self.pin)  # fmt: skip
            self._news.append(Issued(patient, _read(content).id))
            return content

        return self._kept((Kind.TRC, patient, hcp), now, issue.OTHER_LIFETIME, made)

    def _sealed(self) -> Signer:
        if self.seal is None:
            raise InputError(Problem("an assertion is missing and there is no seal", "--assertion",
                                     remedy="give the TRC assertion of this patient"))  # fmt: skip
        return self.seal

    def _kept(self, key: object, now: dt.datetime, lifetime: dt.timedelta,
              make: Callable[[], bytes]) -> bytes:  # fmt: skip
        content, end = self._made.get(key, (b"", now))
        if not content or not end - lifetime <= now <= end - _MARGIN:
            content = make()
            self._made[key] = (content, now + lifetime)
        return content


def _read(content: bytes, place: str = "--assertion") -> Statement:
    try:
        return read(parsed(content))
    except Broken as broken:
        raise InputError(
            Problem(f"an assertion cannot be read: {broken.text}", place,
                    remedy="issue one with: ehds ncp assert")
        ) from None  # fmt: skip
