"""Observations: results, vital signs, pregnancy, social history, functional status.

Implements templates 1.3.6.1.4.1.12559.11.10.1.3.1.3.20 to .25, .39, .40, .42, .43, .45 to .48 and
IHE PCC 4.13.
"""

from __future__ import annotations

from typing import Any

from ips.cda.read import people
from ips.cda.read.common import (
    HL7,
    LOINC,
    Work,
    comments,
    entry_ids,
    negation,
    settle,
    status,
    told_by_patient,
)
from ips.cda.read.datatypes import (
    Json,
    bounded,
    concept,
    identifiers,
    moment,
    number,
    quantity,
    ratio,
    span,
    when,
)
from ips.cda.read.node import Node, clean
from ips.loss import Fate

RESULTS = "30954-2"
"""The code of the section; an organizer that has it only holds its observations together."""

_NAME = 60
"""Longest name of a specimen; what is longer is a row of the narrative that a link points at."""

_IMAGING = frozenset({"18748-4"})
_LABORATORY = frozenset({"11502-2", "34530-6", "883-9", "882-1", "10331-7"})
_NAMES = {"vital-signs": "Vital Signs", "laboratory": "Laboratory", "imaging": "Imaging",
          "social-history": "Social History", "survey": "Survey"}  # fmt: skip


def category(code: str) -> Json:
    """Return an observation category of HL7."""
    coding = {"system": HL7 + "observation-category", "code": code, "display": _NAMES[code]}
    return {"coding": [coding]}


def results(node: Node, work: Work) -> list[str]:
    """Return the references of a result or of an organised set of results."""
    if node.name == "organizer":
        return _report(node, work)
    return single(node, work, _sort(node, ""))


def social(node: Node, work: Work) -> list[str]:
    """Return the reference of an observation of social history."""
    return single(node, work, "social-history")


def pregnancy(node: Node, work: Work) -> list[str]:
    """Return the references of an observation on pregnancy and of what belongs to it."""
    if node.name == "organizer":
        return [
            url
            for part in node.many("component")
            if (inner := part.one("observation"))
            for url in pregnancy(inner, work)
        ]
    return single(node, work, "")


def loinc_of(content: Json) -> str:
    """Return the LOINC code of an observation; empty when it has none."""
    codings = content.get("code", {}).get("coding", ())
    return next((c["code"] for c in codings if c.get("system") == LOINC and "code" in c), "")


def functional(node: Node, work: Work) -> list[str]:
    """Return the reference of an assessment of function with its observations."""
    if node.name != "organizer":
        urls = single(node, work, "survey")
        return [_impression({}, urls, node, work)] if urls else []
    content: Json = {**entry_ids(node)}
    code = concept(node.one("code"))
    settle(node, "statusCode", "text")
    content |= when(node.one("effectiveTime"), "effective")
    urls = [
        url
        for part in node.many("component")
        if (inner := part.one("observation")) is not None
        for url in single(inner, work, "survey")
    ]
    content["investigation"] = [
        {"code": code or {"text": "Functional status"}, "item": [{"reference": u} for u in urls]}
    ]
    return [_impression(content, urls, node, work)] if urls else []


def _impression(content: Json, urls: list[str], node: Node, work: Work) -> str:
    """Return a ClinicalImpression, the form in which IPS 2.0.0 lists functional status."""
    items = [{"reference": url} for url in urls]
    content.setdefault(
        "investigation", [{"code": {"text": "Functional status"}, "item": items}]
    )  # fmt: skip
    return work.resources.add("ClinicalImpression", {"status": "completed", **content}, node.where)


def _sort(node: Node, outer: str) -> str:
    """Return the category of a result, as far as its code or its organizer tells."""
    code = node.one("code")
    said = code.element.get("code", "") if code is not None else ""
    if said in _LABORATORY:
        return "laboratory"
    return "imaging" if said in _IMAGING else outer


def _report(node: Node, work: Work) -> list[str]:
    """Return the DiagnosticReport of an organizer (imaging or laboratory)."""
    code = concept(node.one("code"))
    content: Json = {**entry_ids(node), "status": status(node, "act.observation", "unknown")}
    settle(node, "text")
    if code:
        content["code"] = code
    content |= when(node.one("effectiveTime"), "effective")
    wrapper = not code or loinc_of(content) == RESULTS
    who = [
        url
        for found in node.many("performer")
        if (url := people.entity(found.one("assignedEntity"), work.resources))
    ]
    if who:
        content["performer"] = [{"reference": url} for url in who]
    _interpreters(node, work, content)
    observed, reports = _results_of(node, work, content)
    if wrapper and not who and "resultsInterpreter" not in content:
        return [*observed, *reports]
    if observed:
        content["result"] = [{"reference": url} for url in observed]
    return [work.resources.add("DiagnosticReport", content, node.where), *reports]


