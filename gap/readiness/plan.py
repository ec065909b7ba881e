"""What a run is to do: its stages, what is tested, and the print by which a run is known again."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import data
from data.errors import InputError, Problem, did_you_mean
from data.loaders.systems import systems
from gap.evidence import TOOL_CHAIN, Origin
from ips.identifiers import Series, mask, person_number

_NUMBER = re.compile(rb"(?<!\d)(?<!\d[.\-])[0-7]\d{10}(?!\d|[.\-]\d)")
_SUFFIXES = (".json", ".xml", ".csv")


class Stage(StrEnum):
    """Stages of a run that leave evidence."""

    DOCUMENTS = "documents"
    EXCHANGE = "exchange"


@dataclass(frozen=True, slots=True)
class Plan:
    """What is tested, and by whom.

    Attributes:
        version: of this product.
        day: day of the run.
        records: folder of a test environment's records; None for our own samples.
        subject: system whose records these are; ``ehds`` for our own samples.
        ncp_a: address of a contact point; empty for our own inside this process.
        ncp_subject: system that the contact point is; ``ehds`` for our own.
        country_b: who asks in the exchange, ISO 3166-1 alpha-2.
        by: who runs the tests.
        more: what else decides on the results, for the print of the run.
    """

    version: str
    day: dt.date
    records: Path | None = None
    subject: str = TOOL_CHAIN
    ncp_a: str = ""
    ncp_subject: str = TOOL_CHAIN
    country_b: str = "SE"
    by: str = ""
    more: dict[str, str] = field(default_factory=dict)

    def origin(self, stage: Stage, *, derived: bool = False) -> Origin:
        """Return where the results of a stage come from.

        Args:
            stage: of the run.
            derived: this product made the documents from the subject's records. Of the product
                itself they show what it can make, so there it is never so.
        """
        subject = self.subject if stage is Stage.DOCUMENTS else self.ncp_subject
        return Origin(subject, derived=derived and subject != TOOL_CHAIN, by=self.by,
                      date=self.day, tool_version=self.version)  # fmt: skip

    def print_of(self) -> dict[str, Any]:
        """Return what the results follow from: a run goes on only where all of it is the same."""
        return {
            "version": self.version,
            "data": hashlib.sha256(data.path("SOURCES.toml").read_bytes()).hexdigest(),
            "subject": self.subject,
            "records": _digest(self.records) if self.records else "samples",
            "ncp_a": self.ncp_a or "embedded",
            "ncp_subject": self.ncp_subject,
            "country_b": self.country_b,
            "by": self.by,
            **self.more,
        }


def check(plan: Plan) -> None:
    """Check a plan before anything is run.

    Raises:
        InputError: unknown system, records or a contact point without a system, or records with
            the number of a real person; all of it at once.
    """
    problems: list[Problem] = []
    for name, given, option in ((plan.subject, plan.records, "--subject"),
                                (plan.ncp_subject, plan.ncp_a, "--ncp-subject")):  # fmt: skip
        if name != TOOL_CHAIN and name not in systems():
            problems.append(
                Problem(
                    f"unknown system «{name}»",
                    option,
                    remedy=did_you_mean(name, systems(), "ehds systems list"),
                )
            )
        elif given and name == TOOL_CHAIN:
            problems.append(
                Problem(
                    "it is not said which system is tested",
                    option,
                    rule="results on other records and contact points are about a system",
                    remedy=f"give {option}, see ehds systems list",
                )
            )
        elif not given and name != TOOL_CHAIN:
            problems.append(Problem(f"«{name}» cannot be tested on our own samples", option,
                                    rule="our samples show what this product can do, not what a "
                                    "Norwegian system can",
                                    remedy="give --records DIR" if option == "--subject"
                                    else "give --ncp-a URL"))  # fmt: skip
    if plan.records:
        problems += _real_numbers(plan.records)
    if problems:
        raise InputError(problems)


def files_of(folder: Path) -> list[Path]:
    """Return the files of a folder of records, those of patients below it too."""
    return sorted(
        p
        for p in folder.rglob("*")
        if p.suffix.lower() in _SUFFIXES and p.is_file() and not hidden(p, folder)
    )


def hidden(path: Path, folder: Path) -> bool:
    """Whether a file or folder, or one that it is in, is hidden."""
    return any(part.startswith(".") for part in path.relative_to(folder).parts)


def _digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for file in files_of(folder):
        digest.update(str(file.relative_to(folder)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def _real_numbers(folder: Path) -> list[Problem]:
    """The evidence folder is handed on, so documents of real people never come into it."""
    if not folder.is_dir():
        return [Problem("there is no such folder", "--records", remedy="check --records")]
    return [
        Problem("holds a national identity number that is not synthetic",
                mask(file.relative_to(folder).as_posix()),
                rule="evidence is handed on; only synthetic patients (month +80, +65 or +40)",
                remedy="use the records of a test environment with synthetic patients")
        for file in files_of(folder)
        if any(map(_real, _NUMBER.findall(file.read_bytes().replace(b"\0", b""))))  # UTF-16 too
    ]  # fmt: skip


def _real(digits: bytes) -> bool:
    try:
        return person_number(digits.decode(), relaxed_k1=False).series is Series.ISSUED
    except ValueError:
        return False
