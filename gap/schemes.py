"""Scoring schemes by name (``data/schemes.toml``): what counts, and what it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import data
from data.errors import InputError, Problem
from data.loaders.tables import read_toml

DEFAULT = "share-met"


@dataclass(frozen=True, slots=True)
class Scheme:
    """One way of turning findings into figures.

    Attributes:
        name: how it is chosen on the command line.
        value: ``met`` (1 when met, else 0) or ``level`` (level divided by 3).
        weighted: whether a row counts with its weight.
        rows: ``all`` binding rows, or only those ``with-role``.
        groups: the roll-ups that the scheme gives.
        gate_cap: the most that a group can show while a gate row in it is not met, 0 to 1.
    """

    name: str
    title_nb: str
    title_en: str
    what_nb: str
    what_en: str
    value: str
    weighted: bool
    rows: str
    groups: tuple[str, ...]
    gate_cap: float

    def title(self, lang: str) -> str:
        """Return the title in ``nb`` or ``en``."""
        return self.title_nb if lang == "nb" else self.title_en

    def what(self, lang: str) -> str:
        """Return what the scheme does, in ``nb`` or ``en``."""
        return self.what_nb if lang == "nb" else self.what_en


@cache
def schemes() -> Mapping[str, Scheme]:
    """Return all schemes by name."""
    content = read_toml(data.path("schemes.toml"))
    cap = float(content["gate_cap"])
    return {
        name: Scheme(name=name, gate_cap=cap, **{**fields, "groups": tuple(fields["groups"])})
        for name, fields in content["schemes"].items()
    }


def scheme(name: str) -> Scheme:
    """Return a scheme.

    Raises:
        InputError: there is no such scheme.
    """
    found = schemes().get(name)
    if not found:
        known = ", ".join(schemes())
        raise InputError(Problem(f"there is no scheme «{name}»", remedy=f"choose one of: {known}"))
    return found
