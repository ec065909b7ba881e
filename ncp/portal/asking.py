"""The pages up to a document: whom to ask, which patient, which documents."""

from __future__ import annotations

from starlette.responses import Response

from data.errors import EhdsError, InputError
from ips.generate.samples import samples
from ncp import tables
from ncp.client import patients
from ncp.client.asker import DOCTOR, PHARMACIST
from ncp.client.building import masked
from ncp.client.documents import received
from ncp.client.partner import STATE
from ncp.model import DocumentKind, Operation
from ncp.portal import mask
from ncp.portal.calls import Call, go
from ncp.portal.desk import Paper, Who
from ncp.portal.settings import Target
from ncp.trust.policy import purposes, roles

OTHER = "other"
KINDS = tuple(
    kind for kind, known in tables.document_kinds().items() if known.list_operation is not None
)
"""Kinds of document that can be listed and fetched."""


def start(call: Call, problems: EhdsError | None = None) -> Response:
    """Show which contact point is asked and who asks; the way into everything else."""
    settings = call.desk.settings
    return call.page(
        "start", "start", 400 if problems else 200, targets=settings.targets,
        running=(settings.home / STATE).is_file(), roles=roles(), purposes=sorted(purposes()),
        problems=problems.problems if problems else (), form=call.form,
    )  # fmt: skip


def choose_target(call: Call) -> Response:
    """Take the contact point and who asks."""
    chosen, settings = call.said("target"), call.desk.settings
    who = Who(call.said("role"), call.said("name"), call.said("purpose") or "TREATMENT")
    try:
        if chosen == OTHER:
            target = Target.parse(f"{call.said('country')}={call.said('url')}", "target")
        elif chosen.isdigit() and int(chosen) < len(settings.targets):
            target = settings.targets[int(chosen)]
        else:
            target = Target()
        call.desk.choose(target, who)
    except EhdsError as error:
        return start(call, error)
    return go("/patient")


def patient(
    call: Call, problems: InputError | None = None, wanted: dict[str, str] | None = None
) -> Response:
    """Show the search mask of the country, filled with what was asked last or with a sample."""
    desk = call.desk
    if desk.partner is None:
        return go("/")
    code = desk.partner.country.code
    values = wanted if wanted is not None else mask.values(code, desk.asked)
    sample = call.said("sample")
    if wanted is None and sample in samples():
        found = patients.traits(sample, [], code)
        values = mask.values(code, masked(found, code))
    faults = mask.faults(code, mask.traits(code, values)) if wanted and not problems else {}
    return call.page(
        "patient", "patient", 400 if problems or faults else 200, inputs=mask.inputs(code),
        mask=mask.known(code), values=values, faults=faults, sample=sample,
        samples=samples() if code == "NO" else {},
        problems=problems.problems if problems else (),
    )  # fmt: skip


def identify(call: Call) -> Response:
    """Ask who the patient is (ITI-55)."""
    desk = call.desk
    if desk.partner is None:
        return go("/")
    code = desk.partner.country.code
    try:
        asked = mask.traits(code, call.form)
    except InputError as error:
        return patient(call, error, dict(call.form))
    if mask.faults(code, asked) and not call.said("unchecked"):
        return patient(call, wanted=dict(call.form))
    desk.ask_with(asked, call.said(mask.PRESCRIPTION), call.said(mask.PIN))
    step, answer = desk.exchange("identify", DOCTOR, lambda client: client.identify(asked))
    desk.persons, desk.identified = answer.persons if answer else (), step.number
    return go("/matches")


def matches(call: Call) -> Response:
    """Show who was found; the tester says who it is."""
    desk = call.desk
    if not desk.identified:
        return go("/patient")
    return call.page("matches", "patient", step=desk.step(desk.identified), persons=desk.persons)


def choose_patient(call: Call) -> Response:
    """Take one of those who were found."""
    desk, said = call.desk, call.said("person")
    if not said.isdigit() or int(said) >= len(desk.persons):
        return call.missing()
    desk.leave_patient()
    desk.patient = desk.persons[int(said)]
    return go("/documents")


def documents(call: Call) -> Response:
    """Show the documents of the patient, once a kind was asked for."""
    desk = call.desk
    if desk.patient is None:
        return go("/matches")
    return call.page(
        "documents", "documents", kinds=[tables.document_kinds()[kind] for kind in KINDS],
        step=desk.step(desk.queried), listed=desk.listed,
    )  # fmt: skip


def query(call: Call) -> Response:
    """Ask for the list of a kind of document (ITI-38)."""
    desk = call.desk
    if desk.patient is None:
        return go("/matches")
    kind = next((k for k in KINDS if k.value == call.said("kind")), None)
    if kind is None:
        return call.missing()
    own = desk.patient.ids[0]
    step, answer = desk.exchange("query", _role(kind), lambda client: client.query(own, kind))
    desk.kind, desk.queried = kind.value, step.number
    # What is listed for somebody else is told as a finding and cannot be fetched.
    desk.listed = tuple(e for e in answer.entries if e.patient == own) if answer else ()
    return go("/documents")


def retrieve(call: Call) -> Response:
    """Fetch one of the listed documents (ITI-39) and lay it on the desk."""
    desk, said = call.desk, call.said("entry")
    if desk.patient is None or not said.isdigit() or int(said) >= len(desk.listed):
        return call.missing()
    entry, own = desk.listed[int(said)], desk.patient.ids[0]
    step, answer = desk.exchange(
        "retrieve", _role(entry.kind), lambda client: client.retrieve(own, [entry])
    )
    if answer is None or not answer.documents:
        return go(f"/messages/{step.number}")
    one = answer.documents[0]
    read = received(one.content, one.reference, own, entry, desk.lang)
    number = max((paper.number for paper in desk.papers), default=0) + 1
    desk.papers.append(Paper(number, entry, read, step.number, desk.lang))
    return go(f"/document/{number}")


def _role(kind: DocumentKind) -> str:
    """Return the role that usually asks: a pharmacist for medicines, else a doctor."""
    medicines = tables.document_kinds()[kind].list_operation is Operation.EP_LIST
    return PHARMACIST if medicines else DOCTOR
