"""What every reader gives back, and the notebook it keeps while reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from data.errors import InputError, Problem
from ips.identifiers import mask
from ips.loss import Fate, LossReport

Resource = dict[str, Any]

MAX_SHOWN = 600
"""Length to which a source value is cut in the loss report."""

PERSONAL = ("X1.1.1",)
CONTACT = ("X1.1.2",)
ALLERGY = ("X1.1.4",)
ALERT = ("X1.1.5",)
VACCINE = ("X1.1.6",)
PROBLEM = ("X1.1.7",)
DEVICE = ("X1.1.9",)
PROCEDURE = ("X1.1.10",)
MEDICINE = ("X1.1.12",)
SOCIAL = ("X1.1.13",)
PREGNANCY = ("X1.1.14",)
PATIENT_DATA = ("X1.1.15",)
RESULT = ("X1.1.16",)
LABORATORY = ("X1.1.16", "X1.5")


def shortened(value: object) -> str:
    """Return a source value as the loss report shows it: one line, short, its numbers masked."""
    shown = mask(" ".join(str(value).split()))
    return shown if len(shown) <= MAX_SHOWN else shown[: MAX_SHOWN - 1] + "…"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where one resource comes from: what its Provenance says.

    Attributes:
        recorded: FHIR dateTime of the first registration, empty when unknown.
        recorder: reference (``PractitionerRole/…``), empty when unknown.
        updated: FHIR dateTime of the latest change.
        updater: reference of who changed it.
        informant: what the source calls its own source (list 7498), as text.
        from_patient: the patient gave the information (7498 code 3).
    """

    recorded: str = ""
    recorder: str = ""
    updated: str = ""
    updater: str = ""
    informant: str = ""
    from_patient: bool = False


@dataclass
class Source:
    """One file of a record, read.

    Attributes:
        name: file name (identity numbers masked).
        kind: ``kj-critical-info``, ``sfm-medication``, ``m25``, ``sysvak``, ``provesvar``,
            ``maledata``, ``dhg``, ``no-basis`` or ``fhir``.
        patient: FHIR R4 Patient of the source; None when it names no patient.
        resources: FHIR R4 resources in European terms, each with an id unique in the source.
        loss: what did not travel exactly.
        statements: what the source positively states (``no-known-medications`` …).
        warnings: what is doubtful but was read.
        origins: provenance by ``Type/id``.
        date: FHIR dateTime of the answer or message, empty when it gives none.
        author: reference of who stands behind the whole source, empty when nobody is named.
    """

    name: str
    kind: str
    patient: Resource | None = None
    resources: list[Resource] = field(default_factory=list)
    loss: LossReport = field(default_factory=LossReport)
    statements: set[str] = field(default_factory=set)
    warnings: list[Problem] = field(default_factory=list)
    origins: dict[str, Origin] = field(default_factory=dict)
    date: str = ""
    author: str = ""


class Reading:
    """The notebook of one reader: what was made, lost, doubted and found wrong.

    Everything wrong is collected and raised at the end, so that the user sees all of it at once.
    """

    def __init__(self, name: str, kind: str, *, lenient: bool = False) -> None:
        self.source = Source(mask(name), kind)
        self.lenient = lenient
        self.problems: list[Problem] = []
        self._ids: set[str] = set()
        self._twins: Counter[str] = Counter()

    @property
    def loss(self) -> LossReport:
        """The loss report of the source."""
        return self.source.loss

    def error(self, what: str, where: str = "", rule: str = "", remedy: str = "") -> None:
        """Note something that makes the source unreadable."""
        self.problems.append(self._problem(what, where, rule, remedy))

    def fault(self, what: str, where: str = "", rule: str = "", remedy: str = "") -> None:
        """Note a fault in the data: an error, or only a warning when reading leniently."""
        target = self.source.warnings if self.lenient else self.problems
        remedy = remedy or "" if self.lenient else remedy or "correct it, or read with --lenient"
        target.append(self._problem(what, where, rule, remedy))

    def warn(self, what: str, where: str = "", rule: str = "", remedy: str = "") -> None:
        """Note something doubtful that was read all the same."""
        self.source.warnings.append(self._problem(what, where, rule, remedy))

    def _problem(self, what: str, where: str, rule: str, remedy: str) -> Problem:
        place = f"{self.source.name}: {where}" if where else self.source.name
        return Problem(mask(what), mask(place), rule, remedy)

    def lose(
        self,
        element: str,
        value: object,
        fate: Fate,
        reason: str = "",
        obligations: Iterable[str] = (),
        list_id: str = "",
    ) -> None:
        """Note the fate of an element; the value is shortened and its numbers are masked."""
        self.source.loss.add(
            element, shortened(value), fate, reason, obligations=obligations, list_id=list_id
        )

    def exact(self, element: str, value: object, obligations: Iterable[str] = ()) -> None:
        """Note that an element travels as it stands."""
        self.lose(element, value, Fate.EXACT, "", obligations)

    def add(self, resource: Resource, wanted_id: str = "", origin: Origin | None = None) -> str:
        """Take a resource into the source under an id of its own; return ``Type/id``."""
        kind = resource["resourceType"]
        identity = self._identity(kind, wanted_id)
        made = {"resourceType": kind, "id": identity,
                "meta": {"source": self.uri(f"{kind}/{wanted_id or identity}")}}  # fmt: skip
        made.update((k, v) for k, v in resource.items() if k not in ("resourceType", "id", "meta"))
        self.source.resources.append(made)
        reference = f"{kind}/{identity}"
        if origin is not None:
            self.source.origins[reference] = origin
        return reference

    def uri(self, part: str) -> str:
        """Return the URI of a part of this source, for ``meta.source``."""
        name = quote(self.source.name, safe=".-_")
        return f"urn:x-ehds:{self.source.kind}:{name}#{quote(mask(part), safe='/.-_')}"

    def _identity(self, kind: str, wanted: str) -> str:
        """A FHIR id (letters, digits, ``-``, ``.``; at most 64), never with an identity number."""
        base = "".join(c if c.isascii() and (c.isalnum() or c in "-.") else "-" for c in wanted)
        if not base.strip("-.") or mask(base) != base:
            base = kind.lower()
        base = base[:56]
        identity = base
        while f"{kind}/{identity}" in self._ids:
            self._twins[f"{kind}/{base}"] += 1
            identity = f"{base}-{self._twins[f'{kind}/{base}'] + 1}"
        self._ids.add(f"{kind}/{identity}")
        return identity

    def stop(self) -> None:
        """Raise everything that makes the source unreadable, if anything does.

        Raises:
            InputError: with all problems found so far.
        """
        if self.problems:
            raise InputError(self.problems)

    def finish(self) -> Source:
        """Return the source.

        Raises:
            InputError: with all problems found.
        """
        self.stop()
        return self.source
