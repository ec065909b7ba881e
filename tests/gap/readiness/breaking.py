"""Ways to break the product, and what a run shows with each of them.

One thing is broken at a time: a row of a code map, a field of a message, of an assertion, of a
dispensation, of the log, a rule that is not kept. One contact point serves all of them; only where
a code map is broken it starts anew, because it keeps the documents that it has made.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import sys
from collections.abc import Iterator
from dataclasses import dataclass
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
from ips.terms import tables
from ncp.codes import Status
from ncp.connector.base import Consent
from ncp.connector.consents import Consents
from ncp.model import DocumentKind
from ncp.scenarios.embedded import Running, country_a
from ncp.scenarios.loading import choose, shipped
from ncp.service.point import Call
from ncp.store import prescriptions
from tests.gap.builders import DAY

SYSTEM, CONTACT_POINT = "kjernejournal", "ncp-a"
PLAN = Plan("0", dt.date(2026, 11, 20), Path("records"), SYSTEM, "https://a", CONTACT_POINT)
SCENARIOS = (
    "ASR-5*", "ASR-68", "RGT-3*", "RGT-4*", "IDN-01", "IDN-1*", "PSA-01", "PSA-20", "PSA-21",
    "PSA-33", "PSA-34", "EPA-01", "EPA-03", "EPA-12", "EDA-01", "EDA-02", "EDA-10", "EDA-15",
    "EDA-30", "CNS-0*", "AUD-*",
)  # fmt: skip
UNITS = ("peanut-child", "mrsa", "rx-package", "rx-package.m10", "rx-weekly")
EVERYWHERE, DOCUMENTS, EXCHANGE = "everywhere", "documents", "exchange"


@dataclass(frozen=True, slots=True)
class Broken:
    """One thing that is broken.

    Attributes:
        target: dotted name of what is replaced, or ``map/code`` of a row of a code map.
        how: makes the broken thing of the right one; of a code map, the wrong code.
        obligations: what it bears on, and nothing else.
    """

    target: str
    how: Any
    obligations: str

    @property
    def stage(self) -> str:
        """Where it can show: what one stage alone uses cannot change the other."""
        if "/" in self.target:
            return EVERYWHERE
        return DOCUMENTS if self.target.startswith("gap.readiness.documents.") else EXCHANGE


def of_documents() -> tuple[Any, ...]:
    """Return the evidence of some documents."""
    found: list[Any] = []
    for work in documents.works(dataclasses.replace(PLAN, records=None)):
        if work.unit in UNITS:
            found += documents.carry_out(work).records(work, PLAN)
    return tuple(found)


def of_exchange(running: Running) -> tuple[Any, ...]:
    """Return the evidence of some scenarios, from a contact point that has forgotten the last."""
    found: list[Any] = []

    @contextlib.contextmanager
    def opened() -> Any:
        yield running.target

    assert running.target.reset is not None
    assert running.target.reset()
    exchange.carry_out(choose(shipped(), SCENARIOS), PLAN, opened,
                       lambda kept: found.extend(kept.records))  # fmt: skip
    return tuple(found)


def anew(home: Path) -> tuple[Any, ...]:
    """Return the evidence of both, from a contact point that has made no document yet."""
    with country_a(home) as running:
        return (*of_documents(), *of_exchange(running))


@contextlib.contextmanager
def wrong_row(target: str, wrong: str) -> Iterator[None]:
    """Change the European code of one row of a code map, as long as the block."""
    name, _, code = target.partition("/")
    rows = next(m.rows for group in tables.maps().values() for m in group if m.name == name)
    right = rows[code]
    rows[code] = tuple(
        dataclasses.replace(row, target=dataclasses.replace(row.target, code=wrong))
        for row in right if row.target
    )  # fmt: skip
    _forget()
    try:
        yield
    finally:
        rows[code] = right
        _forget()


def _forget() -> None:
    """Empty what was remembered of translations; the maps themselves stay."""
    for name, module in list(sys.modules.items()):
        if name.startswith(("ips.terms", "ips.prescription", "ips.transcode", "ips.cda")):
            for thing in list(vars(module).values()):
                if hasattr(thing, "cache_clear") and thing is not tables.maps:
                    thing.cache_clear()


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


def entry_with(**fields: Any) -> Any:
    """Say something else of every document in a list."""

    def broken(real: Any) -> Any:
        return lambda parent, entry: real(parent, dataclasses.replace(entry, **fields))

    return broken


def another_custodian(real: Any) -> Any:
    """Name another home community with every patient."""
    return lambda act, person, _home: real(act, person, "1.2.3.4")


def without_birth_date(real: Any) -> Any:
    """Leave the birth date out of the answer."""
    return lambda act, person, home: real(act, dataclasses.replace(person, birth_date=""), home)


def always_success(real: Any) -> Any:
    """Call a partial success a success."""

    def status(*args: Any, **more: Any) -> Status:
        found: Status = real(*args, **more)
        return Status.SUCCESS if found is Status.PARTIAL else found

    return status


def state_as_before(real: Any) -> Any:
    """Take what is dispensed off the prescription, but leave its state."""

    def take(connection: Any, handout: Any, patient: Any) -> Any:
        taken = real(connection, handout, patient)
        _set(connection, handout, state=prescriptions.State.AVAILABLE)
        return taken

    return take


def given_again(real: Any) -> Any:
    """Forget before each dispensation what was dispensed."""

    def take(connection: Any, handout: Any, patient: Any) -> Any:
        _set(connection, handout, dispensed=0, state=prescriptions.State.AVAILABLE)
        return real(connection, handout, patient)

    return take


def _set(connection: Any, handout: Any, **values: Any) -> None:
    table = prescriptions.prescription
    connection.execute(
        table.update()
        .where(table.c.document_id == handout.document_id, table.c.item_id == handout.item_id)
        .values(**values)
    )


def discarded_in_vain(_real: Any) -> Any:
    """Note a discard, but leave the prescription dispensed."""

    def discard(connection: Any, **about: Any) -> None:
        table = prescriptions.dispensation
        connection.execute(
            table.update().where(table.c.id == about["dispensation_id"])
            .values(state=prescriptions.State.DISCARDED)
        )  # fmt: skip

    return discard


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


def nothing_said(*_: Any) -> str:
    """Stand for what is left out of the log."""
    return ""


def instead(what: Any) -> Any:
    """Put something else in the place of what is there."""
    return lambda _real: what


BREAKAGES: dict[str, Broken] = {
    "a reservation against everything is passed over":
        Broken("ncp.connector.consents.Consents.decide", open_everything, "E08.1 E11.5a"),
    "a reservation against prescriptions is passed over":
        Broken("ncp.connector.consents.Consents.decide", open_prescriptions, "E08.1 E11.5a"),
    "the rights in the assertion are not checked":
        Broken("ncp.trust.verify.judge_rights", instead(nothing), "E23.9a"),
    "the link of the two assertions is not checked":
        Broken("ncp.trust.verify.judge_links", instead(nothing), "E23.9a"),
    "the demographics of a patient are not compared":
        Broken("ncp.connector.records.agrees", instead(always), "E16.4"),
    "a dispensation needs no retrieval before it":
        Broken("ncp.store.prescriptions.was_retrieved", instead(always), "E23.6c"),
    "the log says of nobody who asked":
        Broken("ncp.service.point.Call.transaction", log_without(professional=None),
         "E09.2c E09.2e X2.3.2 X2.3.2a X2.3.2b"),
    "a person with a reservation is shown":
        Broken("ncp.service.identify.shown_to", instead(always), "E11.5a"),
    "the log does not name the documents":
        Broken("ncp.service.point.Call.transaction", log_without(documents=()), "E09.2e X2.3.2"),
    "the code of a vaccine is lost":
        Broken("gap.readiness.documents.build_summary",
               built_without("Immunization", "vaccineCode"),
         "X1.1 X1.1.6"),
    "the code of an allergy is lost":
        Broken("gap.readiness.documents.build_summary", built_without("AllergyIntolerance", "code"),
         "X1.1 X1.1.4"),
    "the subject of a prescription is lost":
        Broken("gap.readiness.documents.build_prescription",
         built_without("MedicationRequest", "subject"), "X1.2"),
    # A row of a code map.
    "a time of the day has a code that is none":
        Broken("8325-event-timing/5", "EVENING", "X1.2"),
    "the flag of a laboratory result has a code that is none":
        Broken("8244-interpretation/1", "ZZ", "X1.1 X1.1.16"),
    # A field of a message.
    "the list names another home community (ITI-38)":
        Broken("ncp.messages.xca.querying.add_entry", entry_with(home="1.2.3.4"),
               "E23.3a E23.6b"),
    "the list has the hash of another document (ITI-38)":
        Broken("ncp.messages.xca.querying.add_entry", entry_with(hash="0" * 40), "E23.3a"),
    "the answer names another custodian (ITI-55)":
        Broken("ncp.messages.xcpd.answering._subject", another_custodian, "E16.4 E23.3a"),
    "the answer has no birth date (ITI-55)":
        Broken("ncp.messages.xcpd.answering._subject", without_birth_date, "E16.4 E23.3a"),
    "a partial success is called a success (ITI-39)":
        Broken("ncp.messages.xca.retrieving.status_of", always_success, "E23.3a"),
    # An attribute of the assertions.
    "the purpose in the assertions is not read":
        Broken("ncp.trust.content._judge_purpose", instead(nothing), "E23.9a"),
    # A dispensation.
    "the state of a prescription stays as it was":
        Broken("ncp.store.prescriptions._take", state_as_before, "E23.6c"),
    "a prescription is dispensed twice":
        Broken("ncp.store.prescriptions._take", given_again, "E23.6c"),
    "a discard does not open the prescription again":
        Broken("ncp.store.prescriptions.discard", discarded_in_vain, "E23.6c"),
    # A field of the log.
    "the log does not name the patient":
        Broken("ncp.service.point.Call.transaction", log_without(patients=()), "E09.2e X2.3.2"),
    "the log does not name the categories":
        Broken("ncp.audit.transaction.Transaction.letters", instead(property(nothing_said)),
               "E09.2e X2.3.2 X2.3.2c"),
    "the log has no time of its own":
        Broken("ncp.audit.fhir.instant", instead(nothing_said), "E09.2d X2.3.2 X2.3.2d"),
}  # fmt: skip
