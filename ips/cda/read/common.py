"""What the readers of entries share: statuses, sub-observations, absence, comments."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from ips.cda.read import people, tables
from ips.cda.read.datatypes import Json, coding, concept, identifiers, moment
from ips.cda.read.narrative import Narrative
from ips.cda.read.node import Node, Reading, clean
from ips.cda.read.resources import Resources
from ips.cda.read.tables import Absence
from ips.loss import Fate
from ips.summary.systems import absent

HL7 = "http://terminology.hl7.org/CodeSystem/"
LOINC = "http://loinc.org"
_COMMENT = "48767-8"


@dataclass
class Work:
    """Everything that is at hand while entries are read.

    Attributes:
        reading: losses and what has been read.
        resources: the bundle in the making.
        narrative: writer of the sections' text.
        language: language of the document.
        absences: what the section at hand says is absent or unknown.
    """

    reading: Reading
    resources: Resources
    narrative: Narrative
    language: str
    absences: list[Absence] = field(default_factory=list)


def status(node: Node, field_: str, otherwise: str) -> str:
    """Return the FHIR status of an act by its ``statusCode``."""
    code = node.one("statusCode")
    said = code.get("code") if code else ""
    found = tables.meaning(field_, said)
    if code is None or not said:
        return otherwise
    if found is None:
        code.note(said, Fate.APPROXIMATE, f"This status has no counterpart; read as {otherwise}.")
        return otherwise
    code.note(said, found.fate, found.reason)
    return found.value


def observations(node: Node) -> Iterator[tuple[Node, str, Node]]:
    """Yield the observations tied to an entry: the relation, its type, the observation."""
    for relation in node.many("entryRelationship"):
        inner = relation.one("observation")
        if inner is not None:
            yield relation, relation.element.get("typeCode", ""), inner


def in_concern(act: Node, read_one: Callable[[Node, str], str]) -> list[str]:
    """Return the references of the statements in a concern act.

    Args:
        act: the act.
        read_one: reads one observation, given the status of the concern; returns its reference,
            or nothing when it states nothing of its own.
    """
    state = status(act, "act.concern", "active")
    settle(act, "code", "text")
    found = [
        read_one(observation, state)
        for _, kind, observation in observations(act)
        if kind in ("SUBJ", "")
    ]
    return [url for url in found if url]


def code_of(node: Node) -> str:
    """Return the code that tells what an observation is, without reading it."""
    found = node.one("code")
    return "" if found is None else found.element.get("code", "")


_FORMAL = frozenset(
    {"CONC", "IMMUNIZ", "DRUG", "SUBST", "FINSTRUCT", "PINSTRUCT", "SEV", "ASSERTION", "48767-8",
     "82606-5", "66455-7", "33999-4", "11323-3", "30973-2", "46680005"}
)  # fmt: skip
"""Codes that say what an element is; FHIR says it by the name of an element or a resource."""


def settle(node: Node, *names: str) -> None:
    """Mark what an act always says (its kind, ids, status, link) as read.

    A kind that says more than the template does goes to the loss report.
    """
    for name in names or ("code", "id", "statusCode", "text"):
        for child in node.many(name):
            said = child.element.get("code", "") if name == "code" else ""
            if said and said not in _FORMAL and child.element.get("codeSystem"):
                name_ = child.element.get("displayName", "")
                child.note(
                    f"{said} {name_}".strip(),
                    Fate.NOT_CARRIED,
                    "FHIR has no place for this kind beside the statement itself.",
                )
            child.use()


def value_of(node: Node) -> Json:
    """Return the coded value of a sub-observation, which is then read as a whole."""
    made = concept(node.one("value"))
    settle(node)
    return made


def mapped(node: Node, field_: str) -> tuple[str, Json]:
    """Return what the value of a sub-observation means in a field, and the value itself.

    A code of the target's own system means itself.
    """
    value = node.one("value")
    if value is None:
        return "", {}
    system, code = coding(value)
    made = value_of(node)
    found = tables.meaning(field_, code, system)
    if found is None:
        return "", made
    if found.reason:
        value.note(made.get("text", code), found.fate, found.reason)
    return found.value, made


def comments(node: Node) -> list[Json]:
    """Return the notes (comment acts, LOINC 48767-8) of an entry and of its observations."""
    found: list[Json] = []
    for relation in node.many("entryRelationship"):
        act = relation.one("act")
        if act is not None and code_of(act) == _COMMENT:
            text = act.one("text")
            said = clean(text.text()) if text else ""
            settle(act, "code", "id", "statusCode")
            if text is not None and said:
                text.note(said, Fate.EXACT)
                note = {"text": said}
                if note not in found:
                    found.append(note)
    return found


def absence(node: Node | None, work: Work) -> Absence | None:
    """Return what a coded element says is absent; the element is then read."""
    if node is None:
        return None
    system, code = coding(node)
    found = tables.absences().get((system, code))
    if found is None:
        return None
    node.note(code, Fate.EXACT)
    work.absences.append(found)
    return found


def absent_concept(found: Absence) -> Json:
    """Return the concept of a known absence in SNOMED CT, as IPS 2.0.0 asks."""
    coding_ = {"system": "http://snomed.info/sct", "code": found.snomed, "display": found.display}
    return {"coding": [coding_], "text": found.display}


def nothing(
    gone: Absence, node: Node, work: Work, name: str, *, status: str, code: str,
    who: str = "subject", time: str,
) -> list[str]:  # fmt: skip
    """Return the reference of the resource that says that there is none of something.

    Args:
        gone: what the entry says; that nothing is known makes the section unknown, no resource.
        node: the entry, which is then read.
        work: what is at hand.
        name: resource type.
        status: its status.
        code: element of its code.
        who: element of the patient.
        time: its mandatory time, which does not apply.
    """
    settle(node, "id", "statusCode")
    if gone.means == "unknown":
        return []
    content = {"status": status, code: absent_concept(gone),
               who: {"reference": work.resources.patient},
               time: absent("not-applicable")}  # fmt: skip
    return [work.resources.add(name, content, node.where)]


def entry_ids(node: Node) -> Json:
    """Return ``identifier`` of an entry, empty when it has none."""
    found = identifiers(node)
    return {"identifier": found} if found else {}


def negated(node: Node) -> bool:
    """Whether an act says that the thing did not happen or is not so."""
    return node.element.get("negationInd") == "true"


def negation(node: Node) -> bool:
    """As ``negated``, and note it: the resource must say the same."""
    if not negated(node):
        return False
    node.get("negationInd")
    node.reading.note(f"{node.where}/@negationInd", "true", Fate.EXACT)
    return True


def told(node: Node, work: Work, content: Json, **names: str) -> None:
    """Read who wrote an entry down, when, and whether the patient told it.

    Args:
        node: the act.
        work: what is at hand.
        content: the resource; gets what it has elements for.
        names: ``recorder``, ``date`` and ``asserter``: the elements of the resource; one that it
            does not have is left out and goes to the loss report.
    """
    for author in node.many("author"):
        url = people.entity(author.one("assignedAuthor"), work.resources)
        time = moment(author.one("time"))
        if url and names.get("recorder") and names["recorder"] not in content:
            content[names["recorder"]] = {"reference": url}
        elif url:
            author.note("", Fate.NOT_CARRIED, "FHIR has no place for this author of the entry.")
        if time and names.get("date") and names["date"] not in content:
            content[names["date"]] = time
        elif time:
            author.note(time, Fate.NOT_CARRIED, "FHIR has no place for when the entry was written.")
    if told_by_patient(node) and names.get("asserter"):
        content[names["asserter"]] = {"reference": work.resources.patient}


def told_by_patient(node: Node) -> bool:
    """Return whether the informant of an entry is the patient, and note it."""
    for informant in node.many("informant"):
        code = informant.at("relatedEntity/code")
        if code is not None and code.element.get("code") == "SELF":
            code.get("code")
            code.note("SELF", Fate.EXACT)
            return True
    return False
