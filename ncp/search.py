"""The international search mask: what a country asks of those who look for its patients.

Source: eHDSI international search mask 2023 (``ehdsi-ism-2023.xsd``) and the masks that countries
have published. Norway has published none; its row is our proposal and says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from data.errors import InputError, Problem
from ips import identifiers
from ncp.countries import country, rows
from ncp.model import PatientId, Refusal, Traits


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a mask.

    Attributes:
        kind: ``identifier``, ``field`` (demographic) or ``document`` (prescription id, PIN).
        choice: fields with the same word are alternatives; empty for a field of its own.
        name: label of the mask (``nationalPersonIdentifier``, ``birthDate``).
        domain: assigning authority of an identifier, an OID.
        format: regular expression for the whole value; empty where none is known.
        check: name of a further check (``no-person``), or empty.
    """

    kind: str
    choice: str
    name: str
    domain: str
    format: str
    check: str
    mandatory: bool
    source: str


@dataclass(frozen=True, slots=True)
class SearchMask:
    """The search mask of one country.

    Attributes:
        scope: ``ALL``, ``PS`` or ``EP``: the services that it is for.
        status: ``published``, ``sample`` (seen in the country's documents) or ``inferred``.
    """

    country: str
    scope: str
    status: str
    fields: tuple[Field, ...]

    @property
    def identifiers(self) -> tuple[Field, ...]:
        """The identifiers that the country knows its patients by."""
        return tuple(f for f in self.fields if f.kind == "identifier")

    def check(self, traits: Traits) -> list[Refusal]:
        """Say everything that a request lacks or has wrong under this mask, gravest first.

        The order and the codes are those of the OpenNCP 9 responder: no identifier at all, a
        required field that is missing, a value of the wrong form.
        """
        if not any(i.extension for i in traits.ids):
            return [
                Refusal("ERROR_PI_GENERIC",
                        "Queries are only available with patient identifiers",
                        reason="DemographicsQueryNotAllowed", location="livingSubjectId")
            ]  # fmt: skip
        return [*self._missing(traits), *self._malformed(traits)]

    def _missing(self, traits: Traits) -> list[Refusal]:
        sent = {i.root for i in traits.ids if i.extension}
        groups: dict[str, list[Field]] = {}
        for number, field in enumerate(self.fields):
            if field.mandatory and field.kind != "document":
                groups.setdefault(field.choice or str(number), []).append(field)
        return [
            Refusal("ERROR_PI_MISSING_REQUIRED_FIELDS", f"{_names(group)} is required",
                    reason="InternalError", location=group[0].name)
            for group in groups.values()
            if not any(_sent(field, traits, sent) for field in group)
        ]  # fmt: skip

    def _malformed(self, traits: Traits) -> list[Refusal]:
        by_domain = {field.domain: field for field in self.identifiers}
        found = []
        for identifier in traits.ids:
            field = by_domain.get(identifier.root)
            wrong = _wrong(field, identifier) if field and identifier.extension else ""
            if field and wrong:
                found.append(
                    Refusal("ERROR_PI_INCORRECT_FORMATTING", f"{field.name}: {wrong}",
                            reason="InternalError", location=field.domain)
                )  # fmt: skip
        if traits.birth_date and not _is_date(traits.birth_date):
            found.append(
                Refusal("ERROR_PI_INCORRECT_FORMATTING", "birthDate: not a date yyyyMMdd",
                        reason="InternalError", location="birthDate")
            )  # fmt: skip
        return found


def _names(group: list[Field]) -> str:
    return " or ".join(f"{f.name} {f.domain}".strip() for f in group)


_TRAITS = {
    "birthDate": lambda t: t.birth_date, "gender": lambda t: t.gender,
    "familyName": lambda t: t.family, "firstName": lambda t: t.given,
    "addressStreet": lambda t: t.address.street, "addressCity": lambda t: t.address.city,
    "addressPostalCode": lambda t: t.address.postal_code,
    "addressCountry": lambda t: t.address.country,
}  # fmt: skip


def _sent(field: Field, traits: Traits, domains: set[str]) -> bool:
    return field.domain in domains if field.kind == "identifier" else bool(
        _TRAITS[field.name](traits)
    )  # fmt: skip


def _no_person(identifier: PatientId) -> str:
    return identifiers.check(f"urn:oid:{identifier.root}", identifier.extension)


_CHECKS: dict[str, Callable[[PatientId], str]] = {"no-person": _no_person}


def _wrong(field: Field, identifier: PatientId) -> str:
    if field.format and not re.fullmatch(field.format, identifier.extension, re.ASCII):
        return f"does not have the form {field.format}"
    return _CHECKS[field.check](identifier) if field.check else ""


def _is_date(text: str) -> bool:
    """A date, where a country may pad what is unknown with zeros (``19560000``, ``0``)."""
    return bool(re.fullmatch(r"0|[0-9]{4}(0[0-9]|1[0-2])?([0-2][0-9]|3[01])?[0-9]*", text))


@cache
def search_masks() -> dict[str, SearchMask]:
    """Return the search masks that are known, by country."""
    fields: dict[str, list[Field]] = {}
    head: dict[str, tuple[str, str]] = {}
    columns = "country scope kind choice name domain format check mandatory status source"
    for row in rows("exchange/search-masks.csv", columns):
        head.setdefault(row["country"], (row["scope"], row["status"]))
        fields.setdefault(row["country"], []).append(
            Field(row["kind"], row["choice"], row["name"], row["domain"], row["format"],
                  row["check"], row["mandatory"] == "yes", row["source"])
        )  # fmt: skip
    return {code: SearchMask(code, *head[code], tuple(found)) for code, found in fields.items()}


def search_mask(code: str) -> SearchMask:
    """Return the search mask of a country.

    Raises:
        InputError: no country of the exchange, or a country whose mask is not known.
    """
    found = search_masks().get(country(code).code)
    if found is None:
        raise InputError(
            Problem(f"no search mask of {code} is known", "data/exchange/search-masks.csv",
                    remedy=f"add its rows; known are {', '.join(search_masks())}")
        )  # fmt: skip
    return found
