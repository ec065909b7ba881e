"""Who is this patient? Search, read and match.

Sources: MyHealth@EU NCPeH API 9.1.0, patient search; IHE PDQm ITI-78 and ITI-119;
hl7.eu/fhir/health-data-api 1.0.0-ballot (``identifier`` SHALL, ``onlyCertainMatches`` true).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection

from ncp.fhir import names, paging
from ncp.fhir.call import FhirCall
from ncp.fhir.judging import judge
from ncp.fhir.negotiation import read
from ncp.fhir.outcomes import Issue, declined, issue_of, outcome
from ncp.fhir.params import Query, Token, day, patient_of, read_query
from ncp.fhir.resources import GENDERS, only, patient, searchset
from ncp.fhir.wire import Json, Result
from ncp.model import Operation, PatientId, Person, Refusal, Traits, Weight
from ncp.service.identify import mask_of, searched, shown_to

PARAMETERS = {
    "identifier": "token", "_id": "token", "active": "token", "name": "string",
    "family": "string", "given": "string", "birthdate": "date", "gender": "token",
}  # fmt: skip
EHR_PARAMETERS = {
    "address": "string", "address-city": "string", "address-country": "string",
    "address-postalcode": "string", "address-state": "string", "telecom": "token",
}  # fmt: skip
"""What an EHR system may ask besides (PDQm); what is not known of a patient fits nobody."""
MATCH = "http://hl7.org/fhir/StructureDefinition/match-grade"
_NOT_ALONE = "a patient is found by identifier; what else is given must agree with it"


def search(call: FhirCall) -> Result:
    """Answer ``Patient?identifier=…``.

    Raises:
        Refusal: who asks may not, or the search mask of the country is not met.
        Declined: a parameter cannot be read, or no identifier is among them.
    """
    assert call.asked is not None
    call.operation = Operation.IDENTIFY
    call.permit([Operation.IDENTIFY], "Patient.s")
    call.hooked()
    known = {**PARAMETERS, **(EHR_PARAMETERS if call.is_ehr else {})}
    query = read_query(call.asked, [*known, "_elements", "_count"])
    notes = query.warnings()
    found = [one for one in _candidates(call, query) if _agrees(one, query)]
    shown = [one for one in found if shown_to(call, one)]
    if len(shown) > paging.LARGEST:
        raise declined(400, "too-costly", f"more than {paging.LARGEST} patients fit; say more of "
                       "the one who is meant", "identifier")  # fmt: skip
    if found and not shown:
        raise Refusal("WARNING_PI_NO_CONSENT", "The patient has not given consent.",
                      Weight.WARNING, reason="InsufficientRights")  # fmt: skip
    if not shown:
        nobody = Refusal("ERROR_PI_NO_MATCH", "No patient found.", Weight.WARNING)
        call.refusals.append(nobody)
        notes.append(issue_of(nobody))
    return _answer(call, shown, query, notes)


def read_one(call: FhirCall, identity: str) -> Result:
    """Answer ``Patient/{id}``; the id must have been found by a search.

    Raises:
        Refusal: who asks may not, or the patient stays out.
        Declined: 404.
    """
    call.operation = Operation.IDENTIFY
    call.permit([Operation.IDENTIFY], "Patient.r")
    call.hooked()
    with call.point.store.connect() as connection:
        name = names.find(connection, identity)
    persons = [] if name is None or name.document_id else (
        call.point.connector.find(Traits(ids=(name.patient,))))  # fmt: skip
    if not persons:
        raise declined(404, "not-found", "there is no such patient", "Patient/" + identity,
                       "ERROR_PI_NO_MATCH")  # fmt: skip
    call.patients += persons[0].ids
    if not shown_to(call, persons[0]):
        raise Refusal("WARNING_PI_NO_CONSENT", "The patient has not given consent.",
                      Weight.WARNING)  # fmt: skip
    return Result(resource=patient(persons[0], address=call.is_ehr))


def match(call: FhirCall) -> Result:
    """Answer ``Patient/$match`` (ITI-119): only matches that are certain.

    Raises:
        Refusal: who asks may not, or the patient stays out.
        Declined: no Parameters, no Patient in them, or uncertain matches are wanted.
    """
    assert call.asked is not None
    call.operation = Operation.IDENTIFY
    call.permit([Operation.IDENTIFY], "Patient.s")
    call.hooked()
    wanted = _parameters(read(call.asked))
    ids = tuple(
        patient_of(Token(str(one.get("system", "")), str(one.get("value", ""))), "identifier")
        for one in wanted.get("identifier") or ()
    )  # fmt: skip
    if not ids:
        raise declined(422, "required", _NOT_ALONE, "Parameters.parameter.resource.identifier",
                       "ERROR_PI_MISSING_REQUIRED_FIELDS")  # fmt: skip
    call.patients += ids
    official: Json = next(iter(wanted.get("name") or ()), {})
    traits = Traits(
        ids, str(official.get("family", "")), " ".join(map(str, official.get("given") or ())),
        next((m for m, word in GENDERS.items() if word == wanted.get("gender")), ""),
        str(wanted.get("birthDate", "")).replace("-", ""),
    )  # fmt: skip
    found = [one for one in searched(call.point, traits) if shown_to(call, one)]
    # One certain match, or none: two persons are by definition not certain.
    certain = found if len(found) == 1 else []
    bundle = searchset([patient(one, address=True) for one in certain], call.base, "Patient/$match")
    for entry in bundle.get("entry", ()):
        entry["search"] = {"mode": "match", "score": 1, "extension": [
            {"url": MATCH, "valueCode": "certain"}]}  # fmt: skip
    return Result(resource=bundle, keep=_remembering(certain))


def _parameters(resource: Json) -> Json:
    """Return the Patient of the Parameters of ``$match``."""
    parts = judge(resource, "Parameters").get("parameter") or ()
    by_name: dict[str, Any] = {str(part.get("name")): part for part in parts}
    certain = by_name.get("onlyCertainMatches", {}).get("valueBoolean")
    if certain is not True:
        raise declined(422, "business-rule", "onlyCertainMatches must be true: no patient is "
                       "guessed", "Parameters.parameter.onlyCertainMatches")  # fmt: skip
    wanted: Json | None = by_name.get("resource", {}).get("resource")
    if wanted is None or wanted.get("resourceType") != "Patient":
        raise declined(422, "required", "the parameter «resource» holds a Patient",
                       "Parameters.parameter.resource")  # fmt: skip
    return wanted


def _candidates(call: FhirCall, query: Query) -> list[Person]:
    tokens = [one for group in query.tokens("identifier") for one in group]
    if not tokens and query.first("_id"):
        wanted = [one.code for one in query.tokens("_id")[0]]
        with call.point.store.connect() as connection:
            known = [names.find(connection, one) for one in wanted[: paging.LARGEST]]
        return [person for name in known if name and not name.document_id
                for person in call.point.connector.find(Traits(ids=(name.patient,)))]  # fmt: skip
    if not tokens:
        raise declined(400, "required", _NOT_ALONE, "identifier",
                       "ERROR_PI_MISSING_REQUIRED_FIELDS")  # fmt: skip
    ids = tuple(patient_of(token, "identifier") for token in tokens)
    call.patients += ids
    return searched(call.point, _traits(call, ids, query))


def _traits(call: FhirCall, ids: tuple[PatientId, ...], query: Query) -> Traits:
    """Return the traits for the search mask; a name only where the mask asks for it.

    A mask wants whole names, a FHIR search the beginnings of them.
    """
    mask = mask_of(call.point)
    asked = {field.name for field in mask.fields} if mask else set()
    birth = query.first("birthdate").removeprefix("eq")
    gender = {word: letter for letter, word in GENDERS.items()}.get(query.first("gender"), "")
    return Traits(
        ids, query.first("family") if "familyName" in asked else "",
        query.first("given") if "firstName" in asked else "",
        gender, birth.replace("-", "") if re.fullmatch(r"\d{4}-\d\d-\d\d", birth) else "",
    )  # fmt: skip


def _answer(call: FhirCall, shown: list[Person], query: Query, notes: list[Issue]) -> Result:
    assert call.asked is not None
    call.patients[:] = list(dict.fromkeys([*call.patients, *(i for p in shown for i in p.ids)]))
    elements = [e for group in query.texts("_elements") for e in group if e]
    here = shown[: paging.size(query)]
    resources = [only(patient(one, address=call.is_ehr), elements) for one in here]
    # The number that was searched for is not repeated in a link, which ends up in logs.
    rest = [names.of_patient(one.ids[0]).id for one in shown[len(here) :]] if here else []
    following = f"Patient?_id={','.join(rest)}&_count={len(here)}" if rest else ""
    following += f"&_elements={','.join(map(quote, elements))}" if rest and elements else ""
    bundle = searchset(resources, call.base, "Patient", outcome(notes) if notes else None,
                       total=len(shown), following=following)  # fmt: skip
    return Result(resource=bundle, keep=_remembering(shown))


def _remembering(persons: list[Person]) -> Any:
    def keep(connection: Connection) -> None:
        names.remember(connection, [names.of_patient(one.ids[0]) for one in persons])

    return keep


def _agrees(person: Person, query: Query) -> bool:
    home = person.address
    texts = {
        "name": [person.family, *person.given, " ".join((*person.given, person.family))],
        "family": [person.family], "given": [*person.given, " ".join(person.given)],
        "address": [home.street, home.city, home.postal_code, home.country],
        "address-city": [home.city], "address-country": [home.country],
        "address-postalcode": [home.postal_code], "address-state": [], "telecom": [],
    }  # fmt: skip
    for name, known in texts.items():
        for group in query.texts(name):
            if not any(_starts(value, wanted) for value in known for wanted in group):
                return False
    tokens = {"gender": GENDERS.get(person.gender, "unknown"), "active": "true",
              "_id": names.of_patient(person.ids[0]).id}  # fmt: skip
    for name, code in tokens.items():
        if not all(any(t.code == code for t in group) for group in query.tokens(name)):
            return False
    bounds = day(person.birth_date)
    return all(bounds and any(span.fits(*bounds) for span in group)
               for group in query.dates("birthdate"))  # fmt: skip


def _starts(value: str, wanted: str) -> bool:
    return bool(value) and _folded(value).startswith(_folded(wanted))


def _folded(text: str) -> str:
    """Without case and accents (FHIR R4 search.html#string)."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())
