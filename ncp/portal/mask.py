"""The form by which a country's patients are looked for: its search mask as fields of a page.

A country whose mask is not known gets identifier, names, gender and birth date, which is what
ITI-55 can carry.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ncp import tables
from ncp.client.patients import identifier
from ncp.model import Address, PatientId, Refusal, Traits
from ncp.search import Field, SearchMask

OPEN_ID = "id"
_ATTRIBUTES = {
    "familyName": "family", "firstName": "given", "gender": "gender", "birthDate": "birth_date",
    "addressStreet": "street", "addressCity": "city", "addressPostalCode": "postal_code",
    "addressCountry": "country",
}  # fmt: skip
_USUAL = ("familyName", "firstName", "gender", "birthDate")
PRESCRIPTION, PIN = "ePrescriptionId", "dispensationPINCode"


@dataclass(frozen=True, slots=True)
class Input:
    """One field of the form.

    Attributes:
        key: name in the form.
        label: name in the search mask.
        domain: assigning authority of an identifier; empty for other fields.
        format: regular expression that the country gives; empty where there is none.
        choice: fields with the same word are alternatives.
    """

    key: str
    label: str
    domain: str = ""
    format: str = ""
    mandatory: bool = False
    choice: str = ""


def known(country: str) -> SearchMask | None:
    """Return the search mask of a country, or None where none is known."""
    return tables.search_masks().get(country)


def inputs(country: str) -> list[Input]:
    """Return the fields of the form for a country."""
    mask = known(country)
    if mask is None:
        return [Input(OPEN_ID, "anyIdentifier", mandatory=True),
                *(Input(name, name) for name in _USUAL)]  # fmt: skip
    return [_input(field) for field in mask.fields]


def _input(field: Field) -> Input:
    key = f"id-{field.domain}" if field.kind == "identifier" else field.name
    return Input(key, field.name, field.domain, field.format, field.mandatory, field.choice)


def traits(country: str, form: Mapping[str, str]) -> Traits:
    """Return what a filled form asks with.

    Raises:
        InputError: an identifier of a country without a mask that is not ``ROOT^NUMBER``.
    """
    said = {_ATTRIBUTES[name]: form.get(name, "").strip() for name in _ATTRIBUTES}
    ids = tuple(
        PatientId(one.domain, form[one.key].strip()) for one in inputs(country)
        if one.key.startswith("id-") and form.get(one.key, "").strip()
    )  # fmt: skip
    if form.get(OPEN_ID, "").strip():
        ids = (*ids, identifier(form[OPEN_ID].strip(), OPEN_ID))
    return Traits(
        ids, said["family"], said["given"], said["gender"], said["birth_date"].replace("-", ""),
        Address(said["street"], said["city"], said["postal_code"], said["country"]),
    )  # fmt: skip


def values(country: str, asked: Traits) -> dict[str, str]:
    """Return the form filled with what is asked with; the opposite of `traits`."""
    place = asked.address
    plain = {
        "familyName": asked.family, "firstName": asked.given, "gender": asked.gender,
        "birthDate": asked.birth_date, "addressStreet": place.street, "addressCity": place.city,
        "addressPostalCode": place.postal_code, "addressCountry": place.country,
    }  # fmt: skip
    found = {f"id-{one.root}": one.extension for one in asked.ids}
    if asked.ids and known(country) is None:
        found[OPEN_ID] = f"{asked.ids[0].root}^{asked.ids[0].extension}"
    wanted = {one.key for one in inputs(country)}
    return {key: text for key, text in {**plain, **found}.items() if key in wanted}


def faults(country: str, asked: Traits) -> dict[str, Refusal]:
    """Return what the country would refuse, by the field of the form that it is about."""
    mask = known(country)
    fields = inputs(country)
    found: dict[str, Refusal] = {}
    for refusal in mask.check(asked) if mask else ():
        place = refusal.location
        key = next((one.key for one in fields if place in (one.label, one.domain)), fields[0].key)
        found.setdefault(key, refusal)
    return found
