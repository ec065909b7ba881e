"""Allergies: the concern act and its observation, as they stand today and stood in waves 2 to 4.

Implements templates 1.3.6.1.4.1.12559.11.10.1.3.1.3.16, .17, .33, .34, .35, .44 and IHE PCC 4.5.3,
4.6.
"""

from __future__ import annotations

from ips.cda.read import tables
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
from ips.cda.read.datatypes import Json, coding, concept, moment, period
from ips.cda.read.node import Node
from ips.loss import Fate

_ABATEMENT = "http://hl7.org/fhir/StructureDefinition/allergyintolerance-abatement"
_CRITICALITY, _CERTAINTY, _STATUS = "82606-5", "66455-7", "33999-4"
_VERIFIED = frozenset({"unconfirmed", "confirmed", "refuted"})


def allergies(act: Node, work: Work) -> list[str]:
    """Return the references of the allergies in a concern act."""
    return in_concern(act, lambda node, state: _allergy(act, node, state, work))


def _allergy(act: Node, node: Node, concern: str, work: Work) -> str:
    settle(node, "statusCode", "text")
    value = node.one("value")
    gone = absence(value, work)
    if gone is not None and value is not None:
        settle(node, "code", "id")
        settle(act, "id")
        if gone.means == "unknown":
            return ""
        return work.resources.add(
            "AllergyIntolerance",
            {"clinicalStatus": _status("active"), "code": absent_concept(gone),
             "patient": {"reference": work.resources.patient}},
            node.where,
        )  # fmt: skip
    content: Json = {**entry_ids(node)}
    settle(act, "id")
    notes = comments(node) + comments(act)
    _kind(node, content, notes)
    _substance(node, content)
    _times(act, node, content)
    _statements(node, content, concern, notes)
    for one in (act, node):
        told(one, work, content, recorder="recorder", date="recordedDate", asserter="asserter")
    if notes:
        content["note"] = notes
    return work.resources.add("AllergyIntolerance", content, node.where)


def _statements(node: Node, content: Json, concern: str, notes: list[Json]) -> None:
    """Read status, certainty, criticality, reactions and severity."""
    clinical, verification = concern, ""
    reactions: list[Json] = []
    whole: list[Node] = []
    for _, kind, inner in observations(node):
        said = code_of(inner)
        if said == _CRITICALITY:
            _criticality(inner, content)
        elif said == _CERTAINTY:
            verification = _certainty(inner) or verification
        elif said == _STATUS:
            clinical = _clinical(inner, content, clinical)
        elif said == "SEV":
            whole.append(inner)
        elif kind == "MFST":
            reactions.append(_reaction(inner, notes))
    for inner in whole:
        _whole_severity(inner, reactions, notes)
    if negation(node):
        verification = "refuted"
    if verification:
        content["verificationStatus"] = _coded("allergyintolerance-verification", verification)
    content.setdefault("clinicalStatus", _status(clinical))
    told = [reaction for reaction in reactions if reaction]
    if told:
        content["reaction"] = told


def _status(code: str) -> Json:
    return _coded("allergyintolerance-clinical", code)


def _coded(system: str, code: str) -> Json:
    return {"coding": [{"system": HL7 + system, "code": code}]}


def _kind(node: Node, content: Json, notes: list[Json]) -> None:
    """Read what sort of reaction it is: ``type`` and ``category``."""
    code = node.one("code")
    if code is None:
        return
    system, value = coding(code)
    made = concept(code)
    if not made:
        return
    found = tables.meaning("allergy.type", value, system)
    if found is None:
        code.note(made.get("text", value), Fate.AS_TEXT,
                  "FHIR has no place for this kind of reaction; it stands in a note.")  # fmt: skip
        notes.append({"text": f"Kind: {made.get('text') or value}"})
        return
    sort, _, category = found.value.partition("/")
    if sort:
        content["type"] = sort
    if category:
        content["category"] = [category]


def _substance(node: Node, content: Json) -> None:
    """Read what the patient reacts to: the agent, or (waves 2 to 4) the value."""
    for participant in node.many("participant"):
        playing = participant.at("participantRole/playingEntity")
        if playing is None:
            continue
        made = concept(playing.one("code"))
        name = playing.one("name")
        said = name.text() if name is not None else ""
        if said and not made.get("text"):
            made["text"] = said
        if made and "code" not in content:
            content["code"] = made
    value = node.one("value")
    made = concept(value) if value is not None else {}
    if made and "code" not in content:
        content["code"] = made
    elif made and value is not None and not _same(made, content["code"]):
        value.note(made.get("text", ""), Fate.NOT_CARRIED,
                   "The agent is taken; the value names something else.")  # fmt: skip


