"""Problems, past and present: the concern act and its observation, of all waves.

Implements templates 1.3.6.1.4.1.12559.11.10.1.3.1.3.15, .7, .9, .10, .49 and IHE PCC 4.5.2, 4.5,
4.1, 4.1.1, 4.1.2.
"""

from __future__ import annotations

from ips.cda.read.common import (
    HL7,
    Work,
    absence,
    absent_concept,
    code_of,
    comments,
    entry_ids,
    in_concern,
    mapped,
    negation,
    observations,
    settle,
    told,
    value_of,
)
from ips.cda.read.datatypes import Json, concept, period
from ips.cda.read.node import Node
from ips.loss import Fate

_STATUS, _HEALTH, _CERTAINTY = "33999-4", "11323-3", "66455-7"
_CLINICAL = frozenset(["active", "recurrence", "relapse", "inactive", "remission", "resolved"])
_VERIFIED = frozenset(["unconfirmed", "provisional", "differential", "confirmed", "refuted"])


def problems(act: Node, work: Work) -> list[str]:
    """Return the references of the problems in a concern act."""
    return in_concern(act, lambda node, state: _problem(act, node, state, work))


def _problem(act: Node, node: Node, concern: str, work: Work) -> str:
    settle(node, "statusCode", "text")
    settle(act, "id")
    value = node.one("value")
    gone = absence(value, work)
    if gone is not None and value is not None:
        settle(node, "code", "id", "effectiveTime")
        if gone.means == "unknown":
            return ""
        return work.resources.add(
            "Condition",
            {"clinicalStatus": _coded("condition-clinical", "active"),
             "code": absent_concept(gone),
             "subject": {"reference": work.resources.patient}},
            node.where,
        )  # fmt: skip
    content: Json = {**entry_ids(node)}
    code = concept(value)
    kind = concept(node.one("code"))
    if kind:
        content["category"] = [kind]
    if code:
        content["code"] = code
    elif not content.get("identifier") and not kind:
        return ""
    _times(act, node, content)
    notes = comments(node) + comments(act)
    _statements(node, content, concern, notes)
    for one in (act, node):
        told(one, work, content, recorder="recorder", date="recordedDate", asserter="asserter")
    if notes:
        content["note"] = notes
    return work.resources.add("Condition", content, node.where)


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": HL7 + system, "code": code}]}


def _times(act: Node, node: Node, content: Json) -> None:
    own = period(node.one("effectiveTime"))
    concern = act.one("effectiveTime")
    around = period(concern)
    start = own.get("start") or around.get("start")
    end = own.get("end") or around.get("end")
    if start:
        content["onsetDateTime"] = start
    if end and end != start:
        content["abatementDateTime"] = end
    differs = {key for key in around if key in own and own[key] != around[key]}
    if concern is not None and differs:
        concern.note(" ".join(around[key] for key in sorted(differs)), Fate.NOT_CARRIED,
                     "The concern has other times than the problem; FHIR keeps those of the "
                     "problem.")  # fmt: skip


def _statements(node: Node, content: Json, concern: str, notes: list[Json]) -> None:
    """Read status, certainty, severity and outcome."""
    clinical: Json = {}
    verification = ""
    for _, _, inner in observations(node):
        said = code_of(inner)
        if said == _STATUS:
            clinical, told = _clinical(inner)
            verification = told or verification
        elif said == _HEALTH:
            _outcome(inner, notes)
        elif said == _CERTAINTY:
            verification = _certainty(inner) or verification
        elif said == "SEV":
            severity = value_of(inner)
            if severity:
                content["severity"] = severity
    if negation(node):
        verification = "refuted"
    if not clinical:
        ended = "abatementDateTime" in content and concern == "active"
        clinical = _coded("condition-clinical", "resolved" if ended else concern)
    content["clinicalStatus"] = clinical
    if verification:
        content["verificationStatus"] = _coded("condition-ver-status", verification)


def _clinical(node: Node) -> tuple[Json, str]:
    value = node.one("value")
    own = value.element.get("code", "") if value else ""
    if own in _CLINICAL:
        value_of(node)
        return _coded("condition-clinical", own), ""
    said, made = mapped(node, "problem.clinical")
    if not said:
        if made and value is not None:
            value.note(made.get("text", ""), Fate.NOT_CARRIED, "FHIR has no such status.")
        return {}, ""
    status_, _, verification = said.partition("/")
    result = _coded("condition-clinical", status_)
    result["coding"] += made.get("coding", [])
    if made.get("text"):
        result["text"] = made["text"]
    return result, verification


def _outcome(node: Node, notes: list[Json]) -> None:
    value = node.one("value")
    made = value_of(node)
    codes = " ".join(c.get("code", "") for c in made.get("coding", ())[:1])
    said = str(made.get("text") or codes)
    if said and value is not None:
        value.note(said, Fate.AS_TEXT, "FHIR has no place for the outcome of a problem; it stands "
                   "in a note.")  # fmt: skip
        tail = f" ({codes})" if codes and codes != said else ""
        notes.append({"text": f"Health status: {said}{tail}"})


def _certainty(node: Node) -> str:
    value = node.one("value")
    code = value.element.get("code", "") if value else ""
    value_of(node)
    if code in _VERIFIED or not code:
        return code
    if value is not None:
        value.note(code, Fate.NOT_CARRIED, "FHIR has no such certainty.")
    return ""
