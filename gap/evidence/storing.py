"""Evidence records as one JSON document (``ehds.evidence/1``), written and read back whole."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import orjson

from data.errors import InputError, Problem
from data.results import Outcome, Severity
from gap.evidence.record import Environment, Record, Strength

SCHEMA = "ehds.evidence/1"
_KINDS: dict[str, Any] = {
    "outcome": Outcome, "severity": Severity, "fully": tuple, "environment": Environment,
    "strength": Strength, "date": dt.date.fromisoformat,
    "stale": lambda said: dt.date.fromisoformat(said) if said else None,
    "obligations": tuple, "categories": tuple, "whole": bool, "derived": bool,
}  # fmt: skip


def to_json(records: Iterable[Record]) -> bytes:
    """Return records as one JSON document, in the order of their ids: same records, same bytes."""
    listed = sorted((r.to_dict() for r in records), key=lambda r: str(r["id"]))
    return orjson.dumps({"schema": SCHEMA, "records": listed}, option=orjson.OPT_INDENT_2) + b"\n"


def from_json(content: Any, name: str) -> list[Record]:
    """Return the records of such a document (already parsed).

    Raises:
        InputError: with every record that is not whole, or was changed after it was written.
    """
    problems, found = [], []
    listed = content.get("records") if isinstance(content, dict) else None
    if not isinstance(listed, list):
        raise InputError(Problem("records: no list of evidence records", name,
                                 remedy="give the file as it was written"))  # fmt: skip
    for number, one in enumerate(listed):
        where = f"{name}: $.records[{number}]"
        try:
            record = _record(one)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            problems.append(Problem(f"not an evidence record: {error}", where))
            continue
        if record.id != one.get("id"):
            problems.append(Problem("the record was changed after it was written", where,
                                    rule="the id of a record follows from its content",
                                    remedy="make the record again from the results"))  # fmt: skip
        found.append(record)
    if problems:
        raise InputError(problems)
    return found


def _record(said: dict[str, Any]) -> Record:
    given: dict[str, Any] = {
        f.name: _KINDS[f.name](said[f.name]) if f.name in _KINDS else str(said[f.name])
        for f in fields(Record) if f.init
    }  # fmt: skip
    return Record(**given)
