"""From a national code to Europe: what the tables say, what a rule computes, or why nothing does.

A translation is never a guess. Where a list has several narrower counterparts, choosing one would
add meaning, so they are given as candidates and the code travels as text.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache, lru_cache

from ips.terms import computed
from ips.terms.model import CLOSENESS, Coding, Equivalence, Translation
from ips.terms.systems import is_european, list_id, normalise_system, target_uri
from ips.terms.tables import OWN_RANK, CodeMap, MapRow, code_list, maps

_DEFAULT_REASONS = {
    Equivalence.WIDER: "The European code is wider than the national one.",
    Equivalence.INEXACT: "The European code covers nearly, but not exactly, the same.",
    Equivalence.NARROWER: "Every European candidate is narrower than the national code; "
    "choosing one would add meaning.",
}  # fmt: skip


@lru_cache(maxsize=16384)
def translate(
    list_or_system: str, code: str, display: str = "", target: str | None = None
) -> Translation:
    """Translate one code; never raises for any text.

    Args:
        list_or_system: number, OID or URI of the list.
        code: the national code.
        display: the source's own name for it; decides where a code has changed meaning between
            editions of its list.
        target: short name (``snomed``, ``edqm``, ``ucum``, ``atc``, ``loinc``, ``isco-08``,
            ``icd-10``, ``emdn`` ...) or URI; None takes the first choice of the list.
    """
    source = Coding(normalise_system(list_or_system), code.strip(), display)
    number = list_id(list_or_system)
    wanted = target_uri(target) if target else None
    if not source.code:
        return _unmatched(source, "The source gives no code, only text.")
    own = [m for m in _group(number, source, wanted) if m.rank == OWN_RANK]
    if any(source.code in code_map.rows for code_map in own):
        return _from_tables(number, source, wanted)
    found = computed.rule(number or "", source, wanted)
    if found:
        return found
    if is_european(source.system) and wanted in (None, source.system):
        return Translation(source, (source,), Equivalence.EQUAL, False, "",
                           "same system; whether it has the code is not looked up")  # fmt: skip
    return _from_tables(number, source, wanted)


def _from_tables(number: str | None, source: Coding, wanted: str | None) -> Translation:
    group = _group(number, source, wanted)
    other = _other_code(number or "", source) if group else ""
    if other:
        return _unmatched(source, f"Code and name disagree: «{source.display}» is code {other}.")
    answers: list[Translation] = []
    rank = 0
    for code_map in group:
        if code_map.rank > rank and any(answer.carried for answer in answers):
            break
        rank = code_map.rank
        rows = code_map.rows.get(source.code)
        if rows:
            answers.append(_in_map(rows, source))
    if answers:
        return _best(answers)
    return _unmatched(source, _why(number, source, group, wanted))


def _group(number: str | None, source: Coding, wanted: str | None) -> list[CodeMap]:
    every = maps().get(number or source.system, ())
    return [one for one in every if wanted in (None, one.target)]


def _why(number: str | None, source: Coding, group: list[CodeMap], wanted: str | None) -> str:
    """Say why no map has a row for a code."""
    if not group:
        name = f"List {number}" if number else f"The code system {source.system or '(none)'}"
        return f"{name} has no map to {'the wanted' if wanted else 'a'} European system."
    if source.code not in code_list(number or "") and code_list(number or ""):
        unknown = f"Code {source.code} is not among the shipped codes of list {number}."
        return " ".join(filter(None, (unknown, group[0].otherwise)))
    reasons = (code_map.otherwise for code_map in group if code_map.otherwise)
    return next(reasons, f"Code {source.code} of list {number} has no row in the map.")


def _best(answers: list[Translation]) -> Translation:
    """One answer out of several target systems: all that may be sent, judged by the closest.

    Beside an exact coding a wider one is still true; an inexact one need not be and stays away.
    """
    closest = min(answers, key=lambda answer: CLOSENESS[answer.equivalence])
    carried = [
        answer for answer in answers
        if answer.carried
        and not (closest.exact and answer.equivalence is Equivalence.INEXACT)
    ]  # fmt: skip
    if len(carried) < 2:
        return closest
    targets = tuple(coding for answer in carried for coding in answer.carried)
    return Translation(
        closest.source, targets, closest.equivalence, closest.inferred, closest.reason,
        " + ".join(dict.fromkeys(answer.map_source for answer in carried)),
    )  # fmt: skip


def _in_map(rows: tuple[MapRow, ...], source: Coding) -> Translation:
    chosen, doubt = _right_edition(rows, source.display)
    if doubt:
        return _unmatched(source, doubt)
    return _from_rows(source, chosen)


def _right_edition(rows: tuple[MapRow, ...], display: str) -> tuple[tuple[MapRow, ...], str]:
    """Choose the rows of the edition that the display belongs to."""
    names = {_plain(row.source.display) for row in rows}
    if len(names) == 1:
        return rows, ""
    mine = tuple(row for row in rows if _plain(row.source.display) == _plain(display))
    if mine:
        return mine, ""
    editions = [tuple(r for r in rows if _plain(r.source.display) == name) for name in names]
    if len({frozenset(row.target for row in edition) for edition in editions}) == 1:
        return max(editions, key=lambda e: max(CLOSENESS[row.equivalence] for row in e)), ""
    meanings = " / ".join(sorted({row.source.display for row in rows}))
    code = rows[0].source.code
    return (), f"Code {code} has changed meaning between editions ({meanings}); the name decides."


def _from_rows(source: Coding, rows: tuple[MapRow, ...]) -> Translation:
    usable = [row for row in rows if row.equivalence is not Equivalence.NARROWER]
    chosen = usable or list(rows)
    first = min(chosen, key=lambda row: CLOSENESS[row.equivalence])
    named = source if source.display else first.source
    if first.target is None:
        return _unmatched(named, first.note, first)
    return Translation(
        named,
        tuple(row.target for row in chosen if row.target),
        first.equivalence,
        first.inferred,
        _reason(first, chosen),
        f"{first.map_source} ({first.edition})" if first.edition else first.map_source,
    )


def _reason(first: MapRow, chosen: Iterable[MapRow]) -> str:
    if first.equivalence is Equivalence.NARROWER:
        candidates = ", ".join(f"{r.target.code} {r.target.display}" for r in chosen if r.target)
        return f"{first.note or _DEFAULT_REASONS[first.equivalence]} Candidates: {candidates}."
    return first.note or _DEFAULT_REASONS.get(first.equivalence, "")


def _unmatched(source: Coding, reason: str, row: MapRow | None = None) -> Translation:
    return Translation(
        source, (), Equivalence.UNMATCHED, bool(row and row.inferred), reason,
        row.map_source if row else "",
    )  # fmt: skip


def _other_code(number: str, source: Coding) -> str:
    """Return the code that the source's name really belongs to, when it is another one."""
    codes = _names(number).get(_plain(source.display), frozenset())
    return "" if not codes or source.code in codes else sorted(codes)[0]


@cache
def _names(number: str) -> dict[str, frozenset[str]]:
    """Return the codes of a list by name, over all editions that are at hand."""
    found: dict[str, set[str]] = {}
    for code, entry in code_list(number).items():
        found.setdefault(_plain(entry["display_nb"]), set()).add(code)
    for code_map in maps().get(number, ()):
        for code, rows in code_map.rows.items():
            for row in rows:
                found.setdefault(_plain(row.source.display), set()).add(code)
    found.pop("", None)
    return {name: frozenset(codes) for name, codes in found.items()}


def _plain(text: str) -> str:
    return " ".join(text.casefold().split())