def _interpreters(node: Node, work: Work, content: Json) -> None:
    """Read who wrote the report, and when it was issued."""
    readers = []
    for author in node.many("author"):
        url = people.entity(author.one("assignedAuthor"), work.resources)
        time = moment(author.one("time"))
        if url:
            readers.append({"reference": url})
        if "T" in time and "issued" not in content:
            content["issued"] = time
        elif time:
            author.note(
                time,
                Fate.NOT_CARRIED,
                "FHIR tells to the second when a report was issued; the document does not.",
            )
    if readers:
        content["resultsInterpreter"] = readers


def _results_of(node: Node, work: Work, content: Json) -> tuple[list[str], list[str]]:
    """Return the observations of an organizer, and the reports of organizers inside it."""
    sort = _sort(node, "")
    observed: list[str] = []
    reports: list[str] = []
    for part in node.many("component"):
        organizer, inner = part.one("organizer"), part.one("observation")
        if organizer is not None:
            reports += _report(organizer, work)
        if inner is None:
            continue
        made = observation(inner, work, sort)
        if not made:
            continue
        _share_time(made, content)
        if "performer" in content:
            made.setdefault("performer", content["performer"])
        observed.append(work.resources.add("Observation", made, inner.where))
    return observed, reports


def _share_time(one: Json, other: Json) -> None:
    """Give the one that has no time the time of the other."""
    times = [{k: v for k, v in c.items() if k.startswith("effective")} for c in (one, other)]
    if not times[0]:
        one |= times[1]
    elif not times[1]:
        other |= times[0]


def single(node: Node, work: Work, sort: str) -> list[str]:
    """Return the reference of one observation in a list; empty when it says nothing."""
    made = observation(node, work, sort)
    if not made:
        return []
    return [work.resources.add("Observation", made, node.where)]


def observation(node: Node, work: Work, sort: str) -> Json:
    """Return the content of an Observation; empty when it has neither code nor value.

    Args:
        node: the observation.
        work: what is at hand.
        sort: category of HL7, ``vital-signs`` and so on; empty for none.
    """
    content: Json = {**entry_ids(node), "status": status(node, "act.observation", "unknown")}
    if sort:
        content["category"] = [category(sort)]
    code = concept(node.one("code"))
    if code:
        content["code"] = code
    content |= when(node.one("effectiveTime"), "effective", period_form=not _point_only(code))
    value = _value(node.many("value"))
    content |= value
    if negation(node):
        content |= _negated(value)
    content |= _details(node)
    notes = comments(node)
    if notes:
        content["note"] = notes
    _performers(node, work, content)
    specimen = _specimen(node, work)
    if specimen:
        content["specimen"] = {"reference": specimen}
        if not sort:
            content["category"] = [category("laboratory")]
    text = node.one("text")
    if text is not None:
        text.target()
        if not code and not value and (said := text.text()):
            content["code"] = {"text": clean(said)}
    if not content.get("code") and not value:
        return {}
    members = _members(node, work)
    if members:
        content["hasMember"] = [{"reference": url} for url in members]
    return content


def _details(node: Node) -> Json:
    """Return interpretation, method, body site and reference ranges."""
    content: Json = {}
    interpretations = [m for found in node.many("interpretationCode") if (m := concept(found))]
    if interpretations:
        content["interpretation"] = interpretations
    for name, key in (("methodCode", "method"), ("targetSiteCode", "bodySite")):
        made = concept(node.one(name))
        if made:
            content[key] = made
    ranges = [r for found in node.many("referenceRange") if (r := _range(found))]
    if ranges:
        content["referenceRange"] = ranges
    return content


def _point_only(code: Json) -> bool:
    """Whether the IPS profile for this code admits a point in time only (pregnancy)."""
    points = {"82810-3", "11778-8", "11779-6", "11780-4"}
    return any(c.get("code") in points for c in code.get("coding", ()))


