"""A national side that gives the wrong documents, or gives what it may not."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import count

from ncp.connector.base import PERMITTED, Consent, NationalConnector, Notice
from ncp.faults.plan import Plan
from ncp.model import DocumentEntry, DocumentKind, PatientId, Person, Traits

_COUNT = count(1)


def _changed(content: bytes) -> bytes:
    """Another document each time, of the same id."""
    return content.replace(b"</ClinicalDocument>", b"<!--%d--></ClinicalDocument>" % next(_COUNT))


CONTENTS: dict[str, Callable[[bytes], bytes]] = {
    "document-id-wrong": lambda c: re.sub(
        rb'(</templateId>|<templateId[^>]*/>)(\s*)<id [^>]*/>', rb'\1\2<id root="2.25.1"/>', c,
        count=1),
    "document-of-another": lambda c: re.sub(
        rb'(<patientRole[^>]*>\s*<id [^>]*extension=")[^"]*', rb"\g<1>00000000000", c, count=1),
    "document-broken": lambda c: re.sub(
        rb"<languageCode [^>]*/>|<confidentialityCode [^>]*/>", b"", c, count=2),
    "document-changing": _changed,
}  # fmt: skip
"""What becomes of a document, by fault."""


class FaultyConnector:
    """A connector with faults.

    Args:
        inner: the right one.
        plan: which faults hold.
    """

    def __init__(self, inner: NationalConnector, plan: Plan) -> None:
        self._inner, self._plan = inner, plan
        self.expire = getattr(inner, "expire", True)

    def find(self, traits: Traits) -> Sequence[Person]:
        """Return persons."""
        return self._inner.find(traits)

    def documents(self, patient: PatientId, kind: DocumentKind) -> Sequence[DocumentEntry]:
        """Return documents; the hash of one that will be another is left out."""
        found = self._inner.documents(patient, kind)
        if any(fault.name != "consent-ignored" for fault in self._plan.of("content")):
            return [replace(entry, hash="", size=None) for entry in found]
        return found

    def content(self, unique_id: str) -> bytes:
        """Return a document as the faults have it."""
        content = self._inner.content(unique_id)
        for fault in self._plan.of("content"):
            if fault.name in CONTENTS and fault.strikes():
                content = CONTENTS[fault.name](content)
        return content

    def consent(self, patient: PatientId, kind: DocumentKind, country: str) -> Consent:
        """Return what the patient said, or do not care."""
        ignored = self._plan.named("consent-ignored")
        if ignored is not None and ignored.strikes():
            return PERMITTED
        return self._inner.consent(patient, kind, country)

    def dispensed(self, notice: Notice) -> None:
        """Pass a dispensation on."""
        self._inner.dispensed(notice)

    def discarded(self, notice: Notice) -> None:
        """Pass a discard on."""
        self._inner.discarded(notice)
