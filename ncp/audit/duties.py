"""Judges whether an AuditEvent, or a whole journal, holds what EHDS Annex II 3.2 (a) to (e) asks.

`examine` works on any FHIR R4 AuditEvent, ours or another system's.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
from sqlalchemy import Connection

from data.results import Outcome, Result, Severity
from ncp.audit.journal import Filter, entries
from ncp.audit.parts import CATEGORY, ORIGIN
from ncp.model import Operation

Json = dict[str, Any]

_IDENTIFICATION, _SUBMISSION = "ITI-55", "ITI-41"
_SHOWN = 5
_ASKED = {
    "a": ("the provider or other individual that accessed", ("X2.3.2a", "E09.2c")),
    "b": ("the natural person who accessed", ("X2.3.2b", "E09.2c")),
    "c": ("the categories of data", ("X2.3.2c", "E09.2e")),
    "d": ("time and date", ("X2.3.2d", "E09.2d")),
    "e": ("the origin of the data", ("X2.3.2e",)),
}


def examine(event: Json) -> list[Result]:
    """Return five results, one for each letter of EHDS Annex II 3.2.

    Args:
        event: a FHIR R4 AuditEvent. An identification (ITI-55) reads no health data: letters (c)
            and (e) are omitted. A submission (ITI-41) brings data: letter (e) is omitted.
    """
    left_out = _left_out({s.get("code") for s in event.get("subtype") or ()})
    found = {
        "a": _provider(event), "b": _person(event), "c": _detail(event, CATEGORY),
        "d": bool(event.get("recorded")), "e": _detail(event, ORIGIN) or _custodian(event),
    }  # fmt: skip
    results = []
    for letter, (what, obligations) in _ASKED.items():
        outcome = Outcome.PASS if found[letter] else Outcome.FAIL
        message = f"the log entry {'names' if found[letter] else 'does not name'} {what}"
        if letter in left_out:
            outcome, message = Outcome.OMIT, left_out[letter]
        results.append(
            Result(f"audit-annex-ii-3.2-{letter}", outcome, Severity.ERROR, message,
                   f"AuditEvent/{event.get('id', '')}", obligations,
                   source=f"EHDS Annex II 3.2({letter})")
        )  # fmt: skip
    return results


def _left_out(codes: set[str]) -> dict[str, str]:
    """Return the letters that do not apply to an operation, each with the reason."""
    if _IDENTIFICATION in codes:
        return dict.fromkeys("ce", "an identification reads no health data")
    if _SUBMISSION in codes:
        return {"e": "who submits a document brings data and reads none"}
    return {}


def complete(connection: Connection, wanted: Filter | None = None) -> list[Result]:
    """Judge every access in a journal: five results, each over all accesses that were answered.

    Args:
        connection: for reading.
        wanted: which entries; all without it. Refused requests and events without documents or
            persons are no accesses and do not count.
    """
    missing: dict[str, list[int]] = {letter: [] for letter in _ASKED}
    judged = dict.fromkeys(_ASKED, 0)
    for entry in entries(connection, wanted, parts=("events",)):
        if not entry.transaction.done or not isinstance(entry.transaction.operation, Operation):
            continue
        # The international form; the Norwegian one says the same in other places.
        first: Json = orjson.loads(entry.parts["events"])[0]
        for letter, result in zip(_ASKED, examine(first), strict=True):
            judged[letter] += result.outcome is not Outcome.OMIT
            if result.outcome is Outcome.FAIL:
                missing[letter].append(entry.number)
    return [_total(letter, judged[letter], missing[letter]) for letter in _ASKED]


def _total(letter: str, judged: int, missing: list[int]) -> Result:
    what, obligations = _ASKED[letter]
    if not judged:
        outcome, message = Outcome.OMIT, "there is no access to judge"
    elif missing:
        shown = ", ".join(map(str, missing[:_SHOWN])) + (" ..." if missing[_SHOWN:] else "")
        outcome = Outcome.FAIL
        message = f"{len(missing)} of {judged} accesses do not name {what}: entries {shown}"
    else:
        outcome, message = Outcome.PASS, f"all {judged} accesses name {what}"
    return Result(f"journal-annex-ii-3.2-{letter}", outcome, Severity.ERROR, message, "journal",
                  obligations, source=f"EHDS Annex II 3.2({letter})")  # fmt: skip


def _contained(event: Json, kind: str) -> Iterator[Json]:
    for resource in event.get("contained") or ():
        if resource.get("resourceType") == kind:
            yield resource


def _agents(event: Json) -> Iterator[tuple[Json, set[str]]]:
    for agent in event.get("agent") or ():
        codings = (agent.get("type") or {}).get("coding") or ()
        yield agent, {c.get("code", "") for c in codings}


def _is_named(reference: Json) -> bool:
    value = (reference.get("identifier") or {}).get("value")
    return bool(value or reference.get("display") or reference.get("reference"))


def _provider(event: Json) -> bool:
    for agent, codes in _agents(event):
        if "PROV" in codes and _is_named(agent.get("who") or {}):
            return True
        if _is_named(agent.get("location") or {}):
            return True
    return any(
        found.get("name") or found.get("identifier")
        for kind in ("Organization", "Location") for found in _contained(event, kind)
    )  # fmt: skip


def _person(event: Json) -> bool:
    for agent, _ in _agents(event):
        who = agent.get("who") or {}
        if not agent.get("requestor") or who.get("type") == "Device":
            continue
        if str(who.get("reference", "")).startswith("#"):
            return any(p.get("identifier") for p in _contained(event, "Practitioner"))
        return bool((who.get("identifier") or {}).get("value") or agent.get("name"))
    return False


def _detail(event: Json, kind: str) -> bool:
    return any(
        detail.get("type") == kind and detail.get("valueString")
        for entity in event.get("entity") or () for detail in entity.get("detail") or ()
    )  # fmt: skip


def _custodian(event: Json) -> bool:
    """BALP names who kept the data as custodian (SNOMED CT 159541003)."""
    return any(
        "159541003" in codes and _is_named(a.get("who") or {}) for a, codes in _agents(event)
    )
