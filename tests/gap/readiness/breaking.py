"""Twelve ways to break the product, and what a run shows with each of them."""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

from data.loaders import catalogue, systems
from data.loaders.assessments import Assessment
from gap.analysis import Analysis
from gap.evidence import with_evidence
from gap.judgement import Judgement
from gap.readiness import documents, exchange
from gap.readiness.plan import Plan
from gap.schemes import scheme
from ncp.connector.base import Consent
from ncp.connector.consents import Consents
from ncp.model import DocumentKind
from ncp.scenarios.embedded import country_a
from ncp.scenarios.loading import choose, shipped
from ncp.service.point import Call
from tests.gap.builders import DAY

SYSTEM, CONTACT_POINT = "kjernejournal", "ncp-a"
PLAN = Plan("0", dt.date(2026, 11, 20), Path("records"), SYSTEM, "https://a", CONTACT_POINT)
SCENARIOS = (
    "ASR-5*", "RGT-3*", "RGT-4*", "IDN-01", "IDN-1*", "PSA-01", "PSA-20", "PSA-34", "EPA-01",
    "EPA-03", "EPA-12", "EDA-01", "EDA-02", "EDA-15", "CNS-0*", "AUD-*",
)  # fmt: skip
UNITS = ("peanut-child", "rx-package", "rx-package.m10")


def evidence(home: Path) -> tuple[Any, ...]:
    """Return the evidence of some documents and scenarios, about two systems."""
    found: list[Any] = []
    for work in documents.works(dataclasses.replace(PLAN, records=None)):
        if work.unit in UNITS:
            found += documents.carry_out(work).records(work, PLAN)

    @contextlib.contextmanager
    def opened() -> Any:
        with country_a(home) as running:
            yield running.target

    exchange.carry_out(choose(shipped(), SCENARIOS), PLAN, opened,
                       lambda kept: found.extend(kept.records))  # fmt: skip
    return tuple(found)


def levels(records: Any) -> dict[tuple[str, str], float]:
    """Return the level of every cell that the evidence founds; nobody has assessed anything.

    Logs and reservations are no duty of a contact point by itself, but of the system that it asks:
    the exchange is counted for both.
    """
    nobody = Assessment("none", "t", "t", DAY, catalogue.catalogue().edition, "x", "n", "n", "", ())
    start = Analysis(Judgement(catalogue.catalogue(), systems.systems(), nobody, DAY),
                     scheme("level"))  # fmt: skip
    both = [*records, *(dataclasses.replace(r, subject=SYSTEM) for r in records
                        if r.subject == CONTACT_POINT)]  # fmt: skip
    cells = with_evidence(start, both).analysis.cells
    return {(c.system.id, c.obligation.id): c.level for c in cells if c.assessed}


def nothing(*_args: Any, **_more: Any) -> None:
    """Judge nothing."""


def always(*_args: Any, **_more: Any) -> bool:
    """Say yes to everything."""
    return True


def open_prescriptions(real: Any) -> Any:
    """Forget the reservations against prescriptions."""

    def decide(self: Consents, ids: Any, kind: Any, country: str) -> Consent:
        if kind is DocumentKind.EPRESCRIPTION:
            return Consent(True)
        found: Consent = real(self, ids, kind, country)
        return found

    return decide


def open_everything(_real: Any) -> Any:
    """Forget all reservations."""
    return lambda *_: Consent(True)


def log_without(**fields: Any) -> Any:
    """Leave something out of the log."""

    def broken(real: Any) -> Any:
        def transaction(self: Call, *args: Any) -> Any:
            return dataclasses.replace(real(self, *args), **fields)

        return transaction

    return broken


def built_without(kind: str, element: str) -> Any:
    """Lose an element of a kind of resource when a message is mapped."""

    def broken(real: Any) -> Any:
        def build(*args: Any, **more: Any) -> Any:
            built = real(*args, **more)
            for entry in built.bundle["entry"]:
                if entry["resource"]["resourceType"] == kind:
                    entry["resource"].pop(element, None)
            return built

        return build

    return broken


def instead(what: Any) -> Any:
    """Put something else in the place of what is there."""
    return lambda _real: what


BREAKAGES: dict[str, tuple[str, Any, str]] = {
    "a reservation against everything is passed over":
        ("ncp.connector.consents.Consents.decide", open_everything, "E08.1 E11.5a"),
    "a reservation against prescriptions is passed over":
        ("ncp.connector.consents.Consents.decide", open_prescriptions, "E08.1 E11.5a"),
    "the rights in the assertion are not checked":
        ("ncp.trust.verify.judge_rights", instead(nothing), "E23.9a"),
    "the link of the two assertions is not checked":
        ("ncp.trust.verify.judge_links", instead(nothing), "E23.9a"),
    "the demographics of a patient are not compared":
        ("ncp.connector.records.agrees", instead(always), "E16.4"),
    "a dispensation needs no retrieval before it":
        ("ncp.store.prescriptions.was_retrieved", instead(always), "E23.6c"),
    "the log says of nobody who asked":
        ("ncp.service.point.Call.transaction", log_without(professional=None),
         "E09.2c E09.2e X2.3.2 X2.3.2b"),
    "a person with a reservation is shown":
        ("ncp.service.identify.shown_to", instead(always), "E11.5a"),
    "the log does not name the documents":
        ("ncp.service.point.Call.transaction", log_without(documents=()), "E09.2e X2.3.2 X2.3.2c"),
    "the code of a vaccine is lost":
        ("gap.readiness.documents.build_summary", built_without("Immunization", "vaccineCode"),
         "X1.1 X1.1.6"),
    "the code of an allergy is lost":
        ("gap.readiness.documents.build_summary", built_without("AllergyIntolerance", "code"),
         "X1.1 X1.1.4"),
    "the subject of a prescription is lost":
        ("gap.readiness.documents.build_prescription",
         built_without("MedicationRequest", "subject"), "X1.2"),
}  # fmt: skip
