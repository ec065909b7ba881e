"""The countries of the exchange, and how a table of the exchange is read."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache

import data
from data.errors import InputError, Problem
from data.loaders.tables import Problems, Row, read_csv


@dataclass(frozen=True, slots=True)
class Country:
    """A country of the exchange; ``other_communities`` are identifiers it has used or uses too."""

    code: str
    name_nb: str
    name_en: str
    home_community: str
    other_communities: tuple[str, ...]
    source: str


def rows(name: str, columns: str) -> list[Row]:
    """Return the rows of a table of the exchange, given its path in ``data`` and its columns.

    Raises:
        InputError: unreadable, or a row of the wrong length.
    """
    problems = Problems()
    found = read_csv(data.path(*name.split("/")), columns.split(), problems)
    problems.stop()
    return found


@cache
def countries() -> dict[str, Country]:
    """Return the countries by ISO 3166-1 alpha-2 code; ``EU`` is a country for tests."""
    return {
        row["code"]: Country(row["code"], row["name_nb"], row["name_en"], row["home_community"],
                             row.words("other_communities"), row["source"])
        for row in rows("countries.csv",
                        "code name_nb name_en home_community other_communities source")
    }  # fmt: skip


def country(code: str, where: str = "") -> Country:
    """Return a country by its code, in any case; the EU's ``EL`` is Greece.

    Args:
        code: ISO 3166-1 alpha-2.
        where: the option or the place in a file that names it, for the error.

    Raises:
        InputError: no country of the exchange.
    """
    wanted = code.strip().upper()
    found = countries().get({"EL": "GR"}.get(wanted, wanted))
    if found is None:
        raise InputError(
            Problem(f"«{code}» is no country of the exchange", where, remedy=_nearest(wanted))
        )
    return found


def _nearest(wanted: str) -> str:
    """Return the remedy for a code that is none; the name of a country is taken for it."""
    for one in countries().values():
        if wanted in (one.name_nb.upper(), one.name_en.upper()):
            return f"did you mean: {one.code}"
    codes = ", ".join(countries())
    # Of two letters one is right at best: what counts as near by default never is.
    near = difflib.get_close_matches(wanted, countries(), n=3, cutoff=0.5)
    return f"did you mean: {', '.join(near)}; all: {codes}" if near else f"one of: {codes}"


def country_of_community(oid: str) -> Country | None:
    """Return the country with a home community (with or without ``urn:oid:``), or None."""
    wanted = oid.removeprefix("urn:oid:")
    for found in countries().values():
        if wanted in (found.home_community, *found.other_communities):
            return found
    return None
