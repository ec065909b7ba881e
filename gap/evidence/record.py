"""What a test showed, as one record: what, when, by whom, on which system, and what it bears on."""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any

from data.results import Outcome, Severity

TOOL_CHAIN = "ehds"
"""Subject of everything that is about this product itself, for example its own samples."""


class Strength(StrEnum):
    """Who ran the test; the grade of each is in ``data/evidence/strengths.csv``."""

    MAKER = "maker"
    THIRD_PARTY = "third-party"
    AUTHORITY = "authority"


class Environment(StrEnum):
    """Where the system ran when it was tested."""

    TEST = "test"
    PRODUCTION = "production"


class Covers(StrEnum):
    """How much of an obligation a pass shows (``data/evidence/mapping.csv``)."""

    PART = "part"
    WHOLE = "whole"


@dataclass(frozen=True, slots=True)
class Origin:
    """What a file of results does not say itself: what was tested, by whom, when.

    Attributes:
        subject: id in ``data/systems``, or ``ehds`` for this product itself. A result on our own
            samples is about ``ehds``, never about a Norwegian system.
        subject_version: version of the system, as its owner writes it.
        environment: where it ran.
        derived: the judged documents were made by this product from the subject's records; then
            they show what the records hold, and not what the system can send.
        by: who ran the test.
        strength: whether that is the maker, a third party or an authority.
        date: day of the test, where the results themselves do not say; None is then an error.
        tool_version: version of the tool, where the results do not say.
    """

    subject: str
    subject_version: str = ""
    environment: Environment = Environment.TEST
    derived: bool = False
    by: str = ""
    strength: Strength = Strength.MAKER
    date: dt.date | None = None
    tool_version: str = ""


@dataclass(frozen=True, slots=True)
class Raw:
    """One result as a reader finds it in a file, before it is known what it bears on.

    Attributes:
        test: ``tool/id`` of the test, for example ``ehds.ncp/IDN-01`` or ``junit/suite.case``.
        what: what was judged: a document, a suite, a scenario.
        outcome: one of the closed set.
        severity: how much a failure weighs; only ``error`` contradicts a finding.
        message: one line for people.
        location: place in what was judged.
        carried: obligations that the result names itself.
        categories: priority categories that the result is about, where it tells; these go before
            those of the mapping.
        date: day of the run, None when the file does not say.
        tool_version: version of the tool; empty when the file does not say.
        whole: this result is the verdict on all of ``what``; a newer one replaces every older
            result of the same tool on it.
    """

    test: str
    what: str
    outcome: Outcome
    severity: Severity = Severity.ERROR
    message: str = ""
    location: str = ""
    carried: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    date: dt.date | None = None
    tool_version: str = ""
    whole: bool = False


def _said(record: Record) -> dict[str, Any]:
    """Return what the id of a record follows from."""
    return {f.name: getattr(record, f.name) for f in fields(record)
            if f.init and f.name not in ("file", "stale")}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Record:
    """One piece of evidence.

    Attributes:
        test, what, outcome, severity, message, location, whole: as in ``Raw``.
        obligations: what it bears on, by the mapping table.
        categories: priority categories that the test is about; empty is all of the row.
        fully: those of the obligations that a pass shows whole, not in part.
        subject, subject_version, environment, derived, by, strength: as in ``Origin``.
        tool_version: version of the tool.
        date: day of the test.
        stale: first day on which a pass no longer counts (a proposal, ``stale.csv``).
        file: name of the file that the result was read from; empty for a run in memory.
        sha256: of that file.
    """

    test: str
    what: str
    outcome: Outcome
    subject: str
    date: dt.date
    obligations: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    fully: tuple[str, ...] = ()
    severity: Severity = Severity.ERROR
    message: str = ""
    location: str = ""
    whole: bool = False
    subject_version: str = ""
    environment: Environment = Environment.TEST
    derived: bool = False
    by: str = ""
    strength: Strength = Strength.MAKER
    tool_version: str = ""
    stale: dt.date | None = None
    file: str = ""
    sha256: str = ""
    id: str = field(init=False)

    def __post_init__(self) -> None:
        """Give the record an id that follows from everything it says but its file name."""
        key = [f"{name}={value}" for name, value in sorted(_said(self).items())]
        digest = hashlib.sha256("\x1f".join(key).encode()).hexdigest()
        object.__setattr__(self, "id", f"ev-{digest[:16]}")

    @property
    def tool(self) -> str:
        """The tool that judged: the part of ``test`` before the first stroke."""
        return self.test.partition("/")[0]

    @property
    def fails(self) -> bool:
        """Whether the result contradicts that the obligation is met."""
        return self.outcome is Outcome.FAIL and self.severity is Severity.ERROR

    @property
    def blocks(self) -> bool:
        """Whether something that had to be shown was not: a missing precondition is no pass."""
        return self.outcome is Outcome.SKIP and self.severity is Severity.ERROR

    def is_stale(self, day: dt.date) -> bool:
        """Whether a pass is too old to count on a day."""
        return self.stale is not None and day >= self.stale

    def to_dict(self) -> dict[str, Any]:
        """Return the record as plain data for JSON; dates are ISO 8601."""
        plain = asdict(self)
        plain["date"] = self.date.isoformat()
        plain["stale"] = self.stale.isoformat() if self.stale else None
        return {"id": plain.pop("id"), **plain}
