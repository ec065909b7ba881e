"""A target profile: the test data of one country A, and what it offers.

``data/exchange/targets/NO.toml`` holds the profile of our own sample patients; a tester writes one
for another contact point with the patients that this one has agreed for tests.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import data
from data.loaders.tables import Problems, read_toml
from data.results import Outcome
from ncp.countries import Country, country
from ncp.model import PatientId
from ncp.scenarios.model import SERVICES, Scenario, Unable
from ncp.scenarios.shapes import shaped, words

_SHAPES = {**words("text", "country foreign"), **words("texts", "services features"),
           "patients": "table"}  # fmt: skip
_PATIENT_SHAPES = words("text", "root extension family birth")


@dataclass(frozen=True, slots=True)
class TestPatient:
    """A patient of the profile: identifier, and what country B knows of the person."""

    name: str
    id: PatientId
    family: str = ""
    birth_date: str = ""
    __test__ = False


@dataclass(frozen=True, slots=True)
class Profile:
    """What a target has.

    Attributes:
        country: country A.
        services: roles that it offers.
        features: what it can show beyond that (``level-1``, ``consent``, ``substitution``...).
        patients: by name; a name says what the patient is for.
        foreign: a country B that the target knows beside the one of the run.
        repository: repository of documents; the home community by default.
    """

    country: Country
    services: tuple[str, ...]
    features: frozenset[str]
    patients: Mapping[str, TestPatient]
    foreign: str = "DK"

    def patient(self, name: str) -> TestPatient:
        """Return a patient.

        Raises:
            Unable: the profile names none for this.
        """
        found = self.patients.get(name)
        if found is None:
            raise Unable(f"the target profile names no patient «{name}»")
        return found

    def can(self, scenario: Scenario) -> None:
        """Say whether a scenario can be carried out.

        Raises:
            Unable: it does not apply (omit), or a patient is missing (skip).
        """
        if not set(scenario.services) & set(self.services):
            raise Unable(f"the target does not offer {' or '.join(scenario.services)}",
                         Outcome.OMIT)  # fmt: skip
        missing = [need for need in scenario.needs if need not in self.features]
        if missing:
            raise Unable(f"the target profile does not have: {', '.join(missing)}", Outcome.OMIT)
        for name in scenario.patients:
            self.patient(name)


def shipped(code: str = "NO") -> Path:
    """Return the file of a shipped profile."""
    return data.path("exchange", "targets", f"{code}.toml")


def read(file: Path) -> Profile:
    """Read a profile.

    Raises:
        InputError: unreadable, an unknown country, role or key, or a patient without identifier.
    """
    raw, problems = read_toml(file), Problems()
    for key in sorted(set(raw) - {"country", "services", "features", "foreign", "patients"}):
        problems.add(f"«{key}» is not understood", str(file))
    if not shaped(raw, _SHAPES, str(file), problems):
        problems.stop()
    for service in raw.get("services", ()):
        if service not in SERVICES:
            problems.add(f"«{service}» is no role of a contact point", str(file),
                         remedy=" ".join(SERVICES))  # fmt: skip
    patients = {}
    for name, said in raw.get("patients", {}).items():
        if not isinstance(said, dict) or not said.get("root") or "extension" not in said:
            problems.add("a patient has a root and an extension", f"{file}: patients.{name}",
                         remedy='for example {root = "2.16.578.1.12.4.1.4.1", extension = "..."}'
                         )  # fmt: skip
            continue
        if not shaped(said, _PATIENT_SHAPES, f"{file}: patients.{name}", problems):
            continue
        patients[name] = TestPatient(name, PatientId(said["root"], said["extension"]),
                                     said.get("family", ""), said.get("birth", ""))  # fmt: skip
    if not raw.get("country"):
        problems.add("country A is missing", str(file), remedy='country = "NO"')
    problems.stop()
    foreign = country(raw.get("foreign", "DK"), f"{file}: foreign").code
    own = country(raw["country"], f"{file}: country")
    return Profile(own, tuple(raw.get("services", SERVICES)), frozenset(raw.get("features", ())),
                   patients, foreign)  # fmt: skip
