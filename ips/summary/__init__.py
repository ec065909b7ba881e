"""The patient summary: from a record to an IPS 2.0.0 or European Patient Summary document."""

from __future__ import annotations

import datetime as dt

from ips.summary.assembly import Built, assemble
from ips.summary.coverage import CoverageRow, Filled, coverage
from ips.summary.work import RecordLike

__all__ = ["Built", "CoverageRow", "Filled", "assemble", "build", "coverage"]


def build(
    record: RecordLike, *, profile: str, lang: str = "nb", now: dt.datetime | None = None
) -> Built:
    """Build one summary and pass it through the structural gate.

    ``assemble`` is the same without the gate, for bulk work; both give the same document.

    Args:
        record: one patient's sources, read.
        profile: ``ips`` or ``eps``.
        lang: language of titles and narrative, ``nb`` or ``en``.
        now: time of the document; now by default.

    Raises:
        InputError: unknown profile or language.
        StructureError: the document is not FHIR R4 (an internal error).
    """
    from ips.summary import gate

    built = assemble(record, profile=profile, lang=lang, now=now)
    gate.check(built.bundle)
    return built