def _same(one: Json, other: Json) -> bool:
    codes = {(c.get("system"), c.get("code")) for c in other.get("coding", ())}
    return bool(codes & {(c.get("system"), c.get("code")) for c in one.get("coding", ())})


def _times(act: Node, node: Node, content: Json) -> None:
    own = period(node.one("effectiveTime"))
    concern = act.one("effectiveTime")
    around = period(concern)
    start = own.get("start") or around.get("start")
    end = own.get("end") or around.get("end")
    if start:
        content["onsetDateTime"] = start
    if end and end != start:
        content["extension"] = [{"url": _ABATEMENT, "valueDateTime": end}]
    if concern is not None and own and around and around != own:
        concern.note(f"{around.get('start', '')}/{around.get('end', '')}", Fate.NOT_CARRIED,
                     "The concern has other times than the allergy; FHIR keeps those of the "
                     "allergy.")  # fmt: skip


def _criticality(node: Node, content: Json) -> None:
    value = node.one("value")
    code = value.get("code") if value else ""
    value_of(node)
    if code in ("low", "high", "unable-to-assess"):
        content["criticality"] = code
    elif value is not None and code:
        value.note(code, Fate.NOT_CARRIED, "FHIR has no such criticality.")


def _certainty(node: Node) -> str:
    value = node.one("value")
    code = value.get("code") if value else ""
    value_of(node)
    if code in _VERIFIED or not code:
        return code
    if value is not None:
        value.note(code, Fate.APPROXIMATE, "FHIR R4 has no such certainty; read as unconfirmed.")
    return "unconfirmed"


def _clinical(node: Node, content: Json, otherwise: str) -> str:
    value = node.one("value")
    own = value.element.get("code", "") if value else ""
    if own in ("active", "inactive", "resolved"):
        value_of(node)
        return own
    said, made = mapped(node, "allergy.clinical")
    if not said:
        return otherwise
    content["clinicalStatus"] = {
        "coding": [*_status(said)["coding"], *made.get("coding", [])], **_text(made)
    }  # fmt: skip
    return said


def _text(made: Json) -> Json:
    return {"text": made["text"]} if made.get("text") else {}


def _reaction(node: Node, notes: list[Json]) -> Json:
    made = concept(node.one("value"))
    settle(node)
    notes += [note for note in comments(node) if note not in notes]
    reaction: Json = {}
    if made:
        reaction["manifestation"] = [made]
    time = node.one("effectiveTime")
    onset = (
        moment(time)
        if time is not None and time.one("low") is None
        else moment(time.one("low") if time else None)
    )
    if time is not None and time.one("high") is not None:
        end = moment(time.one("high"))
        if end:
            time.note(end, Fate.NOT_CARRIED, "FHIR tells when a reaction began, not when it ended.")
    if onset:
        reaction["onset"] = onset
    for _, _, inner in observations(node):
        if code_of(inner) == "SEV":
            _severity(inner, reaction)
    if reaction and not made:
        reaction["manifestation"] = [{"text": "Not told"}]
    return reaction


def _severity(node: Node, reaction: Json) -> None:
    value = node.one("value")
    said, made = mapped(node, "allergy.severity")
    text = str(made.get("text", "") or (made.get("coding") or [{}])[0].get("code", ""))
    if said:
        reaction["severity"] = said
    if text and value is not None and said not in ("mild", "moderate") and said + text != "severe":
        codes = (made.get("coding") or [{}])[0].get("code", "")
        if codes != "24484000":
            reaction["description"] = f"Severity: {text}" + (f" ({codes})" if codes else "")
        if not said:
            value.note(text, Fate.AS_TEXT,
                       "FHIR knows mild, moderate and severe only; the words stand in the "
                       "description.")  # fmt: skip


def _whole_severity(node: Node, reactions: list[Json], notes: list[Json]) -> None:
    """Read the severity of an allergy as a whole (waves 2 to 4)."""
    value = node.one("value")
    real = [reaction for reaction in reactions if reaction]
    if len(real) == 1 and "severity" not in real[0]:
        _severity(node, real[0])
        if value is not None:
            value.note("", Fate.APPROXIMATE, "The severity of the allergy as a whole stands with "
                       "its only reaction.")  # fmt: skip
        return
    said = value_of(node).get("text", "")
    if said and value is not None:
        value.note(said, Fate.AS_TEXT, "FHIR has no severity of an allergy as a whole.")
        notes.append({"text": f"Severity: {said}"})
