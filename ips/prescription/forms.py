"""Dose forms back from EDQM Standard Terms into the national list 7448.

The map leads from the list to EDQM. It is walked backwards only where it says that both mean the
same and no second form of the list has the same term: anything else would add meaning.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from ips import terms
from ips.terms.model import EXACT
from ips.terms.tables import maps

LIST = "7448"
"""Legemiddelform (Volven)."""


@cache
def _from_edqm() -> dict[tuple[str, str], str]:
    found: dict[tuple[str, str], set[str]] = {}
    for code_map in maps().get(LIST, ()):
        for code, rows in code_map.rows.items():
            for row in rows:
                if row.target and row.equivalence in EXACT:
                    key = (row.target.system, row.target.code)
                    found.setdefault(key, set()).add(code)
    return {key: codes.pop() for key, codes in found.items() if len(codes) == 1}


def national_form(concept: dict[str, Any]) -> tuple[str, str, str]:
    """Return a dose form in list 7448; empty texts when none, or no single one, is meant.

    Args:
        concept: the form as CodeableConcept: its own national code counts before its EDQM term.

    Returns:
        the code that the concept has, and code and name in list 7448.
    """
    codings = [c for c in concept.get("coding", ()) if isinstance(c, dict) and c.get("code")]
    given = [(terms.normalise_system(str(c.get("system", ""))), str(c["code"]), c) for c in codings]
    own = terms.normalise_system(LIST)
    for system, code, coding in given:
        if system == own:
            return code, code, str(coding.get("display") or terms.label(LIST, code) or "")
    for system, code, _ in given:
        found = _from_edqm().get((system, code))
        if found:
            return code, found, terms.label(LIST, found) or ""
    return "", "", ""
