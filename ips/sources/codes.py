"""Codeable concepts of a source: European codings first, national ones beside, the words kept."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from typing import Any

from ips import terms
from ips.loss import Fate, LossReport
from ips.sources.node import Node

KJ = "http://nhn.no/kj/fhir/CodeSystem/"
_CATEGORY = "The category decides the section of the summary; Europe has no code for it."
_RANK = {Fate.EXACT: 0, Fate.APPROXIMATE: 1, Fate.AS_TEXT: 2, Fate.NOT_CARRIED: 3}


def concept(
    node: Node,
    obligations: Iterable[str] = (),
    *,
    hint: str = "",
    target: str | None = None,
    beside: tuple[str, ...] = (),
) -> dict[str, Any]:
    """Return a FHIR CodeableConcept out of one of the source.

    The coding that the user chose comes first. Each coding is translated; the concept is noted in
    the loss report once, by the coding that reached Europe best.

    Args:
        node: the CodeableConcept of the source.
        obligations: ids of the catalogue that the element bears on.
        hint: number of the national list that the element takes its codes from; used where the
            source gives no code system, or one of Kjernejournal's own that says no more.
        target: short name of the wanted European system.
        beside: national lists whose codes stand here but mean something else (see ``aside``).

    Returns:
        The concept; an empty dict when the source gives neither code nor text.
    """
    text = node.text("text")
    codings = sorted(
        (c for c in node.nodes("coding") if _list_of(c) not in beside),
        key=lambda c: c.value.get("userSelected") is not True,
    )
    made: list[dict[str, Any]] = []
    best: LossReport | None = None
    for coding in codings:
        notes = LossReport()
        part = _one(coding, notes, tuple(obligations), hint, target)
        made += [c for c in part.get("coding", []) if c not in made]
        text = text or part.get("text", "")
        if notes.items and (best is None or _rank(notes) < _rank(best)):
            best = notes
    if best is not None:
        node.reading.loss.extend(best)
    elif text:
        node.reading.lose(node.at("text"), text, Fate.AS_TEXT,
                          "The source gives only text.", obligations)  # fmt: skip
    if not made and not text:
        return {}
    european = [coding for coding in made if not _national(coding)]
    found: dict[str, Any] = {}
    if made:
        found["coding"] = european + [coding for coding in made if _national(coding)]
    return found | ({"text": text} if text else {})


def aside(node: Node, list_number: str, reason: str, obligations: Iterable[str] = ()) -> list[str]:
    """Return the words of the codings of one national list, noted as travelling as text.

    Kjernejournal adds codes to a diagnosis that are not the diagnosis (7513: consequences).
    """
    said = []
    for coding in node.nodes("coding"):
        if _list_of(coding) == list_number:
            coding.skip("system", "version", "userSelected")
            code, display = coding.text("code"), coding.text("display")
            said.append(display or terms.label(list_number, code) or code)
            node.reading.lose(coding.path, f"{list_number}|{code} {display}", Fate.AS_TEXT, reason,
                              obligations, list_number)  # fmt: skip
    return said


def category(node: Node, list_number: str, obligations: Iterable[str] = ()) -> dict[str, Any]:
    """Return a national category as it stands: it decides the section, and is no clinical code."""
    codings = []
    for coding in node.nodes("coding"):
        coding.skip("version", "userSelected")
        system, code, display = coding.text("system"), coding.text("code"), coding.text("display")
        own = terms.list_id(system) or (list_number if not system or system.startswith(KJ) else "")
        if not code:
            continue
        display = display or terms.label(own, code) or ""
        made = {"system": terms.normalise_system(own or system), "code": code}
        codings.append(made | ({"display": display} if display else {}))
        if own:
            node.reading.lose(coding.path, f"{own}|{code} {display}", Fate.APPROXIMATE, _CATEGORY,
                              obligations, own)  # fmt: skip
    text = node.text("text") or next((c["display"] for c in codings if "display" in c), "")
    return ({"coding": codings} if codings else {}) | ({"text": text} if text else {})


def _list_of(coding: Node) -> str:
    system = coding.value.get("system")
    return (terms.list_id(system) or "") if isinstance(system, str) else ""


def _one(
    coding: Node, notes: LossReport, obligations: tuple[str, ...], hint: str, target: str | None
) -> dict[str, Any]:
    system, code, display = coding.text("system"), coding.text("code"), coding.text("display")
    coding.skip("version", "userSelected")
    for link in coding.extensions("CodeInfoText", "UrlMoreInformation", "UrlInfectionInformation",
                                  "UrlInfectionGuide"):  # fmt: skip
        link.set_aside_whole("The source's own information about the code, not about the patient.")
    if not code and not display:
        return {}
    if hint and not terms.list_id(system) and (not system or system.startswith(KJ)):
        system = hint
    return terms.codeable_concept(
        system, code, display, element=coding.path, loss=notes, obligations=obligations,
        target=target,
    )  # fmt: skip


def national(
    node_path: str,
    list_number: str,
    code: str,
    display: str,
    loss: LossReport,
    obligations: Iterable[str] = (),
    *,
    target: str | None = None,
) -> dict[str, Any]:
    """Return a CodeableConcept out of a bare national code (XML and plain JSON sources)."""
    return terms.codeable_concept(
        list_number, code, display, element=node_path, loss=loss, obligations=obligations,
        target=target,
    )  # fmt: skip


def plain(system: str, code: str, display: str = "", text: str = "") -> dict[str, Any]:
    """Return a CodeableConcept with one international coding."""
    coding = {"system": system, "code": code} | ({"display": display} if display else {})
    return {"coding": [coding]} | ({"text": text} if text else {})


@cache
def _words(list_number: str) -> dict[str, str]:
    found: dict[str, str] = {}
    for code in map(str, range(100)):
        word = terms.label(list_number, code)
        if word:
            found.setdefault(word.casefold(), code)
    return found


def code_of_word(list_number: str, word: str) -> str:
    """Return the code of a national list whose Norwegian text is the word; empty when none is.

    E-prescriptions write the dose unit as its word (``tablett``) where the list has numbers.
    """
    return _words(list_number).get(word.strip().casefold(), "")


def first_code(node: Node) -> str:
    """Return the code of the first coding that has one, without reading anything."""
    codings = node.value.get("coding")
    for coding in codings if isinstance(codings, list) else []:
        if isinstance(coding, dict) and isinstance(coding.get("code"), str) and coding["code"]:
            return str(coding["code"])
    return ""


def codes_of(value: Any) -> set[tuple[str, str]]:
    """Return the (canonical system, code) pairs of a CodeableConcept."""
    codings = value.get("coding") if isinstance(value, dict) else None
    return {
        (terms.normalise_system(c["system"]), c["code"])
        for c in (codings if isinstance(codings, list) else [])
        if isinstance(c, dict)
        and isinstance(c.get("system"), str)
        and isinstance(c.get("code"), str)
    }


def bare_codes(value: dict[str, Any]) -> set[str]:
    """Return the codes of a CodeableConcept that we made, whatever their systems."""
    return {coding["code"] for coding in value.get("coding", []) if "code" in coding}


def _national(coding: dict[str, Any]) -> bool:
    system = coding.get("system", "")
    return (
        system.startswith(("urn:oid:2.16.578", KJ)) or "ehelse.no" in system or "dmp.no" in system
    )


def _rank(notes: LossReport) -> int:
    return min(_RANK[item.fate] for item in notes.items)
