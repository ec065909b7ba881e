"""Judges one document: the same when it is made and when it is checked again from its bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from data.results import Report
from gap.evidence import Origin, Record, of_report
from ips.cda.check import check_cda
from ips.conformance.engine import check_bundle
from ips.conformance.reader import read_document
from ips.prescription.check import DISPENSATION, REQUEST
from ips.prescription.check import check as check_prescription
from ips.summary.coverage import CoverageRow, coverage


class Kind(StrEnum):
    """What a document is, which decides by what it is judged."""

    IPS = "ips"
    EPS = "eps"
    PRESCRIPTION = "prescription"
    DISPENSATION = "dispensation"
    PIVOT = "cda-pivot"
    CDA = "cda"


_CARRIED = {Kind.PRESCRIPTION: REQUEST[:1], Kind.DISPENSATION: DISPENSATION[:1]}
_WITH_COVERAGE = (Kind.IPS, Kind.EPS)


@dataclass(frozen=True, slots=True)
class Made:
    """A document to be judged.

    Attributes:
        name: ``everything/eps.json``.
        kind: what it is.
        content: its bytes.
        derived: this product made it.
    """

    name: str
    kind: Kind
    content: bytes
    derived: bool = True


@dataclass(frozen=True, slots=True)
class Judged:
    """A document with what was found in it."""

    made: Made
    report: Report
    coverage: tuple[CoverageRow, ...] = ()

    def records(self, origin: Origin) -> Iterator[Record]:
        """Return the evidence: verdict, findings, and what it fills of Annex I (1)."""
        yield from of_report(self.report, self.made.name, origin, self.coverage,
                             _CARRIED.get(self.made.kind, ()))  # fmt: skip


def judge(made: Made) -> Judged:
    """Judge a document, without network.

    Raises:
        InputError: it cannot be read.
    """
    if made.kind in (Kind.PIVOT, Kind.CDA):
        form: Literal["pivot"] | None = "pivot" if made.kind is Kind.PIVOT else None
        return Judged(made, check_cda(made.content, None, form, name=made.name))
    resource = read_document(made.content)
    if made.kind in _CARRIED:
        return Judged(made, check_prescription(resource))
    rows = tuple(coverage(resource)) if made.kind in _WITH_COVERAGE else ()
    return Judged(made, check_bundle(resource, made.kind.value), rows)
