"""Who is asked for: a sample patient, a national number, or identifiers and traits as given."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from data.errors import InputError, Problem
from ips import record
from ncp import tables
from ncp.codes import DNR, FNR
from ncp.connector.people import person_of_fhir
from ncp.model import PatientId, Traits
from ncp.search import Field

_NUMBER = re.compile(r"[0-9]{11}")
_D_NUMBER = "4567"
"""First digits of a D-number: the day of birth plus 40 (Skatteetaten)."""


def identifier(text: str, option: str = "--id") -> PatientId:
    """Read an identifier: ``ROOT^EXTENSION`` or ``EXTENSION^^^&ROOT&ISO``.

    Raises:
        InputError: another form.
    """
    root, _, extension = text.partition("^")
    if extension and "^" not in extension and re.fullmatch(r"[0-9]+(\.[0-9]+)+", root):
        return PatientId(root, extension)
    try:
        return PatientId.parse(text)
    except ValueError:
        raise InputError(
            Problem("the patient identifier has another form", option,
                    rule="ROOT^NUMBER, or NUMBER^^^&ROOT&ISO",
                    remedy="for example 2.16.578.1.12.4.1.4.1^NUMBER")
        ) from None  # fmt: skip


def traits(patient: str, ids: Sequence[str], country: str, **more: str) -> Traits:
    """Return what country A is asked with.

    Args:
        patient: name of a sample patient, folder or file of a record, or a number of country A;
            empty with ``ids``.
        ids: identifiers, ``ROOT^EXTENSION``.
        country: country A; says which identifier a bare number is.
        **more: family, given, gender and birth date that replace those of the sample.

    Raises:
        InputError: nothing to ask with, no such sample, a number that could be of several kinds.
    """
    known = Traits()
    given = tuple(identifier(one) for one in ids)
    if "^" in patient:
        given = (identifier(patient, "--patient"), *given)
    elif _is_number(patient, country):
        given = (_number(patient, country), *given)
    elif patient:
        person = person_of_fhir(record.load(patient).patient, patient)
        known = Traits(person.ids[:1], person.family, " ".join(person.given), person.gender,
                       person.birth_date, person.address)  # fmt: skip
    if not given and not known.ids:
        raise InputError(
            Problem("no patient is named", "--patient",
                    rule="MyHealth@EU: a patient is asked for by identifier",
                    remedy="give --patient with a sample (see: ehds patients list) or a number, "
                    "or --id ROOT^NUMBER")
        )  # fmt: skip
    stated = {name: said for name, said in more.items() if said}
    return Traits(
        (*given, *known.ids), stated.get("family", known.family), stated.get("given", known.given),
        stated.get("gender", known.gender), stated.get("birth_date", known.birth_date),
        known.address,
    )  # fmt: skip


def _is_number(text: str, country: str) -> bool:
    """Return whether this is meant as a number: no letters, or as the country writes its own."""
    if not any(c.isdigit() for c in text):
        return False
    return not any(c.isalpha() for c in text) or (
        any(f.format for f in _fitting(text, country)) and not Path(text).exists()
    )


def _fitting(text: str, country: str) -> list[Field]:
    """Return the identifiers of a country whose form a text has."""
    mask = tables.search_masks().get(country)
    return [f for f in (mask.identifiers if mask else ())
            if not f.format or re.fullmatch(f.format, text, re.ASCII)]  # fmt: skip


def _number(text: str, country: str) -> PatientId:
    if country == "NO" and _NUMBER.fullmatch(text):
        return PatientId(DNR if text[0] in _D_NUMBER else FNR, text)
    mask = tables.search_masks().get(country)
    fields = mask.identifiers if mask else ()
    fits = _fitting(text, country)
    if len(fits) == 1:
        return PatientId(fits[0].domain, text)
    listing = ", ".join(f"{f.domain} ({f.name})" for f in fields)
    raise InputError(
        Problem(f"it is not clear which identifier of {country} this number is", "--patient",
                rule=f"identifiers of {country}: {listing or 'none is known'}",
                remedy="give it with its root, as ROOT^NUMBER")
    )  # fmt: skip
