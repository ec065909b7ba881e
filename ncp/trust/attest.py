"""The Norwegian attest of a health professional as the one who asks in another country.

The attest (helsepersonellets attest, Tillitsrammeverket) was not made after the European profile:
what has no place there is listed, with the reason, and nothing is invented for what is missing.

Sources: trust framework data model 1.1 (thirteen attributes and ``toa``), its mapping to the SAML
attributes of MyHealth@EU, HelseID ``authorization_details``; role by Volven 9060 to ISCO-08.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from data.errors import InputError, Problem
from data.loaders.tables import Problems
from ips.identifiers import HPR
from ips.loss import Fate, Loss, LossReport
from ips.terms import label, list_id, translate
from ncp.codes import bare
from ncp.countries import country as find_country
from ncp.countries import rows
from ncp.model import HealthProfessional, PatientId
from ncp.trust.policy import Role, facility_of, roles

TYPE = "nhn:tillitsrammeverk:parameters"
_RULE = "trust framework data model 1.1"
_NOWHERE = {
    "practitioner.department": "the European assertion has no place for a department",
    "care_relationship.decision_ref": "the European assertion has no place for the access decision",
    "toa": "the European assertion has its own time of issue",
}


@dataclass(frozen=True, slots=True)
class Chosen:
    """What the caller states, instead of or in addition to the attest; empty takes the attest.

    Attributes:
        role: ISCO-08 code, needed where a Norwegian profession is no role of the exchange.
        name: where HelseID has not yet added the name to the attest.
        name_id: where the professional has no HPR number.
        country: where the professional works.
    """

    role: str = ""
    name: str = ""
    name_id: str = ""
    country: str = "NO"


@dataclass
class _Reading:
    attest: Mapping[str, Any]
    chosen: Chosen
    problems: Problems = field(default_factory=Problems)
    losses: LossReport = field(default_factory=LossReport)

    def part(self, path: str) -> Mapping[str, Any]:
        """Return an object of the attest by its path; empty when it is absent."""
        here: Any = self.attest
        for name in path.split("."):
            here = here.get(name) if isinstance(here, Mapping) else None
        return here if isinstance(here, Mapping) else {}

    def text(self, path: str, member: str) -> str:
        """Return a member of an object as text."""
        said = self.part(path).get(member)
        return str(said).strip() if isinstance(said, str | int) else ""


def from_attest(
    attest: Mapping[str, Any] | list[Any], chosen: Chosen | None = None, name: str = ""
) -> tuple[HealthProfessional, list[Loss]]:
    """Make the asking professional of an attest.

    Args:
        attest: the object, an ``authorization_details`` array that holds it, or claims with
            ``authorization_details``.
        chosen: what the caller states in addition.
        name: of its file, for errors.

    Returns:
        The professional, and the fate of every attribute of the attest.

    Raises:
        InputError: no attest; or name, HPR number, role, point of care or purpose cannot be had
            from it; all at once.
    """
    try:
        return _read(_Reading(_object(attest), chosen or Chosen()))
    except InputError as error:
        raise InputError([_placed(problem, name) for problem in error.problems]) from None


def _placed(problem: Problem, name: str) -> Problem:
    """Name the file that a problem lies in; an option is named as it is."""
    if not name or problem.where.startswith("--"):
        return problem
    return replace(problem, where=": ".join(filter(None, (name, problem.where))))


def _read(reading: _Reading) -> tuple[HealthProfessional, list[Loss]]:
    role = _role(reading)
    name, name_id, npi = _person(reading)
    organization, organization_id = _organization(reading)
    locality = _locality(reading, organization)
    facility, speciality = _service(reading, role.code if role else "")
    purpose = _purpose(reading)
    _left_behind(reading)
    reading.problems.stop()
    assert role is not None
    country = find_country(reading.chosen.country)
    professional = HealthProfessional(
        name_id, name, role.coded, purpose, locality, facility, organization, organization_id,
        country.home_community, npi, speciality, "", role.permissions, country.code,
    )  # fmt: skip
    return professional, reading.losses.items


def read_attest(content: bytes, name: str) -> Any:
    """Return an attest of a file as plain data.

    Args:
        content: of the file.
        name: of the file, for errors.

    Raises:
        InputError: no JSON.
    """
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        raise InputError(
            Problem(f"not valid JSON: {error}", name, remedy="give the attest as JSON")
        ) from None


def patients(attest: Mapping[str, Any] | list[Any]) -> list[PatientId]:
    """Return the patients of an attest, for assertions of a treatment relationship.

    Raises:
        InputError: no attest.
    """
    found = []
    for patient in _patients(_object(attest)):
        said = patient.get("identifier")
        if isinstance(said, Mapping) and said.get("id") and said.get("system"):
            found.append(PatientId(bare(str(said["system"])), str(said["id"])))
    return found


def _object(attest: Mapping[str, Any] | list[Any]) -> Mapping[str, Any]:
    """Find the attest in what came; the specification and HelseID name one member differently."""
    waiting: list[Any] = [attest]
    while waiting:
        candidate = waiting.pop(0)
        if isinstance(candidate, list):
            waiting = candidate + waiting
        if not isinstance(candidate, Mapping):
            continue
        inner = candidate.get("authorization_details")
        if isinstance(inner, Mapping | list):
            waiting = [inner]
        elif isinstance(candidate.get("practitioner"), Mapping):
            care = candidate.get("care_relationship", candidate.get("care_relation", {}))
            return {**candidate, "care_relationship": care}
    raise InputError(
        Problem("this is no attest", rule=f"{_RULE}: an object with practitioner",
                remedy=f"give the object of type «{TYPE}» from authorization_details")
    )  # fmt: skip


def _person(reading: _Reading) -> tuple[str, str, str]:
    here, chosen = "practitioner.identifier", reading.chosen
    name = chosen.name or reading.text(here, "name")
    if not name:
        reading.problems.add("the name of the professional is missing", f"{here}.name", _RULE,
                             "take the attest as HelseID gives it, or give --name")  # fmt: skip
    elif not chosen.name:
        reading.losses.add(f"{here}.name", name, Fate.EXACT)
    if reading.text(here, "id"):
        reading.losses.add(f"{here}.id", "a national identity number", Fate.NOT_CARRIED,
                           "the HPR number identifies the professional abroad")  # fmt: skip
    here = "practitioner.hpr_nr"
    number = reading.text(here, "id")
    if number and reading.text(here, "system") not in ("", HPR):
        reading.problems.add("the number is of another register", f"{here}.system", HPR)
    if number:
        reading.losses.add(f"{here}.id", number, Fate.EXACT)
    elif not chosen.name_id:
        reading.problems.add("the HPR number is missing", f"{here}.id", _RULE,
                             "give --name-id for a professional without one")  # fmt: skip
    return name, chosen.name_id or number, number


def _role(reading: _Reading) -> Role | None:
    here, chosen = "practitioner.authorization", reading.chosen.role
    code, system = reading.text(here, "code"), reading.text(here, "system")
    said = " ".join(filter(None, (f"{list_id(system) or system}|{code}",
                                  reading.text(here, "text"))))  # fmt: skip
    if chosen:
        if chosen not in roles():
            reading.problems.add(f"«{chosen}» is no role of the exchange", "--role",
                                 remedy=f"choose: {', '.join(roles())}")  # fmt: skip
        elif code:
            reading.losses.add(here, said, Fate.NOT_CARRIED, f"the role {chosen} was chosen",
                               list_id="9060")  # fmt: skip
        return roles().get(chosen)
    translation = translate(system, code, reading.text(here, "text"), target="isco-08")
    found = next((roles()[t.code] for t in translation.carried if t.code in roles()), None)
    if found is None:
        why = translation.reason or "no authorisation is stated"
        if translation.carried:
            target = translation.carried[0]
            why = f"its European group {target.code} ({target.display}) is no role of the exchange"
        reading.problems.add(f"no role can be had from «{said}»: {why}", here,
                             "data/exchange/roles.csv", "choose a role with --role")  # fmt: skip
        return None
    fate = Fate.EXACT if translation.exact else Fate.APPROXIMATE
    reading.losses.add(here, said, fate, translation.reason, list_id="9060")
    return found


def _organization(reading: _Reading) -> tuple[str, str]:
    here = "practitioner.legal_entity"
    name, number = reading.text(here, "name"), reading.text(here, "id")
    system = bare(reading.text(here, "system"))
    if name:
        reading.losses.add(f"{here}.name", name, Fate.EXACT)
    if number and system:
        reading.losses.add(f"{here}.id", number, Fate.EXACT)
        return name, f"urn:hl7ii:{system}:{number}"
    if number:
        reading.losses.add(f"{here}.id", number, Fate.NOT_CARRIED, "its system is not stated")
    return name, ""


def _locality(reading: _Reading, organization: str) -> str:
    here = "practitioner.point_of_care"
    name, number = reading.text(here, "name"), reading.text(here, "id")
    if name:
        reading.losses.add(f"{here}.name", name, Fate.EXACT)
        if number:
            reading.losses.add(f"{here}.id", number, Fate.NOT_CARRIED,
                               "the European assertion names the point of care only")  # fmt: skip
        return name
    if number:
        reading.losses.add(f"{here}.id", number, Fate.AS_TEXT,
                           "the attest gives no name; the number stands for it")  # fmt: skip
        return f"{organization}, {number}" if organization else number
    reading.problems.add("the point of care is missing", here, _RULE)
    return ""


def _service(reading: _Reading, role: str) -> tuple[str, str]:
    here = "care_relationship.healthcare_service"
    code, system = reading.text(here, "code"), reading.text(here, "system")
    number = list_id(system) or ""
    facility = facility_of(number, code, role)
    if not code:
        return facility, ""
    name = label(system, code, "en") or reading.text(here, "text")
    reason = f"the type of facility «{facility}» is this project's reading of the service"
    if not name:
        reason += ", and the code has no name here"
    reading.losses.add(here, f"{number}|{code}", Fate.APPROXIMATE, reason, list_id=number)
    return facility, name


def _purpose(reading: _Reading) -> str:
    found = ""
    for member in ("purpose_of_use", "purpose_of_use_details"):
        here = f"care_relationship.{member}"
        code, system = reading.text(here, "code"), bare(reading.text(here, "system"))
        if not code:
            continue
        row = next((r for r in rows("exchange/attest-purposes.csv",
                                    "member system code purpose fate reason source")
                    if (r["member"], r["code"]) == (member, code)
                    and r["system"] in ("", system)), None)  # fmt: skip
        if row:
            found = row["purpose"]
            reading.losses.add(here, code, Fate(row["fate"]), row["reason"])
        elif member == "purpose_of_use":
            reading.problems.add(f"«{code}» is no purpose that the exchange allows", here,
                                 "treatment or emergency")  # fmt: skip
            found = code
        else:
            reading.losses.add(here, code, Fate.NOT_CARRIED,
                               "the European assertion has no place for details")  # fmt: skip
    if not found:
        reading.problems.add("the purpose of use is missing", "care_relationship.purpose_of_use",
                             _RULE)  # fmt: skip
    return found


def _left_behind(reading: _Reading) -> None:
    for path, reason in _NOWHERE.items():
        said = reading.part(path)
        if said:
            value = str(said.get("id") or said.get("code") or "")
            reading.losses.add(path, value, Fate.NOT_CARRIED, reason)
    if reading.attest.get("toa") is not None:
        reading.losses.add("toa", str(reading.attest["toa"]), Fate.NOT_CARRIED, _NOWHERE["toa"])
    for number, patient in enumerate(_patients(reading.attest)):
        for member in sorted(patient):
            reason = "the European assertions say nothing about where the patient is treated"
            value = _identifier(patient[member])
            if member == "identifier":
                reason = "the assertion of the treatment relationship carries the patient"
                value = "a patient"
            reading.losses.add(f"patients[{number}].{member}", value, Fate.NOT_CARRIED, reason)


def _identifier(said: object) -> str:
    return str(said.get("id", "")) if isinstance(said, Mapping) else ""


def _patients(attest: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    found = attest.get("patients")
    for patient in found if isinstance(found, list) else []:
        if isinstance(patient, Mapping):
            yield patient