def _negated(value: Json) -> Json:
    said = "not so: the document negates the observation"
    return {"note": [{"text": f"Negated: {said}"}]} if value else {
        "dataAbsentReason": {"text": said}
    }  # fmt: skip


def _performers(node: Node, work: Work, content: Json) -> None:
    found = []
    for name, inner in (("performer", "assignedEntity"), ("author", "assignedAuthor")):
        for who in node.many(name):
            url = people.entity(who.one(inner), work.resources)
            time = moment(who.one("time"))
            if time:
                who.note(time, Fate.NOT_CARRIED, "FHIR keeps the time of the observation only.")
            if url:
                found.append({"reference": url})
    if told_by_patient(node):
        found.append({"reference": work.resources.patient})
    if found:
        content["performer"] = found


def _specimen(node: Node, work: Work) -> str:
    """Return the specimen of a laboratory result."""
    role = node.at("specimen/specimenRole")
    if role is None:
        return ""
    content: Json = {}
    ids = identifiers(role)
    if ids:
        content["identifier"] = ids
    kind = concept(role.at("specimenPlayingEntity/code"))
    if kind.get("coding") or len(kind.get("text", "")) <= _NAME:
        content |= {"type": kind} if kind else {}
    elif kind:
        role.note(kind["text"], Fate.NOT_CARRIED, "A whole row of the narrative is no specimen.")
    if not content:
        return ""
    content["subject"] = {"reference": work.resources.patient}
    return work.resources.add("Specimen", content)


def _members(node: Node, work: Work) -> list[str]:
    """Return the observations that belong to this one (the due date of a pregnancy)."""
    return [
        url
        for relation in node.many("entryRelationship")
        if relation.element.get("typeCode") in ("COMP", "SUBJ", "SPRT")
        and (inner := relation.one("observation")) is not None
        for url in single(inner, work, "")
    ]


def _value(nodes: list[Node]) -> Json:
    """Return value[x] of an observation by the type that the document gives."""
    if not nodes:
        return {}
    node = nodes[0]
    for other in nodes[1:]:
        other.note(other.get("value") or other.get("code") or other.text(), Fate.NOT_CARRIED,
                   "FHIR takes one value of an observation.")  # fmt: skip
    made = _typed(node)
    if made and "valueCodeableConcept" not in made:
        said = next(iter(made.values()))
        node.note(str(said.get("value", "") if isinstance(said, dict) else said), Fate.EXACT)
    return made


def _typed(node: Node) -> Json:
    kind = node.type
    raw = node.get("value")
    if kind in ("CD", "CE", "CV", "CO", "CS", "SC") or (not kind and node.element.get("code")):
        made = concept(node)
        return {"valueCodeableConcept": made} if made else {}
    if kind in ("PQ", "REAL", "MO"):
        found = quantity(node)
        return {"valueQuantity": found} if found else {}
    if kind == "INT":
        count = number(raw)
        if count is not None and count == int(count) and abs(count) < 2**31:
            return {"valueInteger": int(count)}
        return {"valueString": clean(raw)} if raw else {}
    if kind == "BL":
        return {"valueBoolean": raw == "true"} if raw in ("true", "false") else {}
    if kind == "TS":
        time = moment(node)
        return {"valueDateTime": time} if time else {}
    if kind == "IVL_TS":
        return when(node, "value")
    if kind in ("IVL_PQ", "IVL_INT", "IVL_REAL"):
        return {f"value{form.capitalize()}": value for form, value in bounded(node).items()}
    if kind in ("RTO", "RTO_PQ_PQ", "RTO_QTY_QTY"):
        found = ratio(node)
        return {"valueRatio": found} if found else {}
    text = node.text() or raw
    return {"valueString": clean(text)} if text else {}


def _range(node: Node) -> Json:
    """Return one Observation.referenceRange."""
    inner = node.one("observationRange")
    if inner is None:
        return {}
    result: dict[str, Any] = {}
    value = inner.one("value")
    found = span(value)
    if "range" in found:
        result |= found["range"]
    elif "quantity" in found and value is not None:
        single = found["quantity"]
        result |= {"low": single, "high": single} if value.type == "PQ" else {}
    text = inner.one("text")
    if text is not None and text.text():
        result["text"] = clean(text.text())
    meaning = concept(inner.one("interpretationCode"))
    if meaning and result:
        result["type"] = meaning
    return result
