"""Who may not be shown: the reservation against Kjernejournal and access that was closed.

The sources of a Norwegian record do not say so themselves (the reservation is kept by
Kjernejournal, not in an answer of it), so a table does: ``consents.csv`` of the records folder, or
``data/exchange/consents.csv`` for the sample patients. A row forbids; what no row forbids is
permitted, as Norwegian law has it (Kjernejournalforskriften 3: everyone, unless they reserve;
EHDS Art 10 the same for the exchange).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from data.loaders.tables import Problems, read_csv
from ncp.connector.base import PERMITTED, Consent
from ncp.model import DocumentKind, PatientId

COLUMNS = ("patient", "kind", "country", "reason", "source")
REASONS = ("reservation", "blocked")
_ALL = "*"


@dataclass(frozen=True, slots=True)
class _Rule:
    kind: str
    country: str
    reason: str


class Consents:
    """What patients have forbidden.

    Args:
        rules: by patient number or ``root^number``.
    """

    def __init__(self, rules: dict[str, list[_Rule]] | None = None) -> None:
        self._rules = rules or {}

    def decide(self, ids: tuple[PatientId, ...], kind: DocumentKind, country: str) -> Consent:
        """Return whether documents of a kind may go to a country, for a person with these ids."""
        for one in ids:
            for key in (one.extension, f"{one.root}^{one.extension}"):
                for rule in self._rules.get(key, ()):
                    if rule.kind in (_ALL, kind) and rule.country in (_ALL, country.upper()):
                        return Consent(False, rule.reason)
        return PERMITTED

    @classmethod
    def read(cls, file: Path) -> Consents:
        """Read a table: patient, kind (LOINC or ``*``), country (or ``*``), reason, source.

        Raises:
            InputError: unreadable, an unknown kind or reason; all rows at once.
        """
        problems = Problems()
        rules: dict[str, list[_Rule]] = {}
        for row in read_csv(file, COLUMNS, problems):
            if row["kind"] not in (_ALL, *DocumentKind):
                problems.add(f"«{row['kind']}» is no kind of document", row.where,
                             remedy=f"a class code ({', '.join(DocumentKind)}) or *")  # fmt: skip
            if row["reason"] not in REASONS:
                problems.add(f"«{row['reason']}» is no reason", row.where,
                             remedy=" or ".join(REASONS))  # fmt: skip
            if not row["patient"] or not row["country"]:
                problems.add("patient or country is missing", row.where)
            rule = _Rule(row["kind"], row["country"].upper(), row["reason"])
            rules.setdefault(row["patient"], []).append(rule)
        problems.stop()
        return cls(rules)
