"""Finds what was changed, removed or slipped into a journal after it was written."""

from __future__ import annotations

import hashlib
import zlib
from dataclasses import dataclass, field

import orjson
from sqlalchemy import Connection, Row, select

from data.results import Outcome, Result, Severity
from ncp.audit.facts import from_json
from ncp.audit.journal import GENESIS, chain, columns
from ncp.audit.journal import people as written
from ncp.audit.tables import journal, journal_part, journal_patient
from ncp.audit.transaction import Transaction

OBLIGATIONS = ("X2.3.2", "X2.3.3")
_BATCH = 200
_SOURCE = "EHDS Annex II 3.2; hash chain of the journal"


@dataclass(slots=True)
class Verification:
    """What looking through a journal gave.

    Attributes:
        entries: how many there are.
        head: digest of the last one. Noted elsewhere, it shows later that none was cut off.
        results: one for each thing that is wrong, or one that says that all is in order.
    """

    entries: int = 0
    head: str = GENESIS
    results: list[Result] = field(default_factory=list)

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return all(r.outcome is Outcome.PASS for r in self.results)


def verify(connection: Connection, head: str = "") -> Verification:
    """Look through the whole journal.

    Args:
        connection: for reading.
        head: a digest that was noted earlier; it has to be in the chain still.
    """
    seen = _Walk(Verification(), head.lower())
    rows = connection.execute(
        select(journal).order_by(journal.c.number).execution_options(yield_per=_BATCH)
    )
    for batch in rows.partitions(_BATCH):
        seen.batch(connection, list(batch))
    return seen.end()


class _Walk:
    """Goes from entry to entry; the state between them is number and digest."""

    def __init__(self, found: Verification, head: str) -> None:
        self.found = found
        self.head = head
        self.head_seen = head in ("", GENESIS)
        self.number = 0

    def batch(self, connection: Connection, rows: list[Row[tuple[object, ...]]]) -> None:
        numbers = [row.number for row in rows]
        people: dict[int, set[tuple[str, str]]] = {}
        named = select(journal_patient).where(journal_patient.c.number.in_(numbers))
        for person in connection.execute(named):
            people.setdefault(person.number, set()).add((person.root, person.extension))
        sums: dict[int, dict[str, str]] = {}
        kept = select(journal_part).where(journal_part.c.number.in_(numbers))
        for part in connection.execute(kept):
            sums.setdefault(part.number, {})[part.part] = _sum(part.content)
        for row in rows:
            self.entry(row, people.get(row.number, set()), sums.get(row.number, {}))

    def entry(self, row: Row[tuple[object, ...]], people: set[tuple[str, str]],
              sums: dict[str, str]) -> None:  # fmt: skip
        if row.number != self.number + 1:
            self.fail("journal-gap", f"entries {self.number + 1} to {row.number - 1} are gone",
                      row.number)  # fmt: skip
        elif row.previous != self.found.head:
            self.fail("journal-chain", "it does not follow the entry before it", row.number)
        if chain(row.previous, row.number, row.facts, row.parts) != row.digest:
            self.fail("journal-digest", "its content is not what was written", row.number)
        self.columns(row, people)
        for part, wanted in orjson.loads(row.parts).items():
            if sums.get(part) != wanted:
                what = "is gone" if part not in sums else "is not what was written"
                self.fail("journal-part", f"the message «{part}» {what}", row.number)
        self.number, self.found.head = row.number, row.digest
        self.head_seen = self.head_seen or row.digest == self.head
        self.found.entries += 1

    def columns(self, row: Row[tuple[object, ...]], people: set[tuple[str, str]]) -> None:
        """What the journal is searched by has to say what the chained facts say."""
        transaction = _transaction(row.facts)
        if transaction is None:
            self.fail("journal-facts", "its facts cannot be read", row.number)
            return
        for name, value in columns(transaction).items():
            if getattr(row, name) != value:
                self.fail("journal-columns", f"its «{name}» is not what was written", row.number)
        if people != written(transaction):
            self.fail("journal-patients", "its patients are not those that were written",
                      row.number)  # fmt: skip

    def fail(self, rule: str, message: str, number: int) -> None:
        self.found.results.append(
            Result(rule, Outcome.FAIL, Severity.ERROR, f"entry {number}: {message}",
                   f"journal {number}", OBLIGATIONS, source=_SOURCE)
        )  # fmt: skip

    def end(self) -> Verification:
        if not self.head_seen:
            self.found.results.append(
                Result("journal-head", Outcome.FAIL, Severity.ERROR,
                       "the digest that was noted is not in the chain: entries were cut off or "
                       "the journal was written anew", "", OBLIGATIONS, source=_SOURCE)
            )  # fmt: skip
        if not self.found.results:
            self.found.results.append(
                Result("journal-chain", Outcome.PASS, Severity.ERROR,
                       f"{self.found.entries} entries follow each other unchanged", "",
                       OBLIGATIONS, source=_SOURCE)
            )  # fmt: skip
        return self.found


def _sum(content: bytes) -> str:
    try:
        return hashlib.sha256(zlib.decompress(content)).hexdigest()
    except zlib.error:
        return "unreadable"


def _transaction(facts: str) -> Transaction | None:
    try:
        return from_json(facts)
    except (ValueError, KeyError, TypeError):
        return None
