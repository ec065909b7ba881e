"""A document on the desk: readable, as it came, as FHIR, with its checks; and dispensing on it."""

from __future__ import annotations

import secrets
from typing import Any

import orjson
from starlette.responses import HTMLResponse, Response

from data.errors import InputError, Problem
from data.results import Outcome, Severity
from ips.eresept.values import as_number
from ips.prescription import Product, Supply
from ncp.client.asker import PHARMACIST
from ncp.client.dispensing import edispensation
from ncp.model import DocumentKind
from ncp.portal.calls import Call, download, go
from ncp.portal.desk import Handed, Paper, all_taken
from ncp.portal.guard import DOCUMENT


def document(call: Call, problems: InputError | None = None) -> Response:
    """Show a document with everything that is known about it."""
    paper = _paper(call)
    if paper is None:
        return call.missing()
    found = paper.received
    failed = [r for r in found.report.results if r.outcome is Outcome.FAIL]
    prescriptions = _prescriptions(paper)
    return call.page(
        "document", "documents", 400 if problems else 200, paper=paper, found=found, failed=failed,
        errors=sum(r.severity is Severity.ERROR for r in failed), files=list(_files(call, paper)),
        fhir=_pretty(found.bundle) if found.bundle and found.safe else b"",
        prescriptions=prescriptions, form=call.form, once=secrets.token_urlsafe(16),
        problems=problems.problems if problems else (),
    )  # fmt: skip


def readable(call: Call) -> Response:
    """Return the page of a document for people, to be shown in a frame that can do nothing."""
    paper = _paper(call)
    if paper is None or not paper.received.safe or paper.received.bundle is None:
        return call.missing()
    content = call.desk.settings.readable(paper.received.bundle, call.desk.lang)
    return HTMLResponse(content, headers={"Content-Security-Policy": DOCUMENT})


def file(call: Call) -> Response:
    """Return one of the files of a document."""
    paper = _paper(call)
    content = _files(call, paper).get(call.values["name"]) if paper else None
    if content is None:
        return call.missing()
    return download(call.values["name"], content, "application/octet-stream")


def dispense(call: Call) -> Response:
    """Report a dispensation on the prescription that the document is (ITI-41)."""
    paper, desk = _paper(call), call.desk
    if paper is None or desk.patient is None or not paper.received.safe:
        return call.missing()
    once = call.said("once")
    if once in desk.once:
        return go(desk.once[once])
    try:
        made = edispensation(
            paper.received.content, _product(call), _supply(call),
            request_id=call.said("request_id"), name="prescription",
        )  # fmt: skip
    except InputError as error:
        return document(call, error)
    own, person = desk.patient.ids[0], desk.patient
    desk.once[once] = "/dispensations"
    step, answer = desk.exchange(
        "dispense", PHARMACIST, lambda client: client.dispense(own, made.content, person=person)
    )
    desk.handed.append(Handed(len(desk.handed) + 1, call.said("package"), call.said("quantity"),
                              made, person, step.number, all_taken(answer)))  # fmt: skip
    return go("/dispensations")


def dispensations(call: Call) -> Response:
    """Show what was handed over here, with what became of it."""
    if call.desk.patient is None:
        return go("/matches")
    return call.page("dispensations", "dispensations", once=secrets.token_urlsafe(16))


def discard(call: Call) -> Response:
    """Take a dispensation back (ITI-41); it is the same document that was reported."""
    desk, said = call.desk, call.said("dispensation")
    handed = next((h for h in desk.handed if str(h.number) == said), None)
    if handed is None or desk.patient is None:
        return call.missing()
    once = f"{call.said('once')}-{said}"
    if once in desk.once:
        return go(desk.once[once])
    desk.once[once] = "/dispensations"
    own, content, person = desk.patient.ids[0], handed.made.content, handed.person
    step, answer = desk.exchange(
        "discard", PHARMACIST, lambda client: client.discard(own, content, person=person)
    )
    if not all_taken(answer):
        return go(f"/messages/{step.number}")
    handed.back = step.number
    return go("/dispensations")


def dispensation_file(call: Call) -> Response:
    """Return the eDispensation as it was reported."""
    handed = next((h for h in call.desk.handed if h.number == call.values["number"]), None)
    if handed is None:
        return call.missing()
    return download(f"edispensation-{handed.number}.xml", handed.made.content, "application/xml")


def _paper(call: Call) -> Paper | None:
    return call.desk.paper(call.values["number"])


def _files(call: Call, paper: Paper) -> dict[str, bytes]:
    """Return the files of a document by name; of one that must not be used only what came."""
    found = paper.received
    report = {"unique_id": found.reference.unique_id, "safe": found.safe,
              "outcome": found.report.outcome.value,
              "results": [r.to_dict() for r in found.report.results]}  # fmt: skip
    files = {"original.xml" if found.level else "original.bin": found.content,
             "check.json": _pretty(report)}  # fmt: skip
    if not found.safe:
        return files
    if found.translated:
        files[f"translated-{paper.lang}.xml"] = found.translated
    if found.bundle:
        files["fhir.json"] = _pretty(found.bundle)
        files["page.html"] = call.desk.settings.readable(found.bundle, call.desk.lang).encode()
    if found.pdf:
        files["document.pdf"] = found.pdf
    return files


def _pretty(content: Any) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2)


def _prescriptions(paper: Paper) -> list[tuple[str, str]]:
    """Return identifier and medicine of each prescription that can be dispensed on here."""
    bundle = paper.received.bundle
    if paper.entry.kind is not DocumentKind.EPRESCRIPTION or not bundle or not paper.received.safe:
        return []
    resources = [e.get("resource", {}) for e in bundle.get("entry", ())]
    return [
        (next((i.get("value", "") for i in r.get("identifier", ())), ""), paper.entry.description)
        for r in resources if r.get("resourceType") == "MedicationRequest"
    ]  # fmt: skip


def _product(call: Call) -> Product:
    system, _, code = call.said("product_code").rpartition("|")
    if not call.said("package"):
        raise InputError(Problem("the name of the product is missing", "package",
                                 remedy="write it as it stands on the package"))  # fmt: skip
    return Product(call.said("package"), code, system, call.said("batch"))


def _supply(call: Call) -> Supply:
    amount = as_number(call.said("quantity"))
    if amount is None:
        raise InputError(Problem(f"«{call.said('quantity')}» is not a number", "quantity",
                                 remedy="write how many packages: 1"))  # fmt: skip
    settings = call.desk.settings
    return Supply(amount, settings.clock(), call.said("pharmacy") or "Test Pharmacy",
                  settings.asking.code, substituted=bool(call.said("substituted")))  # fmt: skip
