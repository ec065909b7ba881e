"""A transaction as JSON text, the form that the journal keeps and chains, and back."""

from __future__ import annotations

import datetime as dt
from dataclasses import fields
from typing import Any, TypeVar

import orjson

from ncp.audit.transaction import (
    CareRelation,
    Event,
    Indicator,
    Named,
    Party,
    Transaction,
    Wire,
)
from ncp.model import Coded, HealthProfessional, Operation, PatientId

T = TypeVar("T")
_NAMED = ("person", "legal_entity", "point_of_care", "department")
_CODED = ("authorization", "service", "purpose", "details")


def to_json(transaction: Transaction) -> str:
    """Return a transaction as JSON with sorted keys; the query lives in its ATNA message."""
    return orjson.dumps(
        transaction, default=lambda _: "", option=orjson.OPT_SORT_KEYS
    ).decode()  # bytes, the query, are the only member that orjson does not know


def from_json(text: str) -> Transaction:
    """Return the transaction of a journal entry; members that it lacks have their defaults."""
    raw: dict[str, Any] = orjson.loads(text)
    raw.pop("query", None)
    raw["operation"] = operation(raw["operation"])
    raw["outcome"] = Indicator(raw["outcome"])
    for name in ("started", "ended"):
        raw[name] = dt.datetime.fromisoformat(raw[name])
    for name in ("documents", "objects", "origins"):
        raw[name] = tuple(raw.get(name) or ())
    raw["patients"] = tuple(_of(PatientId, each) for each in raw.get("patients") or ())
    for name in ("consumer", "provider"):
        raw[name] = _of(Party, raw.get(name) or {})
    raw["wire"] = _of(Wire, raw.get("wire") or {})
    if raw.get("next_of_kin"):
        raw["next_of_kin"] = _of(PatientId, raw["next_of_kin"])
    if raw.get("professional"):
        person = raw["professional"]
        person["role"] = _of(Coded, person["role"])
        person["permissions"] = tuple(person.get("permissions") or ())
        raw["professional"] = _of(HealthProfessional, person)
    if raw.get("care"):
        raw["care"] = _care(raw["care"])
    return _of(Transaction, raw)


def operation(name: str) -> Operation | Event:
    """Return an operation or event by its name.

    Raises:
        ValueError: there is none of that name.
    """
    try:
        return Operation(name)
    except ValueError:
        return Event(name)


def _care(raw: dict[str, Any]) -> CareRelation:
    for name in _NAMED:
        raw[name] = _of(Named, raw.get(name) or {})
    for name in _CODED:
        raw[name] = _of(Coded, raw[name]) if raw.get(name) else None
    return _of(CareRelation, raw)


def _of(kind: type[T], raw: dict[str, Any]) -> T:
    known = {each.name for each in fields(kind)}  # type: ignore[arg-type]
    return kind(**{key: value for key, value in raw.items() if key in known})
