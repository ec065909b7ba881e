"""Medicines that the samples and the generator use: a table, one product or substance a row.

``data/patients/tables/medicines.csv``: ATC and dose form (Volven 7448) are real codes; FEST ids
are made from the name and belong to no entry of FEST.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import cache

import data
from data.loaders.tables import Problems, read_csv

_COLUMNS = (
    "key",
    "name",
    "atc",
    "atc_name",
    "form",
    "form_name",
    "unit",
    "group",
    "use_area",
    "item",
)
_NAMESPACE = uuid.UUID("d3b1c9f4-9a52-5a0e-8f0a-51d3a2c7e690")


@dataclass(frozen=True, slots=True)
class Medicine:
    """One row of the table.

    Attributes:
        key: name in our own tables.
        name: name, form and strength as FEST writes it (NavnFormStyrke).
        atc: ATC code.
        atc_name: ATC text in Norwegian.
        form: dose form, code of list 7448.
        form_name: its text.
        unit: the unit a dose is counted in, as written in a prescription (list 7480).
        group: prescription group, code of list 7421.
        use_area: area of use on the label.
        item: item number of the pack (six digits), empty for a prescribed substance.
    """

    key: str
    name: str
    atc: str
    atc_name: str
    form: str
    form_name: str
    unit: str
    group: str
    use_area: str
    item: str

    @property
    def fest_id(self) -> str:
        """The item number of a pack; else an id in the form of FEST, made from the name."""
        return self.item or f"ID_{str(uuid.uuid5(_NAMESPACE, self.name)).upper()}"


@cache
def medicines() -> dict[str, Medicine]:
    """Return the table by key."""
    problems = Problems()
    rows = read_csv(data.path("patients", "tables", "medicines.csv"), _COLUMNS, problems)
    problems.stop()
    return {row["key"]: Medicine(**{column: row[column] for column in _COLUMNS}) for row in rows}


def substance_id(name: str) -> str:
    """Return an invented FEST id for an active substance."""
    return f"ID_{str(uuid.uuid5(_NAMESPACE, f'virkestoff|{name}')).upper()}"
