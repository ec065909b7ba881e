"""Our own results: JSON of ``ehds ips check``, ``rx check``, ``ncp test``, and runs in memory.

A report of a document lists findings only. That the document holds is told by one verdict, which
replaces all older results of the same tool on the same document; what it fills of Annex I (1) is
told by the coverage, where it was asked for.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from data.results import Outcome, Result, Severity
from gap.evidence.readers.common import Json, day_of, entries, short, text_at
from gap.evidence.record import Raw
from ncp.scenarios.loading import shipped

CHECK = "ehds.ips.check/1"
_FAMILIES = {"ps": "ehds.cda-ps", "ep": "ehds.cda-ep", "ed": "ehds.cda-ed"}
SCENARIOS = "ehds.ncp"
_CATEGORIES = {"PS-A": "a", "eP-A": "bc", "OrCD-A": "def"}
"""Categories of EHDS Article 14(1) that the services of a contact point are about."""
_MPD = "http://hl7.eu/fhir/mpd/"
_SUMMARIES = ("http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips",
              "http://hl7.eu/fhir/eps/StructureDefinition/bundle-eu-eps")  # fmt: skip


def family(profiles: Iterable[str]) -> str:
    """Return the tool that judged a document, by what it was judged by.

    What was judged as FHIR alone, or by profiles of single resources, shows nothing of a summary.

    >>> family(["ps, level 3"])
    'ehds.cda-ps'
    >>> family(["http://hl7.org/fhir/StructureDefinition/Basic"])
    'ehds.fhir'
    """
    said = [str(one) for one in profiles]
    if any(", level" in one for one in said):
        return _FAMILIES.get(said[0].partition(",")[0], "ehds.cda")
    if any(one.startswith(_MPD) for one in said):
        return "ehds.mpd"
    return "ehds.ips" if any(one.startswith(_SUMMARIES) for one in said) else "ehds.fhir"


def of_results(results: Iterable[Result], tool: str, what: str) -> list[Raw]:
    """Return results of a run in memory, each by its own id.

    Args:
        results: what was judged.
        tool: name of the tool in the mapping, for example ``ehds.audit``.
        what: what was judged: a journal, a scenario.
    """
    return [_raw(r.to_dict(), tool, what, whole=True) for r in results]


def of_document(
    results: Iterable[Mapping[str, Any]], tool: str, what: str,
    coverage: Sequence[Mapping[str, Any]] = (), carried: tuple[str, ...] = (),
) -> list[Raw]:  # fmt: skip
    """Return what a document check shows: its verdict, its findings, and what it fills.

    Args:
        results: the findings as plain data.
        tool: family of the document.
        what: name of the document.
        coverage: rows of ``ips.summary.coverage`` as plain data.
        carried: obligations that whoever ran the check says the verdict bears on.
    """
    found = [_raw(r, f"{tool}/rule", what) for r in results]
    broken = [r for r in found if r.outcome in (Outcome.FAIL, Outcome.ERROR)
              and r.severity is Severity.ERROR]  # fmt: skip
    outcome = Outcome.FAIL if broken else Outcome.PASS
    message = f"{len(broken)} rules broken" if broken else "no rule broken"
    verdict = Raw(f"{tool}/verdict", what, outcome, message=message, carried=carried, whole=True)
    filled = [
        Raw(f"{tool}/annex-i/{row['element']}", what,
            Outcome.PASS if row["state"] == "filled" else Outcome.NOT_ASSESSED,
            message=f"Annex I (1), element {row['element']}: {row['state']}",
            carried=(str(row["obligation"]),))
        for row in coverage
    ]  # fmt: skip
    return [verdict, *found, *filled]


def read(content: Json) -> list[Raw]:
    """Return the results of one of our JSON documents.

    Documents give their verdicts. In any other schema every list of results is read, with the id,
    the outcome and the obligations of each; a scenario names itself by ``id``.
    """
    schema = text_at(content, "schema")
    when = day_of(content.get("when")) or day_of(content.get("date"))
    if schema == CHECK:
        found = [
            raw for document in entries(content, "documents")
            for raw in of_document(
                entries(document, "results"), family(document.get("profiles") or []),
                text_at(document, "name"), entries(document, "coverage"))
        ]  # fmt: skip
    else:
        tool = re.split("[-/]", schema)[0]
        found = list(_walk(content, tool, text_at(content, "subject")))
    return [_dated(raw, when) for raw in found]


def _walk(node: Json, tool: str, what: str) -> Iterator[Raw]:
    """Give every result below a node; an object with results of its own names what was judged."""
    for key, value in node.items():
        if key == "results" and isinstance(value, list):
            named = text_at(node, "id") or text_at(node, "name") or what
            results = [r for r in value if isinstance(r, dict) and "outcome" in r and "id" in r]
            if "outcome" in node and text_at(node, "id"):
                yield from of_scenario(
                    named, Outcome(text_at(node, "outcome")), results,
                    tuple(map(str, node.get("obligations") or ())),
                    tuple(map(str, node.get("services") or ())), tool,
                )  # fmt: skip
            else:
                yield from (_raw(result, tool, named, whole=True) for result in results)
        elif isinstance(value, dict):
            yield from _walk(value, tool, what)
        elif isinstance(value, list):
            for one in value:
                if isinstance(one, dict):
                    yield from _walk(one, tool, what)


def of_scenario(
    ident: str, outcome: Outcome, results: Iterable[Mapping[str, Any]],
    obligations: tuple[str, ...], services: tuple[str, ...], tool: str = SCENARIOS,
) -> list[Raw]:  # fmt: skip
    """Return a scenario as one result, and beside it what its checks say of other obligations.

    Args:
        ident: of the scenario, ``IDN-01``.
        outcome: of the scenario.
        results: of its checks as plain data.
        obligations: what it bears on; those of the shipped scenario of this id when empty.
        services: roles of the target it is for; the categories that it is about follow from them.
        tool: name of the tool in the mapping.
    """
    known = next((s for s in shipped() if s.id == ident), None) if tool == SCENARIOS else None
    if known:
        obligations, services = obligations or known.obligations, services or known.services
    about = tuple(sorted(c for s in services for c in _CATEGORIES.get(s, "")))
    listed = list(results)
    told = next((r for r in listed if r["outcome"] == outcome), {})
    found = [Raw(f"{tool}/{ident}", ident, outcome, message=short(told.get("message")),
                 location=short(told.get("location")), carried=obligations, categories=about,
                 whole=True)]  # fmt: skip
    for result in listed:
        other = tuple(o for o in result.get("obligations") or () if o not in obligations)
        if other:
            raw = _raw({**result, "obligations": other}, f"{tool}/{ident}", ident)
            found.append(replace(raw, categories=about))
    return found


def _raw(result: Mapping[str, Any], prefix: str, what: str, *, whole: bool = False) -> Raw:
    return Raw(
        test=f"{prefix}/{result['id']}", what=what, outcome=Outcome(result["outcome"]),
        severity=Severity(result.get("severity") or "error"),
        message=short(result.get("message")), location=short(result.get("location")),
        carried=tuple(map(str, result.get("obligations") or ())), whole=whole,
    )  # fmt: skip


def _dated(raw: Raw, when: dt.date | None) -> Raw:
    return replace(raw, date=when) if when else raw
